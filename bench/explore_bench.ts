/** Measures the schedules per second of the explorer and of fast-check's scheduler, and the time that pruned schedules save. */

import process from "node:process";
import fc from "fast-check";
import { cellOf, reading, writing } from "../model/kernel/access.ts";
import type { Scenario } from "../model/race/execution.ts";
import { explore } from "../model/race/explore.ts";
import { Lockdep } from "../model/kernel/lockdep.ts";
import { kernelOf } from "../model/machine.ts";
import type { EraId } from "../model/mod.ts";
import { digest } from "../model/race/digest.ts";
import { exploreRace } from "../model/race/race.ts";
import { threadsOf } from "../model/race/scenario.ts";
import { acquire, Lock } from "../model/kernel/task.ts";
import { machineBefore, RACE_OPERATIONS } from "../suites/race/race_operations.ts";

const NEW = { kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" } as const;

/** Returns two tasks that read a number, wait, and write it; both schedulers run this scenario. */
const lostUpdate: Scenario = () => {
  let value = 0;
  const cell = cellOf("value");
  return threadsOf(["a", "b"], function* (pause) {
    for (let i = 0; i < 2; i++) {
      yield* pause("read");
      reading(cell);
      const seen = value;
      yield* pause("write");
      writing(cell);
      value = seen + 1;
    }
  }, () => String(value));
};

/** Returns two tasks with locks; the tasks take different locks first. */
const locked: Scenario = () => {
  const lockdep = new Lockdep();
  const locks = ["a", "b", "c"].map((name) => new Lock(name, "list", lockdep));
  return threadsOf(
    ["a", "b"],
    [0, 1].map((own) =>
      function* (_pause, task) {
        for (let i = 0; i < 3; i++) {
          for (const lock of [locks[own]!, locks[2]!]) {
            yield* acquire(task, lock);
            lock.release(task);
          }
        }
      }
    ),
    () => "",
  );
};

/** Returns the CPU time of this process in ms: other load of the machine does not count. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function report(name: string, schedules: number, ms: number): void {
  console.log(
    `${name.padEnd(60)} ${
      Math.round(schedules / ms * 1000).toLocaleString("en").padStart(9)
    } schedules a second of the processor`,
  );
}

function measure(name: string, once: () => number): void {
  for (let i = 0; i < 20; i++) once();
  let schedules = 0;
  const begun = now();
  while (now() - begun < 2000) schedules += once();
  report(name, schedules, now() - begun);
}

async function fastCheck(): Promise<void> {
  const runs = 3000;
  const begun = now();
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      let value = 0;
      const task = async () => {
        for (let i = 0; i < 2; i++) {
          const seen = await scheduler.schedule(Promise.resolve(value));
          await scheduler.schedule(Promise.resolve());
          value = seen + 1;
        }
      };
      const both = [task(), task()];
      await scheduler.waitAll();
      await Promise.all(both);
    }),
    { numRuns: runs },
  );
  report("fast-check's scheduler: a lost update", runs, now() - begun);
}

function reduction(name: string, scenario: Scenario): void {
  const plain = explore(scenario, { reduction: "none", schedules: 200_000 });
  const reduced = explore(scenario);
  const all = `${plain.schedules.toLocaleString("en")}${plain.exhausted ? "" : " or more"}`;
  const factor = Math.round(plain.schedules / reduced.schedules).toLocaleString("en");
  console.log(`${name.padEnd(60)} ${all} schedules, ${reduced.schedules} of them differ: ${factor} times less`);
}

if (import.meta.main) {
  await fastCheck();
  measure("two tasks, a lost update, every schedule", () => explore(lostUpdate, { reduction: "none" }).schedules);
  measure("two tasks, a lost update, those that differ", () => explore(lostUpdate).schedules);
  const machines = Array.from({ length: 200 }, () => machineBefore({ era: "6.12", listeners: "none" }, [NEW]));
  measure("the digest of a state, once in each schedule of a kernel", () => {
    for (const machine of machines) digest(kernelOf(machine));
    return machines.length;
  });
  for (const era of ["6.1", "6.12"] as const satisfies readonly EraId[]) {
    for (const [a, b] of [["trap_set", "port_show"], ["reload", "link_up"], ["reload", "unbind"]] as const) {
      const racers = [a, b].map((name) => ({ name, operations: [RACE_OPERATIONS[name]] }));
      const setUp = () => machineBefore({ era, listeners: "none" }, [NEW]);
      measure(`${era}: ${a} and ${b}`, () => exploreRace({ setUp, racers }).schedules);
      const plain = exploreRace({ setUp, racers }, { reduction: "none", schedules: 20_000 });
      const reduced = exploreRace({ setUp, racers });
      console.log(
        `${"".padEnd(60)} ${plain.schedules}${plain.exhausted ? "" : "+"} schedules, ${reduced.schedules} differ`,
      );
    }
  }
  reduction("two tasks with a lock of their own and one that they share", locked);
}
