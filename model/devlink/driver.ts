/**
 * What a driver gives to the devlink core: its objects and its callbacks, for one bound device.
 *
 * @module
 */

import type { Port, Rate, Region, Reporter, Trap, TrapGroup, TrapPolicer } from "./objects.ts";
import type { EswitchMode, FlashRequest, ParamSpec, ReloadAction, TrapSpec } from "./specs.ts";
import type { Json, JsonObject, Observation, Result, Unknown } from "../observation.ts";
import type { Operation } from "../operation.ts";
import type { Steps, Task } from "../kernel/task.ts";

export type * from "./specs.ts";

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

/** What a driver does to split a port, the instance locked. */
export interface PortSplitter {
  split(task: Task, port: Port, count: number): Steps<Result>;
  unsplit(task: Task, port: Port): Steps<Result>;
}

/** The driver of one bound device. */
export interface Driver {
  readonly name: string;
  readonly reloadActions: readonly ReloadAction[];
  readonly reloadLimits: readonly "no_reset"[];
  /** True if this instance must not be reloaded, although the driver's operations are for it, too */
  readonly withholdsReload?: boolean;
  /** The errno with which the driver refuses `devlink dev info`; a list of all instances leaves this one out. @default {it answers} */
  readonly infoRefusal?: Result | undefined;
  /** What `devlink dev info` prints below the driver's name, if anything */
  readonly versions: Json | undefined;
  /** Asks the device for what `devlink dev info` prints below the driver's name. @default {`versions`, at once} */
  askVersions?(task: Task): Steps<{ readonly versions: Json | undefined }>;
  /** The versions that run, which ethtool(8) shows as one; none where it is not given */
  readonly runningVersions?: readonly string[];
  /** The components that can be flashed one by one; none where it is not given */
  readonly components?: readonly string[];
  /** Asked before a file is looked for: `EOPNOTSUPP` of a driver that cannot be flashed. @default {it can if it has `flash`} */
  flashes?(): Result;
  /** Flashes what the core has found; the instance is locked all the while */
  flash?(task: Task, request: FlashRequest): Steps<Result>;
  /** What a param that is not of mode driverinit holds; undefined where it cannot be read now */
  paramGet?(spec: ParamSpec): number | boolean | string | undefined;
  /** Called for each message that lacks a param because {@linkcode paramGet} returned undefined; `observation` takes what is logged */
  paramUnread?(spec: ParamSpec, observation: Observation): void;
  /** Changes a param that is not of mode driverinit */
  paramSet?(spec: ParamSpec, value: number | boolean | string): void;
  /** What files of the driver hold that change how it behaves, by their path below the device's directory. @default {none} */
  readonly knobs?: ReadonlyMap<string, number | boolean>;
  /** Left out where it has no eswitch */
  readonly eswitch?: EswitchDriver | undefined;
  /** Why the driver refuses all commands on the eswitch, which its device lacks. @default {it does not} */
  readonly eswitchRefusal?: Result | undefined;
  /** Left out where it knows no rates */
  readonly rates?: RateDriver | undefined;
  /** What a reload performs, whichever action was asked for. @default {the action that was asked for} */
  readonly reloadPerforms?: readonly ReloadAction[];
  /** The two halves of a reload. @default {the driver cannot be reloaded: `EOPNOTSUPP`} */
  reloadDown?(task: Task, action: ReloadAction): Steps<Result>;
  reloadUp?(task: Task, action: ReloadAction): Steps<Result>;
  /** Asked before a policer of a group is looked for. @default {the driver binds policers if it has `trapGroupSet`} */
  trapGroupBinds?(): Result;
  /** Called for each change that passed the core's checks. @default {the driver has no such change: `EOPNOTSUPP`} */
  trapActionSet?(task: Task, trap: Trap, action: TrapSpec["action"]): Result;
  trapGroupSet?(task: Task, group: TrapGroup, policer: TrapPolicer | undefined): Result;
  trapPolicerSet?(task: Task, policer: TrapPolicer, rate: number, burst: number): Result;
  /** Returns what the driver counted as dropped; -1 if the counter cannot be read. @default {the driver has no such counter} */
  trapDropped?(trap: Trap): number;
  /** Takes back a read of that counter, which the kernel did not do */
  unreadTrap?(trap: Trap): void;
  /** Returns what the policer dropped; -1 if the counter cannot be read. @default {nothing} */
  policerDropped?(policer: TrapPolicer): number;
  /** Checks a new value of a param. @default {any value is valid} */
  paramValidate?(task: Task, spec: ParamSpec, value: number | boolean | string): Result;
  /** Carries out a command on ports; undefined where the driver lacks it. @default {the driver lacks all of them} */
  portCommand?(task: Task, kind: PortCommand, port: Port | undefined): Result | undefined;
  /** Splits ports and undoes that, after the checks of the core. @default {`portCommand` is asked instead} */
  readonly splits?: PortSplitter;
  /** Called when the netdev of a port is to go up or down. @default {it does, and has a carrier at once} */
  linkSet?(task: Task, port: Port, up: boolean): Result;
  /** Asked before a snapshot of a region is taken. @default {any snapshot can be taken} */
  regionSnapshot?(task: Task, region: Region): Result;
  /** Tests a reporter (`devlink health test`). @default {the driver has no test: `EOPNOTSUPP`} */
  healthTest?(task: Task, reporter: Reporter): Result;
  /** Returns its shared buffer; undefined while it has none. @default {it never has one} */
  sharedBuffer?(): SharedBuffer | undefined;
  /** True if the driver may have objects of a kind that the model does not have. @default {it has none} */
  mayHave?(objects: "sb" | "dpipe" | "linecard" | "selftests"): boolean;
  /** Completes what is shown of an object, for example by parts that only the board knows. @default {as the core has it} */
  shown?(object: ShownObject, attributes: JsonObject): JsonObject;
  /** Why the model has no answer for an operation: it is not performed then. @default {it has one for each} */
  gap?(op: Operation): string | undefined;
  /** The channels of an operation that the model does not know, once it was performed. @default {none} */
  unknown?(op: Operation): Unknown | undefined;
}

/** What devlink(8) shows of a port in a shared buffer: its share of each pool, and the pool of each traffic class. */
export interface SharedBufferPort {
  readonly pools: readonly JsonObject[];
  readonly classes: readonly JsonObject[];
}

/** The shared buffer of an instance; its number is 0. Each part is as devlink(8) prints it. */
export interface SharedBuffer {
  readonly buffer: JsonObject;
  /** By their numbers, from 0 on */
  readonly pools: readonly JsonObject[];
  ofPort(port: Port): SharedBufferPort;
}

/** A command on a port that a driver may have. */
export type PortCommand = "set" | "split" | "unsplit" | "add" | "del" | "function" | "param";

/** An object with attributes that devlink(8) shows. */
export type ShownObject =
  | "dev"
  | "info"
  | "port"
  | "trap"
  | "group"
  | "policer"
  | "param"
  | "region"
  | "reporter"
  | "resource";
