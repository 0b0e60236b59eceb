import { assert, assertEquals } from "@std/assert";
import { kernelOf, Machine } from "../machine.ts";
import { ModelGap } from "../gap.ts";
import type { BootedEraId, Json, Operation } from "../mod.ts";
import { digest, type Rule, RULES } from "./digest.ts";
import type { TreeDirectory } from "../kernel/tree.ts";

const HANDLE = "netdevsim/netdevsim10";
const DEBUGFS = "/sys/kernel/debug/netdevsim/netdevsim10";
const write = (path: string, value: string): Operation => ({ kind: "file.write", path, value });
const health = { handle: HANDLE, reporter: "dummy" } as const;

/**
 * The operations that lead to the states: at least one for each kind of object; none takes time, since the digest leaves times out.
 */
const OPERATIONS: readonly Operation[] = [
  { kind: "dev.reload", handle: HANDLE },
  { kind: "dev.reload", handle: HANDLE, to: "t1" },
  { kind: "dev.eswitch.set", handle: HANDLE, mode: "switchdev" },
  { kind: "trap.set", handle: HANDLE, name: "source_mac_is_multicast", action: "trap" },
  { kind: "trap.group.set", handle: HANDLE, name: "l2_drops", policer: 2 },
  { kind: "trap.policer.set", handle: HANDLE, policer: 1, rate: 2000 },
  { kind: "trap.policer.set", handle: HANDLE, policer: 1, burst: 64 },
  { kind: "param.set", handle: HANDLE, name: "max_macs", value: 16, cmode: "driverinit" },
  { kind: "param.set", handle: HANDLE, name: "test1", value: false, cmode: "driverinit" },
  { kind: "resource.set", handle: HANDLE, path: "/IPv4/fib", size: 100 },
  { kind: "resource.set", handle: HANDLE, path: "/IPv4/fib", size: 1 },
  { kind: "region.new", handle: HANDLE, region: "dummy", snapshot: 7 },
  { kind: "region.new", handle: HANDLE, region: "dummy" },
  { kind: "region.del", handle: HANDLE, region: "dummy", snapshot: 7 },
  write(`${DEBUGFS}/take_snapshot`, "1"),
  write(`${DEBUGFS}/health/break_health`, "broken"),
  write(`${DEBUGFS}/health/break_health`, "broken otherwise"),
  write(`${DEBUGFS}/health/fail_recover`, "1"),
  { kind: "health.recover", ...health },
  { kind: "health.dump.show", ...health },
  { kind: "health.dump.show", handle: HANDLE, reporter: "empty" },
  { kind: "health.dump.clear", ...health },
  { kind: "health.set", ...health, gracePeriod: 5000 },
  { kind: "health.set", ...health, autoRecover: false },
  { kind: "health.set", ...health, autoDump: false },
  { kind: "health.set", ...health, gracePeriod: 5000, burstPeriod: 100 },
  { kind: "link.set", handle: HANDLE, port: 0, up: true },
  { kind: "link.move", handle: HANDLE, port: 0, to: "t1" },
  { kind: "rate.add", handle: HANDLE, node: "1", txMax: "10mbit" },
  { kind: "rate.set", handle: HANDLE, port: 128, txShare: "1mbit" },
  { kind: "lo.up", netns: "t1" },
  { kind: "nexthop.add", id: 5 },
  { kind: "route.add", prefix: "192.0.2.0/24", dev: "lo" },
  { kind: "netns.add", name: "t2" },
  { kind: "netns.del", name: "t1" },
  write("/sys/bus/netdevsim/new_device", "11 1"),
  write("/sys/bus/netdevsim/del_device", "10"),
  write("/sys/bus/netdevsim/drivers/netdevsim/unbind", "netdevsim10"),
  write("/sys/bus/netdevsim/drivers_autoprobe", "0"),
  write("/sys/bus/netdevsim/devices/netdevsim10/new_port", "5"),
  write("/sys/bus/netdevsim/devices/netdevsim10/del_port", "0"),
  write("/sys/bus/netdevsim/devices/netdevsim10/sriov_numvfs", "2"),
  write(`${DEBUGFS}/fail_reload`, "1"),
  write(`${DEBUGFS}/trap_flow_action_cookie`, "abcd"),
  { kind: "file.remove", path: "/lib/firmware/fw.bin" },
];

const SETUP: readonly Operation[] = [
  { kind: "netns.add", name: "t1" },
  write("/lib/firmware/fw.bin", "firmware"),
  write("/sys/bus/netdevsim/new_device", "10 1"),
];

/** Returns a small random number generator, with the same numbers for the same seed. */
function generator(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 4294967296 * bound);
  };
}

