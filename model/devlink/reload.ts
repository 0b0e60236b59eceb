/**
 * `devlink dev reload`, and the same at the end of a netns (docs/semantics.md 3).
 *
 * @module
 */

import { announceAll, announceAllGone, announceDev, announceParam } from "./announce.ts";
import type { Devlink } from "./devlink.ts";
import type { ReloadCheck } from "../era/era.ts";
import type { ReloadAction } from "./driver.ts";
import type { Netns } from "../net/netns.ts";
import type { Result } from "../observation.ts";
import { promoteParams } from "./param.ts";
import { invalidResource } from "./resource.ts";
import { acquire, type Steps, type Task } from "../kernel/task.ts";

/** A request to reload, as the kernel receives it. */
export interface ReloadRequest {
  action: ReloadAction;
  limit: "no_reset" | undefined;
  /** The netns to move to; null where a netns was asked for that does not exist */
  target: Netns | null | undefined;
}

/** Reloads an instance that the caller has locked: the checks in their order, then the reload itself. */
export function* reload(task: Task, dl: Devlink, request: ReloadRequest): Steps<Result> {
  const { era } = dl.kernel;
  const refuse = (check: ReloadCheck) => {
    const { errno, text, prefix } = era.reloadRefusals[check];
    return task.fail(errno, text, prefix ?? era.corePrefix);
  };
  if (era.reloadWithheldBy !== "driver" && unsupported(dl)) return "EOPNOTSUPP";
  if (invalidResource(dl.resources)) return refuse("resources");
  if (!dl.driver.reloadActions.includes(request.action)) return refuse("action");
  if (request.limit !== undefined && !dl.driver.reloadLimits.includes(request.limit)) return refuse("limit");
  if (request.limit === "no_reset" && request.action === "driver_reinit") return refuse("limitOfAction");
  if (request.target === null) return refuse("netns");
  if (
    era.netnsMove === "between" && request.target && request.target !== dl.netns && request.action !== "driver_reinit"
  ) {
    return refuse("netnsOfAction");
  }
  return yield* perform(task, dl, request.action, request.target);
}

/** Returns the actions that a reload performs: the actions that the driver reports, else the requested action. */
export function performedBy({ driver }: Devlink, action: ReloadAction): readonly ReloadAction[] {
  return driver.reloadPerforms ?? [action];
}

/** True if the core sees before all checks that an instance cannot be reloaded (to 6.2). */
function unsupported({ driver, kernel }: Devlink): boolean {
  if (driver.reloadActions.length === 0) return true;
  return driver.withholdsReload === true && kernel.era.reloadWithheldBy === "feature";
}

/** Reloads an instance of a dying netns into the initial netns. Logs a failure. */
export function* reloadIntoInit(task: Task, dl: Devlink): Steps {
  const result = yield* perform(task, dl, "driver_reinit", dl.kernel.init);
  if (result !== "ok" && result !== "EOPNOTSUPP") task.log("info", "Failed to reload devlink instance into init_net");
}

/** Runs a reload callback of the driver, under the lock of the instance where the driver takes it instead of the core. */
function* callback(task: Task, dl: Devlink, steps: Steps<Result>): Steps<Result> {
  if (!dl.kernel.era.locks.callbacksLock) return yield* steps;
  yield* acquire(task, dl.lock);
  const result = yield* steps;
  dl.lock.release(task);
  return result;
}

function* perform(task: Task, dl: Devlink, action: ReloadAction, target: Netns | undefined): Steps<Result> {
  const { driver, kernel: { era } } = dl;
  if (!dl.reloadEnabled || !driver.reloadDown || !driver.reloadUp) return "EOPNOTSUPP";
  if (driver.withholdsReload && era.reloadWithheldBy === "switch") return "EOPNOTSUPP";
  const moves = target !== undefined && target !== dl.netns;
  if (moves && era.netnsMove === "around") {
    for (const param of dl.params) announceParam(task, dl, param, "del");
    announceDev(task, dl, "del");
  }
  const down = yield* callback(task, dl, driver.reloadDown(task, action));
  if (down !== "ok") return down;
  if (moves) {
    if (era.netnsMove === "between") yield* announceAllGone(task, dl);
    dl.netns = target;
    if (era.netnsMove === "between") yield* announceAll(task, dl);
  }
  if (action === "driver_reinit" && era.ports.reloadWarns && dl.rates.length + dl.ports.length > 0) {
    // A driver may leave rate nodes if there are no VFs, and ports that were added after a failed reload
    task.log("warning", `WARNING: devlink_reload: ${dl.handle} still has ports or rate objects`);
  }
  if (action === "driver_reinit") promoteParams(dl);
  const up = yield* callback(task, dl, driver.reloadUp(task, action));
  const failed = up !== "ok";
  if (dl.reloadFailed !== failed) {
    dl.reloadFailed = failed;
    announceDev(task, dl, "new");
  }
  if (failed) return up;
  if (moves && era.netnsMove === "around") {
    announceDev(task, dl, "new");
    for (const param of dl.params) announceParam(task, dl, param, "new");
  }
  for (const performed of performedBy(dl, action)) dl.reloads[performed]++;
  announceDev(task, dl, "new");
  return "ok";
}
