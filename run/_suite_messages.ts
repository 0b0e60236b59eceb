/**
 * The messages between twinlink and the process that runs suites' code: a line of JSON each.
 *
 * @module
 */

import type { EraId, FreedMemory } from "../model/mod.ts";
import type { BoardContext } from "../sdk/fixture.ts";
import type { Place } from "../sdk/place.ts";
import type { Compiled } from "../sdk/suite.ts";

/** The request to the process: the first and only line of its standard input. */
export interface SuiteRequest {
  /** The prefix of each line of the process, so that no output of a suite is mistaken for a message */
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
  /** The eras in which it has a meaning; left out if it has a meaning in all eras */
  holds?: { in: readonly EraId[]; because: string };
  at?: Place;
}

/** A message of the process. */
export type SuiteMessage =
  /** The process begins to load a suite, or to compile a sequence */
  | { type: "begin"; what: string; at?: Place }
  /** A step is about to be performed on the model */
  | { type: "step"; what: string; at?: Place }
  | { type: "suites"; suites: readonly { name: string; sequences: readonly ListedSequence[] }[] }
  | { type: "compiled"; compiled: Compiled }
  /** A suite or a sequence is wrong, or a promise was rejected outside of every sequence */
  | { type: "wrong"; message: string }
  /** The request is done; work that the suites started may still run */
  | { type: "done" }
  /** No work is left */
  | { type: "end" };
