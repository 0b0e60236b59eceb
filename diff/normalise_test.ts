import { assert, assertEquals } from "@std/assert";
import type { Json, KernelLine, Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { clone, created, DEV, link, notice, reloaded, sequence, step, trapReply } from "./_testing.ts";
import { judge } from "./judge.ts";
import { RULES } from "./rules.ts";
import type { StepTrace } from "./trace.ts";

/** Whether two observations of the same operation agree, and whether they would without the rule. */
function agrees(
  op: Operation,
  expected: Partial<Observation>,
  observed: Partial<Observation>,
  without?: string,
): boolean {
  return agree([step(1, op, expected)], [step(1, op, observed)], without);
}
function agree(expected: StepTrace[], observed: StepTrace[], without?: string): boolean {
  const rules = RULES.filter((rule) => rule.id !== without);
  return judge(sequence(...expected), sequence(...observed), { rules }).verdict === "agree";
}

const show: Operation = { kind: "port.show" };
const tested = new Set<string>();

/** A test that the rule hides what it should, that it is this rule which does, and that it hides no real difference. */
function rule(id: string, hides: (without?: string) => boolean[], shows: () => boolean[]): void {
  tested.add(id);
  Deno.test(`rule ${id}: hides what means nothing`, () => {
    assertEquals(hides(), hides().map(() => true));
    assertEquals(hides(id), hides().map(() => false), "without the rule these differ");
  });
  Deno.test(`rule ${id}: hides no real difference`, () => {
    assertEquals(shows(), shows().map(() => false));
  });
}

const mgmt = notice("new", "port", "pci/0000:01:00.0/0", { type: "eth" });
const dev = notice("new", "dev", DEV);
const onDevice: Operation = { kind: "dev.show", handle: DEV };
rule(
  "foreign-instance",
  (without) => [
    agrees(onDevice, { notify: { init: [dev] } }, { notify: { init: [mgmt, dev] } }, without),
    agrees(show, { reply: { port: {} } }, { reply: { port: { "pci/0000:01:00.0/0": {} } } }, without),
  ],
  () => [
    agrees(onDevice, {}, { notify: { init: [notice("new", "dev", "netdevsim/netdevsim11")] } }),
    agrees(onDevice, {}, { notify: { init: [dev] } }),
    agrees({ kind: "port.show", handle: "pci/0000:01:00.0" }, { reply: { port: {} } }, {
      reply: { port: { "pci/0000:01:00.0/0": {} } },
    }),
    agrees(show, { reply: { port: { "pci/0000:01:00.0/0": {} } } }, { reply: { port: {} } }),
  ],
);

const create: Operation = { kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 2" };
const reload: Operation = { kind: "dev.reload", handle: DEV };
const made = (a: string, b: string, linkOrder = [a, b]) =>
  step(1, create, { notify: { init: created(a, b) }, link: { init: linkOrder.map((name) => link("new", name)) } });
const again = (a: string, b: string, was = [b, a], now = [a, b], id = 2) =>
  step(id, reload, {
    notify: { init: reloaded(a, b) },
    link: { init: [...was.map((name) => link("del", name)), ...now.map((name) => link("new", name))] },
  });
const ports = (a: string, b: string, id = 3) =>
  step(id, show, { reply: { port: { [`${DEV}/0`]: { netdev: a }, [`${DEV}/1`]: { netdev: b } } } });
/** The sequence gives port 0's netdev a name; what devlink and rtnetlink say of it. */
const renamed = (told: boolean, linked: boolean) =>
  step(2, { kind: "link.rename", handle: DEV, port: 0, name: "tl0" }, {
    notify: told ? { init: [created("tl0").at(-1)!] } : {},
    link: linked ? { init: [link("new", "tl0")] } : {},
  });
rule(
  "netdev-names",
  (without) => [
    agree([made("eth1", "eth2")], [made("ens4", "ens5")], without),
    agree(
      [made("eth1", "eth2"), again("eth1", "eth2"), ports("eth1", "eth2")],
      [made("eth4", "eth3"), again("eth3", "eth4", ["eth3", "eth4"]), ports("eth3", "eth4")],
      without,
    ),
    // Management NIC and lo.
    agrees(show, {}, { link: { init: [link("new", "eth0", true), link("new", "lo")] } }, without),
    // Another netns has other names.
    agree([
      made("eth1", "eth2"),
      step(2, { ...reload, to: "t1" }, {
        notify: { t1: created("eth0", "eth1") },
        link: { init: [link("del", "eth2"), link("del", "eth1")], t1: [link("new", "eth0"), link("new", "eth1")] },
      }),
      step(3, { kind: "link.show", netns: "t1", handle: DEV, port: 1 }, { reply: { ifname: "eth1" } }),
    ], [
      made("eth8", "eth9"),
      step(2, { ...reload, to: "t1" }, {
        notify: { t1: created("eth3", "eth0") },
        link: { init: [link("del", "eth9"), link("del", "eth8")], t1: [link("new", "eth3"), link("new", "eth0")] },
      }),
      step(3, { kind: "link.show", netns: "t1", handle: DEV, port: 1 }, { reply: { ifname: "eth0" } }),
    ], without),
    agree([made("eth1", "eth2"), renamed(true, true)], [made("ens4", "ens5"), renamed(true, true)], without),
    // udev renames: one PORT NEW and one link message more.
    agrees(create, { notify: { init: created("eth1") }, link: { init: [link("new", "eth1")] } }, {
      notify: { init: [...created("eth1"), created("eni10np1").at(-1)!] },
      link: { init: [link("new", "eth1"), link("new", "eni10np1")] },
    }, without),
  ],
  () => [
    // The other port's netdev, in each place where a name stands.
    agree([made("eth1", "eth2")], [made("eth1", "eth2", ["eth2", "eth1"])]),
    agree([made("eth1", "eth2"), again("eth1", "eth2")], [
      made("eth1", "eth2"),
      again("eth1", "eth2", ["eth1", "eth2"]),
    ]),
    agree([made("eth1", "eth2"), again("eth1", "eth2")], [made("eth1", "eth2"), again("eth1", "eth2", ["eth2"])]),
    agree([made("eth1", "eth2"), again("eth1", "eth2")], [
      made("eth1", "eth2"),
      again("eth1", "eth2", ["eth2", "eth1", "eth1"]),
    ]),
    agree([made("eth1", "eth2"), again("eth1", "eth2")], [
      made("eth1", "eth2"),
      again("eth1", "eth2", ["eth2", "eth1"], ["eth1", "eth2", "eth2"]),
    ]),
    // A port that has lost its netdev.
    agrees(show, { reply: { port: { [`${DEV}/0`]: { netdev: "eth1" } } } }, { reply: { port: { [`${DEV}/0`]: {} } } }),
    // The same message twice is no rename.
    agrees(create, { notify: { init: created("eth1") } }, {
      notify: { init: [...created("eth1"), created("eth1").at(-1)!] },
    }),
    // Nor is one that says something else beside the name.
    agrees(create, { notify: { init: created("eth1") } }, {
      notify: {
        init: [...created("eth1"), {
          ...created("eth5").at(-1)!,
          attributes: { ...created("eth5").at(-1)!.attributes, splittable: true },
        }],
      },
    }),
    // A netdev that comes again as another one is no rename either.
    agrees(create, { notify: { init: created("eth1") }, link: { init: [link("new", "eth1")] } }, {
      notify: { init: [...created("eth1"), ...created("eth5").slice(-3)] },
      link: { init: [link("new", "eth1"), link("new", "eth5", true)] },
    }),
    agree([
      made("eth1", "eth2"),
      step(2, { kind: "link.show", handle: DEV, port: 1 }, { reply: { ifname: "eth2" } }),
    ], [
      made("eth1", "eth2"),
      step(2, { kind: "link.show", handle: DEV, port: 1 }, { reply: { ifname: "eth1" } }),
    ]),
    // What is said of a rename that the sequence asked for is no doing of udev.
    agree([made("eth1", "eth2"), renamed(true, true)], [made("eth1", "eth2"), renamed(false, true)]),
    agree([made("eth1", "eth2"), renamed(true, true)], [made("eth1", "eth2"), renamed(true, false)]),
  ],
);

const port = (attributes: { [key: string]: Json }) => ({ reply: { port: { [`${DEV}/0`]: attributes } } });
const shown = (attributes: { [key: string]: Json }, object = "port") => ({
  notify: { init: [notice("new", object, DEV, attributes)] },
});
rule(
  "ifindex",
  (without) => [
    agrees(show, port({ ifindex: 3 }), port({ ifindex: 9 }), without),
    agrees(show, shown({ ifindex: 3 }), shown({}), without),
  ],
  () => [agrees(show, port({ port: 1 }), port({ port: 2 }))],
);
rule(
  "switch-id",
  (without) => [agrees(show, port({ switch_id: "ab" }), port({ switch_id: "cd" }), without)],
  () => [agrees(show, port({ switch: "ab" }), port({ switch: "cd" }))],
);
const devs = (attributes: { [key: string]: Json }) => ({ reply: { dev: { [DEV]: attributes } } });
rule(
  "instance-index",
  (without) => [
    agrees(onDevice, devs({ index: 1 }), devs({ index: 7 }), without),
    agrees(onDevice, shown({ index: 1 }, "dev"), shown({ index: 2 }, "dev"), without),
  ],
  () => [
    agrees(onDevice, devs({ reload_failed: true }), devs({})),
    agrees(show, port({ index: 1 }), port({ index: 2 })),
    agrees(onDevice, shown({ index: 1 }, "port"), shown({ index: 2 }, "port")),
  ],
);
const health = (attributes: { [key: string]: Json }) => ({
  reply: { health: { [DEV]: [{ reporter: "dummy", ...attributes }] } },
});
rule(
  "dump-time",
  (without) => [
    agrees(
      { kind: "health.show" },
      health({ last_dump_date: "2026-01-01", last_dump_time: "10:00:00" }),
      health({ last_dump_date: "1970-01-01", last_dump_time: "00:01:09" }),
      without,
    ),
  ],
  () => [
    agrees({ kind: "health.show" }, health({ last_dump_date: "2026-01-01" }), health({})),
    agrees({ kind: "health.show" }, health({ error: 1 }), health({ error: 2 })),
  ],
);

const said = (text: string, prefix?: string, level: "error" | "warning" = "error") => ({
  result: "EOPNOTSUPP",
  extack: { level, text, ...(prefix ? { prefix } : {}) },
});
rule(
  "core-prefix",
  (without) => [
    agrees(reload, said("no", "devlink"), said("no", "leftover"), without),
    agrees(reload, said("no"), said("no", "leftover"), without),
    agrees(reload, said("no", "dev"), said("no"), without),
  ],
  () => [
    agrees(reload, said("no", "netdevsim"), said("no")),
    agrees(reload, said("no", "netdevsim"), said("no", "mlx5_core")),
    agrees(reload, said("no", "devlink"), said("yes", "devlink")),
    agrees(reload, said("no"), said("no", undefined, "warning")),
    agrees(reload, said("no"), { result: "EOPNOTSUPP" }),
  ],
);
const route: Operation = { kind: "route.add", prefix: "10.0.0.0/24", dev: "lo" };
const extack = { level: "error" as const, text: "Exceeded number of supported fib entries" };
rule(
  "unseen-errno",
  (without) => [agrees(route, { result: "ENOSPC", extack }, { result: "unseen", extack }, without)],
  () => [
    agrees(route, { result: "ok" }, { result: "unseen", extack }),
    agrees(route, { result: "ok", extack }, { result: "unseen", extack }),
    agrees(route, { result: "client", extack }, { result: "unseen", extack }),
    agrees(route, { result: "ENOSPC" }, { result: "unseen" }),
    agrees(route, { result: "ENOSPC", extack }, { result: "unseen", extack: { ...extack, text: "other" } }),
    agrees(route, { result: "ENOSPC", extack }, { result: "EPERM", extack }),
  ],
);

const log = (...lines: string[]) => ({ kmsg: lines.map((text) => ({ class: "info" as const, text })) });
const fib = "Failed to register fib notifier";
rule(
  "kmsg-time",
  (without) => [agrees(reload, log(fib), log(`[ 4711.123456] ${fib}`), without)],
  () => [agrees(reload, log(fib), log("[ 1.0] netdevsim netdevsim10: firmware: failed to load dummy (-2)"))],
);
rule(
  "kmsg-explained",
  (without) => [
    agrees(reload, log(), log("netdevsim netdevsim10 eni10np1: renamed from eth0"), without),
    agrees(reload, log(fib), log("hrtimer: interrupt took 4711 ns", fib), without),
    agrees(reload, log(), { kmsg: [{ class: "info", text: "cron: job 1 runs", user: true }] }, without),
    agrees(reload, log(fib), { kmsg: [{ class: "info", text: fib, device: "+netdevsim:netdevsim10" }] }, without),
    agrees(reload, log(), { kmsg: [{ class: "info", text: "usb 1-1: USB disconnect", device: "+usb:1-1" }] }, without),
  ],
  () => [
    agrees(reload, log(), log(fib)),
    agrees(reload, log(fib), log()),
    agrees(reload, log(fib), log(fib, fib)),
    agrees(reload, log("Failed to reload devlink instance into init_net"), log()),
    agrees(reload, log(), log("netdevsim netdevsim10: something new")),
    agrees(reload, log(), log("debugfs: File 'take_snapshot' in directory 'netdevsim10' already present!")),
    agrees(reload, log(), log("a driver says: what it never said")),
    agrees(reload, log(), { kmsg: [{ class: "warning", text: "WARNING: CPU: 0 PID: 1 at fs/x.c:1" }] }),
    // What the model predicts is not explained away.
    agrees(reload, log("hrtimer: interrupt took 4711 ns"), log()),
  ],
);
const finding = (kind: "lockdep" | "kasan", ...texts: string[]) => ({
  kmsg: texts.map((text) => ({ class: kind, text })),
});
rule(
  "kmsg-finding-text",
  (without) => [
    agrees(reload, finding("lockdep", "possible circular locking"), finding("lockdep", "a", "b"), without),
    agrees(reload, { kmsg: [...finding("lockdep", "a").kmsg, ...log(fib).kmsg] }, {
      kmsg: [...log(fib).kmsg, ...finding("lockdep", "a").kmsg],
    }, without),
  ],
  () => [
    agrees(reload, finding("lockdep", "a"), finding("kasan", "a")),
    agrees(reload, finding("lockdep", "a"), {}),
    agrees(reload, {}, finding("lockdep", "a")),
    agrees(reload, finding("lockdep", "a"), { kmsg: [...finding("lockdep", "a").kmsg, ...finding("kasan", "a").kmsg] }),
  ],
);

const resources: Operation = { kind: "resource.show", handle: DEV };
const fibs = (attributes: { [key: string]: Json }) => ({
  reply: { resources: { [DEV]: [{ name: "IPv4", resources: [{ name: "fib", ...attributes }] }] } },
});
rule(
  "init-occupancy",
  (without) => [agrees(resources, fibs({ occ: 7 }), fibs({ occ: 12 }), without)],
  () => [
    agrees({ ...resources, netns: "t1" }, fibs({ occ: 7 }), fibs({ occ: 12 })),
    agrees(resources, fibs({ occ: 7 }), fibs({})),
    agrees(resources, fibs({ size: 7 }), fibs({ size: 12 })),
  ],
);

/** A reload that announces a trap with its counters before it takes it away. */
const gone = (packets: number, bytes = 142 * packets) =>
  step(4, reload, {
    notify: { init: [notice("del", "trap", DEV, { name: "fid_miss", stats: { rx: { bytes, packets } } })] },
  });

const numbered = (one: StepTrace, i: number): StepTrace => ({ ...one, id: i + 1 });

/** A port up, time on the board, and a look at the counter. */
function counting(
  packets: number,
  options: { bytes?: number; boardMs?: number; object?: string; ms?: number; type?: string } = {},
) {
  const { boardMs, object = "trap", ms = 1000, type } = options;
  const kind = object === "trap" ? "trap.show" as const : "trap.group.show" as const;
  const steps = [
    step(1, { kind: "link.set", handle: DEV, port: 0, up: true }),
    step(2, { kind: "wait", ms }),
    step(3, { kind, handle: DEV }, { reply: trapReply(packets, options.bytes, object, type) }),
  ];
  if (boardMs !== undefined) {
    const times = [[0, 10], [10, boardMs - 10], [boardMs - 10, boardMs]];
    for (const [i, one] of steps.entries()) one.board = { start: times[i]![0]!, end: times[i]![1]! };
  }
  return steps;
}
rule(
  "trap-counters",
  (without) => [
    agree(counting(10), counting(9), without),
    agree(counting(10), counting(16), without),
    agree(counting(10), counting(4), without),
    agree(counting(100, { ms: 10_000 }), counting(67, { ms: 10_000 }), without),
    // The board took 3 s where the model takes 1 s.
    agree(counting(10), counting(30, { boardMs: 3000 }), without),
    agree(counting(50, { object: "trap_group" }), counting(70, { object: "trap_group" }), without),
    // No time passes on the model between the steps; on the board it does.
    agree(counting(0, { ms: 0, type: "exception" }), counting(5, { ms: 0, boardMs: 500, type: "exception" }), without),
    // Linux 6.1 announces each trap's counters when it goes.
    agree([...counting(10), gone(12)], [...counting(10), gone(15)], without),
  ],
  () => [
    agree(counting(0), counting(1)),
    agree(counting(0, { type: "exception" }), counting(1, { type: "exception" })),
    // One that drops counts nothing, however long it takes.
    agree(counting(0, { ms: 0, type: "drop" }), counting(5, { ms: 0, boardMs: 500, type: "drop" })),
    agree(counting(0, { ms: 0, type: "exception" }), counting(15, { ms: 0, boardMs: 500, type: "exception" })),
    agree([...counting(10), gone(12)], [...counting(10), gone(20)]),
    agree([...counting(10), gone(12)], [...counting(10), gone(12, 5)]),
    agree([...counting(10), gone(0)], [...counting(10), gone(1)]),
    agree([...counting(10), gone(12)], [...counting(10), { ...gone(12), observation: step(4, reload).observation! }]),
    agree(counting(10), counting(0)),
    agree(counting(10), counting(3)),
    agree(counting(3, { ms: 300 }), counting(0, { ms: 300 })),
    // A reload takes all ports down: one that was up before does not count.
    agree(
      [step(1, { kind: "link.set", handle: DEV, port: 1, up: true }), step(2, reload), ...counting(10)].map(numbered),
      [step(1, { kind: "link.set", handle: DEV, port: 1, up: true }), step(2, reload), ...counting(17)].map(numbered),
    ),
    agree(counting(10), counting(17)),
    agree(counting(10), counting(34, { boardMs: 3000 })),
    agree(counting(100, { ms: 10_000 }), counting(66, { ms: 10_000 })),
    agree(counting(10), counting(9, { bytes: 142 * 9 + 1 })),
    agree(counting(10), counting(10, { bytes: 1411 })),
    agrees({ kind: "trap.show" }, { reply: clone(trapReply(10)) }, {
      reply: JSON.parse(JSON.stringify(trapReply(10)).replace('"dropped":3', '"dropped":4')),
    }),
    // Real hardware has no such clock.
    agrees({ kind: "trap.show" }, {
      reply: { trap: { "pci/0": [{ name: "a", stats: { rx: { packets: 2, bytes: 284 } } }] } },
    }, {
      reply: { trap: { "pci/0": [{ name: "a", stats: { rx: { packets: 3, bytes: 426 } } }] } },
    }),
    // A reload begins anew: 30 packets cannot have come since.
    agree(
      [...counting(10), step(4, reload), step(5, { kind: "trap.show" }, { reply: trapReply(0) })],
      [...counting(10), step(4, reload), step(5, { kind: "trap.show" }, { reply: trapReply(1) })],
    ),
  ],
);

const during: Operation = { kind: "during", operation: reload, poll: show };
const seen = (...answers: Json[]) => ({ reply: { seen: answers } });
rule(
  "poll-answers",
  (without) => [
    agrees(during, seen(null, 1, 2), seen(2), without),
    agrees(during, seen(null, 1, 2), seen(2, null), without),
  ],
  () => [
    agrees(during, seen(null, 2), seen(1)),
    agrees(during, seen(null, 2), seen(null, 1, 2)),
    agrees(during, seen(null, 2), seen()),
    agrees(during, seen(null, 2), { reply: null }),
    agrees(show, seen(null, 2), seen(2)),
  ],
);

const readOf = (snapshot: number): Operation => ({
  kind: "region.read",
  handle: "netdevsim/netdevsim10",
  region: "dummy",
  snapshot,
  address: 0,
  length: 16,
});
const bytes = (from: number, count = 16) => Array.from({ length: count }, (_, i) => from + i);
const pieces = (address: number, data: number[]) => ({ reply: { read: [{ address, data }] } });
const dropped = { notify: { init: [notice("del", "region", "netdevsim/netdevsim10/dummy", { snapshot: [1] })] } };
const reads = (...contents: (number[] | typeof dropped)[]) =>
  contents.map((each, i) => Array.isArray(each) ? step(i + 1, readOf(1), pieces(0, each)) : step(i + 1, show, each));
rule(
  "snapshot-content",
  (without) => [
    agrees(readOf(1), pieces(0, bytes(1)), pieces(0, bytes(100)), without),
    agree(reads(bytes(1), bytes(1)), reads(bytes(100), bytes(100)), without),
    // Anew under the same id, it holds something else.
    agree(reads(bytes(1), dropped, bytes(2)), reads(bytes(9), dropped, bytes(8)), without),
  ],
  () => [
    agrees(readOf(1), pieces(0, bytes(1)), pieces(0, bytes(1, 15))),
    agrees(readOf(1), pieces(0, bytes(1)), pieces(1, bytes(1))),
    agree(reads(bytes(1), bytes(1)), reads(bytes(100), bytes(101))),
    agree(
      [step(1, readOf(1), pieces(0, bytes(1))), step(2, readOf(2), pieces(0, bytes(2)))],
      [step(1, readOf(1), pieces(0, bytes(5))), step(2, readOf(2), pieces(0, bytes(5)))],
    ),
  ],
);

const dummy = { handle: "netdevsim/netdevsim10", reporter: "dummy" };
const fmsg = (test_binary: number[]) => ({ reply: { test_u8: 1, test_binary } });
const dumps = (...contents: (number[] | "clear")[]) =>
  contents.map((each, i) =>
    each === "clear"
      ? step(i + 1, { kind: "health.dump.clear", ...dummy })
      : step(i + 1, { kind: "health.dump.show", ...dummy }, fmsg(each))
  );
rule(
  "dump-binary",
  (without) => [
    agree(dumps(bytes(1), bytes(1)), dumps(bytes(9), bytes(9)), without),
    agree(dumps(bytes(1), "clear", bytes(2)), dumps(bytes(9), "clear", bytes(7)), without),
    agrees({ kind: "health.diagnose", ...dummy }, fmsg(bytes(1)), fmsg(bytes(2)), without),
  ],
  () => [
    agree(dumps(bytes(1), bytes(1)), dumps(bytes(9), bytes(8))),
    agree(dumps(bytes(1)), dumps(bytes(1, 15))),
    agree(dumps(bytes(1), bytes(1)), dumps(bytes(9), "clear")),
  ],
);

const ethtool: Operation = { kind: "ethtool.info", handle: "netdevsim/netdevsim10", port: 0 };
rule(
  "driver-version",
  (without) => [
    agrees(
      ethtool,
      { reply: { driver: "a", version: "6.12" } },
      { reply: { driver: "a", version: "6.12.117" } },
      without,
    ),
  ],
  () => [agrees(ethtool, { reply: { driver: "a", version: "6.12" } }, { reply: { driver: "b", version: "6.12" } })],
);

const up: Operation = { kind: "netdev.set", dev: "fm0", up: true };
const fm0 = (operstate: string, ...flags: string[]) => ({ event: "new" as const, ifname: "fm0", flags, operstate });
const links = (...events: ReturnType<typeof fm0>[]) => ({ link: { init: events } });
rule(
  "carrier-ahead",
  (without) => [
    agrees(up, links(fm0("DOWN", "UP", "NO-CARRIER")), links(fm0("DOWN", "UP", "NO-CARRIER", "LOWER_UP")), without),
    agrees(up, links(fm0("DOWN", "UP", "LOWER_UP")), links(fm0("DOWN", "UP", "NO-CARRIER")), without),
    agrees(up, links(fm0("DOWN", "UP", "NO-CARRIER")), links(fm0("UP", "UP")), without),
  ],
  () => [
    agrees(up, links(fm0("UP", "UP", "LOWER_UP")), links(fm0("UP", "UP"))),
    agrees(up, links(fm0("DOWN", "UP")), links(fm0("DOWN"))),
    agrees(up, links(fm0("DOWN", "UP")), links(fm0("UP", "UP", "LOWER_UP"))),
    agrees(up, links(fm0("DOWN", "UP"), fm0("UP", "UP", "LOWER_UP")), links(fm0("DOWN", "UP"))),
  ],
);

Deno.test("netdevs that a sequence calls by their names keep their link messages, others of no port do not", () => {
  const [there, gone] = [links(fm0("DOWN", "UP")), { link: { init: [] } }];
  assertEquals([agrees(up, there, gone), agrees(up, there, there), agrees(show, gone, there)], [false, true, true]);
  const rounds: Operation = { kind: "rounds", times: 2, operations: [up] };
  assert(!agree([step(1, show, there), step(2, rounds)], [step(1, show), step(2, rounds)]));
});

type Line = KernelLine["class"];
const logged = (...lines: (readonly [Line, string])[]) => ({ kmsg: lines.map(([is, text]) => ({ class: is, text })) });
const stale = (op: string) => ["stale", `fakepcs: fakepcs.0#1 ${op} on a removed PCS`] as const;
const rounds: Operation = { kind: "rounds", times: 1000, operations: [up] };
rule(
  "rounds",
  (without) => [
    agrees(rounds, {}, logged(["info", "fakemac fakemac.0: probed"]), without),
    agrees(rounds, {}, links(fm0("UP", "UP")), without),
    agrees(rounds, logged(stale("pcs_disable")), logged(stale("pcs_config"), stale("pcs_disable")), without),
  ],
  () => [
    agrees(rounds, {}, logged(stale("pcs_disable"))),
    agrees(rounds, {}, logged(["info", "sysfs: cannot create duplicate filename '/devices/fakemac.0'"])),
    agrees(rounds, logged(["oops", "Oops: 0000"]), {}),
    agrees(rounds, { result: "EBUSY" }, {}),
  ],
);

const raced: Operation = {
  kind: "race",
  racers: [{ operations: [reload] }, { operations: [up] }],
  runs: 3,
  seed: 1,
  before: [],
  after: [],
  shown: [],
};
const came = (...outcomes: (readonly [string, string, number?])[]) => ({
  reply: {
    outcomes: outcomes.map(([one, other, count = 0]) => ({ results: [[one], [other]], state: {}, count })),
    runs: outcomes.reduce((sum, [, , count = 0]) => sum + count, 0),
  },
});
const stuck = {
  reply: {
    outcomes: [{ results: [["hang"], ["ok"]], state: null, count: 1 }],
    runs: 1,
    stacks: [{ task: "devlink", stack: ["devl_lock"] }],
  },
  result: "hang",
  time: "hang" as const,
};
rule(
  "race",
  (without) => [
    agrees(raced, came(["ok", "ok"], ["ENODEV", "ok"]), came(["ok", "ok", 3]), without),
    agrees(raced, came(["ok", "ok"]), { ...came(["ok", "ok", 3]), ...links(fm0("UP", "UP")) }, without),
    agrees(raced, { reply: stuck.reply }, stuck, without),
    agrees(raced, { ...came(["ok", "ok"]), ...logged(["lockdep", "inversion"]) }, came(["ok", "ok", 3]), without),
    agrees(raced, came(["ok", "ok"]), { ...came(["ok", "ok", 3]), ...logged(["info", fib]) }, without),
  ],
  () => [
    agrees(raced, came(["ok", "ok"]), came(["ok", "ok", 2], ["EBUSY", "ok", 1])),
    agrees(raced, came(["ok", "ok"]), stuck),
    agrees(raced, came(["ok", "ok"]), { ...came(["ok", "ok", 3]), ...logged(["lockdep", "inversion"]) }),
    agrees(raced, came(["ok", "ok"]), { result: "client" }),
    agrees(raced, came(["ok", "ok"]), {
      ...came(["ok", "ok", 3]),
      ...logged(["info", "debugfs: File 'take_snapshot' in directory 'netdevsim10' already present!"]),
    }),
  ],
);

const flaps: Operation = { kind: "file.write", path: "/sys/kernel/debug/fakemac/fm2/mode", value: "gmii", settle: 300 };
const named = (op: Operation, expected: Partial<Observation>, observed: Partial<Observation>, without?: string) =>
  agree([step(1, up), step(2, op, expected)], [step(1, up), step(2, op, observed)], without);
rule(
  "link-flap",
  (
    without,
  ) => [
    named(flaps, links(fm0("UP", "UP", "LOWER_UP")), links(fm0("DOWN", "UP"), fm0("UP", "UP", "LOWER_UP")), without),
  ],
  () => [
    named(flaps, links(fm0("UP", "UP", "LOWER_UP")), links(fm0("UP", "UP", "LOWER_UP"), fm0("DOWN", "UP"))),
    named(flaps, links(fm0("DOWN", "UP")), links(fm0("UP", "UP", "LOWER_UP"))),
    named(
      { ...up, settle: 300 },
      links(fm0("UP", "UP", "LOWER_UP")),
      links(fm0("DOWN", "UP"), fm0("UP", "UP", "LOWER_UP")),
    ),
  ],
);

const fm0Says = (text: string) => ["info", `fakemac fakemac.0 fm0: ${text}`] as const;
const setUp = { ...step(1, { kind: "netdev.set", dev: "fm0", up: false }), phase: "setup" as const };
const untold = (expected: Partial<Observation>, observed: Partial<Observation>, without?: string) =>
  agree([setUp, step(2, up, expected)], [setUp, step(2, up, observed)], without);
rule(
  "calls-untold",
  (without) => [
    untold(logged(fm0Says("mac_link_up 1000")), {}, without),
    untold({}, logged(["info", "fakepcs fakepcs.0: version 3"]), without),
    untold({}, logged(["info", "fakemac fakemac.0 lan1: Link is Down"]), without),
    untold(logged(stale("pcs_disable")), {}, without),
    untold(logged(fm0Says("Link is Up - 1Gbps/Full")), logged(fm0Says("Link is Up - 10Gbps/Full")), without),
  ],
  () => [
    untold(logged(fm0Says("Link is Down")), {}),
    untold({}, {
      kmsg: [{ class: "info", text: "fakemac fakemac.0 fm0: Link is Down", device: "+platform:fakemac.0" }],
    }),
    untold({}, logged(["info", "debugfs: File 'x' in directory 'y' already present!"])),
    untold(logged(fm0Says("Link is Up - 1Gbps/Full")), logged(fm0Says("Link is Down"))),
    untold(logged(["oops", "Oops: 0000"]), {}),
  ],
);

const hangs = { result: "hang", time: "hang" as const };
const hung = ["hung", "INFO: task ip:1 blocked for more than 120 seconds."] as const;
rule(
  "hung-late",
  (without) => [
    agrees(up, { ...hangs, ...logged(hung) }, hangs, without),
    agrees(up, hangs, { ...hangs, ...logged(hung) }, without),
  ],
  () => [
    agrees(up, {}, logged(hung)),
    agrees(up, hangs, {}),
    agrees(up, hangs, { ...hangs, ...logged(["oops", "Oops: 0"]) }),
  ],
);

const oops = logged(["oops", "Oops: 0000"]);
rule(
  "report-takes-time",
  (without) => [agrees(up, oops, { ...oops, time: "blocked" }, without)],
  () => [
    agrees(up, {}, { time: "blocked" }),
    agrees(up, oops, { ...oops, ...hangs }),
    agrees(up, { ...oops, time: "blocked" }, oops),
    agrees(up, logged(stale("pcs_disable")), { ...logged(stale("pcs_disable")), time: "blocked" }),
  ],
);

Deno.test("calls on a removed PCS are compared by their text, in their place", () => {
  const probed = ["info", "fakepcs fakepcs.0: probed, generation 2"] as const;
  const one = logged(stale("pcs_disable"), probed);
  const all = [
    logged(stale("pcs_disable"), probed),
    logged(probed, stale("pcs_disable")),
    logged(stale("pcs_config"), probed),
  ];
  assertEquals(all.map((other) => agrees(up, one, other)), [true, false, false]);
});

Deno.test("each rule is tested, has a reason, and names its channels", () => {
  assertEquals([...tested].sort(), RULES.map((rule) => rule.id).sort());
  for (const { id, reason, channels } of RULES) assert(reason.length > 20 && channels.length > 0, id);
});

Deno.test("normalising leaves the traces as they are", () => {
  const [expected, observed] = [[made("eth1", "eth2"), ...counting(10)], [made("eth7", "eth2"), ...counting(9)]];
  const before = clone([expected, observed]);
  agree(expected, observed);
  assertEquals([expected, observed], before);
});
