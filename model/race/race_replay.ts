/**
 * Replays one schedule of a race, minimises its preemptions, and draws it as a diagram.
 *
 * @module
 */

import { Execution, preemptionsOf, type Scenario } from "./execution.ts";
import { explore } from "./explore.ts";
import type { Explored } from "./explored.ts";
import type { Finding } from "./finding.ts";
import { type Deed, lanes, readSchedule } from "./schedule.ts";

/** The result of a replayed schedule. */
export interface Replay {
  /** The threads, in the order of their letters */
  names: string[];
  /** The steps of the schedule */
  deeds: Deed[];
  outcome: string;
  findings: Finding[];
}

/**
 * Runs a schedule again; after the end of the schedule, the threads run one after the other.
 *
 * @throws {SyntaxError} If the text is not a schedule
 * @throws {RangeError} If a thread of the schedule does not exist, or cannot continue when the schedule runs it
 */
export function replay(scenario: Scenario, schedule: string): Replay {
  const choices = readSchedule(schedule);
  const execution = new Execution(scenario);
  const { threads } = execution.run;
  const deeds: Deed[] = [];
  let before = -1;
  for (let step = 0;; step++) {
    const livelock = execution.endless && execution.livelock();
    const enabled = execution.enabled();
    if (enabled === 0 || livelock || (execution.endless && step >= choices.length)) {
      if (step < choices.length) {
        throw new RangeError(`Cannot replay "${schedule}": all threads have ended or wait at step ${step + 1}`);
      }
      const { outcome, findings } = execution.finish(livelock);
      return { names: threads.map(({ name }) => name), deeds, outcome, findings };
    }
    let chosen = choices[step];
    if (chosen === undefined) {
      chosen = before >= 0 && enabled & (1 << before) ? before : 31 - Math.clz32(enabled & -enabled);
    } else if (!(enabled & (1 << chosen))) {
      throw new RangeError(`Cannot replay "${schedule}": thread ${chosen + 1} cannot go on at step ${step + 1}`);
    }
    deeds.push(deed(execution, chosen));
    before = chosen;
  }
}

/** Runs one step of a thread, and returns what the step did. */
function deed(execution: Execution, chosen: number): Deed {
  const thread = execution.run.threads[chosen]!;
  const point = execution.points[chosen];
  const had = new Set((thread.task?.held ?? []).map(({ name }) => name));
  execution.step(chosen);
  const held = (thread.task?.held ?? []).map(({ name }) => name);
  const lines: string[] = [];
  if (point === undefined) lines.push("begins");
  else if (point.kind === "pause") lines.push(`goes on: ${point.what}`);
  else {lines.push(
      point.on && !point.on.lock && !held.includes(point.what) ? `finds ${point.what}` : `takes ${point.what}`,
    );}
  const given = [...had].filter((name) => !held.includes(name));
  if (given.length > 0) lines.push(`gives back ${given.join(", ")}`);
  if (held.length > 0) lines.push(`holds ${held.join(", ")}`);
  const next = execution.points[chosen];
  if (next === undefined) lines.push("ends");
  else if (next.on && !next.on.ready(thread.task!)) {
    const [holder] = next.on.holders();
    lines.push(`WAITS for ${next.what}${holder ? ` (${holder === thread.task ? "itself" : holder.name})` : ""}`);
  }
  return { thread: chosen, lines };
}

/** Returns a schedule as a diagram: a lane for each thread, and the findings below the lanes. */
export function diagram({ names, deeds, findings }: Replay, width?: number): string {
  return lanes(names, deeds, width) + findings.map(({ kind, text }) => `!!! ${kind}: ${text}\n`).join("");
}

/**
 * Returns a schedule that shows the same finding with the fewest preemptions: tries 0, 1, 2 and so on, up to `schedules` schedules
 * for each number. Returns the original schedule if no better one is found.
 */
export function minimise(
  scenario: Scenario,
  found: Explored["findings"][number],
  options: { schedules?: number } = {},
): { schedule: string; preemptions: number } {
  const most = preemptionsOf(scenario, found.schedule);
  for (let preemptions = 0; preemptions < most; preemptions++) {
    const same = ({ kind, text }: Finding) => kind === found.kind && text === found.text;
    const { findings } = explore(scenario, {
      preemptions,
      schedules: options.schedules ?? 5000,
      enough: (explored) => explored.findings.some(same),
    });
    const better = findings.find(same);
    if (better) return { schedule: better.schedule, preemptions };
  }
  return { schedule: found.schedule, preemptions: most };
}
