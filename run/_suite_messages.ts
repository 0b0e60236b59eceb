/**
 * What twinlink and the process that runs suites' code write to each other: a line of JSON each.
 *
 * @module
 */

import type { EraId, FreedMemory } from "../model/mod.ts";
import type { BoardContext } from "../sdk/fixture.ts";
import type { Place } from "../sdk/place.ts";
import type { Compiled } from "../sdk/suite.ts";

/** What the process is to do; the first and only line of its standard input. */
export interface SuiteRequest {
  /** Stands before each of its lines, so that nothing that a suite prints is taken for one */
  nonce: string;
  /** Names of suites that ship, or paths */
  names: readonly string[];
  /** The sequences to compile; left out where the suites are only listed */
  compile?: {
    sequences: readonly { suite: string; sequence: string }[];
    era: EraId;
    board: BoardContext;
    freedMemory?: FreedMemory;
  };
}

/** The data of a sequence. */
export interface ListedSequence {
  name: string;
  source: string;
  /** What the sequence and its fixture require */
  requires: readonly string[];
  /** The eras in which it has a meaning; left out where that is all */
  holds?: { in: readonly EraId[]; because: string };
  at?: Place;
}

/** What the process reports. */
export type SuiteMessage =
  /** It begins to load a suite, or to compile a sequence */
  | { type: "begin"; what: string; at?: Place }
  /** A step is about to be performed on the model */
  | { type: "step"; what: string; at?: Place }
  | { type: "suites"; suites: readonly { name: string; sequences: readonly ListedSequence[] }[] }
  | { type: "compiled"; compiled: Compiled }
  /** A suite or a sequence is wrong, or a promise was rejected outside of every sequence */
  | { type: "wrong"; message: string }
  /** All that was asked for is done; what the suites have started may still run */
  | { type: "done" }
  /** Nothing is left to run */
  | { type: "end" };
