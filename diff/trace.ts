/**
 * A trace: everything that one run of plans showed on one target, step by step, channel by channel.
 *
 * @module
 */

import type { HardwareId } from "../model/drivers/hardware.ts";
import type { Disruption } from "../model/disruption.ts";
import type { Facts } from "../model/facts.ts";
import type { FreedMemory, Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import type { TaskStack } from "../model/race/outcome.ts";
import type { Crash } from "./crash.ts";

/** Where a step stands: preparing the fixture, in the body of the sequence, or in the tear-down. */
export type Phase = "setup" | "body" | "teardown";

/** One step of a plan. */
export interface PlannedStep {
  /** 1 for the first step of the plan */
  id: number;
  /** Set-up and tear-down belong to the fixture, the rest to the sequence's body */
  phase: Phase;
  /** What is performed */
  op: Operation;
}

/** A sequence compiled to data. */
export interface Plan {
  /** The suite's name */
  suite: string;
  /** The sequence's name, unique in its suite */
  sequence: string;
  /** Where the expectation comes from, for example `"T12; 3.11"` */
  source: string;
  /** Set-up, body and tear-down, in the order that they are performed in */
  steps: PlannedStep[];
  /** What a board must have for it, beside what its steps say. @default nothing */
  requires?: readonly string[];
  /** What the board's device lacks for it, in words: it is not run then. @default nothing */
  lacks?: string;
  /** How the board is found: performed on the model alone. @default with nothing on it */
  given?: readonly Operation[];
  /**
   * The first step in which the model predicts that the kernel breaks, the last where it only would in the tear-down: there is no
   * tear-down then, and the board is to be renewed after the plan. Left out where the kernel does not break.
   */
  breaks?: number;
  /** What it leaves on the board that only a boot removes, in words: the board is renewed after it. Left out where it leaves nothing. */
  spoils?: string;
  /** The effect on the device that its author declares at least. Left out where its steps say it */
  disruption?: Disruption;
  /** The step that hangs, as the model predicts; no other comes after it. Left out where none does. */
  hangs?: number;
  /**
   * The steps that take longer than 3 s on the model, or hang: how long they take, or when they begin to hang, in s, by the step's id.
   * A board gets as much longer for them.
   */
  takes?: Readonly<Record<number, number>>;
}

/** Why a step has no observation. Never a pass: each of these is judged `indeterminate`, `infra`, `crash` or `model-gap`. */
export type LossReason =
  /** No reply within the step's bound */
  | "timeout"
  /** The board was lost in another step, before it reported this one, which it may have run */
  | "untold"
  /** A reply whose length or checksum was wrong, also when asked for again */
  | "damaged"
  /** The connection broke */
  | "transport"
  /** The board has no power */
  | "power"
  /** The board rebooted while the step ran */
  | "reboot"
  /** The board's console reports that its kernel broke while the step ran */
  | "crash"
  /** The kernel's message queue overflowed, so that notifications are missing */
  | "overrun"
  /** The board had no space left to write down what the step showed */
  | "full"
  /** The step, or one beside it, showed more than is taken over */
  | "too-long"
  /** A program that the step needs is not on the board, cannot be started, or was ended by a signal */
  | "tool"
  /** It was not run: an earlier step did not end, or broke the kernel */
  | "not-run"
  /** A recording holds no such step */
  | "not-recorded"
  /** The model has no answer; of the model alone */
  | "not-modelled";

/** What is known of a step that has no observation. */
export interface Loss {
  /** What kind of loss it is */
  reason: LossReason;
  /** What is known beside, in words; it may hold text of the board. Empty where nothing is */
  detail: string;
  /** What the console's report of the end of the kernel is of, of `crash` */
  crash?: Crash;
}

/** A step as it was run. Exactly one of `observation` and `lost` is there. */
export interface StepTrace extends PlannedStep {
  /** What the step showed */
  observation?: Observation;
  /** Why there is no observation */
  lost?: Loss;
  /**
   * Board time, in ms since its boot, at the start and at the end of the step. `late` is the part of it, in ms, by which the
   * agent's ticks came late: the board stood still then, or had no CPU for them. Left out where they came in time.
   */
  board?: { start: number; end: number; late?: number };
  /** On the model, of a step that hangs: who waits for what, a sentence each */
  waits?: readonly string[];
  /** On a board, of a step that does not end: the tasks that cannot be interrupted */
  stacks?: readonly TaskStack[];
}

/**
 * What the emulated device of a guest saw while a sequence ran. The judge compares none of it; the report names wrong accesses.
 * `eventsByStep` of device_record.ts reads it.
 */
export interface DeviceRecord {
  /** The version of this format */
  version: 1;
  /** How many events the device reported; a run that it counted itself is one */
  events: number;
  /** How many lines the log has no space for; left out if it has all */
  left?: number;
  /** Accesses that the device does not know, and its own defects: how many, and the first ones. Left out if there were none */
  wrong?: { count: number; first: { step: number; text: string }[] };
  /** The events: JSON Lines, gzip, base64 */
  log: string;
}

/** A sequence as it was run. */
export interface SequenceTrace {
  /** The suite's name */
  suite: string;
  /** The sequence's name, unique in its suite */
  sequence: string;
  /** Where the expectation comes from, as in the {@linkcode Plan} */
  source: string;
  /** The steps in the order of the plan */
  steps: StepTrace[];
  /** Which boot of the board it was begun in, where that was kept: its `/proc/sys/kernel/random/boot_id` */
  boot?: string;
  /** Devices of the model that the plan required, see `HardwareId`; left out if it required none. `check` has the model with them */
  hardware?: readonly HardwareId[];
  /** What the board's emulated device saw. Absent if the board has no such device, or the device saw nothing */
  device?: DeviceRecord;
}

/** What a trace was taken from. */
export interface TraceHeader {
  /** The board's name, as in its file */
  board: string;
  /** `model`, `ssh`, `serial`, `local` or `recording` */
  transport: string;
  /** The era of the model to compare with, for example `"6.12"` */
  era: string;
  /** How that era fits the kernel, in words; left out if it was taken from this kernel */
  eraNote?: string;
  /** `uname -r`, empty for the model */
  kernel: string;
  /** `devlink -V`, empty for the model */
  iproute2: string;
  /** What a use of freed memory does there. @default {"kept"} */
  freedMemory?: FreedMemory;
  /** What the target has, of the capabilities that it can tell of; left out where that was not kept */
  has?: readonly string[];
  /** What the board's devlink instance had before the run; left out where nothing was read, or the board had no such instance */
  facts?: Facts;
  /** The earlier recording that it is compared with instead of the model, in words; of reports alone */
  against?: string;
  /** Where those facts contradict what the model of the driver has, one line each; left out where nothing does */
  contradictions?: readonly string[];
}

/** A trace: its header and its sequences, in the order of the run. */
export interface Trace {
  /** What it was taken from */
  header: TraceHeader;
  /** The sequences that were run */
  sequences: SequenceTrace[];
}
