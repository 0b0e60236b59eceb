/**
 * Roles: they describe the objects that a sequence needs, without the names of one driver. A role is resolved on the model of the
 * board when the sequence is compiled.
 *
 * @module
 */

import type {
  InventoryInstance,
  InventoryParam,
  InventoryPort,
  InventoryReporter,
  InventoryResource,
} from "../model/mod.ts";

/** The role of a trap: its properties instead of its name. */
export interface TrapRole {
  /** `drop` traps are those whose action can be set */
  type?: "drop" | "exception" | "control";
  /** True for a trap of the core's table, false for one of the driver's own */
  generic?: boolean;
  /** The group of the trap */
  group?: string;
}

/** The role of a param: its properties instead of its name. */
export interface ParamRole {
  /** The first configuration mode of the param */
  cmode?: "runtime" | "driverinit" | "permanent";
  /** `u32` stands for a number of any size */
  type?: "u32" | "bool" | "string";
  /** True for a param of the core's table, false for one of the driver's own */
  generic?: boolean;
}

/** The role of a trap group: any group, a group without a policer (`free`), a group with a policer (`bound`). */
export type GroupRole = "any" | "free" | "bound";

/** The role of a health reporter: the callbacks that its driver has; in sequences for one driver also its name. */
export interface ReporterRole {
  /** The reporter's name: not every kernel has every reporter of a driver */
  name?: string;
  /** True for a reporter with a grace period and auto recovery */
  recovers?: boolean;
  /** True for a reporter with auto dump */
  dumps?: boolean;
}

/** A resource and the resources below it. */
export interface ResourceTree {
  /** The resource */
  parent: InventoryResource;
  /** The resources directly below the parent */
  children: InventoryResource[];
}

/** The needs of a sequence; the sequence is `unsupported` on a board whose device lacks one of them. */
export interface Needs {
  /** A reload with this action */
  reload?: "driver_reinit" | "fw_activate";
  /** No support for a reload with this action */
  reloadLacks?: "driver_reinit" | "fw_activate";
  /** True: supports the reload limit `no_reset`; false: does not */
  limit?: boolean;
  /** The least number of ports */
  ports?: number;
  /** A port whose netdev devlink names */
  netdev?: boolean;
  /** A trap of this role */
  trap?: TrapRole;
  /** A trap group of this role */
  group?: GroupRole;
  /** The least number of policers */
  policers?: number;
  /** A param of this role, with a value */
  param?: ParamRole;
  /** A resource without children (`leaf`), or a resource with children (`tree`) */
  resource?: "leaf" | "tree";
  /** A region */
  region?: boolean;
  /** A health reporter of this role */
  reporter?: ReporterRole;
  /** True: has an eswitch; false: has no eswitch */
  eswitch?: boolean;
}

/** Thrown if a sequence needs what the device lacks: the sequence is `unsupported`. */
export class LacksError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "LacksError";
}

const text = (role: object) =>
  Object.entries(role).map(([key, value]) =>
    typeof value === "boolean" ? `${value ? "" : "not "}${key}` : `${key} ${value}`
  )
    .join(", ");

const textOf = (role: object) => Object.keys(role).length > 0 ? ` (${text(role)})` : "";

/** Returns the traps of a role, in the driver's order. */
export function trapsOf(
  { traps }: InventoryInstance,
  { type, generic, group }: TrapRole = {},
): InventoryInstance["traps"] {
  return traps.filter((trap) =>
    (type === undefined || trap.type === type) && (generic === undefined || trap.generic === generic) &&
    (group === undefined || trap.group === group)
  );
}

/** Returns the params of a role that have a value, in the driver's order. */
export function paramsOf({ params }: InventoryInstance, { cmode, type, generic }: ParamRole = {}): InventoryParam[] {
  return params.filter((param) =>
    param.value !== undefined && (cmode === undefined || param.cmode === cmode) &&
    (type === undefined || param.type === type) && (generic === undefined || param.generic === generic)
  );
}

/** Returns the resources without children, in the driver's order. */
export const leavesOf = ({ resources }: InventoryInstance): InventoryResource[] => resources.filter(({ leaf }) => leaf);

/** Returns the trap groups of a role, in the driver's order. */
export const groupsOf = ({ groups }: InventoryInstance, role: GroupRole = "any"): InventoryInstance["groups"] =>
  groups.filter(({ policer }) => role === "any" || (role === "free") === (policer === undefined));

