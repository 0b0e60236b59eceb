/**
 * Resumes an interrupted run: its saved traces, and the decision about the interrupted sequence.
 *
 * @module
 */

import { breaksKernel } from "../diff/crash.ts";
import type { Loss, Plan, SequenceTrace } from "../diff/mod.ts";
import type { LossReason, StepTrace, TraceHeader } from "../diff/trace.ts";
import { UsageError } from "./usage_error.ts";

/** Returns the name of a sequence that is unique in a run. */
export const keyOf = ({ suite, sequence }: { suite: string; sequence: string }) => `${suite} > ${sequence}`;

/**
 * Returns the trace of a sequence that an earlier process of the run saved.
 *
 * @throws {UsageError} If the sequence now has other steps
 */
export function keptOf(plan: Plan, kept: SequenceTrace | undefined): SequenceTrace | undefined {
  const stepsOf = (steps: Plan["steps"]) => JSON.stringify(steps.map(({ id, phase, op }) => ({ id, phase, op })));
  if (kept && stepsOf(kept.steps) !== stepsOf(plan.steps.slice(0, kept.steps.length))) {
    throw new UsageError(`Cannot resume the run: ${keyOf(plan)} has other steps than when it began`);
  }
  return kept;
}

/**
 * Checks that a board is the same as when the run began.
 *
 * @throws {UsageError} If the board differs
 */
export function checkSameBoard(began: TraceHeader, now: TraceHeader): void {
  for (const key of ["kernel", "iproute2", "era", "freedMemory"] as const) {
    if (began[key] === now[key]) continue;
    throw new UsageError(
      `Cannot resume the run: board "${began.board}" had ${key} "${began[key] ?? ""}" when it began, and has "${
        now[key] ?? ""
      }" now`,
    );
  }
}

/** The known state of the board after the interruption. */
export interface Aftermath {
  /** True for a guest of our own: the old guest ended with the run, and this is a fresh guest */
  fresh: boolean;
  /** True if the board has rebooted since */
  rebooted: boolean;
  /** True if the board can be rebooted */
  renewable: boolean;
  /** The console's last report of a kernel that broke */
  lastWords: string | undefined;
}

/** The decision about the interrupted sequence; `renew` if the board must be rebooted before the next push. */
export type Fate =
  /** The sequence is run again from its start */
  | { again: true; renew: boolean }
  /** The sequence is reported with the result that it had */
  | { again: false; renew: boolean; trace: SequenceTrace };

/** Losses after which the board itself may be lost: a step with such a loss is not retried automatically. */
const GRAVE: ReadonlySet<LossReason> = new Set(["timeout", "crash", "reboot"]);

const reports = ({ observation }: StepTrace) =>
  observation?.kmsg.some(({ class: kind }) => kind !== "info" && kind !== "stale") ?? false;

/**
 * Decides about an interrupted sequence. It is rerun on a clean board: a fresh guest, a board whose agent
 * has run the tear-down, or a rebooted board. It is not rerun if it broke the board, unless the model predicts that.
 */
export function fateOf(plan: Plan, cut: SequenceTrace, board: Aftermath): Fate {
  const { steps } = cut;
  const gone = board.fresh || board.rebooted;
  const broke = steps.find(({ observation, lost }) =>
    observation ? breaksKernel(observation) : lost !== undefined && GRAVE.has(lost.reason)
  );
  const next = steps.length + 1;
  const brokeAt = broke?.id ?? (board.lastWords !== undefined || board.rebooted ? next : undefined);
  const predicted = plan.breaks !== undefined && brokeAt !== undefined && brokeAt >= plan.breaks;
  // All steps were reported, only the end mark is missing.
  const whole = steps.length === plan.steps.length;
  if (whole || (brokeAt !== undefined && !predicted)) {
    const renew = !gone &&
      (broke !== undefined || plan.breaks !== undefined || plan.spoils !== undefined || steps.some(reports));
    return {
      again: false,
      renew,
      trace: { ...cut, steps: [...steps, ...untold(plan, next, board, broke)] },
    };
  }
  // A plan that breaks the kernel has no tear-down; and a report that the kernel makes once would not come again.
  const renew = !gone && (plan.breaks !== undefined || plan.spoils !== undefined || steps.some(reports));
  if (renew && !board.renewable) {
    return { again: false, renew, trace: { ...cut, steps: [...steps, ...untold(plan, next, board)] } };
  }
  return { again: true, renew };
}

/** Returns the steps without a report; they follow the step in which the board broke, if that step was reported. */
function untold(plan: Plan, from: number, { lastWords, rebooted }: Aftermath, broke?: StepTrace): StepTrace[] {
  const died = "twinlink died while the sequence ran";
  const unheard: Loss = { reason: "untold", detail: rebooted ? `${died}, and the board has rebooted since` : died };
  const crashed = broke === undefined && lastWords !== undefined;
  // A broken kernel runs no further step; without twinlink a board still finishes its plan.
  const rest: Loss = crashed || broke?.observation ? { reason: "not-run", detail: died } : unheard;
  return plan.steps.slice(from - 1).map((step, i) => ({
    ...step,
    lost: crashed && i === 0 ? { reason: "crash", detail: lastWords } : rest,
  }));
}
