/**
 * Runners: each takes plans to one kind of target and brings back traces.
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

/** What tells a user how far the work is: a download, a build, a boot. */
export interface Progress {
  /** What is done, in a few words, for example `download linux-image-6.12` */
  phase: string;
  /** What it is done to, for example `kernel 6.12` */
  detail?: string;
  /** How much of `total` is done, in whatever unit */
  done?: number;
  /** How much there is to do, in the unit of `done` */
  total?: number;
}

/** Options of {@linkcode openRunner}. */
export interface RunnerOptions {
  /** Which line to a board that has several. @default {the line of the board file, else the first of its tables} */
  transport?: TransportName;
  /** What the board is wanted for, as shown to others who find its device in use. @default {"twinlink"} */
  doing?: string;
  /** Waits where another run has the board's device. @default {false} */
  wait?: boolean;
  /** Ends the run; the board is torn down */
  signal?: AbortSignal;
  /** Called as preparing the board goes on */
  onProgress?: (progress: Progress) => void;
  /** Called for each step as it comes back */
  onStep?: (step: StepTrace) => void;
  /** Called for each line of the connection that belongs to no record: on a shared line, what the kernel said */
  onNoise?: (line: string) => void;
  /** Devices that a plan may take away although the board needs them, by their names in sysfs. @default {[]} */
  iKnow?: readonly string[];
  /** Where the console of a board that has one is logged, whole. @default {beside the board's image} */
  consoleLog?: string;
}

/** A target that plans can be run on. */
export interface Runner {
  /** What traces of this target say of it */
  readonly header: TraceHeader;
  /** What the target has, of the capabilities that it can tell of; undefined where it cannot */
  readonly has: readonly string[] | undefined;
  /** What the board's devlink instance has; left out where nothing was read, or the board had no such instance */
  readonly facts?: Facts;
  /** Reads the facts of the board's own device again; undefined where it is gone. Left out where there were none */
  readFacts?(): Promise<Facts | undefined>;
  /** Lists the board's devlink instances, those that are not under test included. Left out of what has no agent */
  instances?(): Promise<Instance[]>;
  /** Reads what the board must not lose, and by which devices. Left out where the board is ours to break */
  lifelines?(): Promise<Lifelines>;
  /** Which boot of the target this is, where it can tell: its `/proc/sys/kernel/random/boot_id`. It changes with `renew` */
  readonly boot?: string | undefined;
  /** True if the target can answer a plan of this name at all. Left out if it can answer every plan. */
  holds?(about: Pick<Plan, "suite" | "sequence">): boolean;
  /**
   * Looks at plans before any of them is run, where the board is not ours to break: `run` does the same for its plan.
   *
   * @throws {RefusedError} If one would take away the board's root filesystem or the connection to it, or names
   * another device than its handle's
   */
  guard?(plans: readonly Plan[]): Promise<void>;
  /**
   * Runs a plan. What the board did not answer is in the trace as lost; nothing is thrown for it.
   *
   * @throws {RefusedError} As `guard` does; nothing was pushed then
   */
  run(plan: Plan): Promise<SequenceTrace>;
  /**
   * Makes the target as new after its kernel broke: reboots it and connects again. Left out where nothing can.
   *
   * @throws {TransportError} If it does not come back
   */
  renew?(): Promise<void>;
  /** Leaves the target as it was; safe to call twice. */
  close(): Promise<void>;
}

/** A board that answers and cannot do the job: no root, no devlink, no kernel log. The exit status is 3. */
export class UnfitBoardError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "UnfitBoardError";
}

/**
 * Checks that the board can run plans at all.
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
  // What devlink(8) reports where the kernel does not know the family of netlink.
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
