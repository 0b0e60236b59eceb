/**
 * What a run tells while it goes on, and what it comes to.
 *
 * @module
 */

import type { SequenceTrace, StepTrace, TraceHeader } from "../diff/trace.ts";
import type { LeftOut, SequenceVerdict } from "../diff/verdict.ts";
import type { Progress } from "../runners/runner.ts";

/** Which sequence, and where its expectation comes from. */
export interface AboutSequence {
  /** The suite's name */
  suite: string;
  /** The sequence's name, unique in its suite */
  sequence: string;
  /** Where the expectation comes from */
  source: string;
}

/** What `orchestrate` tells, in order. */
export type RunEvent =
  /** A board is being prepared */
  | { type: "prepare"; board: string; transport: string; progress: Progress }
  /** A board answers */
  | { type: "board"; board: string; transport: string; header: TraceHeader }
  /** Its sequences begin: those that are going to be run, and those that are not part of the run */
  | { type: "plan"; board: string; transport: string; sequences: AboutSequence[]; leftOut: LeftOut[] }
  /** A sequence was under way when an earlier process of the run died: it is begun again, or reported as what it was */
  | { type: "cut"; board: string; transport: string; suite: string; sequence: string; again: boolean }
  | { type: "sequence-start"; board: string; transport: string; suite: string; sequence: string; steps: number }
  | { type: "step"; board: string; transport: string; suite: string; sequence: string; step: StepTrace }
  | { type: "sequence"; board: string; transport: string; result: SequenceResult }
  /** A board was lost, could not be reached, or the run ended before it did: the rest of its sequences is not judged */
  | { type: "infra"; board: string; transport: string; error: Error }
  /** `stopped` is why sequences were left that could have been run */
  | { type: "board-end"; board: string; transport: string; ms: number; stopped?: string }
  /** The last event of every run. `boards` counts boards and lines; `error` is what ended the run before it was done */
  | { type: "run-end"; boards: number; error?: Error };

/** A sequence that was run: both traces and the verdict. */
export interface SequenceResult {
  /** What the model of the board's era shows, also where an earlier recording is compared in its place */
  expected: SequenceTrace;
  /** What the board showed; without steps if the board cannot run the sequence */
  observed: SequenceTrace;
  /** What comparing them came to */
  verdict: SequenceVerdict;
}

/** One board and line, and all that was run on it. */
export interface BoardResult {
  /** The board's name, as in its file */
  board: string;
  /** `model`, `ssh`, `serial`, `local` or `recording`; of a board that did not open, what was tried */
  transport: string;
  /** What the board said of itself; undefined if it did not open */
  header: TraceHeader | undefined;
  /** The sequences that were run, in their order */
  results: SequenceResult[];
  /** The sequences that are not part of the run on this board, and why */
  leftOut: LeftOut[];
  /** Why the board could not be used, or no longer */
  infra: Error | undefined;
}
