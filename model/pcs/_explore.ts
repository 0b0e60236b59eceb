/**
 * All interleavings of a few tasks, up to a number of preemptions, by a depth-first search that replays each schedule on a
 * new machine.
 *
 * @module
 */

import type { Machine } from "../machine.ts";
import type { Observation } from "../observation.ts";
import type { Operation } from "../operation.ts";
import type { Steps } from "../task.ts";

/** What is to be explored. */
export interface Exploration {
  /** Gives a machine in the state in which the tasks begin: the same each time */
  setUp(): Machine;
  /** What each task does, one operation after another */
  tasks: readonly (readonly Operation[])[];
  /** How often a task that could go on is stopped for another one, at most */
  preemptions: number;
  /** Ends the search early. @default {Infinity} */
  schedules?: number;
}

/** What was found. */
export interface Explored {
  /** How many schedules were run */
  schedules: number;
  /** How many of them showed a finding in the kernel log, or a task that never ended */
  bad: number;
  /** The findings of the first of those */
  first: string[];
  /** The results of the tasks' operations, each combination once */
  results: Set<string>;
}

/** One thread of a run: a task, or a kernel thread. */
interface Thread {
  readonly kernel: boolean;
  /** Cannot go on until another one has moved */
  blocked: boolean;
  /** `idle`: it waits for what it waited for before, and has done nothing */
  step(): "moved" | "blocked" | "idle" | "ended";
}

/** A choice that was made in a run: which of how many. */
interface Choice {
  readonly picked: number;
  readonly count: number;
  /** Whether picking another one than the first is a preemption */
  readonly preempts: boolean;
}

/** Runs every schedule of the tasks. */
export function explore(exploration: Exploration): Explored {
  const explored: Explored = { schedules: 0, bad: 0, first: [], results: new Set() };
  const most = exploration.schedules ?? Infinity;
  let prefix: number[] | undefined = [];
  while (prefix && explored.schedules < most) {
    const { choices, findings, results } = run(exploration, prefix);
    if (results !== undefined) {
      explored.schedules++;
      explored.results.add(results);
      if (findings.length > 0 && explored.bad++ === 0) explored.first = findings;
    }
    prefix = following(choices, exploration.preemptions);
  }
  return explored;
}

/** The schedule behind one that was run: the last choice that can be another one is. */
function following(choices: readonly Choice[], preemptions: number): number[] | undefined {
  let used = choices.filter((choice) => choice.preempts && choice.picked > 0).length;
  for (let i = choices.length - 1; i >= 0; i--) {
    const { picked, count, preempts } = choices[i]!;
    if (preempts && picked > 0) used--;
    if (picked + 1 >= count || (preempts && used + 1 > preemptions)) continue;
    return [...choices.slice(0, i).map((choice) => choice.picked), picked + 1];
  }
  return undefined;
}

function run(
  { setUp, tasks }: Exploration,
  prefix: readonly number[],
): { choices: Choice[]; findings: string[]; results?: string } {
  const machine = setUp();
  const observations: Observation[] = [];
  const results: string[][] = tasks.map(() => []);
  const threads = tasks.map((ops, id) => taskThread(machine, ops, observations, results[id]!));
  const choices: Choice[] = [];
  let current: Thread | undefined;
  for (;;) {
    for (let i = kernelThreads(threads).length; i < machine.workers.length; i++) {
      threads.push(kernelThread(machine, threads));
    }
    const ready = threads.filter((thread) => !thread.blocked);
    if (ready.length === 0) break;
    const preempts = current !== undefined && ready.includes(current);
    if (preempts) ready.unshift(...ready.splice(ready.indexOf(current!), 1));
    const picked = prefix[choices.length] ?? 0;
    choices.push({ picked, count: ready.length, preempts });
    current = ready[picked]!;
    const reached = current.step();
    if (reached === "ended") threads.splice(threads.indexOf(current), 1);
    // Who is stopped for somebody that can do nothing may as well not be stopped: another schedule shows the same
    if (reached === "idle" && preempts && picked > 0) return { choices, findings: [] };
    if (reached === "blocked" || reached === "idle") current.blocked = true;
    else for (const thread of threads) thread.blocked = false;
  }
  // What kernel threads show goes to the operation that began last, so it is looked at when all is over
  const findings = observations.flatMap(({ kmsg }) => kmsg)
    .filter((line) => line.class !== "info").map((line) => `${line.class}: ${line.text}`);
  if (threads.length > 0) findings.push(`hang: ${threads.length} threads never ended`);
  return { choices, findings, results: results.map((list) => list.join("+")).join(" ") };
}

function taskThread(
  machine: Machine,
  ops: readonly Operation[],
  observations: Observation[],
  results: string[],
): Thread {
  let steps: Steps<Observation> | undefined;
  let waits = false;
  return {
    kernel: false,
    blocked: false,
    step() {
      steps ??= machine.task(ops[results.length]!);
      const reached = steps.next();
      const waited = waits;
      waits = !reached.done && reached.value.kind !== "pause";
      if (!reached.done) return reached.value.kind !== "blocked" ? "moved" : waited ? "idle" : "blocked";
      steps = undefined;
      observations.push(reached.value);
      results.push(reached.value.result);
      return results.length < ops.length ? "moved" : "ended";
    },
  };
}

function kernelThreads(threads: readonly Thread[]): Thread[] {
  return threads.filter((thread) => thread.kernel);
}

function kernelThread(machine: Machine, threads: readonly Thread[]): Thread {
  let waits = false;
  const thread: Thread = {
    kernel: true,
    blocked: false,
    step() {
      const reached = machine.stepWorker(kernelThreads(threads).indexOf(thread));
      const waited = waits;
      waits = reached === "lock" || reached === "blocked";
      return reached === "lock" || reached === "pause" ? "moved" : reached === "blocked" && waited ? "idle" : reached;
    },
  };
  return thread;
}
