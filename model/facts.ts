/**
 * What a board's devlink instance has, as it was read from the board before a run. Facts stand in for what no model of a driver
 * can know: the sizes, versions and ports of one card.
 *
 * @module
 */

import type { TrapSpec } from "./devlink/specs.ts";
import type { Handle } from "./operation.ts";

/** A trap of an instance, as `devlink -j trap show` prints it; `action` is the present one. */
export type TrapFact = TrapSpec;

/** A param, of the instance or of one of its ports, as `devlink -j dev param show` prints it. */
export interface ParamFact {
  /** The param's name, for example `enable_roce` */
  readonly name: string;
  /** True for a param of the core's table, false for one of the driver's own */
  readonly generic: boolean;
  /** One for each configuration mode that the param has; `value` is missing where the kernel prints none */
  readonly values: readonly {
    readonly cmode: "runtime" | "driverinit" | "permanent";
    readonly value?: string | number | boolean;
    /** Printed from 7.0 on */
    readonly default?: string | number | boolean;
  }[];
}

/** A resource and its children; sizes are in the resource's own unit. */
export interface ResourceFact {
  /** The resource's name, for example `kvd` */
  readonly name: string;
  /** How much of it there is now */
  readonly size: number;
  /** The least size that it may have */
  readonly min: number;
  /** Sizes beyond 2^53 lose digits; one that is unlimited is 2^64 */
  readonly max: number;
  /** Sizes are multiples of it */
  readonly granularity: number;
  /** The unit, for example `entry` */
  readonly unit: string;
  /** How much of it is in use, where the driver counts */
  readonly occupied?: number;
  /** The resources that it is divided into */
  readonly children: readonly ResourceFact[];
}

/** A health reporter, of the instance or of a port. */
export interface ReporterFact {
  /** The reporter's name, for example `fw_fatal` */
  readonly name: string;
  /** `healthy` or `error` */
  readonly state: string;
  /** ms; missing for a reporter that cannot recover */
  readonly gracePeriod?: number;
  /** True if it recovers without being asked */
  readonly autoRecover?: boolean;
  /** Missing for a reporter that has no dump */
  readonly autoDump?: boolean;
}

/** A port of an instance. */
export interface PortFact {
  /** The port's index in its instance */
  readonly index: number;
  /** `eth`, `ib`, `notset` */
  readonly type: string;
  /** All that devlink prints of what the port is: `flavour`, `port`, `lanes`, `splittable` and so on */
  readonly flavour: Readonly<Record<string, string | number | boolean>>;
  /** The name of its netdev, where it has one */
  readonly netdev?: string;
  /** True if that netdev is up */
  readonly up?: boolean;
  /** The reporters of the port */
  readonly reporters: readonly ReporterFact[];
  /** The params of the port; missing where the board could not list them */
  readonly params?: readonly ParamFact[];
  /** The resources of the port; missing where the board could not list them: its kernel or its devlink(8) is too old */
  readonly resources?: readonly ResourceFact[];
}

/** What an instance has. Lists are in the order in which devlink prints them. */
export interface Facts {
  /** `bus/device` */
  readonly handle: Handle;
  /** The driver's name by `devlink dev info`, or by sysfs if that prints no driver */
  readonly driver: string;
  /** `uname -r` of the kernel that was asked */
  readonly kernel: string;
  /** Versions by their kind and name, for example `{ running: { "fw.version": "16.35.2024" } }` */
  readonly versions: Readonly<Partial<Record<"fixed" | "running" | "stored", Readonly<Record<string, string>>>>>;
  /** The reload actions and limits that the driver supports; empty for a driver without a reload */
  readonly reloadActions: readonly ("driver_reinit" | "fw_activate")[];
  /** Limits of those actions */
  readonly reloadLimits: readonly "no_reset"[];
  /** How often each action was performed since the device was probed; missing where the kernel does not print it */
  readonly reloads?: Readonly<Partial<Record<"driver_reinit" | "fw_activate", number>>>;
  /** True if the last reload failed */
  readonly reloadFailed: boolean;
  /** Other instances that the kernel reports as nested in this one */
  readonly nested: readonly Handle[];
  /** Ports of nested instances, by their handle: the netdev of an mlx5 function is on one. Missing where none has ports */
  readonly nestedPorts?: Readonly<Record<Handle, readonly PortFact[]>>;
  /** The ports of the instance itself */
  readonly ports: readonly PortFact[];
  /** The traps */
  readonly traps: readonly TrapFact[];
  /** `policer` is missing for a group without one */
  readonly groups: readonly { readonly name: string; readonly generic: boolean; readonly policer?: number }[];
  /** Packets per second, and packets */
  readonly policers: readonly { readonly policer: number; readonly rate: number; readonly burst: number }[];
  /** The params of the instance itself */
  readonly params: readonly ParamFact[];
  /** The resources at the top */
  readonly resources: readonly ResourceFact[];
  /** The health reporters of the instance itself */
  readonly reporters: readonly ReporterFact[];
  /** `size` in bytes; `max` snapshots, where the kernel prints it */
  readonly regions: readonly { readonly name: string; readonly size: number; readonly max?: number }[];
  /** Missing for a driver without an eswitch */
  readonly eswitch?: { readonly mode: string; readonly inlineMode?: string; readonly encapMode?: string };
  /** True if an RDMA device is on the function, so that its RDMA driver is bound; missing where that was not read */
  readonly rdma?: boolean;
  /** Commands that the kernel refused for this instance, with the errno: `{ "sb show": "ENODEV" }` */
  readonly refused: Readonly<Record<string, string>>;
}
