/**
 * What a driver gives to the devlink core: its objects and its callbacks, for one bound device.
 *
 * @module
 */

import type { Devlink, Rate, Trap, TrapGroup, TrapPolicer } from "./devlink.ts";
import type { FlashRequest } from "./flash.ts";
import type { Json, Result } from "../observation.ts";
import type { Steps, Task } from "../task.ts";

/** What a reload does. */
export type ReloadAction = "driver_reinit" | "fw_activate";

/** A trap as a driver declares it (docs/semantics.md 4.1). */
export interface TrapSpec {
  readonly name: string;
  readonly type: "drop" | "exception" | "control";
  readonly generic: boolean;
  readonly action: "drop" | "trap" | "mirror";
  readonly group: string;
  readonly metadata: readonly string[];
}

/** A trap group as a driver declares it; `policer` 0 is none. */
export interface TrapGroupSpec {
  readonly name: string;
  readonly generic: boolean;
  readonly policer: number;
}

/** A trap policer as a driver declares it; rates in packets per second, bursts in packets. */
export interface TrapPolicerSpec {
  readonly id: number;
  readonly rate: number;
  readonly burst: number;
  readonly rateMin: number;
  readonly rateMax: number;
  readonly burstMin: number;
  readonly burstMax: number;
}

/** A device param as a driver declares it. */
export interface ParamSpec {
  readonly name: string;
  readonly generic: boolean;
  readonly type: "u32" | "bool";
  readonly cmode: "runtime" | "driverinit" | "permanent";
  /** Of mode driverinit, what the driver begins with; else what the param can be put back to */
  readonly default: number | boolean;
}

/** The modes of an eswitch. */
export type EswitchMode = "legacy" | "switchdev" | "switchdev_inactive";

/** What a driver does with its eswitch. */
export interface EswitchDriver {
  readonly mode: EswitchMode;
  setMode(task: Task, mode: EswitchMode): Steps<Result>;
}

/** What a driver does with rate objects; it takes a rate in bytes per second. */
export interface RateDriver {
  nodeNew(task: Task, name: string): Result;
  nodeDel(name: string): void;
  txSet(task: Task, rate: Rate, what: "tx_share" | "tx_max", value: number): Result;
}

/** The driver of one bound device. */
export interface Driver {
  readonly name: string;
  readonly reloadActions: readonly ReloadAction[];
  readonly reloadLimits: readonly "no_reset"[];
  /** Whether this instance must not be reloaded, although the driver's operations are for it, too */
  readonly withholdsReload?: boolean;
  /** What `devlink dev info` prints below the driver's name, if anything */
  readonly versions: Json | undefined;
  /** The versions that run, which ethtool(8) shows as one; none where it is not given */
  readonly runningVersions?: readonly string[];
  /** The components that can be flashed one by one; none where it is not given */
  readonly components?: readonly string[];
  /** Flashes what the core has found; the instance is locked all the while */
  flash?(task: Task, dl: Devlink, request: FlashRequest): Steps<Result>;
  /** What a param that is not of mode driverinit holds */
  paramGet?(spec: ParamSpec): number | boolean;
  /** Changes a param that is not of mode driverinit */
  paramSet?(spec: ParamSpec, value: number | boolean): void;
  /** Left out where it has no eswitch */
  readonly eswitch?: EswitchDriver | undefined;
  /** Left out where it knows no rates */
  readonly rates?: RateDriver | undefined;
  reloadDown(task: Task, dl: Devlink): Steps<Result>;
  reloadUp(task: Task, dl: Devlink): Steps<Result>;
  /** Called for each change that passed the core's checks */
  trapActionSet(trap: Trap, action: TrapSpec["action"]): Result;
  trapGroupSet(task: Task, group: TrapGroup, policer: TrapPolicer | undefined): Result;
  trapPolicerSet(task: Task, policer: TrapPolicer, rate: number, burst: number): Result;
  /** What the driver counted as dropped; -1 where the counter cannot be read */
  trapDropped(trap: Trap): number;
  /** Takes back a read of that counter, which the kernel did not do */
  unreadTrap?(trap: Trap): void;
  /** What the policer dropped; -1 where the counter cannot be read */
  policerDropped(policer: TrapPolicer): number;
}
