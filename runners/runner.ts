/**
 * Runners: each runs plans on one kind of target and returns traces.
 *
 * @module
 */

import type { Board, TransportName } from "../boards/mod.ts";
import type { Plan, SequenceTrace, StepTrace, TraceHeader } from "../diff/trace.ts";
import { driverModelOf } from "../model/drivers/mod.ts";
import type { Facts } from "../model/facts.ts";
import { failureOf } from "./agent/broken_program.ts";
import type { FailedCommand, Hello } from "./agent/hello.ts";
import type { Instance } from "./agent/instances.ts";
import type { Lifelines } from "./guard/guard.ts";

/** The progress of slow work, for the user: a download, a build, a boot. */
export interface Progress {
  /** The work in a few words, for example `download linux-image-6.12` */
  phase: string;
  /** The object of the work, for example `kernel 6.12` */
  detail?: string;
  /** The finished part of `total`, in any unit */
  done?: number;
  /** All of the work, in the unit of `done` */
  total?: number;
}

/** Options of {@linkcode openRunner}. */
export interface RunnerOptions {
  /** The line to use if the board has several. @default {the line of the board file, else the first of its tables} */
  transport?: TransportName;
  /** The command that uses the board, as shown to users who find its device in use. @default {"twinlink"} */
  doing?: string;
  /** True to wait while another run has the board's device. @default {false} */
  wait?: boolean;
  /** Ends the run; the board is torn down */
  signal?: AbortSignal;
  /** Called with the progress while the board is prepared */
  onProgress?: (progress: Progress) => void;
  /** Called for each step when its result arrives */
  onStep?: (step: StepTrace) => void;
  /** Called for each line of the connection that belongs to no record: on a shared line, the kernel's lines */
  onNoise?: (line: string) => void;
  /** Devices that a plan may take away although the board needs them, by their names in sysfs. @default {[]} */
  iKnow?: readonly string[];
  /** The file for the full log of the board's console, if it has one. @default {beside the board's image} */
  consoleLog?: string;
}

/** A target that runs plans. */
export interface Runner {
  /** The description of this target in its traces */
  readonly header: TraceHeader;
  /** The capabilities that the target reports; undefined if it cannot report any */
  readonly has: readonly string[] | undefined;
  /** The facts of the board's devlink instance; left out if they were not read, or the board lacks the instance */
  readonly facts?: Facts;
  /** Reads the facts of the board's own device again; undefined if the device is gone. Left out if `facts` is left out */
  readFacts?(): Promise<Facts | undefined>;
  /** Lists the board's devlink instances, including those that are not under test. Left out if the target has no agent */
  instances?(): Promise<Instance[]>;
  /** Reads what the board must not lose, with the devices that carry it. Left out for a guest, which may be broken */
  lifelines?(): Promise<Lifelines>;
  /** The boot id of the target, if it has one: `/proc/sys/kernel/random/boot_id`. It changes with `renew` */
  readonly boot?: string | undefined;
  /** True if the target can answer a plan of this name. Left out if it can answer every plan. */
  holds?(about: Pick<Plan, "suite" | "sequence">): boolean;
  /**
   * Checks plans before any of them is run, if the board may not be broken; `run` does the same for its own plan.
   *
   * @throws {RefusedError} If a plan would take away the board's root filesystem or the connection to it, or names a device
   *   other than the board's own
   */
  guard?(plans: readonly Plan[]): Promise<void>;
  /**
   * Runs a plan. Steps that the board did not answer are lost in the trace; nothing is thrown for them.
   *
   * @throws {RefusedError} As `guard` does; nothing was pushed then
   */
  run(plan: Plan): Promise<SequenceTrace>;
  /**
   * Renews the target after its kernel broke: reboots it and connects again. Left out if the target cannot be renewed.
   *
   * @throws {TransportError} If the target does not come back
   */
  renew?(): Promise<void>;
  /** Restores the target as it was; safe to call twice. */
  close(): Promise<void>;
}

/** A board answers but cannot run plans: no root, no devlink, no kernel log. The exit status is 3. */
export class UnfitBoardError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "UnfitBoardError";
}

/**
 * Checks that the board can run plans.
 *
 * @throws {UnfitBoardError} If it cannot; the message lists what is missing and where to get it
 */
export function checkFit(board: Board, hello: Hello): void {
  const unfit = (what: string) => {
    throw new UnfitBoardError(`Cannot use board "${board.name}": ${what}`);
  };
  const { missing } = hello;
  if (missing.includes("devlink") || missing.includes("ip")) {
    const tools = missing.filter((tool) => tool === "devlink" || tool === "ip").join(" and ");
    unfit(`${tools} of iproute2 ${missing.length > 1 ? "are" : "is"} not on the board`);
  }
  if (missing.length > 0) unfit(`${missing.join(", ")} not found on the board`);
  if (!hello.root) unfit("the agent needs root there, and is logged in as an ordinary user");
  const how = ({ status, said }: FailedCommand) =>
    status === "hang" ? "does not end" : failureOf(status, said) ?? `ends with status ${status}`;
  const failing = (failed: FailedCommand) =>
    `"${failed.command}" ${how(failed)} there${failed.said === "" ? "" : `: ${failed.said}`}`;
  const { unready } = hello;
  if (unready) unfit(`it does not get ready: ${unready.key}: ${failing(unready)}`);
  const [failed] = hello.failed;
  const absent = `its kernel ${hello.kernel} has no devlink (CONFIG_NET_DEVLINK)`;
  // The error of devlink(8) if the kernel does not have the netlink family of devlink.
  if (failed?.command === "devlink dev show" && /^Failed to connect to devlink Netlink/.test(failed.said)) {
    unfit(absent);
  }
  if (failed) unfit(failing(failed));
  if (!hello.has.includes("devlink")) unfit(absent);
  if (!hello.has.includes("kmsg")) unfit("its kernel log (/dev/kmsg) cannot be read");
  for (const { capability, lacking } of driverModelOf(board.driver).presence ?? []) {
    if (!hello.has.includes(capability)) unfit(`its kernel ${hello.kernel} ${lacking}`);
  }
}
