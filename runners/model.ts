/**
 * The runner `model`: performs plans on a fresh machine of an era. To run a suite on it checks the suite alone.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import type { Plan, SequenceTrace, StepTrace, TraceHeader } from "../diff/trace.ts";
import { madeBy } from "../model/drivers/mod.ts";
import { type EraId, type Facts, hardwareIn, Machine, ModelGap } from "../model/mod.ts";
import { innerOperations, type Operation } from "../model/operation.ts";
import type { Runner, RunnerOptions } from "./runner.ts";

/** After how long without a pause the process is let to hear signals, in ms. */
const PAUSE_AFTER_MS = 50;

function performed(machine: Machine, op: Operation): Pick<StepTrace, "observation" | "waits" | "lost"> {
  try {
    const observation = machine.perform(op);
    const { waits } = machine;
    return { observation, ...(waits.length > 0 ? { waits } : {}) };
  } catch (error) {
    if (!(error instanceof ModelGap)) throw error;
    return { lost: { reason: "not-modelled", detail: error.message } };
  }
}

/**
 * Returns the board's own device, if a plan is about that device and does not make it itself. A plan that names no instance and makes
 * none reads all instances of the board, for example by `devlink trap show`: its device is the board's own, too.
 */
function ownDevice({ steps }: Plan, facts: Facts | undefined): { facts?: Facts } {
  if (facts === undefined) return {};
  const ops = steps.flatMap(({ op }) => [op, ...innerOperations(op)]);
  const made = ops.map(madeBy).filter((handle) => handle !== undefined);
  const named = ops.flatMap((op) => "handle" in op && op.handle !== undefined ? [op.handle] : []);
  const about = named.includes(facts.handle) || named.length + made.length === 0;
  return about && !made.includes(facts.handle) ? { facts } : {};
}

/**
 * Opens the model of an era as a board. Its last argument is the header of the traces of its board, and the driver in that
 * board's file. Without a driver it is the one that the facts name.
 */
export function openModel(
  board: Board,
  era: EraId,
  options: RunnerOptions = {},
  { freedMemory, facts, driver }: Pick<TraceHeader, "freedMemory" | "facts"> & { driver?: string | undefined } = {},
): Runner {
  const memory = freedMemory ? { freedMemory } : {};
  return {
    header: { board: board.name, transport: "model", era, kernel: "", iproute2: "", ...memory },
    has: undefined,
    run: async (plan: Plan): Promise<SequenceTrace> => {
      const hardware = hardwareIn(plan.requires ?? []);
      // Hardware that a plan requires is its device: the facts of the board are of the same one.
      const { facts: own } = hardware.length > 0 ? { facts: undefined } : ownDevice(plan, facts);
      const machine = new Machine({
        era,
        hardware,
        ...memory,
        ...(own ? { facts: own } : {}),
        ...(own && driver !== undefined ? { driver } : {}),
      });
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
