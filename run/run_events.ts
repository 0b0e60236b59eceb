/**
 * The events of a run, and its results.
 *
 * @module
 */

import type { SequenceTrace, StepTrace, TraceHeader } from "../diff/trace.ts";
import type { LeftOut, SequenceVerdict } from "../diff/verdict.ts";
import type { Progress } from "../runners/runner.ts";

/** Names a sequence, and the source of its expectation. */
export interface AboutSequence {
  /** The suite's name */
  suite: string;
  /** The sequence's name, unique in its suite */
  sequence: string;
  /** The source of the expectation */
  source: string;
}

/** The events of `orchestrate`, in order. */
export type RunEvent =
  /** A board is being prepared */
  | { type: "prepare"; board: string; transport: string; progress: Progress }
  /** A board answers */
  | { type: "board"; board: string; transport: string; header: TraceHeader }
  /** The sequences of a board begin: those that will be run, and those that are not part of the run */
  | { type: "plan"; board: string; transport: string; sequences: AboutSequence[]; leftOut: LeftOut[] }
  /** An earlier process of the run died during a sequence: the sequence is run again, or reported with the result that it had */
  | { type: "cut"; board: string; transport: string; suite: string; sequence: string; again: boolean }
  | { type: "sequence-start"; board: string; transport: string; suite: string; sequence: string; steps: number }
  | { type: "step"; board: string; transport: string; suite: string; sequence: string; step: StepTrace }
  | { type: "sequence"; board: string; transport: string; result: SequenceResult }
  /** A board was lost or not reached, or the run ended before the board was done: the rest of its sequences is not judged */
  | { type: "infra"; board: string; transport: string; error: Error }
  /** A board is done; `stopped` is the reason why some sequences were not run although they could have been */
  | { type: "board-end"; board: string; transport: string; ms: number; stopped?: string }
  /** The last event of every run. `boards` counts boards and lines; `error` is the error that ended the run early */
  | { type: "run-end"; boards: number; error?: Error };

/** A sequence that was run: both traces and the verdict. */
export interface SequenceResult {
  /** The trace of the model of the board's era, even if the board is compared with an earlier recording */
  expected: SequenceTrace;
  /** The trace of the board; without steps if the board cannot run the sequence */
  observed: SequenceTrace;
  /** The verdict of the comparison */
  verdict: SequenceVerdict;
}

/** The results of one board and line. */
export interface BoardResult {
  /** The board's name, as in its file */
  board: string;
  /** `model`, `ssh`, `serial`, `local` or `recording`; for a board that did not open, the transport that was tried */
  transport: string;
  /** The board's header; undefined if the board did not open */
  header: TraceHeader | undefined;
  /** The sequences that were run, in their order */
  results: SequenceResult[];
  /** The sequences that are not part of the run on this board, and why */
  leftOut: LeftOut[];
  /** Why the board could not be used, or failed during the run */
  infra: Error | undefined;
}
