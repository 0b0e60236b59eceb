/**
 * The types of an inventory: all objects on a machine at a moment. For a program that chooses the next operation by the present
 * state, and for a program that records the states of objects.
 *
 * @module
 */

import type { Handle, NetnsName, Operation } from "./operation.ts";

/** A device that sequences have made. */
export interface InventoryDevice {
  /** The number that was given when the device was made */
  readonly id: number;
  /** The name in sysfs */
  readonly name: string;
  /** True while a driver is bound to the device */
  readonly bound: boolean;
  /** The number of VFs */
  readonly vfs: number;
  /** True while the netns in which the device was made exists: its instance is in that netns after a driver is bound again */
  readonly homeAlive: boolean;
  /** The operation that removes the device */
  readonly removal: Operation;
}

/** A port of an instance. */
export interface InventoryPort {
  /** Its index */
  index: number;
  /** `notset`, `eth` */
  type: string;
  /** Its flavour, as devlink(8) prints it: `physical`, `pcivf` */
  flavour: string;
  /** True if the devlink core knows its netdev */
  netdev: boolean;
  /** The name of its netdev; undefined if it has none */
  ifname: string | undefined;
  /** True if its netdev is up */
  up: boolean;
  /** The netns of its netdev; undefined if it has none, or if that netns has no name any more */
  netns: NetnsName | undefined;
}

/** A param of an instance. */
export interface InventoryParam {
  /** The name, for example `max_macs` */
  name: string;
  /** `u32`, `bool`, `string` */
  type: string;
  /** Its first configuration mode */
  cmode: "runtime" | "driverinit" | "permanent";
  /** True for a param of the core's table, false for one of the driver's own */
  generic: boolean;
  /** The value that was set last, effective or not */
  value: number | boolean | string | undefined;
  /** True if the value takes effect with the next reload */
  pending: boolean;
}

/** A resource of an instance, by its path. */
export interface InventoryResource {
  /** The path, for example `IPv4/fib` */
  path: string;
  /** The size that is in effect */
  size: bigint;
  /** The size that was set, which the next reload makes effective */
  wanted: bigint;
  /** True if its children fit into the resource */
  valid: boolean;
  /** The smallest size */
  min: bigint;
  /** The largest size */
  max: bigint;
  /** The size is a multiple of this */
  granularity: bigint;
  /** True if it has no children */
  leaf: boolean;
}

/** A region of an instance. */
export interface InventoryRegion {
  /** Its name */
  name: string;
  /** Its size in bytes */
  size: number;
  /** The ids of its snapshots */
  snapshots: readonly number[];
  /** The most snapshots; `Infinity` if not known */
  max: number;
}

/** A health reporter of an instance. */
export interface InventoryReporter {
  /** The name, for example `fw_fatal` */
  name: string;
  /** False after an error until it is recovered from */
  healthy: boolean;
  /** True if a dump is stored */
  dumped: boolean;
  /** True if its driver can recover: the reporter has a grace period and auto recovery */
  recovers: boolean;
  /** True if its driver can dump: the reporter has auto dump */
  dumps: boolean;
  /** The grace period in ms */
  gracePeriod: number;
  /** True if an error is recovered from at once */
  autoRecover: boolean;
  /** True if an error is dumped at once */
  autoDump: boolean;
}

/** An instance and its objects; each list is made at the first access. */
export interface InventoryInstance {
  /** `bus/device` */
  readonly handle: Handle;
  /** The netns of the instance; undefined if that netns has no name any more */
  readonly netns: NetnsName | undefined;
  /** True if its last reload failed */
  readonly reloadFailed: boolean;
  /** The reload actions that its driver supports */
  readonly reloadActions: readonly string[];
  /** The reload limits that its driver supports */
  readonly reloadLimits: readonly string[];
  /** True if the instance has an eswitch */
  readonly eswitch: boolean;
  /** Its ports */
  readonly ports: readonly InventoryPort[];
  /** Its traps */
  readonly traps: readonly { name: string; type: string; generic: boolean; action: string; group: string }[];
  /** Its trap groups */
  readonly groups: readonly { name: string; policer: number | undefined }[];
  /** Its trap policers */
  readonly policers: readonly { id: number; rate: number; burst: number }[];
  /** Its params */
  readonly params: readonly InventoryParam[];
  /** Its resources, also the children of others */
  readonly resources: readonly InventoryResource[];
  /** Its regions */
  readonly regions: readonly InventoryRegion[];
  /** Its health reporters */
  readonly reporters: readonly InventoryReporter[];
  /** The names of its rate nodes */
  readonly rateNodes: readonly string[];
  /** The contents of the debugfs files that change the driver's behaviour, by path below the device's directory */
  readonly knobs: ReadonlyMap<string, number | boolean>;
}

/** The inventory of a machine. */
export interface Inventory {
  /** The netns that have a name, `init` first */
  readonly netns: readonly NetnsName[];
  /** The devices that sequences have made */
  readonly devices: readonly InventoryDevice[];
  /** The registered instances, in the order of their index */
  readonly instances: readonly InventoryInstance[];
  /** Returns the number of netdevs of a netns that are up, without `lo` */
  upIn(netns: NetnsName): number;
}
