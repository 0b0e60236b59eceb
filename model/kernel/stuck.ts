/**
 * Explains why an operation does not end: which task waits for what, and which task has to act first.
 *
 * @module
 */

import type { SchedulingPoint, Task } from "./task.ts";

/** A kernel thread that has not ended, and the place where it stopped. */
interface Stopped {
  readonly task: Task;
  /** The last place where it could not continue */
  readonly blocked?: SchedulingPoint;
}

/**
 * Returns a sentence for each waiting task: the operation first, then the task that it waits for, and so on. The last
 * sentence closes the cycle, or names a task that never continues.
 *
 * @param point Where the operation stopped; undefined if it waits for a lock that it holds itself
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { emptyObservation } from "../observation.ts";
 * import { waitsOf } from "./stuck.ts";
 * import { Task } from "./task.ts";
 *
 * const task = new Task("dev.reload", emptyObservation(), false);
 * task.hungOn = "devlink_mutex";
 * assertEquals(waitsOf(task, undefined, []), ["dev.reload waits for devlink_mutex, which it holds itself"]);
 * ```
 */
export function waitsOf(operation: Task, point: SchedulingPoint | undefined, workers: readonly Stopped[]): string[] {
  const waits: string[] = [];
  const seen = new Set<Task>();
  for (let task: Task | undefined = operation, at = point; task !== undefined && !seen.has(task);) {
    seen.add(task);
    if (task.hungOn !== undefined) {
      waits.push(`${task.name} waits for ${task.hungOn}, which it holds itself`);
      break;
    }
    if (at === undefined) break;
    const holder: Task | undefined = at.on?.holders()[0];
    waits.push(`${task.name} waits for ${at.what}${holder ? `, held by ${holder.name}` : ""}`);
    task = holder;
    at = workers.find((one) => one.task === holder)?.blocked;
  }
  return waits;
}
