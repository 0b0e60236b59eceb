/**
 * The objects that a devlink instance holds.
 *
 * @module
 */

import type { Netdev } from "../net/netns.ts";
import type { Json, Result } from "../observation.ts";
import type { Steps, Task } from "../kernel/task.ts";
import type { Fmsg } from "./fmsg.ts";
import type { ParamSpec, TrapGroupSpec, TrapPolicerSpec, TrapSpec } from "./specs.ts";

/** A port. */
export interface Port {
  readonly index: number;
  /** `bus/device/index` */
  readonly handle: string;
  /** The flavour of the port and the numbers that belong to the flavour, as devlink(8) prints them */
  readonly flavour: Readonly<Record<string, Json>>;
  type: "notset" | "eth" | "ib" | "auto";
  /** The netdev of the port, as the devlink core knows it */
  netdev: Netdev | null;
  /** The resources of the port itself (from 7.2) */
  readonly resources: readonly Resource[];
  /** The params of the port itself (to 5.14). @default {none} */
  readonly params?: readonly Param[];
  /** The rate leaf that limits the port's function, if the driver created one */
  rate: Rate | undefined;
  /** Its health reporters. @default {none} */
  reporters?: readonly Reporter[];
}

/** A rate object: a leaf, which belongs to a port's function, or a node. */
export interface Rate {
  readonly type: "leaf" | "node";
  /** `bus/device/index` or `bus/device/name` */
  readonly handle: string;
  /** The name of a node; empty for a leaf */
  readonly name: string;
  /** The port of a leaf; undefined for a node */
  readonly port: Port | undefined;
  /** Bytes per second; 0 for none */
  txShare: number;
  txMax: number;
  /** The bandwidth of each of the 8 traffic classes; 0 for none */
  bandwidths: readonly number[];
  parent: Rate | undefined;
  /** The number of rate objects that have this one as their parent */
  children: number;
}

/** A registered trap policer. */
export interface TrapPolicer {
  readonly spec: TrapPolicerSpec;
  rate: number;
  burst: number;
  /** The number of reads of the drop counter, for a driver whose counter depends on it */
  reads: number;
}

/** A registered trap group. */
export interface TrapGroup {
  readonly spec: TrapGroupSpec;
  policer: TrapPolicer | undefined;
  packets: number;
  bytes: number;
}

/** A registered trap. */
export interface Trap {
  readonly spec: TrapSpec;
  readonly group: TrapGroup;
  action: TrapSpec["action"];
  packets: number;
  bytes: number;
}

/** The value of a param. */
export type ParamValue = number | boolean | string;

/** A device param. */
export interface Param {
  readonly spec: ParamSpec;
  /** In mode driverinit: the value that the driver reads next; undefined until the driver has set a first value */
  value: ParamValue | undefined;
  /** The first value that the driver set */
  initial: ParamValue | undefined;
  /** The value that the next reload makes effective (from 6.3), if there is one */
  pending: ParamValue | undefined;
  /** False before the driver has published the param, and after it has unpublished it (to 5.15). @default {true} */
  published?: boolean;
}

/** A resource and its children; sizes are unsigned 64-bit numbers. */
export interface Resource {
  readonly name: string;
  /** The id that the driver gave the resource. @default {not known, and not 0} */
  readonly id?: number;
  readonly children: readonly Resource[];
  readonly min: bigint;
  readonly max: bigint;
  readonly granularity: bigint;
  size: bigint;
  sizeNew: bigint;
  sizeValid: boolean;
  /** Present while the driver reports an occupancy */
  occupancy: (() => number) | undefined;
  /** @default {"entry"} */
  readonly unit?: string;
}

/** A region of a device, with its snapshots in the order in which they were taken. */
export interface Region {
  readonly name: string;
  /** `bus/device/region` */
  readonly handle: string;
  readonly size: number;
  readonly max: number;
  snapshots: number[];
  /** The contents of snapshots by id: random bytes, drawn at the first read */
  readonly contents: Map<number, Uint8Array>;
}

/** A health reporter. */
export interface Reporter {
  readonly name: string;
  /** The private data of the driver (`devlink_health_reporter_priv()`) */
  readonly driver: object;
  /**
   * Undefined if the driver cannot recover: then there is no grace period and no auto recovery. `message`: the reported error, if
   * any
   */
  readonly recover: ((task: Task, message: string | undefined) => Result | Steps<Result>) | undefined;
  /** Writes the dump of an error */
  readonly dump: ((fmsg: Fmsg, message: string | undefined) => void) | undefined;
  /** Writes the diagnosis of the part that the reporter watches */
  readonly diagnose: ((fmsg: Fmsg, task: Task) => void | Steps) | undefined;
  healthy: boolean;
  errors: number;
  recoveries: number;
  /** ms */
  gracePeriod: number;
  /** ms after a first recovery in which no grace period begins (from 7.0) */
  burstPeriod: number;
  autoRecover: boolean;
  autoDump: boolean;
  /** The dump of the first error since the last one was cleared */
  stored: Fmsg | undefined;
  /** Virtual time of the stored dump */
  dumpedAt: number | undefined;
  /** Virtual time of the last recovery; in a burst period, of the first recovery in it */
  recoveredAt: number | undefined;
}

/** The kinds of objects that an instance registers: each kind has its own list. */
export type ListName = "ports" | "params" | "resources" | "regions" | "traps" | "reporters" | "rates";
