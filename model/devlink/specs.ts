/**
 * What a driver declares of its objects, and what it is asked for: plain data.
 *
 * @module
 */

import type { Json } from "../observation.ts";

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
  /** Of mode driverinit, what the driver begins with; else what the param can be put back to; undefined where it is not known */
  readonly default: number | boolean | string | undefined;
  /** What is shown of further modes that the param has */
  readonly others?: readonly Json[];
}

/** The modes of an eswitch. */
export type EswitchMode = "legacy" | "switchdev" | "switchdev_inactive";

/** What a driver is to flash. */
export interface FlashRequest {
  /** One of the components that the driver tells the versions of; the whole device where it is undefined */
  component: string | undefined;
  /** Which sections are not to be kept: bits, 1 for settings and 2 for identifiers */
  overwrite: number;
}
