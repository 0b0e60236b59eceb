/**
 * Lines of the kernel log on the wrong side of a step's mark: lines of a work queue come after it, and a report of another
 * CPU may begin before it.
 *
 * @module
 */

import type { KernelLine } from "../model/observation.ts";
import type { StepTrace } from "./trace.ts";

/** True if the kernel continues a step after its command has ended: the end of a netns, and an operation with a settle time. */
const goesOn = ({ op }: StepTrace) => op.kind === "netns.del" || op.settle !== undefined;

function count(lines: readonly KernelLine[], text: string): number {
  return lines.filter((line) => line.class === "info" && line.text === text).length;
}

/** The line that opens a report, before the line with its subject. */
const OPENS = /^(={20,}|-{20,}|-+\[ cut here \]-+)$/;

/** 1 if the last line of a step opens the report that the log of the next step continues, else 0. */
function opening(observed: readonly StepTrace[], index: number): 0 | 1 {
  const last = observed[index]?.observation?.kmsg.at(-1);
  const next = observed[index + 1]?.observation?.kmsg[0];
  const opens = last?.class === "info" && OPENS.test(last.text);
  return opens && next !== undefined && next.class !== "info" && next.class !== "stale" ? 1 : 0;
}

/**
 * Returns a step of a sequence with the lines that came late: lines predicted for the step that the board did not log in
 * it. They are the first lines of the next step, where the model does not predict them. Lines that are late
 * lines of the step before are removed.
 */
export function withLateLines(
  expected: readonly StepTrace[],
  observed: readonly StepTrace[],
  index: number,
): StepTrace {
  const step = observed[index]!;
  if (!step.observation) return step;
  const early = index > 0 ? late(expected, observed, index - 1) : 0;
  const { kmsg } = step.observation;
  const here = kmsg.slice(early, kmsg.length - opening(observed, index));
  const opened = index > 0 && opening(observed, index - 1) ? observed[index - 1]!.observation!.kmsg.slice(-1) : [];
  const more = observed[index + 1]?.observation?.kmsg.slice(0, late(expected, observed, index)) ?? [];
  if (here.length === kmsg.length && opened.length + more.length === 0) return step;
  return { ...step, observation: { ...step.observation, kmsg: [...opened, ...here, ...more] } };
}

/** Returns how many of the first lines of the next step are late lines of this step. */
function late(expected: readonly StepTrace[], observed: readonly StepTrace[], index: number): number {
  const [want, next] = [expected[index]?.observation?.kmsg, expected[index + 1]?.observation?.kmsg];
  const [got, following] = [observed[index]?.observation?.kmsg, observed[index + 1]?.observation?.kmsg];
  if (!want || !next || !got || !following || !goesOn(expected[index]!)) return 0;
  let lines = 0;
  while (lines < following.length) {
    const { class: kind, text } = following[lines]!;
    const missing = count(want, text) - count(got, text) - count(following.slice(0, lines), text);
    if (kind !== "info" || missing <= 0 || count(following.slice(lines), text) <= count(next, text)) break;
    lines++;
  }
  return lines;
}
