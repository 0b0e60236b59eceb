/**
 * Compiles a sequence to a plan: runs its body on the model of the board's era. That run yields the
 * plan and the trace to expect.
 *
 * @module
 */

import { breaksKernel } from "../diff/crash.ts";
import { describeOperation } from "../diff/describe.ts";
import type { Plan, PlannedStep, StepTrace } from "../diff/trace.ts";
import { type EraId, hardwareIn, Machine, ModelGap } from "../model/mod.ts";
import type { Observation } from "../model/observation.ts";
import { CLEAR, innerOperations, type Operation } from "../model/operation.ts";
import { explorationOf } from "../model/race/litmus.ts";
import { remember, restoration } from "./_restore.ts";
import { Dut, type RaceFrom } from "./dut.ts";
import { race, raceOperation, RaceResult } from "./dut_race.ts";
import type { Fixture } from "./fixture.ts";
import { lackOf, LacksError } from "./roles.ts";
import { type Calls, type Place, placeIn, placeText, plainText } from "./place.ts";
import { refusedWord } from "./refused_word.ts";
import { DevlinkError } from "./step.ts";
import {
  type Chosen,
  type Compiled,
  type CompileOptions,
  type Compiler,
  type Sequence,
  type Suite,
  SuiteError,
} from "./suite.ts";

// The names become parts of the names of the agent's variables.
const NETNS = /^[A-Za-z][A-Za-z0-9_]{0,30}$/;

/** The most steps of a sequence; a sequence with more steps counts as endless. */
const MAX_STEPS = 20_000;

/** Callbacks for events while a sequence is compiled. */
export interface CompileEvents {
  /** A step is about to be performed on the model. */
  onStep?(op: Operation, at: Place | undefined): void;
  /** A step was issued after its sequence had ended. @default {the error is reported as an uncaught error} */
  onLate?(error: SuiteError): void;
}

