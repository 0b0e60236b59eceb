/**
 * What all reports have in common.
 *
 * @module
 */

import type { DeviceRecord, TraceHeader } from "../trace.ts";
import { exitStatus, type LeftOut, OUTCOMES, type RunEnd, type SequenceVerdict, type Summary } from "../verdict.ts";

/** Makes a report of a run, sequence by sequence. */
export interface Reporter {
  /** A board answers; what follows is of that board. `at` is when, the same in every report of a run. @default {now} */
  begin(header: TraceHeader, at?: Date): void;
  /** A sequence is not part of the run on this board. */
  leftOut?(sequence: LeftOut): void;
  /** A sequence was judged; `device` is what the board's emulated device saw in it. */
  sequence(verdict: SequenceVerdict, device?: DeviceRecord): void;
  /** The run is over. Without `end`, the exit status follows from the numbers. */
  end(summary: Summary, end?: RunEnd): void;
  /** The run on several boards is over: the numbers of all boards together, for reports with one part a board. */
  total?(summary: Summary, end: RunEnd): void;
  /** The run on all boards is over, on one board as well: for a report with one part a board that is one document. */
  done?(summary: Summary, end: RunEnd): void;
}

/** Where a report goes, a piece at a time. */
export type Write = (text: string) => void;

/** Describes why the numbers of a run are no pass. */
export function whyNoPass({ sequences, unjudged }: Summary): string {
  if (unjudged.length > 0) return `nothing was judged of ${unjudged.join(", ")}`;
  if (Object.values(sequences).every((count) => count === 0)) return "nothing was run";
  return "not all of it could be judged";
}

/**
 * Returns what a report must say of the run as a whole, because none of its tests reports it: the run is no pass, and each test
 * passed or was skipped. Undefined if there is nothing to add.
 */
export function wholeRunError(
  verdicts: readonly SequenceVerdict[],
  summary: Summary,
  end: RunEnd = { exit: exitStatus(summary) },
): string | undefined {
  const failing = verdicts.some(({ verdict }) => OUTCOMES[verdict] === "fail" || OUTCOMES[verdict] === "error");
  if (end.exit === 0 || failing) return undefined;
  return `${end.reason ?? whyNoPass(summary)} (exit status ${end.exit})`;
}
