/**
 * ip(8) of iproute2: netdevs, addresses, routes, network namespaces.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { addressShow } from "./ip_address.ts";
import { IP_OBJECTS, IP_OPTIONS, refuseOptions, refuseWord } from "./ip_gaps.ts";
import { linkShow } from "./ip_link.ts";
import { monitorLinks } from "./ip_monitor.ts";
import { nexthop } from "./ip_nexthop.ts";
import { route } from "./ip_route.ts";
import type { Call, Program } from "../program.ts";
import { portOf } from "../ports.ts";
import { hasNetns, netns } from "./ip_netns.ts";
import { incomplete, type IpOptions, refused, starts } from "./ip_words.ts";
import type { Run } from "../run.ts";

const USAGE = `Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
       ip [ -force ] -batch filename
where  OBJECT := { address | addrlabel | fou | help | ila | ioam | l2tp | link |
                   macsec | maddress | monitor | mptcp | mroute | mrule |
                   neighbor | neighbour | netconf | netns | nexthop | ntable |
                   ntbl | route | rule | sr | stats | tap | tcpmetrics |
                   token | tunnel | tuntap | vrf | xfrm }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -r[esolve] |
                    -h[uman-readable] | -iec | -j[son] | -p[retty] |
                    -f[amily] { inet | inet6 | mpls | bridge | link } |
                    -4 | -6 | -M | -B | -0 |
                    -l[oops] { maximum-addr-flush-attempts } | -echo | -br[ief] |
                    -o[neline] | -t[imestamp] | -ts[hort] | -b[atch] [filename] |
                    -rc[vbuf] [size] | -n[etns] name | -N[umeric] | -a[ll] |
                    -c[olor]}
`;

/** Long options, by how few letters are enough. */
const FLAGS: readonly (readonly [
  name: string,
  least: number,
  field: keyof IpOptions | "netns" | "version" | "family" | "",
])[] = [
  ["loops", 1, ""],
  ["family", 1, "family"],
  ["oneline", 1, "oneline"],
  ["timestamp", 1, ""],
  ["tshort", 2, ""],
  ["Version", 1, "version"],
  ["force", 2, ""],
  ["batch", 1, ""],
  ["brief", 2, "brief"],
  ["json", 1, "json"],
  ["iec", 1, ""],
  ["details", 1, "details"],
  ["pretty", 1, "pretty"],
  ["statistics", 1, "statistics"],
  ["stats", 1, "statistics"],
  ["resolve", 1, ""],
  ["rcvbuf", 2, ""],
  ["netns", 1, "netns"],
  ["Numeric", 1, ""],
  ["all", 1, ""],
  ["color", 1, ""],
  ["human-readable", 1, ""],
  ["echo", 2, ""],
];

/** ip(8) */
export const ip: Program = function* (call) {
  const options: IpOptions = {
    oneline: false,
    brief: false,
    details: false,
    statistics: false,
    json: false,
    pretty: false,
    family: undefined,
  };
  const args = [...call.args];
  let netns: string | undefined;
  while (args[0]?.startsWith("-")) {
    const word = args.shift()!;
    const name = word.replace(/^--?/, "");
    if (/^[46]$/.test(name)) {
      options.family = name;
      continue;
    }
    if (/^[MB0]$/.test(name)) throw new ModelGap(`ip ${word}`, "families other than IPv4 and IPv6");
    // `-b` alone is a batch; `-br` is brief
    const flag = FLAGS.find(([whole, least]) => name.length >= least && starts(name, whole));
    if (!flag) {
      yield* call.err(`Option "${word}" is unknown, try "ip -help".\n`);
      return 255;
    }
    const [whole, , field] = flag;
    const gap = IP_OPTIONS[whole];
    if (gap !== undefined) throw new ModelGap(`ip ${word}`, gap);
    if (field === "statistics") throw new ModelGap(`ip ${word}`, "counters of netdevs");
    if (field === "version") {
      yield* call.out(`ip utility, iproute2-${call.system.iproute2}.0, libbpf 1\n`);
      return 0;
    }
    if (field === "netns") netns = args.shift();
    else if (field === "family") {
      const family = args.shift() ?? "";
      options.family = { inet: "4", inet6: "6" }[family];
      if (options.family === undefined) throw new ModelGap(`ip -family ${family}`, "families other than IPv4 and IPv6");
    } else if (field !== "") options[field] = true as never;
  }
  call.system.checkIproute2("ip");
  const before = call.process.netns;
  if (netns !== undefined) {
    if (!hasNetns(call, netns)) {
      yield* call.err(`Cannot open network namespace "${netns}": No such file or directory\n`);
      return 255;
    }
    call.process.netns = netns;
  }
  try {
    return yield* object(call, options, args);
  } finally {
    call.process.netns = before;
  }
};

const OBJECTS: Readonly<Record<string, (call: Call, options: IpOptions, args: string[]) => Run>> = {
  address,
  route,
  rule,
  link,
  monitor: monitorLinks,
  netns,
  nexthop,
};