/**
 * Runs a sequence on the model of an era.
 *
 * If the kernel breaks on the model, the plan ends: it then has no tear-down, and the body does not continue after a step
 * that hangs. An assertion that fails after a step that breaks the kernel is not an error.
 *
 * If the model has no answer for a step, the body ends with that step, which is `model-gap`. The netns and devices that the body
 * would have removed are removed after it.
 *
 * @throws {SuiteError} with file, line and column: if the body throws; if a step fails and the body does not expect it; if a step
 * leaves work under way and does not settle; if it does not end within 20,000 steps; or if it leaves a netns or a device that
 * it made
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compile } from "./compile.ts";
 * import type { Sequence } from "./suite.ts";
 * import { theBoard } from "./the_board.ts";
 *
 * const sequence: Sequence = {
 *   name: "reload puts a trap back to its default",
 *   source: "T12",
 *   fixture: theBoard(),
 *   body: async (dut) => {
 *     const trap = dut.trap.any({ type: "drop" });
 *     await dut.trap.set(trap, { action: "trap" });
 *     await dut.reload();
 *     assertEquals((await dut.trap.get(trap)).action, "drop");
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
  options: CompileOptions & CompileEvents = {},
): Promise<Compiled> {
  const { board = {}, freedMemory, onStep, onLate = reportError } = options;
  const own = sequence.fixture.on?.(board);
  const fixture: Fixture = own ? { ...sequence.fixture, ...own } : sequence.fixture;
  const requires = [...new Set([...fixture.requires, ...sequence.requires ?? []])];
  const facts = own?.facts;
  const built = {
    era,
    hardware: hardwareIn(requires),
    ...(freedMemory ? { freedMemory } : {}),
    ...(facts ? { facts, ...(board.driver ? { driver: board.driver } : {}) } : {}),
  };
  const about = { suite: suite.name, sequence: sequence.name, source: sequence.source };
  const unsupported = (lacks: string): Compiled => ({
    plan: { ...about, steps: [], requires, given: [], lacks },
    expected: { ...about, steps: [] },
  });
  if (own?.reason !== undefined) return unsupported(own.reason);
  const machine = new Machine(built);
  const steps: StepTrace[] = [];
  const takes: Record<number, number> = {};
  const where = `${suite.name} > ${sequence.name}`;
  const files = sequence.at ? [sequence.at.file] : [];
  const placed = (calls: Calls | undefined, text: string) => {
    const at = (calls && placeIn(calls, files)) ?? sequence.at;
    return at ? `${placeText(at)}: ${text}` : text;
  };
  const wrong = (why: string, calls: Calls | undefined, cause?: unknown) =>
    new SuiteError(
      placed(calls, `${where} fails on the model of ${era}: ${plainText(why)}`),
      cause === undefined ? {} : { cause },
    );
  let ended = false;
  /** The error that ends the sequence, even if the body catches the error. */
  let fatal: SuiteError | undefined;
  const stop = (error: SuiteError) => fatal = error;
  const mustBeOpen = (what: string, calls: Calls | undefined) => {
    if (fatal) throw fatal;
    if (!ended) return;
    const error = new SuiteError(
      placed(calls, `${where}: ${what} is performed after the sequence has ended; await everything that it starts`),
    );
    onLate(error);
    throw error;
  };
  const performAs = (phase: PlannedStep["phase"]) => (op: Operation, calls?: Calls): Observation => {
    if (phase === "body") {
      mustBeOpen(describeOperation(op), calls);
      if (steps.length >= MAX_STEPS) {
        throw stop(wrong(`it does not end: it has more than ${MAX_STEPS.toLocaleString("en-US")} steps`, calls));
      }
      onStep?.(op, calls && placeIn(calls, files));
    }
    for (const name of [op.netns ?? "init", ...("name" in op && op.kind.startsWith("netns.") ? [op.name] : [])]) {
      if (!NETNS.test(name ?? "")) {
        throw stop(new SuiteError(placed(calls, `Cannot use "${name}" as the name of a netns in ${where}`)));
      }
    }
    // A board would not run the steps after a step that hangs.
    const last = steps.at(-1);
    if (last?.observation?.result === "hang" || (last?.op.kind === "race" && broken(last))) throw new KernelIsGone();
    if (phase !== "teardown" && steps.some(unanswered)) throw new NoAnswer();
    const step = { id: steps.length + 1, phase, op };
    // The activation resets the whole card with all its ports: if the device can do so, the board's file has to allow it
    if (activatesFirmware(op) && !requires.includes("fw_activate") && device()?.reloadActions.includes("fw_activate")) {
      requires.push("fw_activate");
    }
    let observation: Observation;
    const begin = machine.now;
    try {
      observation = machine.perform(op);
    } catch (error) {
      if (!(error instanceof ModelGap)) throw error;
      steps.push({ ...step, lost: { reason: "not-modelled", detail: error.message } });
      throw new NoAnswer();
    }
    const { waits } = machine;
    const took = Math.ceil((machine.now - begin - (op.settle ?? 0)) / 1000);
    if (observation.time !== "immediate" && took > 0) takes[step.id] = took;
    steps.push({ ...step, observation, ...(waits.length > 0 ? { waits } : {}) });
    if (machine.unsettled && op.settle !== 0 && !steps.some(broken)) {
      throw stop(wrong(
        `${describeOperation(op)} leaves work of the kernel under way: add settle, or settle: 0 where that is meant`,
        calls,
      ));
    }
    return observation;
  };
  const given = fixture.given?.(board) ?? [];
  for (const op of given) machine.perform(op);
  const found = presentOn(machine);
  const device = () => machine.inventory().instances.find(({ handle }) => handle === fixture.handle);
  const original = facts && remember(device()!);
  const setUp = () => {
    for (const op of fixture.setup) {
      const { result, extack } = performAs("setup")(op);
      if (result !== "ok") {
        throw wrong(`fixture ${fixture.name}: ${describeOperation(op)}: ${result} ${extack?.text ?? ""}`, undefined);
      }
    }
  };
  const raceFrom: RaceFrom = (racers, options = {}, calls) => {
    mustBeOpen("a race", calls);
    const before = steps.flatMap(({ op }) => op.kind === "race" ? [] : [op]);
    // Only the model can race locks that no kernel has, and drivers that were read and not run
    const alone = options.design !== undefined || options.runs === 0 || built.hardware.length > 0;
    const needed = alone ? "exploration" : "races";
    if (!requires.includes(needed)) requires.push(needed);
    if (alone) return race(built, [...given, ...before], racers, options);
    const op = raceOperation(racers, { before, after: fixture.teardown, own: facts?.handle }, options);
    return new RaceResult(explorationOf(performAs("body")(op, calls).reply)!);
  };
  const dut = new Dut(fixture.handle, performAs("body"), { race: raceFrom, device });
  const whyRefused = (error: DevlinkError) => error.message + refusedWord(error.op, machine);
  try {
    setUp();
    const lack = lackOf(device(), sequence.needs ?? {});
    if (lack !== undefined) throw new LacksError(lack);
    await sequence.body(dut);
    const unsettled = dut.steps.find((step) => !step.settled);
    if (unsettled) {
      throw wrong(`${whyRefused(unsettled.error)}: add .fails() or .either() where that is meant`, unsettled.calls);
    }
  } catch (error) {
    if (fatal || error instanceof SuiteError) throw fatal ?? error;
    if (error instanceof LacksError) return unsupported(error.message);
    const excused = steps.some((step) => unanswered(step) || (broken(step) && step.op.kind !== "race"));
    if (!(error instanceof KernelIsGone) && !excused) {
      if (error instanceof DevlinkError) throw wrong(whyRefused(error), error, error);
      if (error instanceof Error) throw wrong(error.message, error, error);
      throw wrong(`it throws ${String(error)}`, undefined, error);
    }
  } finally {
    ended = true;
  }
  if (fatal) throw fatal;
  const body = steps.length;
  try {
    // The faults are cleared first: a fault that is still set would meet the operations that restore the device
    for (const [handle, settle] of operatedIn(steps)) {
      unlessUnanswered(() => performAs("teardown")({ kind: "device", handle, operation: CLEAR, ...settle }));
    }
    const restored = original ? restoration(original, device(), steps.some(reloads)) : [];
    for (const op of [...restored, ...fixture.teardown]) unlessUnanswered(() => performAs("teardown")(op));
    // Removes what the rest of the body would have removed
    if (steps.some(unanswered)) {
      for (const op of removalOf(machine, found)) unlessUnanswered(() => performAs("teardown")(op));
    }
  } catch (error) {
    if (!(error instanceof KernelIsGone)) throw error;
  }
  const { spoils, disruption } = sequence;
  const plan: Plan = {
    ...about,
    steps: [],
    requires,
    given,
    ...(spoils === undefined ? {} : { spoils }),
    ...(disruption === undefined ? {} : { disruption }),
    ...(Object.keys(takes).length > 0 ? { takes } : {}),
  };
  if (steps.some(broken)) {
    // A broken kernel is not torn down: the board is rebooted instead.
    steps.length = body;
    plan.breaks = (steps.find(broken) ?? steps.at(-1)!).id;
    const hung = steps.find((step) => step.observation?.result === "hang");
    if (hung) plan.hangs = hung.id;
  } else if (!steps.some(unanswered)) {
    const left = [...presentOn(machine)].filter((name) => !found.has(name));
    if (left.length > 0) {
      throw wrong(`it leaves ${left.join(", ")} behind, and the next sequence would find that`, undefined);
    }
  }
  plan.steps = steps.map(({ id, phase, op }) => ({ id, phase, op }));
  return { plan, expected: { ...about, steps } };
}

