/** Traces for the tests of this folder: what a device of the default driver on Linux 6.12 shows, shortened. */

import { DEFAULT_DRIVER } from "../model/drivers/mod.ts";
import { emptyObservation, type Json, type Notification, type Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import type { LossReason, Phase, SequenceTrace, StepTrace } from "./trace.ts";

export const MADE = DEFAULT_DRIVER.start({ ports: 2 });
export const DEV = MADE.handle;
export const TRAPS = ["source_mac_is_multicast", "fid_miss", "blackhole_route", "tail_drop", "igmp_query"];

export const notice = (
  command: string,
  object: string,
  handle: string,
  attributes: { [key: string]: Json } = {},
): Notification => ({ command, object, handle, attributes });

export const step = (
  id: number,
  op: Operation,
  observation: Partial<Observation> = {},
  phase: Phase = "body",
): StepTrace => ({ id, phase, op, observation: { ...emptyObservation(), ...observation } });

export const sequence = (...steps: StepTrace[]): SequenceTrace => ({
  suite: "trap",
  sequence: "reload puts every trap back to its default",
  source: "T12; 3.11",
  steps,
});

const port = (index: number, type: string, netdev?: string) =>
  notice("new", "port", `${DEV}/${index}`, {
    type,
    ...(netdev ? { netdev } : {}),
    flavour: "physical",
    port: index + 1,
    splittable: false,
  });
const trap = (command: string, name: string, dropped: number) =>
  notice(command, "trap", DEV, {
    name,
    action: "drop",
    group: "l2_drops",
    ...(command === "new" ? { stats: { rx: { bytes: 0, packets: 0, dropped } } } : {}),
  });

/** Messages of a probe with ports whose netdevs have these names. */
export const created = (...netdevs: string[]): Notification[] => [
  notice("new", "dev", DEV, { stats: { reload: { driver_reinit: { unspecified: 0 } } } }),
  notice("new", "region", `${DEV}/dummy`, { size: 32768 }),
  ...TRAPS.map((name, i) => trap("new", name, i)),
  ...netdevs.flatMap((netdev, i) => [port(i, "notset"), port(i, "eth"), port(i, "eth", netdev)]),
];

/** Messages of a reload. */
export const reloaded = (...netdevs: string[]): Notification[] => [
  ...netdevs.map((_, i) => i).reverse().flatMap((i) => [
    port(i, "eth"),
    port(i, "notset"),
    { ...port(i, "notset"), command: "del" },
  ]),
  ...TRAPS.toReversed().map((name) => trap("del", name, 0)),
  notice("del", "region", `${DEV}/dummy`, { size: 32768 }),
  ...created(...netdevs).slice(1),
  notice("new", "dev", DEV, { stats: { reload: { driver_reinit: { unspecified: 1 } } } }),
];

export const link = (event: "new" | "del", ifname: string, up = false) => ({
  event,
  ifname,
  flags: up ? ["BROADCAST", "UP", "LOWER_UP"] : ["BROADCAST"],
  operstate: up ? "UNKNOWN" : "DOWN",
});

export const trapReply = (packets: number, bytes = 142 * packets, object = "trap", type = "drop"): Json => ({
  [object]: { [DEV]: [{ name: "fid_miss", type, action: "trap", stats: { rx: { bytes, packets, dropped: 3 } } }] },
});

/** Returns a sequence with something on every channel, from a side that names netdevs so. */
export function sample(first = "eth1", second = "eth2"): SequenceTrace {
  return sequence(
    step(1, { kind: "netns.add", name: "t1" }, {}, "setup"),
    step(2, MADE.setup[0]!, {
      notify: { init: created(first, second) },
      link: { init: [link("new", first), link("new", second)] },
    }, "setup"),
    step(3, { kind: "link.set", handle: DEV, port: 0, up: true }, { link: { init: [link("new", first, true)] } }),
    step(4, { kind: "wait", ms: 1000 }),
    step(5, { kind: "trap.show", handle: DEV, name: "fid_miss" }, { reply: trapReply(10) }),
    step(6, { kind: "trap.set", handle: DEV, name: "fid_miss", action: "drop" }, {
      extack: { level: "warning", text: "Cannot change action of non-drop traps. Skipping" },
    }),
    step(7, { kind: "file.write", path: `/sys/kernel/debug/${DEV}/fail_reload`, value: "Y" }),
    step(8, { kind: "file.read", path: `/sys/kernel/debug/${DEV}/fail_reload` }, { sysfs: "Y" }),
    step(9, { kind: "dev.reload", handle: DEV }, {
      result: "EINVAL",
      extack: {
        level: "error",
        text: "User setup the reload to fail for testing purposes",
        prefix: DEFAULT_DRIVER.name,
      },
      kmsg: [{ class: "info", text: "Failed to register fib notifier" }],
    }),
    step(10, { kind: "dev.reload", handle: DEV }, {
      notify: { init: reloaded(first, second) },
      link: { init: [link("del", second), link("del", first), link("new", first), link("new", second)] },
      time: "blocked",
    }),
    step(11, { kind: "port.show" }, {
      reply: { port: { [`${DEV}/0`]: { type: "eth", netdev: first }, [`${DEV}/1`]: { type: "eth", netdev: second } } },
    }),
    step(12, MADE.teardown[0]!, {
      notify: { init: [notice("del", "dev", DEV)] },
      link: { init: [link("del", second), link("del", first)] },
    }, "teardown"),
  );
}

export const clone = <T>(value: T): T => structuredClone(value);

/** Loses a step of a trace. */
export const lose = (reason: LossReason) => (step: StepTrace) => {
  delete step.observation;
  step.lost = { reason, detail: "why" };
};

/** Returns a sequence of such operations with what each of them showed. A step may be one that its side has no answer for. */
export function traceOf(...steps: readonly (readonly [Operation, Partial<Observation> | "gap"])[]): SequenceTrace {
  return {
    suite: "s",
    sequence: "q",
    source: "test",
    steps: steps.map(([op, shown], i) =>
      shown === "gap"
        ? { id: i + 1, phase: "body", op, lost: { reason: "not-modelled", detail: "no answer" } }
        : step(i + 1, op, shown)
    ),
  };
}
