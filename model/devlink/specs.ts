/**
 * The objects as a driver declares them, and the requests to a driver: plain data.
 *
 * @module
 */

import type { Json } from "../observation.ts";

/** An action of a reload. */
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

/** A trap group as a driver declares it; `policer` 0: no policer. */
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
  readonly type: "u32" | "bool" | "string";
  readonly cmode: "runtime" | "driverinit" | "permanent";
  /** In mode driverinit, the first value; else the default that the param can be reset to; undefined if not known */
  readonly default: number | boolean | string | undefined;
  /** The further modes of the param, as devlink(8) prints them */
  readonly others?: readonly Json[];
}

/** The modes of an eswitch. */
export type EswitchMode = "legacy" | "switchdev" | "switchdev_inactive";

/** A request to flash. */
export interface FlashRequest {
  /** One of the components whose versions the driver reports; undefined for the whole device */
  component: string | undefined;
  /** The sections to overwrite, as bits: 1 for settings, 2 for identifiers */
  overwrite: number;
}