/** Returns the JSON without the values that differ from run to run and have no meaning. */
function lasting(json: Json, name = ""): Json {
  if (name === "index" || name === "rx") return null;
  if (/^(netdev|ifname)$|^last_dump_/.test(name)) return "-";
  if (name === "test_binary") return String(JSON.stringify(json).length > 2);
  if (Array.isArray(json)) return json.map((one) => lasting(one));
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(Object.keys(json).sort().map((key) => [key, lasting(json[key]!, key)]));
}

/** Returns all visible state of a machine: the output of each show command, and the content of each file. */
function everything(machine: Machine): Record<string, Json> {
  const found: Record<string, Json> = { netns: [...machine.netns].sort() };
  const ask = (op: Operation) => {
    try {
      const { result, reply, sysfs } = machine.perform(op);
      found[JSON.stringify(op)] = lasting([result, reply, sysfs as unknown as Json]);
    } catch (error) {
      if (!(error instanceof ModelGap)) throw error;
      found[JSON.stringify(op)] = "not modelled";
    }
  };
  const dumps = [
    "dev.show",
    "dev.info",
    "dev.selftests.show",
    "port.show",
    "trap.show",
    "trap.group.show",
    "trap.policer.show",
    "param.show",
    "port.param.show",
    "region.show",
    "health.show",
    "rate.show",
    "linecard.show",
    "sb.show",
    "resource.show",
  ] as const;
  for (const netns of machine.netns) {
    for (const kind of dumps) ask({ kind, netns } as Operation);
    for (const handle of [HANDLE, "netdevsim/netdevsim11"]) {
      for (const kind of ["resource.show", "dev.eswitch.show"] as const) ask({ kind, handle, netns });
      for (const reporter of ["dummy", "empty"]) ask({ kind: "health.diagnose", handle, reporter, netns });
      for (const port of [0, 5, 128]) {
        for (const kind of ["link.show", "ethtool.info"] as const) ask({ kind, handle, port, netns });
      }
    }
    const netdevs = machine.netdevs(netns).map(({ up, carrier, downFlags }) =>
      [up, carrier, downFlags.join()].join(" ")
    );
    found[`netdevs of ${netns}`] = netdevs.sort();
    found[`routes of ${netns}`] = [...machine.routes(netns)].flat().sort();
    found[`nexthops of ${netns}`] = [...machine.nexthops(netns)].sort();
  }
  const files = (directory: TreeDirectory, path: string) => {
    for (const [name, node] of directory.entries()) {
      // Directories of netdevs are named after them, and names differ from run to run
      if (name === "net" || name === "queue_reset") continue;
      if (node.type === "dir") files(node, `${path}/${name}`);
      else if (node.type === "file" && (node.mode & 0o444) !== 0) ask({ kind: "file.read", path: `${path}/${name}` });
      else found[`${path}/${name}`] = node.type;
    }
  };
  files(machine.sysfs(), "/sys");
  return found;
}

interface State {
  operations: readonly Operation[];
  /** Returns the digest by given rules */
  digest: (rules: ReadonlyMap<string, Rule>) => string;
  everything: string;
}

function machineAfter(era: BootedEraId, operations: readonly Operation[]): Machine {
  const machine = new Machine({ era, listeners: "none" });
  for (const op of [...SETUP, ...operations]) machine.perform(op);
  return machine;
}

function stateAfter(era: BootedEraId, operations: readonly Operation[]): State {
  const machine = machineAfter(era, operations);
  const known = new Map<ReadonlyMap<string, Rule>, string>();
  for (const rules of [RULES, ...PLANTED.values()]) known.set(rules, digest(kernelOf(machine), rules));
  return { operations, digest: (rules) => known.get(rules)!, everything: JSON.stringify(everything(machine)) };
}

/** Returns states that are near each other: after the same beginning, each operation, and pairs of operations in both orders. */
function statesNear(era: BootedEraId, seed: number): State[] {
  const below = generator(seed);
  const pick = () => OPERATIONS[below(OPERATIONS.length)]!;
  const beginning = Array.from({ length: seed % 2 * 3 }, pick);
  const pairs = Array.from({ length: 8 }, () => [pick(), pick()]);
  return [
    [],
    ...OPERATIONS.map((op) => [op]),
    ...pairs.flatMap(([a, b]) => [[a!, b!], [b!, a!]]),
  ].map((operations) => stateAfter(era, [...beginning, ...operations]));
}

/** Returns the first two states with the same digest and different visible state; else all pairs with the same digest. */
function collision(states: readonly State[], rules: ReadonlyMap<string, Rule>) {
  const byDigest = new Map<string, State>();
  const same: [State, State][] = [];
  for (const state of states) {
    const other = byDigest.get(state.digest(rules));
    if (!other) byDigest.set(state.digest(rules), state);
    else if (other.everything !== state.everything) return { differ: [other, state] as const, same };
    else same.push([other, state]);
  }
  return { differ: undefined, same };
}

