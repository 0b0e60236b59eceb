/**
 * Suites and their sequences, and how a sequence becomes a plan: its body is run on the model of the board's era; that
 * run is the compiler, it yields the plan and the trace to expect.
 *
 * @module
 */

import { stripAnsiCode } from "@std/fmt/colors";
import type { Board } from "../boards/mod.ts";
import { breaksKernel } from "../diff/crash.ts";
import type { Plan, PlannedStep, SequenceTrace, StepTrace } from "../diff/trace.ts";
import type { Fixture } from "../fixtures/fixture.ts";
import { type Era, type EraId, ERAS, type FreedMemory, hardwareIn, Machine } from "../model/mod.ts";
import type { Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { explorationOf } from "../model/race/litmus.ts";
import { Dut, type RaceFrom } from "./dut.ts";
import { race, raceOperation, RaceResult } from "./dut_race.ts";

/** The body of a sequence: performs operations and may assert on what the model shows. */
export type SequenceBody = (dut: Dut) => void | Promise<void>;

/** Options of a sequence. */
export interface SequenceOptions {
  /** Where the expectation comes from: numbers of docs/semantics.md, pages of the kernel's documentation, selftests, kernel files */
  source: string;
  /** Another starting state than the suite's */
  fixture?: Fixture;
  /** Capabilities of the board that it needs beside its fixture's */
  requires?: readonly string[];
  /** In which eras it has a meaning, and why not in others: there it is left out. @default {all} */
  holds?: {
    /** Whether it has a meaning in an era */
    in: (era: Era) => boolean;
    /** Why not in the others */
    because: string;
  };
}

/** Whether a sequence has a meaning in an era. */
export function holdsIn(sequence: SequenceOptions, era: EraId): boolean {
  return sequence.holds === undefined || sequence.holds.in(ERAS[era]);
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
  Deno.test.afterAll(async () => await (await import("../cli/deno_tests.ts")).closeTestBoard());
  for (const sequence of suite.sequences) {
    Deno.test({
      name: `${suite.name} > ${sequence.name}`,
      fn: async () => {
        const { runAsTest } = await import("../cli/deno_tests.ts");
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

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  /** What the board's file says of what is on it */
  board?: Pick<Board, "pcs">;
  /** What a use of freed memory does on the board. @default {"kept"} */
  freedMemory?: FreedMemory;
}

// Names end up in names of the agent's variables.
const NETNS = /^[A-Za-z][A-Za-z0-9_]{0,30}$/;

/**
 * Runs a sequence on the model of an era.
 *
 * Where the kernel breaks on the model, the plan ends: it has no tear-down then, and the body is not gone on with behind a step
 * that hangs. An assertion behind a step that breaks the kernel does not hold, and is no error.
 *
 * @throws {SuiteError} If the body throws, if a step fails and nobody says that it may, if one leaves work under way and does not
 * settle, or if a netns or a device of netdevsim is left behind
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
export async function compile(
  suite: Suite,
  sequence: Sequence,
  era: EraId,
  options: CompileOptions = {},
): Promise<Compiled> {
  const { board = {}, freedMemory } = options;
  const requires = [...new Set([...sequence.fixture.requires, ...sequence.requires ?? []])];
  const built = { era, hardware: hardwareIn(requires), ...(freedMemory ? { freedMemory } : {}) };
  const machine = new Machine(built);
  const steps: StepTrace[] = [];
  const where = `${suite.name} > ${sequence.name}`;
  const wrong = (why: string, cause?: unknown) =>
    new SuiteError(
      // Assertions colour what differs
      `${where} fails on the model of ${era}: ${stripAnsiCode(why).replaceAll(/\n\s*(?=\n)/g, "").trim()}`,
      cause === undefined ? {} : { cause },
    );
  const performAs = (phase: PlannedStep["phase"]) => (op: Operation): Observation => {
    for (const name of [op.netns ?? "init", ...("name" in op && op.kind.startsWith("netns.") ? [op.name] : [])]) {
      if (!NETNS.test(name ?? "")) throw new SuiteError(`Cannot use "${name}" as the name of a netns in ${where}`);
    }
    // Whatever came behind a step that hangs would not be run on a board.
    const last = steps.at(-1);
    if (last?.observation?.result === "hang" || (last?.op.kind === "race" && broken(last))) throw new KernelIsGone();
    const observation = machine.perform(op);
    steps.push({ id: steps.length + 1, phase, op, observation });
    if (machine.unsettled && op.settle !== 0 && !steps.some(broken)) {
      throw wrong(
        `step ${steps.length}, ${op.kind}, leaves work of the kernel under way: say settle with it, or settle: 0 where that is meant`,
      );
    }
    return observation;
  };
  const { fixture } = sequence;
  const given = fixture.given?.(board) ?? [];
  for (const op of given) machine.perform(op);
  const found = presentOn(machine);
  for (const op of fixture.setup) {
    const { result, extack } = performAs("setup")(op);
    if (result !== "ok") throw wrong(`fixture ${fixture.name}: ${op.kind}: ${result} ${extack?.text ?? ""}`);
  }
  const raceFrom: RaceFrom = (racers, options = {}) => {
    const before = steps.flatMap(({ op }) => op.kind === "race" ? [] : [op]);
    // Of locks that no kernel has, and of drivers that are read and not run, the model alone can tell
    const alone = options.design !== undefined || options.runs === 0 || built.hardware.length > 0;
    const needed = alone ? "exploration" : "races";
    if (!requires.includes(needed)) requires.push(needed);
    if (alone) return race(built, [...given, ...before], racers, options);
    const op = raceOperation(racers, { before, after: sequence.fixture.teardown }, options);
    return new RaceResult(explorationOf(performAs("body")(op).reply)!);
  };
  const dut = new Dut(fixture.handle, performAs("body"), undefined, [], raceFrom);
  try {
    await sequence.body(dut);
    const unsettled = dut.steps.find((step) => !step.settled);
    if (unsettled) throw wrong(`${unsettled.error.message}: say .fails() or .either() where that is meant`);
  } catch (error) {
    if (error instanceof SuiteError) throw error;
    if (!(error instanceof KernelIsGone) && !steps.some((step) => broken(step) && step.op.kind !== "race")) {
      throw wrong(error instanceof Error ? error.message : String(error), error);
    }
  }
  const body = steps.length;
  try {
    fixture.teardown.forEach(performAs("teardown"));
  } catch (error) {
    if (!(error instanceof KernelIsGone)) throw error;
  }
  const plan: Plan = {
    suite: suite.name,
    sequence: sequence.name,
    source: sequence.source,
    steps: [],
    requires,
    given,
  };
  if (steps.some(broken)) {
    // What is broken is not torn down: the board is renewed.
    steps.length = body;
    plan.breaks = (steps.find(broken) ?? steps.at(-1)!).id;
    const hung = steps.find((step) => step.observation?.result === "hang");
    if (hung) plan.hangs = hung.id;
  } else {
    const left = [...presentOn(machine)].filter((name) => !found.has(name));
    if (left.length > 0) throw wrong(`it leaves ${left.join(", ")} behind, and the next sequence would find that`);
  }
  plan.steps = steps.map(({ id, phase, op }) => ({ id, phase, op }));
  return { plan, expected: { suite: suite.name, sequence: sequence.name, source: sequence.source, steps } };
}

/** The netns and the devices of netdevsim that a machine has, in words. */
function presentOn(machine: Machine): Set<string> {
  const { netns, devices } = machine.inventory();
  return new Set([...netns.map((name) => `the netns ${name}`), ...devices.map(({ id }) => `netdevsim${id}`)]);
}

/** Thrown into a body whose kernel has come to its end on the model: nothing more can be performed. */
class KernelIsGone extends Error {
  override name = "KernelIsGone";
}

const broken = ({ observation }: StepTrace) => observation !== undefined && breaksKernel(observation);
