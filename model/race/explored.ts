/**
 * The result of a search over interleavings.
 *
 * @module
 */

import type { Execution } from "./execution.ts";
import type { Finding } from "./finding.ts";
import { writeSchedule } from "./schedule.ts";

/** The result of a search. */
export interface Explored {
  /** The number of schedules that were run to their end */
  schedules: number;
  /** The number of schedules that were aborted, since another schedule shows the same */
  redundant: number;
  /** The number of steps of all runs */
  steps: number;
  /** True if all schedules that can differ were run, within the bound of preemptions if there was one */
  exhausted: boolean;
  /** The outcomes, each with the number of schedules that showed it and the first such schedule */
  outcomes: Map<string, { count: number; schedule: string }>;
  /** The findings, each once, with the first schedule that showed it */
  findings: (Finding & { schedule: string; count: number })[];
}

/** Returns the state before the first run. */
export function unexplored(): Explored {
  return { schedules: 0, redundant: 0, steps: 0, exhausted: false, outcomes: new Map(), findings: [] };
}

/** Adds the result of a run to the results so far. */
export function tally(
  explored: Explored,
  execution: Execution,
  choices: readonly number[],
  { livelock, cut }: { livelock: boolean; cut: boolean },
): void {
  explored.schedules++;
  explored.steps += execution.steps;
  const found: Finding[] = [];
  if (cut) found.push({ kind: "live-lock", text: `no end after ${execution.steps} steps`, cycle: [] });
  else {
    const { outcome, findings } = execution.finish(livelock);
    found.push(...findings);
    const known = explored.outcomes.get(outcome);
    if (known) known.count++;
    else explored.outcomes.set(outcome, { count: 1, schedule: writeSchedule(choices) });
  }
  for (const finding of found) {
    const known = explored.findings.find(({ kind, text }) => kind === finding.kind && text === finding.text);
    if (known) known.count++;
    else explored.findings.push({ ...finding, schedule: writeSchedule(choices), count: 1 });
  }
}