/** Returns the health reporters of a role, in the driver's order. */
export const reportersOf = (
  { reporters }: InventoryInstance,
  { name, recovers, dumps }: ReporterRole = {},
): InventoryReporter[] =>
  reporters.filter((one) =>
    (name === undefined || one.name === name) && (recovers === undefined || one.recovers === recovers) &&
    (dumps === undefined || one.dumps === dumps)
  );

/** Returns the resources that have children, with their children, in the driver's order. */
export function treesOf({ resources }: InventoryInstance): ResourceTree[] {
  const above = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
  return resources.filter(({ leaf }) => !leaf).map((parent) => ({
    parent,
    children: resources.filter(({ path }) => above(path) === parent.path),
  }));
}

/** Returns the ports whose netdev devlink names. */
export const netdevPortsOf = ({ ports }: InventoryInstance): InventoryPort[] => ports.filter(({ netdev }) => netdev);

/** For each need, the words for a device that lacks it, and the check of a device. */
const CHECKS: {
  readonly [K in keyof Needs]-?: (device: InventoryInstance, need: NonNullable<Needs[K]>) => string | undefined;
} = {
  reload: ({ reloadActions }, action) => reloadActions.includes(action) ? undefined : `a reload with ${action}`,
  reloadLacks: ({ reloadActions }, action) =>
    reloadActions.includes(action) ? `a device that is not reloaded with ${action}` : undefined,
  limit: ({ reloadLimits }, need) =>
    reloadLimits.includes("no_reset") === need ? undefined : `a device with${need ? "" : "out"} the limit no_reset`,
  ports: ({ ports }, count) => ports.length >= count ? undefined : `${count} port${count === 1 ? "" : "s"}`,
  netdev: (device, need) => !need || netdevPortsOf(device).length > 0 ? undefined : "a port with a netdev",
  trap: (device, role) => trapsOf(device, role).length > 0 ? undefined : `a trap${textOf(role)}`,
  group: (device, kind) =>
    groupsOf(device, kind).length > 0
      ? undefined
      : kind === "any"
      ? "a trap group"
      : `a trap group ${kind === "free" ? "without" : "with"} a policer`,
  policers: ({ policers }, count) =>
    policers.length >= count ? undefined : `${count} trap policer${count === 1 ? "" : "s"}`,
  param: (device, role) => paramsOf(device, role).length > 0 ? undefined : `a param${textOf(role)}`,
  resource: (device, kind) =>
    (kind === "leaf" ? leavesOf(device) : treesOf(device)).length > 0
      ? undefined
      : kind === "leaf"
      ? "a resource"
      : "a resource with children",
  region: ({ regions }, need) => !need || regions.length > 0 ? undefined : "a region",
  reporter: (device, role) => reportersOf(device, role).length > 0 ? undefined : `a health reporter${textOf(role)}`,
  eswitch: ({ eswitch }, need) => eswitch === need ? undefined : need ? "an eswitch" : "a device without an eswitch",
};

/** Returns what a device lacks, in words; undefined where it lacks nothing. */
export function lackOf(device: InventoryInstance | undefined, needs: Needs): string | undefined {
  if (Object.keys(needs).length === 0) return undefined;
  if (!device) return "a devlink instance";
  for (const [name, need] of Object.entries(needs)) {
    const check = CHECKS[name as keyof Needs] as (device: InventoryInstance, need: unknown) => string | undefined;
    const lack = check(device, need);
    if (lack !== undefined) return lack;
  }
  return undefined;
}

/**
 * Returns the object at index `nth`, modulo the number of objects: so there is a second object even if there is only one.
 *
 * @throws {LacksError} If there is none: the sequence is unsupported
 */
export const aroundOf = <T>(found: readonly T[], what: string, nth: number): T =>
  firstOf(found, what, found.length === 0 ? 0 : nth % found.length);

/**
 * Returns the first object of a role, or the object at `index`.
 *
 * @throws {LacksError} If there is none: the sequence is unsupported
 */
export function firstOf<T>(found: readonly T[], what: string, index = 0): T {
  if (index >= found.length) throw new LacksError(index === 0 ? what : `${what} number ${index}`);
  return found[index]!;
}
