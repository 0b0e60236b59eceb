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
  /** What it is, as devlink(8) prints it: its flavour and the numbers that come with that */
  readonly flavour: Readonly<Record<string, Json>>;
  type: "notset" | "eth" | "ib" | "auto";
  /** As devlink knows it */
  netdev: Netdev | null;
  /** Of its own (from 7.2) */
  readonly resources: readonly Resource[];
  /** Of its own (to 5.14). @default {none} */
  readonly params?: readonly Param[];
  /** What limits its function, where the driver made it one */
  rate: Rate | undefined;
  /** Its health reporters. @default {none} */
  reporters?: readonly Reporter[];
}

/** A rate object: a leaf, which belongs to a port's function, or a node. */
export interface Rate {
  readonly type: "leaf" | "node";
  /** `bus/device/index` or `bus/device/name` */
  readonly handle: string;
  /** Of a node */
  readonly name: string;
  /** Of a leaf */
  readonly port: Port | undefined;
  /** Bytes per second; 0 for none */
  txShare: number;
  txMax: number;
  /** The bandwidth of each of the 8 traffic classes; 0 for none */
  bandwidths: readonly number[];
  parent: Rate | undefined;
  /** How many have it as their parent */
  children: number;
}

/** A registered trap policer. */
export interface TrapPolicer {
  readonly spec: TrapPolicerSpec;
  rate: number;
  burst: number;
  /** Reads of its drop counter so far, for a driver that counts those */
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

/** What a param may hold. */
export type ParamValue = number | boolean | string;

/** A device param. */
export interface Param {
  readonly spec: ParamSpec;
  /** Of mode driverinit: what the driver sees at its next look; undefined until the driver gave it a first value */
  value: ParamValue | undefined;
  /** That first value */
  initial: ParamValue | undefined;
  /** What the next reload makes effective (from 6.3), if anything */
  pending: ParamValue | undefined;
  /** False before its driver has published it, and after it has taken that back (to 5.15). @default {true} */
  published?: boolean;
}

/** A resource and its children; sizes are unsigned 64-bit numbers. */
export interface Resource {
  readonly name: string;
  /** The driver's number of it. @default {not known, and not 0} */
  readonly id?: number;
  readonly children: readonly Resource[];
  readonly min: bigint;
  readonly max: bigint;
  readonly granularity: bigint;
  size: bigint;
  sizeNew: bigint;
  sizeValid: boolean;
  /** Present while the driver counts */
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
  /** What snapshots hold, by their id: drawn when it is first looked at */
  readonly contents: Map<number, Uint8Array>;
}

/** A health reporter. */
export interface Reporter {
  readonly name: string;
  /** What the driver keeps for it (`devlink_health_reporter_priv()`) */
  readonly driver: object;
  /** Undefined if the driver cannot recover (and so has no grace period or auto recovery); `message` is what it reported, if it did */
  readonly recover: ((task: Task, message: string | undefined) => Result | Steps<Result>) | undefined;
  /** Writes what is known of an error */
  readonly dump: ((fmsg: Fmsg, message: string | undefined) => void) | undefined;
  /** Writes how the part is that it reports of */
  readonly diagnose: ((fmsg: Fmsg, task: Task) => void | Steps) | undefined;
  healthy: boolean;
  errors: number;
  recoveries: number;
  /** ms */
  gracePeriod: number;
  /** ms after a first error in which no grace period begins (from 7.0) */
  burstPeriod: number;
  autoRecover: boolean;
  autoDump: boolean;
  /** The dump of the first error since the last one was cleared */
  stored: Fmsg | undefined;
  /** Virtual time of the stored dump */
  dumpedAt: number | undefined;
  /** Virtual time of the last recovery; with a burst period, of the first one in it */
  recoveredAt: number | undefined;
}

/** What is registered of an instance: each has a list of its own. */
export type ListName = "ports" | "params" | "resources" | "regions" | "traps" | "reporters" | "rates";
