/**
 * The runner `recording`: answers plans from a trace that was recorded on a real board.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { withEra } from "../diff/header.ts";
import { readTrace } from "../diff/trace_file.ts";
import type { Plan, SequenceTrace, StepTrace } from "../diff/trace.ts";
import type { EraId } from "../model/mod.ts";
import type { Runner, RunnerOptions } from "./runner.ts";

/**
 * Opens a recorded trace as a board. A step that is missing in the recording, or has another operation there, is lost as
 * `not-recorded`; it never passes.
 *
 * @throws {SyntaxError} If the trace cannot be read
 */
export async function openRecording(board: Board, path: string, options: RunnerOptions = {}): Promise<Runner> {
  const trace = await readTrace(path);
  const recorded = new Map(trace.sequences.map((sequence) => [`${sequence.suite} > ${sequence.sequence}`, sequence]));
  return {
    header: withEra(
      { ...trace.header, board: board.name, transport: "recording" },
      (board.era === "auto" ? trace.header.era : board.era) as EraId,
      board.driver,
    ),
    has: trace.header.has,
    ...(trace.header.facts ? { facts: trace.header.facts } : {}),
    holds: ({ suite, sequence }) => recorded.has(`${suite} > ${sequence}`),
    run: (plan: Plan): Promise<SequenceTrace> => {
      const found = recorded.get(`${plan.suite} > ${plan.sequence}`);
      const stale = found && JSON.stringify(found.steps.map((step) => step.op)) !==
          JSON.stringify(plan.steps.map((step) => step.op));
      const steps = plan.steps.map((step, i): StepTrace => {
        const traced: StepTrace = found && !stale && found.steps[i] ? { ...found.steps[i], ...step } : {
          ...step,
          lost: {
            reason: "not-recorded",
            detail: found ? "the recording holds an older form of this sequence" : "the recording lacks this sequence",
          },
        };
        options.onStep?.(traced);
        return traced;
      });
      const device = found?.device && !stale ? { device: found.device } : {};
      return Promise.resolve({ suite: plan.suite, sequence: plan.sequence, source: plan.source, steps, ...device });
    },
    renew: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
