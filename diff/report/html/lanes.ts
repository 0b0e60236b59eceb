/** A sequence on one clock: a row a step, a lane each for messages, links, the kernel log and the emulated device. */

import type { Observation } from "../../../model/observation.ts";
import { describeOperation } from "../../describe.ts";
import { type DeviceEvent, eventLines, eventsByStep } from "../../device_record.ts";
import type { DeviceRecord, StepTrace } from "../../trace.ts";
import { OUTCOMES, type SequenceVerdict, type StepVerdict } from "../../verdict.ts";
import { cut, type Markup, markup, type Part } from "./markup.ts";

/** How many kinds of messages a cell names. */
const MOST_KINDS = 6;
/** The longest line of a cell. */
const LONGEST = 120;
/** Above this many steps, those far from what differs are counted. */
const MOST_STEPS = 40;
const NEAR = 3;

/** Words in a row, equal ones once: `del trap x5, del region`. */
function grouped(words: readonly string[]): string {
  const groups: { word: string; times: number }[] = [];
  for (const word of words) {
    const last = groups.at(-1);
    if (last?.word === word) last.times++;
    else groups.push({ word, times: 1 });
  }
  const shown = groups.slice(0, MOST_KINDS).map(({ word, times }) => times === 1 ? word : `${word} x${times}`);
  if (groups.length > MOST_KINDS) shown.push(`... ${words.length} in all`);
  return cut(shown.join(", "), LONGEST * 3);
}

/** A lane: what of an observation it shows, in words. */
const LANES: readonly { title: string; channel: "notify" | "link" | "kmsg"; of: (seen: Observation) => string }[] = [
  {
    title: "devlink messages",
    channel: "notify",
    of: ({ notify }) => grouped(Object.values(notify).flat().map(({ command, object }) => `${command} ${object}`)),
  },
  {
    title: "link events",
    channel: "link",
    of: ({ link }) => grouped(Object.values(link).flat().map(({ event, ifname }) => `${event} ${ifname}`)),
  },
  { title: "kernel log", channel: "kmsg", of: ({ kmsg }) => grouped(kmsg.map(({ text }) => cut(text, LONGEST))) },
];

function resultText(step: StepTrace | undefined): string {
  if (step?.observation) return step.observation.result;
  return step?.lost ? `lost (${step.lost.reason})` : "";
}

/** Both sides, or one where the channel agrees. */
function cell(differs: boolean, expected: string, observed: string): Part {
  if (!differs) return markup`<span class="dim">${observed}</span>`;
  return markup`<div class="two"><div class="bad">${expected || "-"}</div><div class="good">${
    observed || "-"
  }</div></div>`;
}

const differsIn = (step: StepVerdict, channel: string) =>
  step.channels.some((one) => one.channel === channel && one.verdict !== "agree" && one.verdict !== "waived");

/** Returns the device's events by step; a log that is damaged has no lane. */
function deviceEvents(device: DeviceRecord | undefined): Map<number, DeviceEvent[]> {
  try {
    return device ? eventsByStep(device) : new Map();
  } catch {
    return new Map();
  }
}

const clock = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

/** Returns the lanes of a sequence; a step that fails is a link to `anchor(step)`. */
export function lanesMarkup(
  { steps }: SequenceVerdict,
  device: DeviceRecord | undefined,
  anchor: (step: StepVerdict) => string | undefined,
): Markup {
  const events = deviceEvents(device);
  const seen = (step: StepVerdict, side: "expected" | "observed") => step[side]?.observation;
  const lanes = LANES.filter(({ of }) =>
    steps.some((step) => [seen(step, "expected"), seen(step, "observed")].some((one) => one && of(one) !== ""))
  );
  const begun = steps.find((step) => step.observed?.board)?.observed?.board?.start;
  const failing = steps.flatMap(({ verdict }, i) => OUTCOMES[verdict] === "fail" ? [i] : []);
  const isNear = (i: number) => steps.length <= MOST_STEPS || failing.some((at) => Math.abs(at - i) <= NEAR);
  const rows: Markup[] = [];
  let skipped = 0;
  const skip = () => {
    if (skipped > 0) {
      rows.push(markup`<tr><td class="t"><td class="dim" colspan="9">${skipped} steps that agree`);
    }
    skipped = 0;
  };
  for (const [i, step] of steps.entries()) {
    if (!isNear(i)) {
      skipped++;
      continue;
    }
    skip();
    const { board } = step.observed ?? {};
    const to = anchor(step);
    const command = markup`<span class="m">${cut(describeOperation(step.op), LONGEST)}</span>`;
    const [left, right] = [resultText(step.expected), resultText(step.observed)];
    const cells = lanes.map(({ channel, of }) => {
      const [expected, observed] = [seen(step, "expected"), seen(step, "observed")].map((one) => one ? of(one) : "");
      return markup`<td class="g">${cell(differsIn(step, channel), expected!, observed!)}`;
    });
    const lines = grouped(eventLines(events.get(step.id) ?? []).map((line) => cut(line, LONGEST)));
    rows.push(
      markup`<tr${OUTCOMES[step.verdict] === "fail" && markup` class="f"`}><td class="t">${
        board && begun !== undefined ? clock(board.start - begun) : ""
      }<td>${step.id}. ${to ? markup`<a href="#${to}">${command}</a>` : command}${
        step.phase !== "body" && markup` <span class="dim">${step.phase}</span>`
      }
      <td class="g">${
        cell(
          differsIn(step, "result") || left !== right && OUTCOMES[step.verdict] === "fail",
          left,
          right,
        )
      }${cells}${events.size > 0 && markup`<td class="g"><span class="dim">${lines}</span>`}`,
    );
  }
  skip();
  const heads = ["step", "result", ...lanes.map(({ title }) => title), ...events.size > 0 ? ["device accesses"] : []];
  return markup`<p class="dim">What was expected is <span class="bad">red, on the left</span>, what the board showed <span class="good">green,
    on the right</span>; what agrees is there once. Time is the board's, from the first step on.</p><div class="scroll"><table class="lanes"><thead><tr><th>time${
    heads.map((head) => markup`<th>${head}`)
  }</thead><tbody>${rows}</table></div>`;
}
