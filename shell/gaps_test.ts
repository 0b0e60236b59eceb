/** Every object, verb and option of the programs: what is not modelled is reported, nothing is ignored silently. */

import { assert, assertEquals } from "@std/assert";
import { COMMAND_FORMS, type DevlinkKind } from "../model/command_line/forms.ts";
import { parseDevlink } from "../model/command_line/parser.ts";
import { USAGE } from "./iproute2/devlink_usage.ts";
import { GAP_STATUS, Session } from "./mod.ts";
import { BUILTINS } from "./builtins.ts";
import { OTHER_PROGRAMS } from "./other_programs.ts";
import { PROGRAMS } from "./programs.ts";

const HANDLE = "netdevsim/netdevsim10";

function made(): Session {
  const session = new Session({ era: "6.12" });
  session.run("echo '10 1' > /sys/bus/netdevsim/new_device; ip netns add t1; ip link set lo up; ip link set eth1 up");
  return session;
}

/** Command lines from iproute2's help and ip(8) that are not modelled. */
const IP: readonly string[] = [
  ...[
    "addrlabel",
    "maddress",
    "neigh",
    "neighbor",
    "ntable",
    "l2tp",
    "fou",
    "ila",
    "macsec",
    "tunnel",
    "tuntap",
    "tap",
  ],
  ...[
    "token",
    "tcpmetrics",
    "xfrm",
    "mroute",
    "mrule",
    "netconf",
    "vrf",
    "sr",
    "mptcp",
    "ioam",
    "stats",
    "n",
    "mo route",
  ],
  ...["add", "change", "replace", "del", "flush", "save", "restore", "showdump", "help"].map((verb) =>
    `address ${verb}`
  ),
  ...["scope host", "to 10.0.0.0/8", "label x", "permanent", "type veth", "master x", "vrf x"].map((by) =>
    `address show ${by}`
  ),
  ...["add dummy0 type dummy", "property add dev lo altname x", "xstats type bridge", "afstats", "help"].map((verb) =>
    `link ${verb}`
  ),
  ...["show type veth", "show master x", "show group 1", "delete type vlan dev eth1", "delete group 1"].map((verb) =>
    `link ${verb}`
  ),
  ..."arp dynamic multicast allmulticast promisc trailers carrier txqueuelen address broadcast mtu link-netns alias vf xdp master nomaster vrf addrgenmode protodown gso_max_size group type"
    .split(" ").map((word) => `link set eth1 ${word} 1`),
  "link set eth0 down",
  "link set lo netns t1",
  "link set eth0 name x",
  "link set eth1 netns 4711",
  ..."get save restore showdump change append replace prepend test help".split(" ").map((verb) =>
    `route ${verb} 10.9.0.0/16`
  ),
  ..."tos table proto scope metric via src mtu advmss rtt realms nexthop nhid encap onlink pref expires weight local blackhole unreachable"
    .split(" ").map((word) => `route add 10.9.0.0/16 dev lo ${word} 1`),
  ..."table vrf proto type scope match cached metric via default".split(" ").map((word) => `route show ${word} 1`),
  "route add default dev lo",
  "route add 10/8 dev lo",
  "route add 10.9.0.0/16",
  "route add fd00::/64 dev lo",
  "route del default",
  "route del 10.0.2.0/24",
  "route flush dev eth0",
  "-6 route",
  "-6 rule",
  ..."add del flush save restore from to tos fwmark iif oif pref uidrange table".split(" ").map((word) =>
    `rule ${word} 1`
  ),
  "rule show table 5",
  ..."attach set monitor list-id".split(" ").map((verb) => `netns ${verb} t1`),
  "netns identify 1",
  "netns add init",
  ...["via 192.0.2.1", "dev lo", "group 2", "encap mpls 5", "fdb", "type resilient", "group 1,2/2 type mpath"].map((
    one,
  ) => `nexthop add id 1 ${one}`),
  "nexthop bucket list",
  ...["", "all", "address", "route", "neigh", "rule", "nexthop", "label", "file x", "dev eth1", "all-nsid"].map((one) =>
    `monitor ${one}`
  ),
  ..."-b -t -ts -r -N -a -c -h -iec -s -echo -M -B -0 -rc -l".split(" ").map((option) => `${option} link`),
  ..."-o -d".split(" ").map((option) => `${option} address`),
  ..."-o -d -br".split(" ").map((option) => `${option} route`),
  "-j rule",
  "-p netns",
  "-j monitor link",
  "-f mpls route",
];

