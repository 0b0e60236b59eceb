/**
 * Suites and their sequences, and how a sequence becomes a plan: its body is run on the model of the board's era; that
 * run is the compiler, it yields the plan and the trace to expect.
 *
 * @module
 */

import type { Plan, PlannedStep, SequenceTrace, StepTrace } from "../diff/trace.ts";
import type { Fixture } from "../fixtures/fixture.ts";
import { type EraId, Machine } from "../model/mod.ts";
import type { Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { Dut } from "./dut.ts";

/** The body of a sequence: performs operations and may assert on what the model shows. */
export type SequenceBody = (dut: Dut) => void | Promise<void>;

/** Options of a sequence. */
export interface SequenceOptions {
  /** Where the expectation comes from: scenario ids of the catalogue, seeds, selftests, kernel files */
  source: string;
  /** Another starting state than the suite's */
  fixture?: Fixture;
  /** Capabilities of the board that it needs beside its fixture's */
  requires?: readonly string[];
}

/** One ordered scenario. */
export interface Sequence extends SequenceOptions {
  /** Unique in its suite */
  name: string;
  /** The starting state: its own or the suite's */
  fixture: Fixture;
  /** The scenario itself */
  body: SequenceBody;
}

/** A file of sequences. */
export interface Suite {
  /** For example `trap` */
  name: string;
  /** In the order of the file */
  sequences: readonly Sequence[];
}

/** Options of {@linkcode suite}. */
export interface SuiteOptions {
  /** The starting state of each sequence */
  fixture: Fixture;
}

/** A suite that is wrong in itself: it fails on the model. Nothing of it is pushed to a board; exit status 2. */
export class SuiteError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "SuiteError";
}

/**
 * Defines a suite: the default export of a suite's file. In `deno test FILE` each sequence is a test of its own, on the
 * board that the environment variable `TWINLINK_BOARD` names (the model where it is not set).
 *
 * @example
 * ```ts ignore
 * import { assertEquals } from "@std/assert";
 * import { netdevsim } from "../fixtures/netdevsim.ts";
 * import { suite } from "./suite.ts";
 *
 * export default suite("trap", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
 *   sequence("reload puts a trap back to its default", { source: "T12" }, async (dut) => {
 *     await dut.trap.set("source_mac_is_multicast", { action: "trap" });
 *     await dut.reload();
 *     assertEquals((await dut.trap.get("source_mac_is_multicast")).action, "drop");
 *   });
 * });
 * ```
 */
export function suite(
  name: string,
  options: SuiteOptions,
  define: (tools: {
    sequence: (name: string, options: SequenceOptions, body: SequenceBody) => void;
  }) => void,
): Suite {
  const sequences: Sequence[] = [];
  define({
    sequence: (name, given, body) => {
      if (sequences.some((other) => other.name === name)) {
        throw new SuiteError(`Cannot define sequence "${name}" twice in a suite`);
      }
      sequences.push({ ...given, name, fixture: given.fixture ?? options.fixture, body });
    },
  });
  const defined = { name, sequences };
  registerTests(defined);
  return defined;
}

/** Set while a command loads suites by itself, so that they are not registered as tests. */
export const LOADING: unique symbol = Symbol.for("twinlink.loading");

// `Deno.test` does nothing outside of `deno test`. The runner is imported by the test only: suites know no runner.
function registerTests(suite: Suite): void {
  if ((globalThis as { [LOADING]?: boolean })[LOADING]) return;
  Deno.test.afterAll(async () => await (await import("../cli/deno_test.ts")).closeTestBoard());
  for (const sequence of suite.sequences) {
    Deno.test({
      name: `${suite.name} > ${sequence.name}`,
      fn: async () => {
        const { runAsTest } = await import("../cli/deno_test.ts");
        await runAsTest(suite, sequence);
      },
      // A board stays up between the tests of a file.
      sanitizeOps: false,
      sanitizeResources: false,
    });
  }
}

/** A sequence, compiled for an era. */
export interface Compiled {
  /** What is pushed to the board */
  plan: Plan;
  /** What the model shows for the plan */
  expected: SequenceTrace;
}

// Names end up in names of the agent's variables.
const NETNS = /^[A-Za-z][A-Za-z0-9_]{0,30}$/;

/**
 * Runs a sequence on the model of an era.
 *
 * @throws {SuiteError} If the body throws, or if a step fails and nobody says that it may
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { netdevsim } from "../fixtures/netdevsim.ts";
 * import { compile, type Sequence } from "./suite.ts";
 *
 * const sequence: Sequence = {
 *   name: "reload puts a trap back to its default",
 *   source: "T12",
 *   fixture: netdevsim({ ports: 1 }),
 *   body: async (dut) => {
 *     await dut.trap.set("source_mac_is_multicast", { action: "trap" });
 *     await dut.reload();
 *     assertEquals((await dut.trap.get("source_mac_is_multicast")).action, "drop");
 *   },
 * };
 * const { plan } = await compile({ name: "trap", sequences: [sequence] }, sequence, "6.12");
 * assertEquals(plan.steps.map((step) => step.op.kind), [
 *   "file.write", // new_device
 *   "trap.set",
 *   "dev.reload",
 *   "trap.show",
 *   "file.write", // del_device
 * ]);
 * ```
 */
export async function compile(suite: Suite, sequence: Sequence, era: EraId): Promise<Compiled> {
  const machine = new Machine({ era });
  const steps: StepTrace[] = [];
  const where = `${suite.name} > ${sequence.name}`;
  const performAs = (phase: PlannedStep["phase"]) => (op: Operation): Observation => {
    for (const name of [op.netns ?? "init", ...("name" in op && op.kind.startsWith("netns.") ? [op.name] : [])]) {
      if (!NETNS.test(name ?? "")) throw new SuiteError(`Cannot use "${name}" as the name of a netns in ${where}`);
    }
    const observation = machine.perform(op);
    steps.push({ id: steps.length + 1, phase, op, observation });
    return observation;
  };
  const { fixture } = sequence;
  for (const op of fixture.setup) {
    const { result, extack } = performAs("setup")(op);
    if (result !== "ok") {
      throw new SuiteError(
        `${where} fails on the model of ${era}: fixture ${fixture.name}: ${op.kind}: ${result} ${extack?.text ?? ""}`,
      );
    }
  }
  const dut = new Dut(fixture.handle, performAs("body"));
  try {
    await sequence.body(dut);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SuiteError(`${where} fails on the model of ${era}: ${message}`, { cause: error });
  }
  const unsettled = dut.steps.find((step) => !step.settled);
  if (unsettled) {
    throw new SuiteError(
      `${where} fails on the model of ${era}: ${unsettled.error.message}: say .fails() or .either() where that is meant`,
    );
  }
  fixture.teardown.forEach(performAs("teardown"));
  const { name, source } = sequence;
  return {
    plan: { suite: suite.name, sequence: name, source, steps: steps.map(({ id, phase, op }) => ({ id, phase, op })) },
    expected: { suite: suite.name, sequence: name, source, steps },
  };
}
