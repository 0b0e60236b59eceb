/**
 * The state of a board after a sequence, and the changes that could not be undone on it.
 *
 * @module
 */

import type { Dirty } from "../boards/state.ts";
import { breaksKernel } from "../diff/crash.ts";
import type { LossReason, Plan } from "../diff/trace.ts";
import type { SequenceResult } from "./run_events.ts";

/** Saves, by board name, the changes that could not be undone; see `boards/state.ts`. */
export interface Dirt {
  /** Returns what is left on a board; undefined if the board is clean */
  of(board: string): Promise<Dirty | undefined>;
  /** Records in words what is left on a board */
  mark(board: string, reason: string): Promise<void>;
  /** Records that a board is clean */
  clear(board: string): Promise<void>;
}

/**
 * State of a board after a sequence: `broken` if its kernel is; `doubtful` if the kernel made a once-only report, or if the
 * sequence leaves something that only a reboot removes; `lost` if the line or the board is lost.
 */
export type BoardState = "sound" | "doubtful" | "broken" | "lost";

/** Losses after which the line is opened again. A board that rebooted by itself is clean. */
const LOST: ReadonlySet<LossReason> = new Set(["transport", "timeout", "power", "reboot"]);

/** Returns the state of a board after a sequence, by the sequence's trace. */
export function stateBehind(plan: Plan, { observed, verdict }: SequenceResult): BoardState {
  if (observed.steps.length === 0) return "sound";
  const reasons = observed.steps.map((step) => step.lost?.reason);
  // A plan that breaks the kernel has no tear-down: its set-up is still there, whatever its result.
  const broken = plan.breaks !== undefined ||
    observed.steps.some(({ observation }) => observation && breaksKernel(observation));
  if (broken || reasons.includes("crash")) return "broken";
  if (reasons.some((reason) => reason !== undefined && LOST.has(reason))) return "lost";
  if (plan.spoils !== undefined) return "doubtful";
  const reported = observed.steps.some(({ observation }) => {
    return observation?.kmsg.some((line) => line.class !== "info" && line.class !== "stale");
  });
  return verdict.verdict === "crash" || reported ? "doubtful" : "sound";
}

/** Returns in words what a sequence could not undo on its board; undefined if it undid everything. */
export function leftBehind({ observed, expected, verdict }: SequenceResult, state: BoardState): string | undefined {
  const name = `${verdict.suite} > ${verdict.sequence}`;
  if (state === "broken") return `${name} broke its kernel`;
  if (state === "lost") return `it was lost in ${name}`;
  const failed = observed.steps.find(({ phase, lost, observation }, i) => {
    if (phase !== "teardown") return false;
    if (lost?.reason === "not-run") return true;
    // A result that only the driver decides is no failure: the facts after the run show if the device is as it was.
    const wanted = expected.steps[i]?.observation;
    return observation && observation.result !== wanted?.result && verdict.steps[i]?.verdict !== "model-gap";
  });
  return failed && `step ${failed.id} of ${name}, a tear-down, was not done`;
}
