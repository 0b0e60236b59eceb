/** Adds evidence of the emulated device to verdicts: the last events in a failed step, and wrong accesses. */

import { type DeviceEvent, eventLines, eventsByStep } from "./device_record.ts";
import type { DeviceRecord } from "./trace.ts";
import type { SequenceVerdict, Verdict } from "./verdict.ts";

/** The number of a step's last events in a report. */
const LAST = 8;
/** The most wrong accesses that a report names, and the most characters of each. */
const NAMED = 3, LONGEST = 200;

/** Verdicts of steps for which a report shows the device's events. */
const FAILED: ReadonlySet<Verdict> = new Set(["crash", "diverge", "indeterminate"]);

/** Adds the device's events to a verdict. The verdict itself does not change: the judge does not compare events. */
export function withDevice(verdict: SequenceVerdict, record: DeviceRecord | undefined): SequenceVerdict {
  if (record === undefined) return verdict;
  const notes = [...verdict.notes, ...wrongNotes(record)];
  if (!verdict.steps.some((step) => FAILED.has(step.verdict))) return { ...verdict, notes };
  let seen: Map<number, DeviceEvent[]>;
  try {
    seen = eventsByStep(record);
  } catch (error) {
    return { ...verdict, notes: [...notes, (error as Error).message] };
  }
  const steps = verdict.steps.map((step) => {
    const device = FAILED.has(step.verdict) ? lastOf(seen.get(step.id) ?? []) : [];
    return device.length > 0 ? { ...step, device } : step;
  });
  return { ...verdict, steps, notes };
}

function lastOf(events: readonly DeviceEvent[]): string[] {
  const lines = eventLines(events);
  const more = lines.length - LAST;
  return more > 0 ? [`... ${more} before`, ...lines.slice(-LAST)] : lines;
}

function wrongNotes({ wrong }: DeviceRecord): string[] {
  if (wrong === undefined) return [];
  const named = wrong.first.slice(0, NAMED).map(({ step, text }) => {
    const where = step === 0 ? "before step 1" : `in step ${step}`;
    return `wrong access to the emulated device, or a defect of it, ${where}: ${text.slice(0, LONGEST)}`;
  });
  const more = wrong.count - named.length;
  return more > 0 ? [...named, `${more} more wrong accesses to the emulated device`] : named;
}
