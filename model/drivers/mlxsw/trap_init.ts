/**
 * The registration of traps, groups and policers, each of which may fail by a fault of the emulated ASIC
 * (spectrum_trap.c: mlxsw_sp_devlink_traps_init()).
 *
 * @module
 */

import type { Devlink } from "../../devlink/devlink.ts";
import type { TrapGroupSpec, TrapPolicerSpec, TrapSpec } from "../../devlink/specs.ts";
import { registering } from "../../devlink/registering.ts";
import { registerTraps, unregisterTraps } from "../../devlink/trap.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import type { Access } from "./emulated_asic.ts";

/** The objects to register. */
export interface TrapTables {
  readonly policers: readonly TrapPolicerSpec[];
  readonly groups: readonly TrapGroupSpec[];
  readonly traps: readonly TrapSpec[];
}

/**
 * The numbers of policers and groups that the driver sets before devlink's: their accesses come first (spectrum.c:
 * mlxsw_sp_traps_init()).
 */
const [POLICERS_BEFORE, GROUPS_BEFORE] = [3, 4];

/**
 * The number of trap groups that the core sets by commands, before it can access registers in another way (core.c:
 * mlxsw_core_trap_groups[]).
 */
export const GROUPS_BY_COMMAND = 2;

/**
 * Registers all objects. Returns undefined, or the driver's log line if the ASIC refuses an access: then nothing is registered.
 *
 * @param fails Carries out an access; returns true if the access fails
 */
export function* initTraps(
  task: Task,
  dl: Devlink,
  { policers, groups, traps }: TrapTables,
  fails: (access: Access) => boolean,
): Steps<string | undefined> {
  const first = (access: Access, count: number) => {
    for (let at = 0; at < count; at++) if (fails(access)) return at;
    return undefined;
  };
  if (first("QPCR write", POLICERS_BEFORE) !== undefined) return "Failed to set traps";
  if (first("HTGT write", GROUPS_BEFORE) !== undefined) return "Failed to set traps";
  const failed = "Failed to initialize devlink traps";
  // The accesses for a policer and a group that are not devlink's
  if (fails("QPCR write") || fails("HTGT write")) return failed;
  const policer = first("QPCR write", policers.length);
  const group = policer === undefined ? first("HTGT write", groups.length) : 0;
  const whole = policer === undefined && group === undefined;
  const tables = whole
    ? { policers, groups, traps }
    : { policers: policers.slice(0, policer), groups: groups.slice(0, group), traps: [] };
  yield* registering(task, dl, "traps", () => {
    registerTraps(task, dl, tables);
    if (!whole) unregisterTraps(task, dl);
  });
  return whole ? undefined : failed;
}
