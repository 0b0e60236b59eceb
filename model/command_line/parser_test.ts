import { assertEquals } from "@std/assert";
import { COMMAND_FORMS, type DevlinkKind } from "./forms.ts";
import { devlinkWords } from "./words.ts";
import { parseDevlink } from "./parser.ts";
import { nextWords } from "./verbs.ts";
import type { Operation } from "../operation.ts";

const H = "netdevsim/netdevsim10";

/** A valid value of each parameter. */
const VALUES: Readonly<Record<string, unknown>> = {
  to: "n1",
  action: "drop",
  overwrite: ["settings", "identifiers"],
  mode: "switchdev",
  inlineMode: "link",
  encapMode: "basic",
  flavour: "pcisf",
  cmode: "driverinit",
  value: "17",
  state: "active",
  roce: true,
  migratable: false,
  ipsecCrypto: true,
  ipsecPacket: false,
  autoRecover: true,
  autoDump: false,
  counters: true,
  txShare: "5mbit",
  txMax: "1gbit",
  tcBw: ["0:1", "1:2", "2:3", "3:4", "4:5", "5:6", "6:7", "7:8"],
  parent: "g1",
  limit: "no_reset",
  address: 16,
  length: 32,
};
const OF_KIND: { readonly [K in DevlinkKind]?: Readonly<Record<string, unknown>> } = {
  "dev.reload": { action: "driver_reinit" },
  "port.add": { pfnum: 0 },
  "port.set": { type: "eth" },
  "resource.set": { size: 64 },
  "resource.show": { scope: "dev" },
  "sb.pool.set": { thtype: "static" },
  "sb.tc.bind.show": { type: "ingress" },
  "sb.tc.bind.set": { type: "egress" },
  "param.set": { default: undefined },
};

for (const kind of Object.keys(COMMAND_FORMS) as DevlinkKind[]) {
  Deno.test(`${kind}: parsing the words of the operation returns the operation`, () => {
    const { about, options } = COMMAND_FORMS[kind];
    const op: Record<string, unknown> = { kind };
    if (about !== undefined) op["handle"] = H;
    if (about === "port") op["port"] = 3;
    if (about === "region") op["region"] = "dummy";
    if (about === "rate") op["node"] = "g1";
    for (const { field, value } of options) {
      const own = OF_KIND[kind];
      const chosen = own && field in own ? own[field] : VALUES[field] ?? (value === "number" ? 7 : "x");
      if (chosen !== undefined) op[field] = chosen;
    }
    const words = devlinkWords(op as unknown as Operation<DevlinkKind>);
    assertEquals(parseDevlink(words), { op } as never, words.join(" "));
  });
}

Deno.test("words that stand for a value: nopolicer, notype, noparent, default", () => {
  const of = (line: string) => parseDevlink(line.split(" "));
  assertEquals(of(`trap group set ${H} group g nopolicer`), {
    op: { kind: "trap.group.set", handle: H, name: "g", policer: null },
  });
  assertEquals(of(`lc set ${H} lc 1 notype`), { op: { kind: "linecard.set", handle: H, lc: 1, type: null } });
  assertEquals(of(`dev param set ${H} name x default cmode runtime`), {
    op: { kind: "param.set", handle: H, name: "x", default: true, cmode: "runtime" },
  });
  assertEquals(of(`dev reload ${H} netns 1`), { op: { kind: "dev.reload", handle: H, to: "init" } });
  assertEquals(of(`dev reload ${H} netns 77`), { op: { kind: "dev.reload", handle: H, to: { pid: 77 } } });
});

Deno.test("words may be abbreviated; the first word that fits counts, in devlink(8)'s order", () => {
  const kind = (line: string) => {
    const parsed = parseDevlink(line.split(" "));
    return "op" in parsed ? parsed.op.kind : parsed;
  };
  assertEquals(kind("d s"), "dev.show");
  assertEquals(kind("p"), "port.show");
  assertEquals(kind("t g s"), "trap.group.show");
  assertEquals(kind("reg"), "region.show");
  assertEquals(kind("l s"), "linecard.show");
  assertEquals(kind("he"), { help: "", status: 0 });
  assertEquals(kind("m help"), { help: "monitor", status: 0 });
});

