/**
 * What all reports have in common.
 *
 * @module
 */

import type { TraceHeader } from "./trace.ts";
import type { SequenceVerdict, Summary } from "./verdict.ts";

/** Makes a report of a run, sequence by sequence. */
export interface Reporter {
  /** The run begins. */
  begin(header: TraceHeader): void;
  /** A sequence was judged. */
  sequence(verdict: SequenceVerdict): void;
  /** The run is over. */
  end(summary: Summary): void;
}

/** Where a report goes, a piece at a time. */
export type Write = (text: string) => void;
