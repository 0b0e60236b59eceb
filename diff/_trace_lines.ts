/** The lines of a trace file, as text: what {@linkcode TraceWriter} writes, and the journal of a run. */

import { jsonLine } from "../boards/visible.ts";
import { emptyObservation } from "../model/observation.ts";
import type { TraceLine } from "./_trace_schema.ts";
import type { DeviceRecord, SequenceTrace, StepTrace, TraceHeader } from "./trace.ts";

/** The version of the format that is written, and the only one that is read. */
export const TRACE_VERSION = 1;

const line = jsonLine;

/** Returns the first line of a file. */
export function headerLine(
  { board, transport, era, eraNote, kernel, iproute2, freedMemory, has, facts, contradictions }: TraceHeader,
): string {
  const told = {
    board,
    transport,
    era,
    kernel,
    iproute2,
    ...(eraNote ? { eraNote } : {}),
    ...(freedMemory ? { freedMemory } : {}),
    ...(has ? { has } : {}),
    ...(facts ? { facts } : {}),
    ...(contradictions ? { contradictions } : {}),
  };
  return line({ twinlink: "trace", version: TRACE_VERSION, ...told });
}

/** Returns the line that a sequence begins with. */
export function beginLine({ suite, sequence, source, boot, hardware }: Omit<SequenceTrace, "steps">): string {
  const more = { ...(boot ? { boot } : {}), ...(hardware ? { hardware } : {}) };
  return line({ type: "sequence", suite, sequence, source, ...more } satisfies TraceLine);
}

/** Returns the line of a step. It has the observation; the notes on what the model does not know are left out. */
export function stepLine(step: StepTrace): string {
  const { unknown: _, untimed: __, ...shown } = step.observation ?? emptyObservation();
  return line({ type: "step", ...step, ...(step.observation ? { observation: shown } : {}) } satisfies TraceLine);
}

/** Returns the last lines of a sequence with this number of steps; the first holds the events of the emulated device. */
export function endLine(steps: number, device: DeviceRecord | undefined): string {
  const seen = device ? line({ type: "device", ...device } satisfies TraceLine) : "";
  return seen + line({ type: "sequence-end", steps } satisfies TraceLine);
}

/** Returns the last line of a complete file with this number of sequences. */
export function lastLine(sequences: number): string {
  return line({ type: "end", sequences } satisfies TraceLine);
}