/** What ip(8) and the kernel are known to answer, refusals too. */
const KNOWN: readonly (readonly [status: number, line: string])[] = [
  [0, "address show dev eth1"],
  [0, "-j -p address"],
  [0, "-br link"],
  [0, "-d -j link show"],
  [0, "-o link show up"],
  [0, "link set eth1 down"],
  [2, "link delete eth1"],
  [255, "link set eth1 gibberish"],
  [1, "link show nosuch"],
  [0, "route add 10.9.0.0/16 dev lo"],
  [1, "route add 10.9.0.0/33 dev lo"],
  [1, "route add x dev lo"],
  [2, "route del 10.9.1.0/24 dev lo"],
  [0, "route show 10.9.0.0/16"],
  [0, "route flush root 198.51.100.0/24"],
  [0, "rule"],
  [0, "rule show"],
  [255, "rule gibberish"],
  [0, "-j netns"],
  [255, "netns add a/b"],
  [0, "nexthop add id 1 blackhole"],
  [255, "nexthop add id 1 gibberish"],
  [1, "gibberish"],
  [255, "monitor gibberish"],
];

Deno.test("ip(8): each object, verb, option and word that is not modelled is reported and changes nothing", () => {
  for (const line of IP) {
    const session = made();
    const before = JSON.stringify([session.system.machine.netns, [...session.system.machine.routes()]]);
    const { rc, stdout, stderr, gaps } = session.run(`timeout 5 ip ${line}`);
    assertEquals([line, rc, gaps.length, stdout], [line, GAP_STATUS, 1, ""]);
    assertEquals(stderr, `twinlink: ${gaps[0]}\n`);
    assertEquals(JSON.stringify([session.system.machine.netns, [...session.system.machine.routes()]]), before, line);
  }
});

Deno.test("ip(8): what is known keeps its answer, refusals too", () => {
  for (const [status, line] of KNOWN) {
    const { rc, gaps } = made().run(`ip ${line}`);
    assertEquals([line, rc, gaps], [line, status, []]);
  }
});

/** Returns the words of a help text that name an option: those before a value. */
function optionsIn(text: string): string[] {
  const words = text.replaceAll(/\{[^{}]*\}/g, "VALUE").matchAll(/(?<![\w-])([a-z][a-z_-]+)(?= +(?:[A-Z]|no_reset))/g);
  return [...words].map((match) => match[1]!);
}