/** Fields that the digest must have; fields that change together are in one entry. */
const NEEDED = [
  "stored dumpedAt",
  "recovered",
  "healthy errors recoveries recoveredAt stored dumpedAt recovered",
  "gracePeriod",
  "burstPeriod",
  "autoRecover",
  "autoDump",
  "action",
  "policer",
  "rate",
  "burst",
  "value",
  "sizeNew",
  "snapshots contents snapshotIds",
  "reloads",
  "ports",
  "up carrier followed running activated occupancy linkLocal",
  "mode",
  "numVfs",
  "knobs",
  "cookie",
  "nexthops",
  "routes occupancy hasTable",
  "driver",
  "devices",
] as const;

const PLANTED: ReadonlyMap<string, ReadonlyMap<string, Rule>> = new Map(
  NEEDED.map((fields) => [
    fields,
    new Map([...RULES, ...fields.split(" ").map((field): [string, Rule] => [field, "left out"])]),
  ]),
);

const FURTHER: readonly Operation[] = [
  { kind: "dev.reload", handle: HANDLE },
  { kind: "health.dump.show", ...health },
  write(`${DEBUGFS}/health/break_health`, "again"),
  { kind: "region.new", handle: HANDLE, region: "dummy" },
  write("/sys/bus/netdevsim/new_device", "12 1"),
];

Deno.test("states with the same digest show the same, also after any further operation", () => {
  const found = new Set<string>();
  let pairs = 0;
  for (const [i, era] of (["7.2", "6.12", "6.1", "5.10"] as const).entries()) {
    for (let seed = 0; seed < 2; seed++) {
      const states = statesNear(era, i * 16 + seed);
      const { differ, same } = collision(states, RULES);
      assertEquals(
        differ && JSON.parse(differ[1].everything),
        differ && JSON.parse(differ[0].everything),
        differ && `${era}: ${JSON.stringify(differ.map(({ operations }) => operations))}`,
      );
      for (const [k, [a, b]] of same.entries()) {
        if (k > 3) break;
        for (const op of FURTHER) {
          const [one, other] = [a, b].map(({ operations }) => {
            const machine = machineAfter(era, operations);
            const { result, extack, reply } = machine.perform(op);
            return [result, extack, lasting(reply), digest(kernelOf(machine)), everything(machine)] as const;
          });
          assertEquals(one, other, `${era}: ${op.kind} behind ${JSON.stringify([a.operations, b.operations])}`);
          pairs++;
        }
      }
      for (const [field, rules] of PLANTED) {
        if (!found.has(field) && collision(states, rules).differ) found.add(field);
      }
    }
  }
  assert(pairs > 50, `${pairs} pairs`);
  assertEquals(NEEDED.filter((field) => !found.has(field)), [], "fields that could be left out of the digest unseen");
});

/** Private fields that change and are not in the digest, each with the reason. */
const HIDDEN: Readonly<Record<string, string>> = {
  "kernel/kernel.ts #index": "the number of the next instance differs from run to run",
  "kernel/kernel.ts #random": "of chance",
  "kernel/driver_core.ts #triggers": "only grows, and is compared within one probe",
  "net/linkwatch.ts #next": "a time",
  "drivers/mlx5/health.ts #seenAt": "a time; whether it is still to come is shown",
  "drivers/netdevsim/netdevsim.ts #trapReads": "what was counted",
  "devlink/fmsg.ts #largest": "follows from the items",
  "machine.ts #late": "of the machine, not of the kernel",
  "machine.ts #running": "the operation under way; the digest is taken between operations",
  "machine.ts #waits": "words about the last operation that hung, for a report",
};

Deno.test("a private field that changes is shown by [STATE], so that the digest sees it", async () => {
  const unseen: string[] = [];
  const model = new URL("../", import.meta.url);
  for (const path of filesBelow(model)) {
    // Files of the explorer itself, and a file that only reads the state
    if (/_test\.ts$|\/(explore|execution|lockdep)\.ts$|^take_inventory\.ts$/.test(path)) continue;
    const source = await Deno.readTextFile(new URL(path, model));
    const shown = [...source.matchAll(/^ {2}(?:override )?\[STATE\]\(\)[^]*?^ {2}\}/gm)].join();
    for (
      const [, constant, field, begins = ""] of source.matchAll(
        /^ {2}(readonly )?(#\w+)(?:\??: [^=;]*)?(?: = (.*))?;$/gm,
      )
    ) {
      // A readonly field that is not a container does not change
      if (constant && !/^(new (Map|Set)|\[\]|\{\})/.test(begins)) continue;
      if (!new RegExp(`this\\.${field}\\b`).test(shown)) unseen.push(`${path} ${field}`);
    }
  }
  assertEquals(unseen.sort(), Object.keys(HIDDEN).sort());
});

function* filesBelow(folder: URL, prefix = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* filesBelow(new URL(`${name}/`, folder), `${prefix}${name}/`);
    else if (name.endsWith(".ts")) yield prefix + name;
  }
}
