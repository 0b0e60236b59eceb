/**
 * Registers objects of an instance, with the locks of the era (docs/semantics.md 2).
 *
 * @module
 */

import type { Devlink, ListName } from "./devlink.ts";
import { acquire, type Lock, type Steps, type Task } from "../kernel/task.ts";

/** Runs `body`, which registers or unregisters objects, under the locks that the era takes for it. */
export function* registering<T>(task: Task, dl: Devlink, list: ListName, body: () => T): Steps<T> {
  const { registration } = dl.kernel.era.locks;
  if (registration === "held") {
    if (dl.lock.owner !== task) task.log("warning", `WARNING: devl_assert_locked: ${dl.handle}: ${list}`);
    return body();
  }
  if (registration === "marked" && dl.marked !== undefined) {
    // A mark shows that some task holds the lock, but that may be another task
    if (dl.marked !== task) {
      task.log("warning", `WARNING: unlocked_register_during_marked_command: ${dl.handle}: ${list}`);
    }
    return body();
  }
  const lock: Lock = registration === "lists" ? dl.listLock(list) : dl.lock;
  if (task.stepping || !lock.tryTake(task)) yield* acquire(task, lock);
  const result = body();
  lock.release(task);
  return result;
}
