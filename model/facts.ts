/**
 * Facts: the objects of a board's devlink instance, as they were read from the board before a run. They hold what no model of a
 * driver can know: the sizes, versions and ports of one card.
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
  /** The values by configuration mode, one entry for each mode of the param; `value` is missing if the kernel prints none */
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
  /** The present size */
  readonly size: number;
  /** The smallest size */
  readonly min: number;
  /** The largest size. Sizes above 2^53 lose digits; an unlimited size is 2^64 */
  readonly max: number;
  /** The size is a multiple of this */
  readonly granularity: number;
  /** The unit, for example `entry` */
  readonly unit: string;
  /** How much of the resource is in use, if the driver reports it */
  readonly occupied?: number;
  /** The resources into which this resource is divided */
  readonly children: readonly ResourceFact[];
}

/** A health reporter, of the instance or of a port. */
export interface ReporterFact {
  /** The reporter's name, for example `fw_fatal` */
  readonly name: string;
  /** `healthy` or `error` */
  readonly state: string;
  /** The grace period in ms; missing for a reporter that cannot recover */
  readonly gracePeriod?: number;
  /** True if the reporter recovers without a request */
  readonly autoRecover?: boolean;
  /** True if the reporter dumps without a request; missing for a reporter that has no dump */
  readonly autoDump?: boolean;
}

/** A port of an instance. */
export interface PortFact {
  /** The port's index in its instance */
  readonly index: number;
  /** `eth`, `ib`, `notset` */
  readonly type: string;
  /** The attributes that devlink prints of the port's kind: `flavour`, `port`, `lanes`, `splittable` and so on */
  readonly flavour: Readonly<Record<string, string | number | boolean>>;
  /** The name of the port's netdev, if it has one */
  readonly netdev?: string;
  /** True if that netdev is up */
  readonly up?: boolean;
  /** The reporters of the port */
  readonly reporters: readonly ReporterFact[];
  /** The params of the port; missing if the board could not list them */
  readonly params?: readonly ParamFact[];
  /** The resources of the port; missing if the board could not list them: its kernel or its devlink(8) is too old */
  readonly resources?: readonly ResourceFact[];
}

/** The facts of an instance. Lists are in the order in which devlink prints them. */
export interface Facts {
  /** `bus/device` */
  readonly handle: Handle;
  /** The driver's name by `devlink dev info`, or by sysfs if that prints no driver */
  readonly driver: string;
  /** `uname -r` of the board's kernel */
  readonly kernel: string;
  /** Versions by their kind and name, for example `{ running: { "fw.version": "16.35.2024" } }` */
  readonly versions: Readonly<Partial<Record<"fixed" | "running" | "stored", Readonly<Record<string, string>>>>>;
  /** The reload actions that the driver supports; empty for a driver without a reload */
  readonly reloadActions: readonly ("driver_reinit" | "fw_activate")[];
  /** The reload limits that the driver supports */
  readonly reloadLimits: readonly "no_reset"[];
  /** How often each action was performed since the device was probed; missing if the kernel does not print it */
  readonly reloads?: Readonly<Partial<Record<"driver_reinit" | "fw_activate", number>>>;
  /** True if the last reload failed */
  readonly reloadFailed: boolean;
  /** Other instances that the kernel reports as nested in this one */
  readonly nested: readonly Handle[];
  /**
   * The ports of nested instances, by handle of the instance: the netdev of an mlx5 function is on such a port. Missing if there
   * are none
   */
  readonly nestedPorts?: Readonly<Record<Handle, readonly PortFact[]>>;
  /** The ports of the instance itself */
  readonly ports: readonly PortFact[];
  /** The traps */
  readonly traps: readonly TrapFact[];
  /** The trap groups; `policer` is missing for a group without a policer */
  readonly groups: readonly { readonly name: string; readonly generic: boolean; readonly policer?: number }[];
  /** The trap policers: `rate` in packets per second, `burst` in packets */
  readonly policers: readonly { readonly policer: number; readonly rate: number; readonly burst: number }[];
  /** The params of the instance itself */
  readonly params: readonly ParamFact[];
  /** The resources at the top */
  readonly resources: readonly ResourceFact[];
  /** The health reporters of the instance itself */
  readonly reporters: readonly ReporterFact[];
  /** The regions: `size` in bytes; `max` is the most snapshots, if the kernel prints it */
  readonly regions: readonly { readonly name: string; readonly size: number; readonly max?: number }[];
  /** The eswitch; missing for a driver without one */
  readonly eswitch?: { readonly mode: string; readonly inlineMode?: string; readonly encapMode?: string };
  /** True if the function has an RDMA device, so that its RDMA driver is bound; missing if this was not read */
  readonly rdma?: boolean;
  /** Commands that the kernel refused for this instance, with the errno: `{ "sb show": "ENODEV" }` */
  readonly refused: Readonly<Record<string, string>>;
}
