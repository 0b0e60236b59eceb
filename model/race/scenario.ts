/**
 * Scenarios made of plain generators, without a kernel: for tests and benchmarks of the explorer.
 *
 * @module
 */

import type { Run } from "./execution.ts";
import { findingOf } from "./finding.ts";
import { emptyObservation } from "../observation.ts";
import { HungTask, Oops, pause, type SchedulingPoint, type Steps, Task } from "../kernel/task.ts";

/** The body of a thread of such a scenario. */
export type Body = (
  /** Marks a place where the thread may be preempted */
  pause: (what: string) => Steps,
  task: Task,
) => Steps;

/**
 * Runs a thread up to its next stop; returns undefined if the thread has ended, or an oops ended it. A thread that waits for
 * itself stops there for ever.
 */
export function advance(task: Task, steps: Steps<unknown>): SchedulingPoint | undefined {
  try {
    const next = steps.next();
    return next.done ? undefined : next.value;
  } catch (error) {
    if (error instanceof Oops) return undefined;
    if (error instanceof HungTask) return forever(task, error.message);
    throw error;
  }
}

/** Returns the stop of a task that waits for itself. */
export function forever(task: Task, what: string): SchedulingPoint {
  const on = { name: what, cell: 0, lock: false, ready: () => false, holders: () => [task] };
  return { kind: "blocked", what, task: task.name, on };
}

/** Returns a run of threads with one common body, or a body for each thread. */
export function threadsOf(names: readonly string[], bodies: Body | readonly Body[], outcome: () => string): Run {
  const tasks = names.map((name) => new Task(name, emptyObservation(), true));
  return {
    threads: tasks.map((task, i) => {
      const body = typeof bodies === "function" ? bodies : bodies[i]!;
      const steps = body((what) => pause(task, what), task);
      return {
        name: task.name,
        task,
        step: () => advance(task, steps),
      };
    }),
    end: () => ({
      outcome: outcome(),
      findings: tasks.flatMap(({ observation }) =>
        observation.kmsg.flatMap((line) => {
          const finding = findingOf(line);
          return finding ? [finding] : [];
        })
      ),
    }),
  };
}
