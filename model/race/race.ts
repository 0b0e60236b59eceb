/**
 * Races: operations that are performed at the same time on one machine, and their possible outcomes.
 *
 * @module
 */

import { cellOf, writing } from "../kernel/access.ts";
import { digest } from "./digest.ts";
import type { Run, Scenario, Thread } from "./execution.ts";
import { explore, type ExploreOptions } from "./explore.ts";
import type { Explored } from "./explored.ts";
import { sample } from "./explore_sample.ts";
import { findingOf } from "./finding.ts";
import { Lockdep } from "../kernel/lockdep.ts";
import { carryOut, kernelOf, type Machine } from "../machine.ts";
import { emptyObservation, type Observation } from "../observation.ts";
import type { Operation } from "../operation.ts";
import { resultWithSize } from "./outcome.ts";
import { advance, forever } from "./scenario.ts";
import { type SchedulingPoint, type Steps, Task } from "../kernel/task.ts";

/** A racer: operations that run at the same time as the other racers. */
export interface Racer {
  /** The name in outcomes and findings */
  name: string;
  /** The operations, one after another */
  operations: readonly Operation[];
  /** True if the racer then starts again, for ever */
  loops?: boolean;
}

/** A race. */
export interface Race {
  /** Returns a machine in the state in which the race begins, the same each time; the machine uses the given lockdep */
  setUp(lockdep: Lockdep): Machine;
  /** The racers */
  racers: readonly Racer[];
  /** True if the work of timers runs as well, once for each timer */
  timers?: boolean;
}

/** An outcome of a race, in its parts. */
export interface RaceOutcome {
  /** By racer, the result of each operation that ended, with the number of objects in its reply */
  results: string[][];
  /** The digest of the final state */
  state: string;
  /** By netns and instance: the devlink messages in their order */
  notify: Record<string, string[]>;
  /** The reason if results are assumed, since only the driver or the board knows them */
  assumed?: string;
}

/** Returns the scenario of a race, for the explorer. All its runs share one lockdep. */
export function scenarioOf(race: Race): Scenario {
  const lockdep = new Lockdep();
  const outcomes = new Map<string, string>();
  return () => begin(race, lockdep, outcomes);
}

/**
 * Explores the possible outcomes of a race. If the search does not exhaust the race within `schedules`, schedules are also drawn
 * at random. If a racer loops, all schedules are drawn at random.
 */
export function exploreRace(race: Race, options: ExploreOptions & { seed?: number } = {}): Explored {
  const { schedules = Infinity, seed = 1, enough } = options;
  const scenario = scenarioOf(race);
  const random = { schedules: Math.min(schedules, RANDOM), seed, ...(enough ? { enough } : {}) };
  if (race.racers.some(({ loops }) => loops)) return sample(scenario, random);
  const explored = explore(scenario, options);
  if (explored.exhausted || enough?.(explored)) return explored;
  for (const strategy of ["walk", "pct"] as const) add(explored, sample(scenario, { ...random, strategy }));
  return explored;
}

/** The most schedules that are drawn at random by one strategy. */
const RANDOM = 2000;

function add(explored: Explored, more: Explored): void {
  explored.schedules += more.schedules;
  explored.steps += more.steps;
  for (const [outcome, found] of more.outcomes) {
    const known = explored.outcomes.get(outcome);
    if (known) known.count += found.count;
    else explored.outcomes.set(outcome, found);
  }
  for (const finding of more.findings) {
    const known = explored.findings.find(({ kind, text }) => kind === finding.kind && text === finding.text);
    if (known) known.count += finding.count;
    else explored.findings.push(finding);
  }
}

/** Parses the text of an outcome. */
export function readOutcome(outcome: string): RaceOutcome {
  return JSON.parse(outcome) as RaceOutcome;
}

