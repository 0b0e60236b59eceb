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

/** The eswitch operations of a driver. */
export interface EswitchDriver {
  readonly mode: EswitchMode;
  setMode(task: Task, mode: EswitchMode): Steps<Result>;
}

/** The operations of a driver on rate objects; rates are in bytes per second. */
export interface RateDriver {
  nodeNew(task: Task, name: string): Result;
  nodeDel(name: string): void;
  txSet(task: Task, rate: Rate, what: "tx_share" | "tx_max", value: number): Result;
}

/** The operations of a driver that split and unsplit a port; the instance is locked. */
export interface PortSplitter {
  split(task: Task, port: Port, count: number): Steps<Result>;
  unsplit(task: Task, port: Port): Steps<Result>;
}

/** The driver of one bound device. */
export interface Driver {
  readonly name: string;
  readonly reloadActions: readonly ReloadAction[];
  readonly reloadLimits: readonly "no_reset"[];
  /** True if this instance must not be reloaded, although the driver has reload operations */
  readonly withholdsReload?: boolean;
  /** The errno with which the driver refuses `devlink dev info`; a dump leaves this instance out. @default {the driver answers} */
  readonly infoRefusal?: Result | undefined;
  /** The versions that `devlink dev info` prints below the driver's name, if any */
  readonly versions: Json | undefined;
  /** Asks the device for the versions that `devlink dev info` prints. @default {`versions`, without a wait} */
  askVersions?(task: Task): Steps<{ readonly versions: Json | undefined }>;
  /** The running versions, which ethtool(8) shows as one text. @default {none} */
  readonly runningVersions?: readonly string[];
  /** The components that can be flashed one by one. @default {none} */
  readonly components?: readonly string[];
  /** Called before the file is looked up: `EOPNOTSUPP` if the driver cannot flash. @default {it can if it has `flash`} */
  flashes?(): Result;
  /** Flashes the file that the core has found; the instance stays locked */
  flash?(task: Task, request: FlashRequest): Steps<Result>;
  /** Returns the value of a param that is not of mode driverinit; undefined if it cannot be read now */
  paramGet?(spec: ParamSpec): number | boolean | string | undefined;
  /** Called for each message that lacks a param because {@linkcode paramGet} returned undefined; logs to `observation` */
  paramUnread?(spec: ParamSpec, observation: Observation): void;
  /** Changes a param that is not of mode driverinit */
  paramSet?(spec: ParamSpec, value: number | boolean | string): void;
  /** Contents of the driver's files that change its behaviour, by path below the device's directory. @default {none} */
  readonly knobs?: ReadonlyMap<string, number | boolean>;
  /** Left out if the driver has no eswitch */
  readonly eswitch?: EswitchDriver | undefined;
  /** The errno of all eswitch commands if the device lacks an eswitch. @default {the driver does not refuse} */
  readonly eswitchRefusal?: Result | undefined;
  /** Left out if the driver has no rate objects */
  readonly rates?: RateDriver | undefined;
  /** The actions that a reload performs, for any requested action. @default {the requested action} */
  readonly reloadPerforms?: readonly ReloadAction[];
  /** The two halves of a reload. @default {the driver cannot be reloaded: `EOPNOTSUPP`} */
  reloadDown?(task: Task, action: ReloadAction): Steps<Result>;
  reloadUp?(task: Task, action: ReloadAction): Steps<Result>;
  /**
   * Called before the policer of a group is looked up: `ok` if the driver binds policers. @default {it does if it has
   * `trapGroupSet`}
   */
  trapGroupBinds?(): Result;
  /** Called for each change that passed the core's checks. @default {the driver has no such change: `EOPNOTSUPP`} */
  trapActionSet?(task: Task, trap: Trap, action: TrapSpec["action"]): Result;
  trapGroupSet?(task: Task, group: TrapGroup, policer: TrapPolicer | undefined): Result;
  trapPolicerSet?(task: Task, policer: TrapPolicer, rate: number, burst: number): Result;
  /**
   * Returns the number of packets that the driver dropped; -1 if the counter cannot be read. @default {the driver has no such
   * counter}
   */
  trapDropped?(trap: Trap): number;
  /** Takes back a counted read of that counter, since the kernel did not do this read */
  unreadTrap?(trap: Trap): void;
  /** Returns the number of packets that the policer dropped; -1 if the counter cannot be read. @default {0} */
  policerDropped?(policer: TrapPolicer): number;
  /** Checks a new value of a param. @default {any value is valid} */
  paramValidate?(task: Task, spec: ParamSpec, value: number | boolean | string): Result;
  /** Carries out a command on a port; returns undefined if the driver lacks the command. @default {the driver lacks all of them} */
  portCommand?(task: Task, kind: PortCommand, port: Port | undefined): Result | undefined;
  /** Splits and unsplits ports, after the checks of the core. @default {`portCommand` is called instead} */
  readonly splits?: PortSplitter;
  /** Called when the netdev of a port is set up or down. @default {it succeeds, and the carrier is up at once} */
  linkSet?(task: Task, port: Port, up: boolean): Result;
  /** Called before a snapshot of a region is taken. @default {any snapshot can be taken} */
  regionSnapshot?(task: Task, region: Region): Result;
  /** Tests a reporter (`devlink health test`). @default {the driver has no test: `EOPNOTSUPP`} */
  healthTest?(task: Task, reporter: Reporter): Result;
  /** Returns the shared buffer of the device; undefined while there is none. @default {there is never one} */
  sharedBuffer?(): SharedBuffer | undefined;
  /** True if the driver may have objects of a kind that the model does not have. @default {it has none} */
  mayHave?(objects: "sb" | "dpipe" | "linecard" | "selftests"): boolean;
  /**
   * Completes the shown attributes of an object, for example with values that only the board knows. @default {the core's
   * attributes}
   */
  shown?(object: ShownObject, attributes: JsonObject): JsonObject;
  /** Returns why the model has no answer for an operation, which is then not performed. @default {it has an answer for each} */
  gap?(op: Operation): string | undefined;
  /** Returns the channels that the model does not know, after an operation. @default {none} */
  unknown?(op: Operation): Unknown | undefined;
}

/** A port in a shared buffer, as devlink(8) shows it: its share of each pool, and the pool of each traffic class. */
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
