/**
 * An outcome of a race, in the form in which a board can report it: how each operation ended, and the state after that.
 *
 * @module
 */

import type { Json } from "../observation.ts";
import type { Operation } from "../operation.ts";

/** One outcome. */
export interface ShownOutcome {
  /**
   * By racer, the result of each operation, with the number of objects in its reply: `ok 2`. `["hang"]` for a racer that never
   * ends,
   * `["killed"]` for a racer that the kernel ended; empty for a racer that loops
   */
  results: string[][];
  /** The answers at the end, by the key of {@linkcode askedBy}; null if the kernel broke */
  state: { [asked: string]: Json } | null;
  /**
   * Only from the model: why only the driver or the board knows the results, or an answer of the state. Such answers are not
   * compared
   */
  unknown?: { results?: string; state?: string };
  /** Only from the model: a schedule that leads to this outcome */
  schedule?: string;
  /** Only from a board: the number of runs that showed this outcome */
  count?: number;
}

/** The kernel stack of a task of a board. */
export interface TaskStack {
  /** The name of the task */
  task: string;
  /** Functions, the innermost first */
  stack: string[];
}

/** The reply of a `race`. */
export interface RaceReply {
  outcomes: ShownOutcome[];
  /** Only from the model: true if these are all possible outcomes */
  exhausted?: boolean;
  /** Only from a board: the number of runs */
  runs?: number;
  /** Only from a board: the number of runs that exceeded the time limit and still ended, since the board was too slow */
  late?: number;
  /** Only from a board: the number of runs after which the final state could not be read */
  unasked?: number;
  /** Only from a board on which a task hangs: the uninterruptible tasks by name, with their stacks */
  stacks?: TaskStack[];
}

/** Returns the key of an answer of the final state: the kind of the operation, with its netns. */
export function askedBy({ kind, netns = "init" }: Operation): string {
  return netns === "init" ? kind : `${netns} ${kind}`;
}

/** Returns the number of objects in the reply of a dump. */
export function sizeOf(reply: Json): number {
  const [list] = Object.values(reply as object);
  if (typeof list !== "object" || list === null) return 1;
  let size = 0;
  for (const one of Object.values(list)) size += Array.isArray(one) ? one.length : 1;
  return size;
}

/** Returns a result with the number of objects in its reply. */
export function resultWithSize(result: string, reply: Json): string {
  return reply === null ? result : `${result} ${sizeOf(reply)}`;
}
