/**
 * What a divergence is known by, so that the same one is looked into once.
 *
 * @module
 */

import type { SequenceVerdict, StepVerdict, Verdict } from "../diff/mod.ts";
import type { Operation } from "../model/mod.ts";

/** Verdicts without a difference. `model-gap`: only the driver knows the result, so that nothing was compared. */
const NO_DIFFERENCE: readonly Verdict[] = ["agree", "waived", "model-gap"];

/** Returns the first step that differs from the model; undefined if no step does. */
export function firstDifferent({ steps }: SequenceVerdict): StepVerdict | undefined {
  return steps.find(({ verdict }) => !NO_DIFFERENCE.includes(verdict));
}

/** Returns a path into a value, without the part that only selects one of several. */
const plainPath = (path: string) =>
  path.replace(/\[\d+\]/g, "[]").replace(/\b([a-z]\w*)\/\1\d+/g, "$1/N").replace(/\/\d+/g, "/P");

/** Returns what an operation is, without what it is of. */
function subject(op: Operation): string {
  if (op.kind !== "file.write" && op.kind !== "file.read") return op.kind;
  return `${op.kind} ${op.path.slice(op.path.lastIndexOf("/") + 1)}`;
}

/**
 * Returns a divergence in a line: the operation in which it shows, the channel, and what differs there. Two that read the same are
 * taken to be the same.
 */
export function signatureOf(verdict: SequenceVerdict): string | undefined {
  const step = firstDifferent(verdict);
  if (!step) return undefined;
  const channel = step.channels.find((one) => one.verdict === "diverge" || one.verdict === "crash");
  if (!channel) return `${subject(step.op)}: ${step.verdict}`;
  const [value] = channel.values;
  if (value) {
    const isShort = (side: unknown) => typeof side === "string" && side.length < 80;
    const sides = [value.expected, value.observed].map((side) => isShort(side) ? side : typeof side);
    const telling = channel.channel === "result" || channel.channel === "extack" ? `: ${sides.join(" for ")}` : "";
    return `${subject(step.op)}: ${channel.channel} ${plainPath(value.path)}${telling}`.trimEnd();
  }
  for (const { edits } of channel.streams) {
    const edit = edits.find(({ kind }) => kind !== "same");
    if (!edit) continue;
    const element = "expected" in edit ? edit.expected : edit.observed;
    const about = "command" in element
      ? `${element.object} ${element.command}`
      : "event" in element
      ? `link ${element.event}`
      : element.class;
    return `${subject(step.op)}: ${channel.channel} ${edit.kind} ${about}`;
  }
  return `${subject(step.op)}: ${channel.channel}`;
}
