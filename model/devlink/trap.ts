/**
 * Traps, their groups and their policers: registration and the commands that change them (docs/semantics.md 4).
 *
 * @module
 */

import { announceGroup, announcePolicer, announceTrap } from "./announce.ts";
import type { Devlink, TrapGroup, TrapPolicer } from "./devlink.ts";
import type { TrapGroupSpec, TrapPolicerSpec, TrapSpec } from "./driver.ts";
import type { Result } from "../observation.ts";
import type { Task } from "../kernel/task.ts";

/** The action of a trap. */
export type TrapAction = TrapSpec["action"];

/** Registers policers, then groups, then traps, and announces each. */
export function registerTraps(
  task: Task,
  dl: Devlink,
  specs: { policers: readonly TrapPolicerSpec[]; groups: readonly TrapGroupSpec[]; traps: readonly TrapSpec[] },
): void {
  for (const spec of specs.policers) {
    const policer: TrapPolicer = { spec, rate: spec.rate, burst: spec.burst, reads: 0 };
    dl.policers.push(policer);
    if (!asserting(task, dl, "policers_register")) announcePolicer(task, dl, policer, "new");
  }
  for (const spec of specs.groups) {
    const group: TrapGroup = { spec, policer: findPolicer(dl, spec.policer), packets: 0, bytes: 0 };
    dl.groups.push(group);
    if (!asserting(task, dl, "groups_register")) announceGroup(task, dl, group, "new");
  }
  for (const spec of specs.traps) {
    const group = findGroup(dl, spec.group) as TrapGroup;
    const trap = { spec, group, action: spec.action, packets: 0, bytes: 0 };
    dl.traps.push(trap);
    dl.trapByName.set(spec.name, trap);
    announceTrap(task, dl, trap, "new");
  }
}

/** Sets every trap to drop, then unregisters traps in reverse order, then groups, then policers. */
export function unregisterTraps(task: Task, dl: Devlink): void {
  for (const trap of dl.traps) trap.action = "drop";
  for (let i = dl.traps.length - 1; i >= 0; i--) announceTrap(task, dl, dl.traps[i]!, "del");
  dl.traps = [];
  dl.trapByName.clear();
  for (let i = dl.groups.length - 1; i >= 0; i--) {
    if (!asserting(task, dl, "groups_unregister")) announceGroup(task, dl, dl.groups[i]!, "del");
  }
  dl.groups = [];
  for (let i = dl.policers.length - 1; i >= 0; i--) {
    if (!asserting(task, dl, "policers_unregister")) announcePolicer(task, dl, dl.policers[i]!, "del");
  }
  dl.policers = [];
}

/**
 * True if groups and policers may be registered only while the instance is not, and are announced with it: the core did so for some
 * weeks of 2021 (docs/semantics.md 3.11). Warns if the instance is registered, once for each place.
 */
function asserting(task: Task, dl: Devlink, place: string): boolean {
  const { era, warned } = dl.kernel;
  if (era.trapLifetime !== "reload_asserting") return false;
  if (dl.registered && !warned.has(place)) {
    warned.add(place);
    task.log("warning", `WARNING: devlink_trap_${place}: ${dl.handle} is registered`);
  }
  return true;
}

/** Returns a group by its name. */
export function findGroup(dl: Devlink, name: string): TrapGroup | undefined {
  for (const group of dl.groups) if (group.spec.name === name) return group;
  return undefined;
}

/** Returns a policer by its id. */
export function findPolicer(dl: Devlink, id: number): TrapPolicer | undefined {
  for (const policer of dl.policers) if (policer.spec.id === id) return policer;
  return undefined;
}

/** Sets the action of a trap: `devlink trap set`. */
export function setTrap(task: Task, dl: Devlink, name: string, action: TrapAction): Result {
  if (dl.traps.length === 0) return "EOPNOTSUPP";
  const trap = dl.trapByName.get(name);
  if (!trap) return task.fail("ENOENT", "Device did not register this trap", dl.kernel.era.corePrefix);
  return setAction(task, dl, trap, action);
}

function setAction(task: Task, dl: Devlink, trap: Devlink["traps"][number], action: TrapAction): Result {
  if (trap.action !== action && trap.spec.type !== "drop") {
    task.warn("Cannot change action of non-drop traps. Skipping", dl.kernel.era.corePrefix);
    return "ok";
  }
  const result = dl.driver.trapActionSet?.(task, trap, action) ?? "EOPNOTSUPP";
  if (result === "ok") trap.action = action;
  return result;
}

/** Changes a trap group: `devlink trap group set`. `policer`: null unbinds the policer, undefined leaves it. */
export function setGroup(
  task: Task,
  dl: Devlink,
  name: string,
  change: { action?: TrapAction | undefined; policer?: number | null | undefined },
): Result {
  const prefix = dl.kernel.era.corePrefix;
  if (dl.groups.length === 0) return "EOPNOTSUPP";
  const group = findGroup(dl, name);
  if (!group) return task.fail("ENOENT", "Device did not register this trap group", prefix);
  if (change.action !== undefined) {
    for (const trap of dl.traps) {
      if (trap.group !== group) continue;
      const result = setAction(task, dl, trap, change.action);
      if (result !== "ok") return result;
    }
  }
  if (change.policer === undefined) return "ok";
  const result = bindPolicer(task, dl, group, change.policer ?? 0);
  if (result !== "ok" && change.action !== undefined) {
    task.fail(result, "Trap group set failed, but some changes were committed already", prefix);
  }
  return result;
}

function bindPolicer(task: Task, dl: Devlink, group: TrapGroup, id: number): Result {
  const { driver } = dl;
  const binds = driver.trapGroupSet ? driver.trapGroupBinds?.() ?? "ok" : "EOPNOTSUPP";
  if (binds !== "ok") return binds;
  const policer = findPolicer(dl, id);
  if (id !== 0 && !policer) {
    return task.fail("ENOENT", "Device did not register this trap policer", dl.kernel.era.corePrefix);
  }
  const result = driver.trapGroupSet!(task, group, policer);
  if (result === "ok") group.policer = policer;
  return result;
}

/** Changes a trap policer: `devlink trap policer set`. */
export function setPolicer(
  task: Task,
  dl: Devlink,
  id: number,
  change: { rate?: number | undefined; burst?: number | undefined },
): Result {
  const prefix = dl.kernel.era.corePrefix;
  if (dl.policers.length === 0) return "EOPNOTSUPP";
  const policer = findPolicer(dl, id);
  if (!policer) return task.fail("ENOENT", "Device did not register this trap policer", prefix);
  const { rate = policer.rate, burst = policer.burst } = change;
  const { spec } = policer;
  if (rate < spec.rateMin) return task.fail("EINVAL", "Policer rate lower than limit", prefix);
  if (rate > spec.rateMax) return task.fail("EINVAL", "Policer rate higher than limit", prefix);
  if (burst < spec.burstMin) return task.fail("EINVAL", "Policer burst size lower than limit", prefix);
  if (burst > spec.burstMax) return task.fail("EINVAL", "Policer burst size higher than limit", prefix);
  const result = dl.driver.trapPolicerSet?.(task, policer, rate, burst) ?? "EOPNOTSUPP";
  if (result === "ok") {
    policer.rate = rate;
    policer.burst = burst;
  }
  return result;
}