/** Begins a run; `outcomes` caches the texts of the outcomes of earlier runs, since such a text takes long to write. */
function begin(race: Race, lockdep: Lockdep, outcomes: Map<string, string>): Run {
  const machine = race.setUp(lockdep);
  const kernel = kernelOf(machine);
  const notify: Record<string, string[]> = {};
  kernel.stepping = true;
  kernel.exploring = race.timers ? "with timers" : "without timers";
  kernel.observation = emptyObservation();
  kernel.onMessage = (netns, { command, object, handle, attributes }) => {
    const parts = handle.split("/");
    const key = `${netns} ${parts[0]}/${parts[1]}`;
    // Not all messages are sent under a lock, so their order is shared state, too
    writing(cellOf(key));
    const name = attributes["name"] ?? attributes["policer"] ?? attributes["reporter"] ?? "";
    (notify[key] ??= []).push(`${command} ${object} ${[...parts.slice(2), name].join("")}`.trimEnd());
  };
  const threads: Thread[] = [];
  const observations: Observation[] = [];
  const results = race.racers.map((racer): string[] => {
    const done: string[] = [];
    threads.push(racing(machine, racer, done, observations, adopt));
    return done;
  });
  if (race.timers) {
    for (const timer of [...kernel.timers]) {
      if (timer.thread) kernel.start("nsim_dev_trap_report_work", (task) => timer.thread!(task), true);
    }
    adopt();
  }

  /** Adds the kernel threads that were started meanwhile to the threads of the run. */
  function adopt(): void {
    for (const { task, steps } of kernel.workers.splice(0)) {
      task.observation = emptyObservation();
      observations.push(task.observation);
      threads.push({
        name: task.name,
        task,
        step: () => {
          const point = advance(task, steps);
          if (kernel.workers.length > 0) adopt();
          return point;
        },
      });
    }
  }

  const outcomeOf = (): string => {
    const state = digest(kernel);
    const heard = sorted(notify);
    // It is not known which racer asked the driver
    const assumed = observations.find(({ unknown }) => unknown?.result)?.unknown?.result;
    const key = `${state}${JSON.stringify([results, heard, assumed])}`;
    const known = outcomes.get(key);
    if (known !== undefined) return known;
    const outcome = JSON.stringify(
      { results, state, notify: heard, ...(assumed === undefined ? {} : { assumed }) } satisfies RaceOutcome,
    );
    outcomes.set(key, outcome);
    return outcome;
  };

  return {
    threads,
    end: () => ({
      outcome: outcomeOf(),
      findings: observations.flatMap(({ kmsg }) =>
        kmsg.flatMap((line) => {
          const finding = findingOf(line);
          return finding ? [finding] : [];
        })
      ),
    }),
  };
}

/** Returns the thread of a racer, which runs one task after another. */
function racing(
  machine: Machine,
  { name, operations, loops }: Racer,
  results: string[],
  observations: Observation[],
  adopt: () => void,
): Thread {
  const kernel = kernelOf(machine);
  let next = 0;
  let rounds = 0;
  let task: Task | undefined;
  let steps: Steps<Observation> | undefined;
  const step = (): SchedulingPoint | undefined => {
    if (!steps || !task) {
      const op = operations[next++]!;
      task = new Task(name, emptyObservation(), true);
      observations.push(task.observation);
      steps = carryOut(machine, op, task);
    }
    const reached = steps.next();
    if (kernel.workers.length > 0) adopt();
    if (!reached.done) return reached.value;
    steps = undefined;
    const { result, reply } = reached.value;
    if (!loops) results.push(resultWithSize(result, reply));
    if (result === "hang") return forever(task, task.hungOn ?? "itself");
    if (result === "killed") return undefined;
    if (next === operations.length) {
      if (!loops) return undefined;
      rounds++;
      next = 0;
    }
    return { kind: "pause", what: "the next one", task: name };
  };
  const thread: Thread = {
    name,
    get task() {
      return task;
    },
    step,
  };
  // The explorer knows an endless thread by its rounds
  return loops ? Object.defineProperty(thread, "rounds", { get: () => rounds }) : thread;
}

/** Returns the streams sorted by key, since it makes no difference which stream began first. */
function sorted(streams: Record<string, string[]>): Record<string, string[]> {
  const keys = Object.keys(streams);
  return keys.length < 2 ? streams : Object.fromEntries(keys.sort().map((key) => [key, streams[key]!]));
}
