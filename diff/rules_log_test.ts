/** The rules about the kernel log and about time, and the rules of races, which keep little else. */

import { assertEquals } from "@std/assert";
import type { KernelLine, Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { agree, agrees, fm0, links, reload, testAllRules, testRule, up } from "./rule_testing.ts";
import { step } from "./testing.ts";

const log = (...lines: string[]) => ({ kmsg: lines.map((text) => ({ class: "info" as const, text })) });
const fib = "Failed to register fib notifier";
testRule(
  "kmsg-time",
  (without) => [agrees(reload, log(fib), log(`[ 4711.123456] ${fib}`), without)],
  () => [agrees(reload, log(fib), log("[ 1.0] netdevsim netdevsim10: firmware: failed to load dummy (-2)"))],
);
const placed = (place: string, what = "init hca failed") =>
  log(`mlx5_core 0000:01:00.0: mlx5_function_open${place}: ${what}`);
testRule(
  "kmsg-place",
  (without) => [agrees(reload, placed(""), placed(":1266:(pid 315)"), without)],
  () => [
    agrees(reload, placed(""), placed(":1266:(pid 315)", "boot fw failed")),
    agrees(reload, log(), placed(":1266:(pid 315)")),
  ],
);
testRule(
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
testRule(
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

type Line = KernelLine["class"];
const logged = (...lines: (readonly [Line, string])[]) => ({ kmsg: lines.map(([is, text]) => ({ class: is, text })) });
const stale = (op: string) => ["stale", `fakepcs: fakepcs.0#1 ${op} on a removed PCS`] as const;
const rounds: Operation = { kind: "rounds", times: 1000, operations: [up] };
testRule(
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
testRule(
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

const fm0Says = (text: string) => ["info", `fakemac fakemac.0 fm0: ${text}`] as const;
const setUp = { ...step(1, { kind: "netdev.set", dev: "fm0", up: false }), phase: "setup" as const };
const untold = (expected: Partial<Observation>, observed: Partial<Observation>, without?: string) =>
  agree([setUp, step(2, up, expected)], [setUp, step(2, up, observed)], without);
testRule(
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
testRule(
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
testRule(
  "report-takes-time",
  (without) => [agrees(up, oops, { ...oops, time: "blocked" }, without)],
  () => [
    agrees(up, {}, { time: "blocked" }),
    agrees(up, oops, { ...oops, ...hangs }),
    agrees(up, { ...oops, time: "blocked" }, oops),
    agrees(up, logged(stale("pcs_disable")), { ...logged(stale("pcs_disable")), time: "blocked" }),
  ],
);

const untimed = { untimed: "the device is reset" };
testRule(
  "device-takes-time",
  (without) => [agrees(reload, untimed, { time: "blocked" }, without)],
  () => [
    agrees(reload, {}, { time: "blocked" }),
    agrees(reload, untimed, hangs),
    agrees(reload, { ...untimed, time: "blocked" }, {}),
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

testAllRules("log");
