/** A verdict in lines for a human reader: the terminal report, and the text inside of JUnit and KTAP. */

import { visible } from "../boards/mod.ts";
import type { Json } from "../model/observation.ts";
import { differences } from "./_json.ts";
import type { Edit } from "./align.ts";
import type { Reported } from "./causes.ts";
import { describeCrash } from "./crash.ts";
import { describeOperation } from "./describe.ts";
import type {
  ChannelVerdict,
  SequenceVerdict,
  StepVerdict,
  StreamDifference,
  StreamElement,
  Verdict,
} from "./verdict.ts";

/** How a line is coloured; plain for a file. */
export interface Paint {
  expected(text: string): string;
  observed(text: string): string;
  changed(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
  verdict(text: string, verdict: Verdict): string;
}

const same = (text: string) => text;
/** No colours. */
export const PLAIN: Paint = { expected: same, observed: same, changed: same, dim: same, strong: same, verdict: same };

/** The number of equal messages that are shown on either side of a difference. */
const CONTEXT = 2;
/** The most lines of a stream that are shown; the others are counted. The JSON report has all of them. */
const MOST_LINES = 40;
const MOST_VALUES = 12;
const MOST_LOG = 15;
const LONGEST = 200;

const cut = (text: string) => text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
const value = (json: Json | undefined) => json === undefined ? "(nothing)" : cut(visible(JSON.stringify(json)));

/** Returns a message on one line, its object first, then its attributes. It holds text of the board. */
export function messageText(message: StreamElement): string {
  if ("command" in message) {
    const { command, object, handle, attributes } = message;
    const shown = Object.entries(attributes).map(([key, json]) => {
      return `${key}=${typeof json === "string" ? json : JSON.stringify(json)}`;
    });
    return [command, object, handle, ...shown].join(" ");
  }
  if ("event" in message) {
    return `${message.event} link ${message.ifname} <${message.flags.join(",")}> ${message.operstate}`;
  }
  return message.text;
}

const element = (message: StreamElement) => cut(visible(messageText(message)));

function editLines(edit: Edit<StreamElement>, paint: Paint): string[] {
  switch (edit.kind) {
    case "same":
      return [paint.dim(`    ${element(edit.expected)}`)];
    case "missing":
      return [paint.expected(`  - ${element(edit.expected)}`)];
    case "extra":
      return [paint.observed(`  + ${element(edit.observed)}`)];
    case "moved":
      return [paint.changed(`  ~ ${element(edit.expected)}  (expected here, observed as message ${edit.to + 1})`)];
    case "arrived":
      return [paint.changed(`  ~ ${element(edit.observed)}  (observed here, expected as message ${edit.from + 1})`)];
    case "changed": {
      const fields = differences(edit.expected as unknown as Json, edit.observed as unknown as Json);
      return [
        paint.changed(`  ~ ${element(edit.expected)}`),
        ...fields.map(({ path, expected, observed }) =>
          `      ${visible(path)}: ${paint.expected(value(expected))} -> ${paint.observed(value(observed))}`
        ),
      ];
    }
  }
}

function streamLines(channel: string, { netns, edits }: StreamDifference, paint: Paint): string[] {
  const near = edits.map((_, i) =>
    edits.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some((e) => e.kind !== "same")
  );
  const agree = edits.filter((edit) => edit.kind === "same").length;
  const expected = edits.filter((edit) => edit.kind !== "extra" && edit.kind !== "arrived").length;
  const observed = edits.filter((edit) => edit.kind !== "missing" && edit.kind !== "moved").length;
  const where = netns === undefined ? "" : ` in netns ${visible(netns)}`;
  const lines = [`${paint.strong(channel)}${where}: ${expected} expected, ${observed} observed, ${agree} agree`];
  const shown: string[] = [];
  let skipped = 0;
  const skip = () => {
    if (skipped > 0) shown.push(paint.dim(`    ... ${skipped} that agree`));
    skipped = 0;
  };
  for (const [i, edit] of edits.entries()) {
    if (!near[i]) {
      skipped++;
      continue;
    }
    skip();
    shown.push(...editLines(edit, paint));
  }
  skip();
  const rest = shown.length - MOST_LINES;
  lines.push(...shown.slice(0, MOST_LINES));
  if (rest > 0) lines.push(paint.dim(`    ... ${rest} more lines`));
  return lines;
}

function channelLines({ channel, values, streams, verdict, waiver }: ChannelVerdict, paint: Paint): string[] {
  if (verdict === "agree") return [];
  if (waiver) return [`${paint.strong(channel)}: waived until ${waiver.expires}: ${visible(waiver.reason)}`];
  const lines = values.slice(0, MOST_VALUES).flatMap(({ path, expected, observed }) => [
    `${paint.strong(channel)}${path === "" ? "" : ` ${visible(path)}`}`,
    paint.expected(`  - expected ${value(expected)}`),
    paint.observed(`  + observed ${value(observed)}`),
  ]);
  if (values.length > MOST_VALUES) lines.push(paint.dim(`  ... ${values.length - MOST_VALUES} more places`));
  return [...lines, ...streams.flatMap((stream) => streamLines(channel, stream, paint))];
}

/** Returns the kernel log from its first finding on. */
function logLines({ findings, observed }: StepVerdict, paint: Paint): string[] {
  if (findings.length === 0) return [];
  const log = observed?.observation?.kmsg ?? [];
  const first = log.findIndex((line) => line.class === findings[0]!.class && line.text === findings[0]!.text);
  const shown = log.slice(first, first + MOST_LOG);
  return [
    paint.strong("kernel log"),
    ...shown.map((line) => {
      const text = `    ${cut(visible(line.text))}`;
      return line.class === "info" ? text : paint.observed(text);
    }),
    ...(log.length - first > MOST_LOG ? [paint.dim(`    ... ${log.length - first - MOST_LOG} more lines`)] : []),
  ];
}

/** Returns the name of a sequence, safe to print. */
export const nameOf = ({ suite, sequence }: SequenceVerdict) => visible(`${suite} > ${sequence}`);

/**
 * Explains a verdict: returns the lines of every step that does not agree. Empty for a sequence that agrees without notes.
 *
 * @param reported What the report has reported before: the lines refer to it. @default nothing
 */
export function detailLines(sequence: SequenceVerdict, paint: Paint = PLAIN, reported?: Reported): string[] {
  const lines: string[] = [];
  const add = (indent: number, text: string) => lines.push(`${" ".repeat(indent)}${text}`);
  if (sequence.reason) add(2, visible(sequence.reason));
  let last = "";
  for (const [index, step] of sequence.steps.entries()) {
    if (step.verdict === "agree") continue;
    // All steps after a lost step have one reason: it is printed once.
    const about = `${step.verdict} ${step.reason}`;
    if (about === last && step.reason) continue;
    last = about;
    const phase = step.phase === "body" ? "" : ` (${step.phase})`;
    const following = sequence.steps.slice(index).findIndex((s) =>
      s.verdict !== step.verdict || s.reason !== step.reason
    );
    const end = following === -1 ? sequence.steps.length - 1 : index + following - 1;
    if (end > index && step.reason && step.channels.length === 0) {
      const range = `steps ${step.id} to ${sequence.steps[end]!.id}`;
      add(2, `${paint.verdict(step.verdict, step.verdict)}  ${range}: ${visible(step.reason ?? "")}`);
      continue;
    }
    add(
      2,
      `${paint.verdict(step.verdict, step.verdict)}  step ${step.id} of ${sequence.steps.length}${phase}: ` +
        paint.strong(visible(describeOperation(step.op))),
    );
    const before = reported?.before(step, `step ${step.id} of ${nameOf(sequence)}`);
    if (before !== undefined) {
      add(4, paint.dim(`the same as in ${before}`));
      continue;
    }
    if (step.reason) add(4, cut(visible(step.reason)));
    if (step.crash && step.findings.length > 0) add(4, cut(visible(describeCrash(step.crash))));
    for (const line of step.channels.flatMap((channel) => channelLines(channel, paint))) add(4, line);
    for (const line of logLines(step, paint)) add(4, line);
    if (step.device) add(4, paint.strong("emulated device"));
    for (const line of step.device ?? []) add(8, cut(visible(line)));
  }
  if (lines.length > 0 && sequence.source !== "") add(2, paint.dim(`expected because of: ${visible(sequence.source)}`));
  for (const note of sequence.notes) add(2, `${paint.changed("note")}  ${visible(note)}`);
  return lines;
}