/** The most wrong sequences in one error. */
const MAX_REPORTED = 20;

/** Combines the errors of several sequences in one error, a line or a paragraph for each. */
export function allWrong(messages: readonly string[]): SuiteError {
  const more = messages.length - MAX_REPORTED;
  return new SuiteError(
    [...messages.slice(0, MAX_REPORTED), ...(more > 0 ? [`and ${more} more sequences are wrong`] : [])].join("\n"),
  );
}

const here: Compiler = async (chosen, era, options) => {
  const compiled: Compiled[] = [];
  const messages: string[] = [];
  for (const { suite, sequence } of chosen) {
    // Lets the event loop handle the lines of other boards, and Ctrl-C.
    await new Promise((resolve) => setTimeout(resolve, 0));
    options.signal?.throwIfAborted();
    try {
      compiled.push(await compile(suite, sequence, era, options));
    } catch (error) {
      if (!(error instanceof SuiteError)) throw error;
      messages.push(error.message);
    }
  }
  if (messages.length > 0) throw allWrong(messages);
  return compiled;
};

/**
 * Compiles sequences of several suites, each in the process that has its body.
 *
 * @throws {SuiteError} with a line for each sequence that is wrong
 */
export async function compileAll(
  chosen: readonly Chosen[],
  era: EraId,
  options: CompileOptions = {},
): Promise<Compiled[]> {
  const byCompiler = Map.groupBy(chosen, ({ suite }) => suite.compiler ?? here);
  const compiled = new Map<Chosen, Compiled>();
  for (const [compiler, group] of byCompiler) {
    (await compiler(group, era, options)).forEach((one, i) => compiled.set(group[i]!, one));
  }
  return chosen.map((one) => compiled.get(one)!);
}

