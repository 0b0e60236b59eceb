/**
 * The runner `model`: performs plans on a fresh machine of an era. To run a suite on it checks the suite alone.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import type { Loss, Plan, SequenceTrace, StepTrace, TraceHeader } from "../diff/trace.ts";
import { type EraId, hardwareIn, Machine, ModelGap, type Observation, type Operation } from "../model/mod.ts";
import type { Runner, RunnerOptions } from "./runner.ts";

/** After how long without a pause the process is let to hear signals, in ms. */
const PAUSE_AFTER_MS = 50;

function performed(machine: Machine, op: Operation): { observation: Observation } | { lost: Loss } {
  try {
    return { observation: machine.perform(op) };
  } catch (error) {
    if (!(error instanceof ModelGap)) throw error;
    return { lost: { reason: "not-modelled", detail: error.message } };
  }
}

/** Opens the model of an era as a board; its last argument says what a use of freed memory does on the one that it stands for. */
export function openModel(
  board: Board,
  era: EraId,
  options: RunnerOptions = {},
  { freedMemory }: Pick<TraceHeader, "freedMemory"> = {},
): Runner {
  const memory = freedMemory ? { freedMemory } : {};
  return {
    header: { board: board.name, transport: "model", era, kernel: "", iproute2: "", ...memory },
    has: undefined,
    run: async (plan: Plan): Promise<SequenceTrace> => {
      const machine = new Machine({ era, hardware: hardwareIn(plan.requires ?? []), ...memory });
      for (const op of plan.given ?? []) machine.perform(op);
      const steps: StepTrace[] = [];
      let since = -Infinity;
      for (const step of plan.steps) {
        // The model is busy without a pause: signals are heard between its steps.
        if (performance.now() - since > PAUSE_AFTER_MS) {
          await new Promise((resolve) => setTimeout(resolve, 0));
          options.signal?.throwIfAborted();
          since = performance.now();
        }
        const traced = { ...step, ...performed(machine, step.op) };
        options.onStep?.(traced);
        steps.push(traced);
      }
      return { suite: plan.suite, sequence: plan.sequence, source: plan.source, steps };
    },
    renew: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
