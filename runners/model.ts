/**
 * The runner `model`: runs plans on a fresh machine of an era. A suite that runs on it is only checked itself.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import type { Plan, SequenceTrace, StepTrace, TraceHeader } from "../diff/trace.ts";
import { madeBy } from "../model/drivers/mod.ts";
import { type EraId, type Facts, hardwareIn, Machine, ModelGap } from "../model/mod.ts";
import { innerOperations, type Operation } from "../model/operation.ts";
import type { Runner, RunnerOptions } from "./runner.ts";

/** After this long without a pause, in ms, the event loop gets a turn, so that the process can handle signals. */
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
 * Returns the facts of the board's own device, if the plan uses that device and does not create it itself. A plan that names
 * and creates no instance reads all instances of the board, for example by `devlink trap show`: it uses the board's own device,
 * too.
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
 * Opens the model of an era as a board. The last argument is the header of the board's traces, and the driver of its file.
 * Without a driver, the driver of the facts is used.
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
      // Hardware that a plan requires replaces the board's own device; then the facts are of another device and are not used.
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
        // The model never waits, so signals are handled between its steps.
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
