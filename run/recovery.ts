/**
 * A run that broke off is resumed: what is saved of it, and what happens to the sequence that was under way.
 *
 * @module
 */

import { breaksKernel } from "../diff/crash.ts";
import type { Loss, Plan, SequenceTrace } from "../diff/mod.ts";
import type { LossReason, StepTrace, TraceHeader } from "../diff/trace.ts";
import { UsageError } from "./usage_error.ts";

/** Returns the name of a sequence, within a run. */
export const keyOf = ({ suite, sequence }: { suite: string; sequence: string }) => `${suite} > ${sequence}`;

/**
 * Returns a sequence as an earlier process of the run has kept it.
 *
 * @throws {UsageError} If its steps are others now
 */
export function keptOf(plan: Plan, kept: SequenceTrace | undefined): SequenceTrace | undefined {
  const stepsOf = (steps: Plan["steps"]) => JSON.stringify(steps.map(({ id, phase, op }) => ({ id, phase, op })));
  if (kept && stepsOf(kept.steps) !== stepsOf(plan.steps.slice(0, kept.steps.length))) {
    throw new UsageError(`Cannot resume the run: ${keyOf(plan)} has other steps than when it began`);
  }
  return kept;
}

/**
 * Checks that a board is as it was when the run began.
 *
 * @throws {UsageError} If it is not
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

/** What is known of the board now. */
export interface Aftermath {
  /** It is a guest of our own: it went with the run, and this is a fresh one */
  fresh: boolean;
  /** It has rebooted since */
  rebooted: boolean;
  /** It can be rebooted */
  renewable: boolean;
  /** What its console said of the end of its kernel */
  lastWords: string | undefined;
}

/** What to do with it; `renew` where the board is to be rebooted before anything is pushed to it. */
export type Fate =
  /** It is begun again from its start */
  | { again: true; renew: boolean }
  /** It is reported as what it was */
  | { again: false; renew: boolean; trace: SequenceTrace };

/** Losses after which the board itself may be lost: a step that came to that is not tried again by itself. */
const GRAVE: ReadonlySet<LossReason> = new Set(["timeout", "crash", "reboot"]);

const reports = ({ observation }: StepTrace) =>
  observation?.kmsg.some(({ class: kind }) => kind !== "info" && kind !== "stale") ?? false;

/**
 * Decides on a sequence that was under way. It is begun again on a board that is clean: a fresh guest; one on which the agent has
 * brought it to its tear-down; one that is rebooted. It is not where the board broke in it, unless the model predicts it.
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
  // All of it was reported, except the mark that this is all.
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
  // A plan that breaks the kernel has no tear-down; and what the kernel reports once, it would not report again.
  const renew = !gone && (plan.breaks !== undefined || plan.spoils !== undefined || steps.some(reports));
  if (renew && !board.renewable) {
    return { again: false, renew, trace: { ...cut, steps: [...steps, ...untold(plan, next, board)] } };
  }
  return { again: true, renew };
}

/** Returns the steps that nothing was reported of, after the one in which the board broke, if that was reported. */
function untold(plan: Plan, from: number, { lastWords, rebooted }: Aftermath, broke?: StepTrace): StepTrace[] {
  const died = "twinlink died while the sequence ran";
  const unheard: Loss = { reason: "untold", detail: rebooted ? `${died}, and the board has rebooted since` : died };
  const crashed = broke === undefined && lastWords !== undefined;
  // In a kernel that broke nothing is run; without twinlink a board brings its plan to the end.
  const rest: Loss = crashed || broke?.observation ? { reason: "not-run", detail: died } : unheard;
  return plan.steps.slice(from - 1).map((step, i) => ({
    ...step,
    lost: crashed && i === 0 ? { reason: "crash", detail: lastWords } : rest,
  }));
}
