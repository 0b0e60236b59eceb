/**
 * The report as JSON Lines, for `--json`: a header, one line a sequence, and the numbers of the run.
 *
 * @module
 */

import { jsonLine } from "../../boards/mod.ts";
import type { Edit } from "../align.ts";
import { describeOperation } from "../describe.ts";
import type { Reporter, Write } from "./reporter.ts";
import {
  boardTimeOf,
  exitStatus,
  type RunEnd,
  type SequenceVerdict,
  type StepVerdict,
  type StreamElement,
} from "../verdict.ts";

/** The version of the format. */
export const REPORT_VERSION = 1;

const differing = (edits: readonly Edit<StreamElement>[]) =>
  edits.flatMap((edit, at) => edit.kind === "same" ? [] : [{ at, ...edit }]);

function stepOf({ id, phase, op, verdict, reason, channels, findings, crash, device }: StepVerdict) {
  return {
    id,
    phase,
    op,
    command: describeOperation(op),
    verdict,
    reason,
    channels: channels.map(({ channel, verdict, values, streams, waiver, learned }) => ({
      channel,
      verdict,
      values: values.length > 0 ? values : undefined,
      streams: streams.length > 0 ? streams.map(({ netns, edits }) => ({ netns, edits: differing(edits) })) : undefined,
      waiver,
      learned,
    })),
    findings: findings.length > 0 ? findings : undefined,
    crash,
    device,
  };
}

/** Every verdict with what differs in it, a line at a time, as the run goes on. */
export function jsonlReporter(write: Write): Reporter {
  // A terminal may be at the other end.
  const line = (value: object) => write(jsonLine(value));
  return {
    // What the board has is in the trace.
    begin: ({ facts: _, ...header }) => line({ twinlink: "report", version: REPORT_VERSION, ...header }),
    sequence: (all: SequenceVerdict) => {
      const { steps, ...verdict } = all;
      line({ type: "sequence", ...verdict, ms: boardTimeOf(all), steps: steps.map(stepOf) });
    },
    leftOut: (sequence) => line({ type: "left-out", ...sequence }),
    end: (summary, end: RunEnd = { exit: exitStatus(summary) }) => line({ type: "summary", ...summary, ...end }),
    total: (summary, end) => line({ type: "run", ...summary, ...end }),
  };
}