function* object(call: Call, options: IpOptions, args: readonly string[]): Run {
  const [word, ...rest] = args;
  if (word === undefined || starts(word, "help")) {
    yield* call.err(USAGE);
    return 255;
  }
  const found = Object.keys(IP_OBJECTS).find((name) => starts(word, name));
  if (found === undefined) {
    yield* call.err(`Object "${word}" is unknown, try "ip help".\n`);
    return 1;
  }
  const gap = IP_OBJECTS[found];
  if (gap !== undefined) throw new ModelGap(`ip ${args.slice(0, 2).join(" ")}`, gap);
  refuseOptions(found, options);
  return yield* OBJECTS[found]!(call, options, rest);
}

function* unknown(call: Call, word: string, object: string): Run {
  yield* call.err(`Command "${word}" is unknown, try "ip ${object} help".\n`);
  return 255;
}

function* address(call: Call, options: IpOptions, args: string[]): Run {
  const [word = "show", ...rest] = args;
  if (["show", "lst", "list"].some((verb) => starts(word, verb))) return yield* addressShow(call, options, rest);
  refuseWord("address", word);
  return yield* unknown(call, word, "address");
}

function* rule(call: Call, _options: IpOptions, args: string[]): Run {
  const [word = "show", ...rest] = args;
  for (const each of ["show", "lst", "list"].some((verb) => starts(word, verb)) ? rest : [word]) {
    refuseWord("rule", each);
    return yield* unknown(call, each, "rule");
  }
  if (call.system.machine.era.fibEntries.rules[0] === 0) {
    throw new ModelGap("ip rule", "a kernel with one table of routes");
  }
  yield* call.out("0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n");
  return 0;
}

function* link(call: Call, options: IpOptions, args: string[]): Run {
  const [word = "show", ...rest] = args;
  if (starts(word, "add")) refuseWord("link", "add");
  if (starts(word, "set") || starts(word, "change")) return yield* linkSet(call, rest);
  if (["show", "lst", "list"].some((verb) => starts(word, verb))) return yield* linkShow(call, options, rest);
  if (starts(word, "delete")) return yield* linkDelete(call, rest);
  refuseWord("link", word);
  return yield* unknown(call, word, "link");
}

function* linkDelete(call: Call, args: readonly string[]): Run {
  const [dev, ...rest] = args[0] === "dev" ? args.slice(1) : args;
  if (dev === undefined || rest.length > 0 || /^(?:group|type)$/.test(dev)) {
    throw new ModelGap(`ip link delete ${args.join(" ")}`, "netdevs by other than their name");
  }
  if (!call.system.machine.netdevs(call.process.netns).some(({ name }) => name === dev)) {
    yield* call.err(`Cannot find device "${dev}"\n`);
    return 1;
  }
  return yield* refused(call, "EOPNOTSUPP", null);
}

function* linkSet(call: Call, args: readonly string[]): Run {
  const { system, process } = call;
  const words = [...args];
  let dev: string | undefined;
  const changes: [name: string, value: string][] = [];
  const values = ["netns", "name"];
  while (words.length > 0) {
    const word = words.shift()!;
    if (word === "dev") {
      dev = words.shift();
      if (dev === undefined) return yield* incomplete(call);
    } else if (word === "up" || word === "down") changes.push(["state", word]);
    else if (values.includes(word)) {
      const value = words.shift();
      if (value === undefined) return yield* incomplete(call);
      changes.push([word, value]);
    } else if (dev === undefined) dev = word;
    else {
      refuseWord("link set", word);
      yield* call.err(`Error: either "dev" is duplicate, or "${word}" is garbage.\n`);
      return 255;
    }
  }
  if (dev === undefined) {
    yield* call.err('Not enough information: "dev" argument is required.\n');
    return 255;
  }
  const netdev = system.machine.netdevs(process.netns).find(({ name }) => name === dev);
  const move = changes.find(([name]) => name === "netns")?.[1];
  if (move !== undefined && /^\d+$/.test(move) && move !== "1" && !hasNetns(call, move)) {
    throw new ModelGap(`ip link set ${dev} netns ${move}`, "netns by the number of a process");
  }
  if (move !== undefined && move !== "1" && !hasNetns(call, move)) {
    yield* call.err(`Error: argument "${move}" is wrong: Invalid "netns" value\n\n`);
    return 255;
  }
  if (!netdev) {
    yield* call.err(`Cannot find device "${dev}"\n`);
    return 1;
  }
  for (const [name, value] of changes) {
    const port = portOf(system.machine, dev, process.netns);
    const state = system.links.of(netdev);
    let result = "ok";
    let extack: { text: string; prefix?: string } | null = null;
    if (name === "state") {
      const up = value === "up";
      const netns = process.netns;
      const done = dev === "lo" && up
        ? system.perform({ kind: "lo.up", netns })
        : port
        ? system.perform({ kind: "link.set", ...port, up, netns })
        : system.perform({ kind: "netdev.set", dev, up, netns });
      ({ result, extack } = done);
      state.opened ||= netdev.up;
    } else if (name === "netns" && port) {
      const to = value === "1" ? "init" : value;
      ({ result, extack } = system.perform({ kind: "link.move", ...port, to, netns: process.netns }));
    } else if (name === "name" && port) {
      ({ result, extack } = system.perform({ kind: "link.rename", ...port, name: value, netns: process.netns }));
    } else {throw new ModelGap(
        `ip link set ${dev} ${name} ${value}`,
        "names and netns of others than netdevsim's netdevs",
      );}
    if (result === "ok") continue;
    if (result === "hang") yield { ready: () => false };
    return yield* refused(call, result, extack);
  }
  return 0;
}
