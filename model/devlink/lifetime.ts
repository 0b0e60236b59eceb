/**
 * The frame of a driver's probe and removal, with the locks of the era: when the instance is registered, and when it is announced
 * (net/devlink/core.c: devl_register(), devl_unregister()).
 *
 * @module
 */

import type { Result } from "../observation.ts";
import { acquire, type Steps, type Task } from "../kernel/task.ts";
import { announceAll, announceAllGone, announceDev } from "./announce.ts";
import { type Devlink, underMutex } from "./devlink.ts";

/** Registers an instance, and announces only the instance itself. */
export function* registerInstance(task: Task, dl: Devlink): Steps {
  yield* underMutex(dl.kernel, task, () => {
    dl.registered = true;
    announceDev(task, dl, "new");
  });
}

/** Unregisters an instance, and announces only the instance itself. */
export function* unregisterInstance(task: Task, dl: Devlink): Steps {
  yield* underMutex(dl.kernel, task, () => {
    announceDev(task, dl, "del");
    dl.registered = false;
  });
}

/**
 * Runs the probe of a driver: registers the instance and announces it in the order of the era.
 *
 * @param body Creates the objects of the instance; unless it returns `ok`, the instance is freed
 */
export function* probing(task: Task, dl: Devlink, body: () => Steps<Result>): Steps<Result> {
  const { driverLocksInstance: locks, registers } = dl.kernel.era;
  const first = registers === "first";
  if (locks) yield* acquire(task, dl.lock);
  if (first) yield* registerInstance(task, dl);
  const result = yield* body();
  if (result !== "ok" && first) yield* unregisterInstance(task, dl);
  if (locks) dl.lock.release(task);
  if (result !== "ok") dl.free(task);
  else if (!first) {
    dl.registered = true;
    yield* announceAll(task, dl);
  }
  return result;
}

/**
 * Runs the removal of a driver: unregisters the instance and frees it, in the order of the era.
 *
 * @param body Removes the objects of the instance
 */
export function* removing(task: Task, dl: Devlink, body: () => Steps): Steps {
  const { driverLocksInstance: locks, registers } = dl.kernel.era;
  const first = registers === "first";
  if (!first) {
    yield* dl.waitForUsers(task);
    yield* announceAllGone(task, dl);
    dl.registered = false;
  }
  if (locks) yield* acquire(task, dl.lock);
  yield* body();
  if (first) yield* unregisterInstance(task, dl);
  if (locks) dl.lock.release(task);
  dl.free(task);
}