Deno.test("devlink(8): each verb and each option of its help is an operation's", () => {
  let [verbs, options] = [0, 0];
  const own: Readonly<Record<string, string>> = { counters_enabled: "counters", trap: "trap" };
  for (const text of Object.values(USAGE)) {
    for (const line of text.replaceAll(/\n {15,}(?!devlink)/g, " ").split("\n")) {
      const match = /^(?:Usage:)? *devlink ((?:[a-z]+ )+)(.*)$/.exec(line);
      if (!match || /\b(?:help|monitor)\b|OBJECT/.test(line)) continue;
      const path = match[1]!.trim().split(" ");
      // What names the object stands before the options
      const words = [
        ...path,
        ...path[0] === "region" ? [`${HANDLE}/r`] : path[0] === "dev" ? [HANDLE] : [`${HANDLE}/0`],
      ];
      const parsed = parseDevlink(words);
      verbs++;
      const errors = "errors" in parsed ? parsed.errors.join() : "";
      assert(!/^(?:Object|Command) "/.test(errors), `${line}: ${errors}`);
      const kind = ("op" in parsed ? parsed.op.kind : "errors" in parsed ? parsed.kind : undefined) as DevlinkKind;
      if (kind === undefined) continue;
      for (const option of optionsIn(match[2]!)) {
        options++;
        const known = COMMAND_FORMS[kind].options.some(({ word }) => word === (own[option] ?? option));
        const elsewhere = path.includes("occupancy") && option === "sb";
        assert(known || elsewhere, `${path.join(" ")}: option ${option} is not modelled`);
      }
    }
  }
  assert(verbs > 60 && options > 60, `${verbs} verbs, ${options} options`);
  const older = new Session({ era: "6.12", iproute2: "6.1" });
  assertEquals(["devlink -V", "devlink dev show", "ip link"].map((line) => older.run(line).rc), [
    0,
    GAP_STATUS,
    GAP_STATUS,
  ]);
  assertEquals(made().run(`devlink -n port show`).rc, GAP_STATUS);
});

/** Options of ethtool(8) that are not modelled. */
const ETHTOOL = `-A -C -G -e -E -K -p -t -s -n -u -N -U -T -x -X -w -W -l -L -m -V -h
  --change-eeprom --pause --coalesce --set-ring --features --offload --identify --test --change --config-nfc --config-ntuple
  --show-time-stamping --show-rxfh --rxfh --get-dump --set-dump --show-channels --set-channels --dump-module-eeprom
  --show-priv-flags --set-priv-flags --show-eee --set-eee --set-fec --show-tunables --set-tunable --get-phy-tunable
  --set-phy-tunable --get-tunable --reset --show-permaddr --cable-test --cable-test-tdr --show-tunnels --show-module --set-module
  --get-plca-cfg --show-mm --show-pse --flash-module-firmware --monitor --json --debug -Q --per-queue --show-nfc --phy-statistics
  --include-statistics --register-dump --eeprom-dump`.split(/\s+/);

Deno.test("ethtool(8): options that are not modelled and the board's own interfaces are reported", () => {
  const lines = [
    ...ETHTOOL.map((option) => `${option} eth1`),
    "eth0",
    "lo",
    "-i eth0",
    "-k eth0",
    "-S eth0 x",
    "-k eth1",
  ];
  for (const line of lines) {
    const { rc, gaps } = made().run(`ethtool ${line}`);
    assertEquals([line, rc, gaps.length], [line, GAP_STATUS, 1]);
  }
  for (const line of ["eth1", "-i eth1", "-S eth1", "-a eth1", "-c eth1", "-g eth1", "-k eth1 | head -3", "nosuch"]) {
    assertEquals(made().run(`ethtool ${line}`).gaps, [], line);
  }
});

/** Programs whose arguments are no options, with how they take a word that looks like one. */
const WITHOUT_OPTIONS = new Set([
  "echo",
  "printf",
  "test",
  "[",
  "kill",
  "true",
  "false",
  "pwd",
  "sleep",
]);
/** Programs whose options have a syntax of their own, and whose errors are modelled. */
const OWN_WORDS = new Set(["devlink", "ip", "insmod"]);

Deno.test("programs: an option that is not modelled is reported, never ignored", () => {
  const silent = [...PROGRAMS.names].filter((name) => !WITHOUT_OPTIONS.has(name) && !OWN_WORDS.has(name)).filter(
    (name) => made().run(`timeout 5 ${name} --frobnicate /dev/null </dev/null`).gaps.length === 0,
  );
  assertEquals(silent, []);
  const lines = [
    "sort -f /dev/null",
    "sort -k 1,2 /dev/null",
    "cat -A /dev/null",
    "tail -f /dev/null",
    "head -n -1 /dev/null",
    "ls -h /",
    "find /tmp -newer /",
    "uname -p",
    "dmesg -w",
    "sed y/a/b/ /dev/null",
    "timeout -s FOO 1 true",
    "set -o pipefail",
    "ulimit -n 5",
    "umask 077",
    "alias x=y",
    "read -t 1 x",
    "test -t 0",
    "grep -r x /tmp",
    "grep -E '(' /dev/null",
    "sed 's/a' /dev/null",
    "awk 'BEGIN { print 1 }'",
    "seq 3 | cat",
    "/usr/bin/xargs echo",
    "busybox ls",
    "command -v awk",
    "type awk",
    "ip netns exec t1 date",
    "timeout 5 expr 1 + 1",
    "tc qdisc show",
    "sysctl -a",
    "modinfo netdevsim",
    "modprobe dummy",
    "rmmod virtio_net",
    "cat /proc/meminfo",
    "cat /etc/hostname",
    "ls /proc",
    "test -e /dev/kvm",
    "echo 1 > /proc/sys/net/ipv4/ip_forward",
    "cat /sys/class/net/eth1/statistics/rx_bytes",
    "ls /sys/class/net/eth1/queues",
    "for i in /sys/devices/*; do echo $i; done",
    "x=$(cat /proc/meminfo)",
    "exec 5</run/netns/t1; echo '5:2 5:3' > /sys/bus/netdevsim/link_device; exec 5<&-",
    "echo Y > /sys/kernel/debug/netdevsim/netdevsim10/fib/fail_route_offload; ip route",
    "echo Y > /sys/kernel/debug/netdevsim/netdevsim10/fib/fail_route_delete; ip route del 10.0.0.0/8 dev lo",
    "echo 95 > /sys/kernel/debug/netdevsim/netdevsim10/ports/0/ethtool/get_err",
  ];
  for (const line of lines) {
    const { gaps, stderr } = made().run(line);
    assertEquals([line, gaps.length], [line, 1], stderr);
    assert(stderr.includes(`twinlink: ${gaps[0]}\n`), line);
  }
});

Deno.test("programs: a program is either there or listed as not modelled", () => {
  assertEquals(
    [...OTHER_PROGRAMS].filter((name) => PROGRAMS.names.has(name) || Object.hasOwn(BUILTINS, name)),
    [],
  );
});

Deno.test("programs: what is modelled, and what no machine has, keeps its answer", () => {
  const lines: [number, string][] = [
    [127, "nosuch"],
    [1, "cat /tmp/nosuch"],
    [1, "cat /sys/bus/netdevsim/nosuch"],
    [0, "ls /sys/class/net/ /sys/bus/netdevsim/devices"],
    [0, "ls -la /sys/bus/netdevsim/devices/netdevsim10/"],
    [0, "find /sys/kernel/debug/netdevsim/netdevsim10 -type d -print"],
    [126, "printf 'echo hi\\n' > /tmp/s; /tmp/s"],
    [0, "printf 'echo hi\\n' > /tmp/s; sh /tmp/s"],
    [0, "cd /bin; ./ls /sys/bus/netdevsim"],
    [127, "ip netns exec t1 nosuch"],
    [1, "echo '5:2 5:3' > /sys/bus/netdevsim/link_device"],
    [0, "echo *"],
  ];
  for (const [status, line] of lines) {
    const { rc, gaps, stderr } = made().run(line);
    assertEquals([line, rc, gaps], [line, status, []], stderr);
  }
});
