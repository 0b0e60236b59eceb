/**
 * The shape of what there is on a machine at a moment: for a program that chooses the next operation by the present state, and for
 * one that follows which states objects have been in.
 *
 * @module
 */

import type { Handle, NetnsName, Operation } from "./operation.ts";

/** A device that sequences have made. */
export interface InventoryDevice {
  /** The number that it was made with */
  readonly id: number;
  /** As sysfs names it */
  readonly name: string;
  /** True while a driver is bound to it */
  readonly bound: boolean;
  /** How many VFs it has */
  readonly vfs: number;
  /** True while the netns that it was made in exists: a driver that is bound again goes there */
  readonly homeAlive: boolean;
  /** Removes it */
  readonly removal: Operation;
}

/** A port of an instance. */
export interface InventoryPort {
  /** Its index */
  index: number;
  /** `notset`, `eth` */
  type: string;
  /** What it is, as devlink(8) prints it: `physical`, `pcivf` */
  flavour: string;
  /** True if devlink knows of its netdev */
  netdev: boolean;
  /** The name of its netdev; undefined where it has none */
  ifname: string | undefined;
  /** True if its netdev is up */
  up: boolean;
  /** The netns that its netdev is in; undefined where it has none, or where that netns has no name any more */
  netns: NetnsName | undefined;
}

/** A param of an instance. */
export interface InventoryParam {
  /** For example `max_macs` */
  name: string;
  /** `u32`, `bool`, `string` */
  type: string;
  /** Its first configuration mode */
  cmode: "runtime" | "driverinit" | "permanent";
  /** True for a param of the core's table, false for one of the driver's own */
  generic: boolean;
  /** What was set last, effective or not */
  value: number | boolean | string | undefined;
  /** True if it takes effect with the next reload */
  pending: boolean;
}

/** A resource of an instance, by its path. */
export interface InventoryResource {
  /** For example `IPv4/fib` */
  path: string;
  /** The size that is in effect */
  size: bigint;
  /** The size that is wished for */
  wanted: bigint;
  /** True if its children fit */
  valid: boolean;
  /** The smallest size */
  min: bigint;
  /** The largest size */
  max: bigint;
  /** Sizes are multiples of it */
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
  /** How many snapshots it can have; `Infinity` where that is not known */
  max: number;
}

/** A health reporter of an instance. */
export interface InventoryReporter {
  /** For example `fw_fatal` */
  name: string;
  /** False after an error that nobody recovered from */
  healthy: boolean;
  /** True if a dump is stored */
  dumped: boolean;
  /** True if its driver can recover: the reporter has a grace period and auto recovery */
  recovers: boolean;
  /** True if its driver can dump: the reporter has auto dump */
  dumps: boolean;
  /** ms */
  gracePeriod: number;
  /** True if an error is recovered from at once */
  autoRecover: boolean;
  /** True if an error is dumped at once */
  autoDump: boolean;
}

/** An instance and its objects; each list is made when it is asked for. */
export interface InventoryInstance {
  /** `bus/device` */
  readonly handle: Handle;
  /** The netns of the instance; undefined where that netns has no name any more */
  readonly netns: NetnsName | undefined;
  /** True if its last reload failed */
  readonly reloadFailed: boolean;
  /** The reload actions that its driver supports */
  readonly reloadActions: readonly string[];
  /** The reload limits that its driver supports */
  readonly reloadLimits: readonly string[];
  /** True if it has an eswitch */
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
  /** Its resources, those below others too */
  readonly resources: readonly InventoryResource[];
  /** Its regions */
  readonly regions: readonly InventoryRegion[];
  /** Its health reporters */
  readonly reporters: readonly InventoryReporter[];
  /** The names of its rate nodes */
  readonly rateNodes: readonly string[];
  /** What the files of debugfs hold that change how the driver behaves, by path below the device's directory */
  readonly knobs: ReadonlyMap<string, number | boolean>;
}

/** What there is on a machine. */
export interface Inventory {
  /** The netns that have a name, `init` first */
  readonly netns: readonly NetnsName[];
  /** The devices that sequences have made */
  readonly devices: readonly InventoryDevice[];
  /** The registered instances, in the order of their index */
  readonly instances: readonly InventoryInstance[];
  /** The netdevs of a netns that are up, other than `lo` */
  upIn(netns: NetnsName): number;
}