// The output of devlink(8) of iproute2 7.3 in a guest, line by line
const REFUSALS: Readonly<Record<string, string[]>> = {
  "foo": ['Object "foo" not found'],
  "dev foo": ['Command "foo" not found'],
  "monitor foo": ['Unknown object "foo"'],
  "monitor region port": ['Unknown object "region"'],
  "dev eswitch show": ['Devlink identification ("bus_name/dev_name") expected'],
  "dev show netdevsim": [
    "Wrong identification string format.",
    'Devlink identification ("bus_name/dev_name") expected',
  ],
  "port show a/b/c": ['Port index "c" is not a number or not within range'],
  "port set": ['Port identification ("bus_name/dev_name/port_index" or "netdev ifname") expected.'],
  [`resource set ${H}`]: ["Resource path expected.", "Resource size expected."],
  [`port add ${H}`]: ["Port flavour is expected.", "Port PCI PF number is expected."],
  [`sb pool set ${H}`]: [
    "Pool index option expected.",
    "Pool size option expected.",
    "Pool threshold type option expected.",
  ],
  [`sb port pool set ${H}`]: [
    "Wrong port identification string format.",
    'Expected "bus_name/dev_name/port_index" or "netdev_ifname".',
  ],
  [`sb port pool set ${H}/0 sb 0`]: ["Pool index option expected.", "Threshold option expected."],
  [`sb port pool set ${H}/0 foo pool 0 bar`]: ["Threshold option expected.", 'Unknown option "foo"'],
  [`sb port pool set ${H}/0 foo pool th`]: ['"th" is not a number or not within range'],
  [`sb port pool set ${H}/0 pool 65536`]: ['"65536" is not a number or not within range'],
  "sb tc bind set nosuch": ["RTNETLINK answers: No such device", 'Netdevice "nosuch" not found'],
  [`sb tc bind set ${H}/0`]: [
    "Pool index option expected.",
    "Pool type option expected.",
    "Threshold option expected.",
    "TC index option expected.",
  ],
  [`sb tc bind set ${H}/0 tc 0 type foo pool 0 th 1`]: ['Unknown pool type "foo"'],
  [`sb pool set ${H} pool 0 size 1 thtype foo`]: ['Unknown threshold type "foo"'],
  "sb occupancy show": [
    "One of following identifications expected:",
    'Devlink identification ("bus_name/dev_name")',
    'Port identification ("bus_name/dev_name/port_index" or "netdev ifname")',
  ],
  [`sb occupancy show ${H} pool 3`]: ['Unknown option "pool"'],
  "sb occupancy show a/b/c/d": [
    "Wrong port identification string format.",
    'Expected "bus_name/dev_name" or "bus_name/dev_name/port_index" or "netdev_ifname".',
  ],
  [`lc set ${H}`]: ["Linecard index expected.", "Linecard type expected."],
  [`dev flash ${H} foo`]: ["BUG: unknown argument required but not found", 'Unknown option "foo"'],
  "port show nosuch": [
    "RTNETLINK answers: No such device",
    "Wrong identification string format.",
    'Devlink identification ("bus_name/dev_name") expected',
  ],
  "region dump": ['Expected "bus_name/dev_name/region" identification.'],
  "health show help": ["RTNETLINK answers: No such device", 'Netdevice "help" not found'],
  [`dev param set ${H} name max_macs value 16`]: ["Configuration mode expected."],
  [`dev param set ${H} name max_macs cmode driverinit`]: ["Either value or default must be specified"],
  [`dev param set ${H} name max_macs value 16 cmode driverinit extra`]: ['Unknown option "extra"'],
  [`dev reload ${H} action`]: ["String parameter expected"],
  [`dev flash ${H} component x`]: ["BUG: unknown argument required but not found"],
  [`sb pool set ${H} pool 1 size`]: ["Unsigned number argument expected"],
  [`trap set ${H} trap x action bogus`]: ['Unknown trap action "bogus"'],
  [`port function rate add ${H}/128`]: ["Node name cannot be a devlink port index or empty."],
  [`port function rate set ${H}/128 tc-bw 0:60 1:10`]: [
    "String parameter expected",
    "Error parsing tc-bw: example usage: tc-bw 0:60 1:10 2:0 3:0 4:30 5:0 6:0 7:0",
  ],
  [`port function rate set ${H}/128 tc-bw 0:60 1:10 2:0 3:0 4:30 5:0 6:0 7:0 8:0`]: ['Unknown option "8:0"'],
  [`port function rate set ${H}/128 tc-bw 0:60 :1 2:0 3:0 4:30 5:0 6:0 7:0`]: [
    "Error parsing tc-bw: duplicate index : 0",
  ],
  [`port function rate set ${H}/128 tc-bw 0:60 8:10 2:0 3:0 4:30 5:0 6:0 7:0`]: [
    "Error parsing tc-bw: invalid index: 8, use values between 0 and 7",
  ],
  [`port function rate add ${H}/g tc-bw 0:60 1:1:1 2:0 3:0 4:30 5:0 6:0 7:0`]: ["Invalid traffic class index: 1:1"],
  [`port function rate add ${H}/g tc-bw 0:60 1:x 2:0 3:0 4:30 5:0 6:0 7:0`]: ["Invalid bandwidth value: x"],
  [`port function rate add ${H}/g tc-bw 0:60 1 2:0 3:0 4:30 5:0 6:0 7:0`]: ["Invalid format in token: 1"],
  [`health set ${H} reporter dummy auto_recover maybe`]: [
    'Error: argument of "(null)" must be one of "false", "true", "0", "1", "disable", "enable", not "maybe"',
    '"maybe" is not a valid boolean value',
  ],
};

Deno.test("refusals are worded as devlink(8) words them", () => {
  for (const [line, errors] of Object.entries(REFUSALS)) {
    const parsed = parseDevlink(line.split(" "));
    assertEquals("errors" in parsed ? parsed.errors : parsed, errors, line);
  }
});

Deno.test("the possible next words: objects, verbs, options of the command", () => {
  assertEquals(nextWords([]).includes("trap"), true);
  assertEquals(nextWords(["trap", "group"]), ["help", "show", "list", "set"]);
  assertEquals(nextWords(["trap", "group", "set", H]), ["group", "action", "policer", "nopolicer"]);
  assertEquals(nextWords(["trap", "group", "set", H, "group"]), []);
  assertEquals(nextWords(["nosuch"]), []);
});
