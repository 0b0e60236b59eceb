import { assert, assertEquals } from "@std/assert";
import type { DeviceDriver } from "../../kernel/device.ts";
import { DriverCore } from "../../kernel/driver_core.ts";
import type { FakePcs } from "./fakepcs.ts";
import { type EraId, Machine, type Operation } from "../../mod.ts";
import { explore as exploreScenario } from "../../race/explore.ts";
import { scenarioOf } from "../../race/race.ts";

const DRIVERS = "/sys/bus/platform/drivers";
const write = (path: string, value: string): Operation => ({ kind: "file.write", path, value });
const set = (up: boolean): Operation => ({ kind: "netdev.set", dev: "fm0", up });
const pcsAway: readonly Operation[] = [
  write(`${DRIVERS}/fakepcs/unbind`, "fakepcs.0"),
  write(`${DRIVERS}/fakepcs/bind`, "fakepcs.0"),
];
const cable = (value: string) => write("/sys/kernel/debug/fakemac/fm0/cable", value);
const flaps: readonly Operation[] = [cable("0"), cable("1")];

/** Operations that race with an unbind and a bind of the PCS. The work that resolves the link is a separate thread in each race. */
const MEANWHILE: Record<string, readonly Operation[]> = {
  "a cable event": flaps,
  "ip link down and up": [set(false), set(true)],
  "the MAC's own unbind and bind": [
    write(`${DRIVERS}/fakemac/unbind`, "fakemac.0"),
    write(`${DRIVERS}/fakemac/bind`, "fakemac.0"),
  ],
  "ethtool": [{ kind: "ethtool.show", dev: "fm0" }, { kind: "ethtool.restart", dev: "fm0" }],
};

/** The races in which two preemptions give about ten thousand schedules; the others have several times as many. */
const TWICE = new Set(["a cable event", "the MAC's own unbind and bind"]);

function linked(era: EraId, design: string): Machine {
  const machine = new Machine({ era });
  machine.perform({ kind: "module.load", name: "fakemac", params: { design } });
  machine.perform({ kind: "module.load", name: "fakepcs", settle: 10 });
  machine.perform({ ...set(true), settle: 10 });
  return machine;
}

/** A search over schedules. */
interface Search {
  setUp(): Machine;
  tasks: readonly (readonly Operation[])[];
  preemptions: number;
  schedules?: number;
}

/** Runs all schedules within the bounds: phylink does not record the accesses of its steps, so no schedule can be left out. */
function explore({ setUp, tasks, ...bounds }: Search) {
  const racers = tasks.map((operations, i) => ({ name: `task ${i}`, operations }));
  const { schedules, findings } = exploreScenario(scenarioOf({ setUp, racers }), { reduction: "none", ...bounds });
  const bad = findings.reduce((sum, { count }) => sum + count, 0);
  return { schedules, bad, first: findings.map(({ kind, text }) => `${kind}: ${text}`) };
}

/** Runs `body` with a PCS driver that frees its PCS before it notifies the MAC. */
function withOrderBroken<T>(body: () => T): T {
  const { registerDriver } = DriverCore.prototype;
  DriverCore.prototype.registerDriver = function (task, bus, driver) {
    const planted: DeviceDriver = driver.name !== "fakepcs" ? driver : {
      ...driver,
      *probe(task, device) {
        const result = yield* driver.probe(task, device);
        // deno-lint-ignore require-yield
        device.managed.push(function* () {
          (device.data as FakePcs).removed = true;
        });
        return result;
      },
    };
    return registerDriver.call(this, task, bus, planted);
  };
  try {
    return body();
  } finally {
    DriverCore.prototype.registerDriver = registerDriver;
  }
}

Deno.test("notified never calls a PCS that is gone: all interleavings with up to two preemptions", async (t) => {
  for (const era of ["6.1", "6.12", "7.3"] as const) {
    for (const [name, others] of Object.entries(MEANWHILE)) {
      await t.step(`${era}, ${name}`, () => {
        const preemptions = era === "6.12" && TWICE.has(name) ? 2 : 1;
        const setUp = () => linked(era, "notified");
        const { schedules, bad, first } = explore({
          setUp,
          tasks: [pcsAway, others],
          preemptions,
        });
        assertEquals(bad, 0, first.join("\n"));
        // Fewer schedules would mean that the tasks do not stop where they could be preempted
        assert(schedules > (preemptions === 2 ? 5000 : 150), `${schedules} schedules`);
      });
    }
  }
});

Deno.test("notified never calls a PCS that is gone: three tasks, with one preemption", () => {
  const tasks = [pcsAway, MEANWHILE["ip link down and up"]!, flaps];
  const { schedules, bad, first } = explore({
    setUp: () => linked("6.12", "notified"),
    tasks,
    preemptions: 1,
    schedules: 8000,
  });
  assertEquals(bad, 0, first.join("\n"));
  assert(schedules > 2000, `${schedules} schedules`);
});

Deno.test("device_link never calls a PCS that is gone either, and nothing hangs", async (t) => {
  for (const [name, others] of Object.entries(MEANWHILE)) {
    await t.step(name, () => {
      const setUp = () => linked("6.12", "device_link");
      const { bad, first } = explore({ setUp, tasks: [pcsAway, others], preemptions: 2 });
      assertEquals(bad, 0, first.join("\n"));
    });
  }
});

Deno.test("the same search finds the call in the designs that cannot prevent it", async (t) => {
  for (const design of ["none", "module_ref", "device_ref"]) {
    await t.step(design, () => {
      const setUp = () => linked("6.12", design);
      for (const others of Object.values(MEANWHILE)) {
        const { bad, first } = explore({ setUp, tasks: [pcsAway, others], preemptions: 1 });
        assert(bad > 0);
        assert(first[0]!.startsWith("dead object: fakepcs: fakepcs.0#1 "), first[0]);
      }
    });
  }
});

Deno.test("the same search finds the call if a PCS is freed before the MAC is notified", () => {
  withOrderBroken(() => {
    const setUp = () => linked("6.12", "notified");
    const { bad, first } = explore({ setUp, tasks: [pcsAway, flaps], preemptions: 0 });
    assert(bad > 0);
    assert(first[0]!.endsWith(" on a removed PCS"), first[0]);
  });
});

Deno.test("1,000 rounds of unbind and bind under link flaps: no finding for notified, many for none (P12)", async (t) => {
  const rounds: Operation = { kind: "rounds", times: 1000, operations: pcsAway, meanwhile: flaps };
  for (const era of ["6.1", "6.12", "7.3"] as const) {
    await t.step(era, () => {
      const notified = linked(era, "notified").perform(rounds);
      assertEquals([notified.result, notified.time, notified.kmsg, notified.link], ["ok", "immediate", [], {}]);
      const none = linked(era, "none").perform(rounds);
      assertEquals(none.result, "ok");
      assert(none.kmsg.length > 100 && none.kmsg.every((line) => line.class === "stale"), `${none.kmsg.length} calls`);
    });
  }
  await t.step("a machine with poisoned memory breaks in the first round", () => {
    const machine = new Machine({ era: "6.12", freedMemory: "poisoned" });
    machine.perform({ kind: "module.load", name: "fakemac" });
    machine.perform({ kind: "module.load", name: "fakepcs", settle: 10 });
    machine.perform({ ...set(true), settle: 10 });
    assert(machine.perform(rounds).kmsg.some((line) => line.class === "oops"));
  });
});
