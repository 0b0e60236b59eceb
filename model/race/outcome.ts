/**
 * What a race may come to, in the words in which a board can be asked for it: how each operation ended, and what is there then.
 *
 * @module
 */

import type { Json } from "../observation.ts";
import type { Operation } from "../operation.ts";

/** One outcome. */
export interface ShownOutcome {
  /**
   * By racer, how each of its operations ended, with how much a reply held: `ok 2`. `["hang"]` of one that never ends,
   * `["killed"]` of one that the kernel ended; nothing of one that loops
   */
  results: string[][];
  /** What was answered at the end, by who was asked; null where the kernel broke */
  state: { [asked: string]: Json } | null;
  /** Of the model: why only the driver or the board knows the results, or an answer of the state. A board's answers are not compared */
  unknown?: { results?: string; state?: string };
  /** Of the model: a schedule that leads to it */
  schedule?: string;
  /** Of a board: in how many runs it was seen */
  count?: number;
}

/** Where a task of a board stands in its kernel. */
export interface TaskStack {
  /** The name of the task */
  task: string;
  /** Functions, the innermost first */
  stack: string[];
}

/** The reply of a `race`. */
export interface RaceReply {
  outcomes: ShownOutcome[];
  /** Of the model: whether these are all there are */
  exhausted?: boolean;
  /** Of a board: how often it was run */
  runs?: number;
  /** Of a board: how many runs took longer than one may, and ended all the same: the board was too slow */
  late?: number;
  /** Of a board: after how many runs the final state could not be asked for */
  unasked?: number;
  /** Of a board on which somebody hangs: tasks that cannot be interrupted, by their name, with their stacks */
  stacks?: TaskStack[];
}

/** Returns the key of an answer of the final state. */
export function askedBy({ kind, netns = "init" }: Operation): string {
  return netns === "init" ? kind : `${netns} ${kind}`;
}

/** Returns how many things a reply of a dump tells of. */
export function sizeOf(reply: Json): number {
  const [list] = Object.values(reply as object);
  if (typeof list !== "object" || list === null) return 1;
  let size = 0;
  for (const one of Object.values(list)) size += Array.isArray(one) ? one.length : 1;
  return size;
}

/** Returns a result with how much its reply held. */
export function resultWithSize(result: string, reply: Json): string {
  return reply === null ? result : `${result} ${sizeOf(reply)}`;
}