/** Returns the netns and the devices that a machine has, in words. */
function presentOn(machine: Machine): Set<string> {
  const { netns, devices } = machine.inventory();
  return new Set([...netns.map((name) => `the netns ${name}`), ...devices.map(({ name }) => name)]);
}

/** Returns the operations that remove the netns and the devices that were not there before. */
function removalOf(machine: Machine, before: ReadonlySet<string>): Operation[] {
  const { netns, devices } = machine.inventory();
  return [
    ...devices.filter(({ name }) => !before.has(name)).map(({ removal }) => removal),
    ...netns.filter((name) => !before.has(`the netns ${name}`)).map((name): Operation => ({ kind: "netns.del", name })),
  ];
}

function unlessUnanswered(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
  }
}

/** Thrown into a body if the model has no answer for its last step: the following steps would be guesswork. */
class NoAnswer extends Error {
  override name = "NoAnswer";
}

const activatesFirmware = (op: Operation) =>
  [op, ...innerOperations(op)].some((one) => one.kind === "dev.reload" && one.action === "fw_activate");
const reloads = ({ op }: StepTrace) => [op, ...innerOperations(op)].some(({ kind }) => kind === "dev.reload");

/** The time in which a netdev follows its cable, in ms. */
const LINK_SETTLE = 1500;

/** Returns the emulated devices that a sequence operated, by handle, each with the settle time of its clear operation. */
function operatedIn(steps: readonly StepTrace[]): Map<string, { settle?: number }> {
  const found = new Map<string, { settle?: number }>();
  for (const op of steps.flatMap(({ op }) => [op, ...innerOperations(op)])) {
    if (op.kind !== "device") continue;
    const moved = "link" in op.operation || found.get(op.handle)?.settle !== undefined;
    found.set(op.handle, moved ? { settle: LINK_SETTLE } : {});
  }
  return found;
}
const unanswered = ({ lost }: StepTrace) => lost?.reason === "not-modelled";

/** Thrown into a body after the kernel broke on the model: no further step can be performed. */
class KernelIsGone extends Error {
  override name = "KernelIsGone";
}

const broken = ({ observation }: StepTrace) => observation !== undefined && breaksKernel(observation);
