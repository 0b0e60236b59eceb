/** The rules about replies and devlink's messages. */

import { assertEquals } from "@std/assert";
import type { Json, Notification } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { agree, agrees, made, onDevice, reload, show, testAllRules, testRule } from "./rule_testing.ts";
import { clone, DEV, notice, step, trapReply } from "./testing.ts";
import type { StepTrace } from "./trace.ts";

const mgmt = notice("new", "port", "pci/0000:01:00.0/0", { type: "eth" });
const dev = notice("new", "dev", DEV);
testRule(
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

const nesting = (reloads: number) => notice("new", "dev", DEV, { reloads, nested_devlink: { "auxiliary/a.0": {} } });
const announced = (...counts: number[][]) =>
  counts.map((count, i) => step(i + 1, onDevice, count.length > 0 ? { notify: { init: count.map(nesting) } } : {}));
const failed = () => notice("new", "dev", DEV, { reload_failed: true });
const ended = notice("del", "dev", "auxiliary/a.0", {});
const after = (...steps: Notification[][]) =>
  steps.map((init, i) => step(i + 1, onDevice, init.length > 0 ? { notify: { init } } : {}));
testRule(
  "nested-announced-late",
  (without) => [
    agree(announced([1, 1, 1], [2, 2]), announced([1, 1], [1, 2, 2]), without),
    agree(announced([1, 1, 1], []), announced([1], [1, 1]), without),
    // The nested instance ended with the reload that failed
    agree(after([ended, failed(), failed()], []), after([ended, failed()], [failed()]), without),
  ],
  () => [
    agree(after([failed(), failed()], []), after([failed()], [failed()])),
    agree(after([ended, failed(), failed()], []), after([ended, failed()], [])),
    agree(announced([1, 1, 1], []), announced([1], [])),
    agree(announced([1, 1, 1], [2, 2]), announced([1, 1, 1], [1, 2, 2])),
    agree(announced([1, 1], []), announced([], [1, 1])),
    agree(announced([1, 1], [2, 2]), announced([1, 2], [2, 2])),
  ],
);

const port = (attributes: { [key: string]: Json }) => ({ reply: { port: { [`${DEV}/0`]: attributes } } });
const shown = (attributes: { [key: string]: Json }, object = "port") => ({
  notify: { init: [notice("new", object, DEV, attributes)] },
});
testRule(
  "ifindex",
  (without) => [
    agrees(show, port({ ifindex: 3 }), port({ ifindex: 9 }), without),
    agrees(show, shown({ ifindex: 3 }), shown({}), without),
  ],
  () => [agrees(show, port({ port: 1 }), port({ port: 2 }))],
);
testRule(
  "switch-id",
  (without) => [agrees(show, port({ switch_id: "ab" }), port({ switch_id: "cd" }), without)],
  () => [agrees(show, port({ switch: "ab" }), port({ switch: "cd" }))],
);

const devs = (attributes: { [key: string]: Json }) => ({ reply: { dev: { [DEV]: attributes } } });
testRule(
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
testRule(
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
testRule(
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
testRule(
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

const resources: Operation = { kind: "resource.show", handle: DEV };
const fibs = (attributes: { [key: string]: Json }) => ({
  reply: { resources: { [DEV]: [{ name: "IPv4", resources: [{ name: "fib", ...attributes }] }] } },
});
testRule(
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

/** Returns a port up, time on the board, and a look at the counter. */
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
testRule(
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
    // A reload resets the counter: 30 packets cannot have come since.
    agree(
      [...counting(10), step(4, reload), step(5, { kind: "trap.show" }, { reply: trapReply(0) })],
      [...counting(10), step(4, reload), step(5, { kind: "trap.show" }, { reply: trapReply(1) })],
    ),
  ],
);

const during: Operation = { kind: "during", operation: reload, poll: show };
const seen = (...answers: Json[]) => ({ reply: { seen: answers } });
testRule(
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
testRule(
  "snapshot-content",
  (without) => [
    agrees(readOf(1), pieces(0, bytes(1)), pieces(0, bytes(100)), without),
    agree(reads(bytes(1), bytes(1)), reads(bytes(100), bytes(100)), without),
    // Created again under the same id, it holds something else.
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
testRule(
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
testRule(
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

Deno.test("normalising leaves the traces as they are", () => {
  const [expected, observed] = [[made("eth1", "eth2"), ...counting(10)], [made("eth7", "eth2"), ...counting(9)]];
  const before = clone([expected, observed]);
  agree(expected, observed);
  assertEquals([expected, observed], before);
});

testAllRules("other");
