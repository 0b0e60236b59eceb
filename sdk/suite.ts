/**
 * Suites and their sequences.
 *
 * @module
 */

import type { Plan, SequenceTrace } from "../diff/trace.ts";
import type { BoardContext, Fixture } from "./fixture.ts";
import { type Era, type EraId, ERAS, type FreedMemory } from "../model/mod.ts";
import type { Disruption } from "../model/disruption.ts";
import type { Dut } from "./dut.ts";
import { callsHere, type Place, placeIn } from "./place.ts";
import type { Needs } from "./roles.ts";

/** The body of a sequence: performs operations and may assert on what the model shows. */
export type SequenceBody = (dut: Dut) => void | Promise<void>;

/** Options of a sequence. */
export interface SequenceOptions {
  /** Where the expectation comes from: numbers of docs/semantics.md, pages of the kernel's documentation, selftests, kernel files */
  source: string;
  /** A starting state that differs from the suite's */
  fixture?: Fixture;
  /** Capabilities of the board that the sequence needs, in addition to those its fixture needs */
  requires?: readonly string[];
  /** What the sequence needs of the device, by the board's facts; `unsupported` if the device lacks it. @default {nothing} */
  needs?: Needs;
  /** The eras in which the sequence has a meaning, and why not in others: it is left out there. @default {all} */
  holds?: {
    /** True if it has a meaning in an era */
    in: (era: Era) => boolean;
    /** Why the sequence has no meaning in the other eras */
    because: string;
  };
  /** In words, what it leaves on a board that only a reboot removes: the board is rebooted after it. @default {nothing} */
  spoils?: string;
  /** The disruption of the device, if its operations show less; a board's file bounds it. @default {by its operations} */
  disruption?: Disruption;
}

/** True if a sequence has a meaning in an era. */
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
  /** Where the suite's file defines the sequence; undefined if a program made the sequence */
  at?: Place | undefined;
}

/** A file of sequences. */
export interface Suite {
  /** For example `trap` */
  name: string;
  /** In the order of the file */
  sequences: readonly Sequence[];
  /** Compiles the sequences if their bodies are in another process. @default {the bodies are in this process} */
  compiler?: Compiler;
}

/** A sequence of a suite. */
export interface Chosen {
  /** The suite of the sequence */
  suite: Suite;
  /** The sequence itself */
  sequence: Sequence;
}

/** A sequence, compiled for an era. */
export interface Compiled {
  /** What is pushed to the board */
  plan: Plan;
  /** What the model shows for the plan */
  expected: SequenceTrace;
}

/** Options of `compile()` and `compileAll()`. */
export interface CompileOptions {
  /** The known properties of the board. @default {a board whose devices sequences make} */
  board?: BoardContext;
  /** What a use of freed memory does on the board. @default {"kept"} */
  freedMemory?: FreedMemory;
  /** Stops the compilation, if the bodies are in another process */
  signal?: AbortSignal;
}

/**
 * Compiles sequences, in their order.
 *
 * @throws {SuiteError} with a line for each sequence that is wrong
 */
export type Compiler = (chosen: readonly Chosen[], era: EraId, options: CompileOptions) => Promise<Compiled[]>;

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
 * Defines a suite: the default export of a suite's file. It registers no tests: `testSuite()` makes tests of the sequences.
 *
 * @example
 * ```ts ignore
 * import { assertEquals } from "@std/assert";
 * import { suite } from "./suite.ts";
 * import { theBoard } from "./the_board.ts";
 *
 * export default suite("mine", { fixture: theBoard() }, ({ sequence }) => {
 *   sequence("a drop trap takes the action trap", { source: "T02", needs: { trap: { type: "drop" } } }, async (dut) => {
 *     const trap = dut.trap.any({ type: "drop" });
 *     await dut.trap.set(trap, { action: "trap" });
 *     assertEquals((await dut.trap.get(trap)).action, "trap");
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
      sequences.push({ ...given, name, fixture: given.fixture ?? options.fixture, body, at: placeIn(callsHere()) });
    },
  });
  return { name, sequences };
}
