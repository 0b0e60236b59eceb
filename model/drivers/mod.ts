/**
 * The drivers that the model has: the one list of them.
 *
 * @module
 */

import type { Era } from "../era/mod.ts";
import type { Facts } from "../facts.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { ModuleSource } from "../kernel/module.ts";
import type { Steps, Task } from "../kernel/task.ts";
import type { Result } from "../observation.ts";
import type { DeviceOperation, Handle, Operation } from "../operation.ts";
import type { DriverModel } from "./driver.ts";
import { contradictions } from "./driver_inventory.ts";
import { fakemac } from "./fakemac/mod.ts";
import { generic } from "./generic/mod.ts";
import { mlx5 } from "./mlx5/mod.ts";
import { mlxsw } from "./mlxsw/mod.ts";
import { netdevsim } from "./netdevsim/mod.ts";
import { stmmac } from "./stmmac/mod.ts";

/** All drivers, each a folder. */
export const DRIVERS: readonly DriverModel[] = [netdevsim, fakemac, mlx5, mlxsw, stmmac, generic];

/** A driver whose devices sequences make. */
export type Maker = DriverModel & Required<Pick<DriverModel, "start">>;

/** The driver of a board that names none: the first driver whose devices sequences make. */
export const DEFAULT_DRIVER: Maker = DRIVERS.find((driver): driver is Maker => driver.start !== undefined)!;

/** Returns the model of a driver by its name in sysfs; the generic driver if nobody modelled it. */
export function driverModelOf(driver: string): DriverModel {
  return DRIVERS.find(({ drivers }) => drivers.includes(driver)) ?? generic;
}

/**
 * Returns the contradictions between a board's facts and the model of its driver, one line each; see {@linkcode contradictions}.
 *
 * @param driver The driver's name in sysfs; for a driver that nobody modelled there are no contradictions
 */
export function contradictionsOf(driver: string, era: Era, facts: Facts): string[] {
  const model = driverModelOf(driver);
  return model.inventory ? contradictions(model.name, model.inventory(era, facts), facts) : [];
}

/** Returns the only driver with devices on the bus of an instance; undefined if any driver may have devices there. */
export function ownerOf(handle: Handle): DriverModel | undefined {
  return DRIVERS.find(({ bus }) => bus !== undefined && handle.startsWith(`${bus}/`));
}

/** Returns the instance that an operation makes or removes; undefined if it does neither. */
export function madeBy(op: Operation): Handle | undefined {
  for (const { makes } of DRIVERS) {
    const handle = makes?.(op);
    if (handle !== undefined) return handle;
  }
  return undefined;
}

/** Performs the reaction of an emulated device's driver when a test operates the device; undefined if no model knows it. */
export function operatedBy(
  kernel: Kernel,
  task: Task,
  handle: Handle,
  operation: DeviceOperation,
): Steps<Result> | undefined {
  for (const { operate } of DRIVERS) {
    const steps = operate?.(kernel, task, handle, operation);
    if (steps) return steps;
  }
  return undefined;
}

/** Returns the kernel modules of all drivers in the file system. */
export function modulesOf(kernel: Kernel): ModuleSource[] {
  return DRIVERS.flatMap((driver) => [...driver.modules?.(kernel) ?? []]);
}

/** Loads the modules that every kernel of the model has loaded when it boots. */
export function* bootDrivers(kernel: Kernel, task: Task): Steps {
  for (const { boot = [] } of DRIVERS) for (const name of boot) yield* kernel.modules.load(task, name, {});
}

/** True if an operation is about a device that sequences make, by its handle or its file. */
export function isMade(op: Operation): boolean {
  const makers = DRIVERS.filter(({ bus, start }) => bus !== undefined && start !== undefined);
  return makers.some(({ bus }) =>
    "handle" in op && op.handle?.startsWith(`${bus}/`) || "path" in op && op.path.includes(`/${bus}`)
  );
}
