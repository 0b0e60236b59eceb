/**
 * Learns expectations from traces that were judged: what the model has no answer for, and where boards differ from it.
 *
 * @module
 */

import { type Channel, CHANNELS, emptyObservation, type Json, type Observation } from "../model/observation.ts";
import { canonical } from "./_json.ts";
import { describeOperation } from "./describe.ts";
import { hashOf, type LearnedEntry } from "./learned.ts";
import type { SequenceVerdict, StepVerdict } from "./verdict.ts";

/** A run to learn from: what it is of, and its sequences, judged with `learning`. */
export interface LearnedRun {
  /** For which boards, a tag expression */
  when: string;
  verdicts: readonly SequenceVerdict[];
}

/** What can be learned of a run, and what cannot. */
export interface Lesson {
  entries: LearnedEntry[];
  /** Steps from which nothing can be learned: they crashed, were lost, or could not be judged */
  left: { suite: string; sequence: string; step: number; why: string }[];
}

/** Returns a name for an entry: the same for the same step, whatever it shows. */
export function keyOf(kind: string, suite: string, sequence: string, step: number): string {
  return `${kind === "gap" ? "g" : "d"}${hashOf(`${kind}/${suite}/${sequence}/${step}`)}`;
}

/** What one run showed of a step that can be learned. */
interface Seen extends Omit<LearnedEntry, "key" | "until" | "values" | "varies"> {
  channels: Channel[];
  shown: Observation;
}

/** Returns the channels that the model did not know, in the order of an observation; for a whole step these are all channels. */
function unknownOf({ whole, expected }: StepVerdict): Channel[] {
  return whole ? [...CHANNELS] : CHANNELS.filter((channel) => expected?.observation?.unknown?.[channel] !== undefined);
}

function seenIn(when: string, { suite, sequence }: SequenceVerdict, step: StepVerdict): Seen[] {
  const { id, op, shown, channels } = step;
  // What a kernel does that reports a bug is nothing to expect
  if (!shown || step.findings.length > 0) return [];
  const about = { when, suite, sequence, step: id, command: describeOperation(op), shown };
  const gaps = channels.filter(({ verdict }) => verdict === "model-gap");
  const differing = channels.filter(({ verdict }) => verdict === "diverge").map(({ channel }) => channel);
  const reason = [...new Set(gaps.map(({ reason }) => reason))].join("; ");
  return [
    ...gaps.length > 0 ? [{ ...about, kind: "gap" as const, channels: unknownOf(step), reason }] : [],
    ...differing.length > 0
      ? [{ ...about, kind: "deviation" as const, channels: differing, reason: "the board differs from the model" }]
      : [],
  ];
}

/** Several runs' values of a channel: each that may come, or undefined if each run showed another one. */
function valuesOf(channel: Channel, runs: readonly Seen[]): Json[] | undefined {
  const values = new Map(runs.map(({ shown }) => [canonical(shown[channel]), shown[channel] as Json]));
  return values.size > 1 && values.size === runs.length ? undefined : [...values.values()];
}

function entryOf(runs: readonly Seen[], until: string): LearnedEntry {
  const { kind, when, suite, sequence, step, command, reason } = runs[0]!;
  const values: LearnedEntry["values"] = {};
  const varies: Channel[] = [];
  for (const channel of [...new Set(runs.flatMap(({ channels }) => channels))]) {
    const of = valuesOf(channel, runs.filter(({ channels }) => channels.includes(channel)));
    const silent = kind === "gap" && of?.length === 1 && canonical(of[0]) === canonical(emptyObservation()[channel]);
    if (of === undefined) varies.push(channel);
    else if (!silent) values[channel] = of;
  }
  return {
    key: keyOf(kind, suite, sequence, step),
    kind,
    when,
    suite,
    sequence,
    step,
    command,
    reason,
    until,
    values,
    varies,
  };
}

/**
 * Learns from runs. A channel that showed several values, at least one of them twice, is learned as a set. One that showed another
 * value in every run is left out as `varies`. A report of the kernel is never learned.
 *
 * @param until The last day of the entries, `YYYY-MM-DD`
 * @param before Entries of an earlier file: their reasons, days and tags stay, since a person may have corrected them
 */
export function learnFrom(runs: readonly LearnedRun[], until: string, before: readonly LearnedEntry[] = []): Lesson {
  const left: Lesson["left"] = [];
  const seen: Seen[] = [];
  for (const { when, verdicts } of runs) {
    for (const sequence of verdicts) {
      for (const step of sequence.steps) {
        seen.push(...seenIn(when, sequence, step));
        const { verdict, id, reason } = step;
        const learned = step.shown !== undefined && verdict !== "crash" && verdict !== "indeterminate";
        if (verdict === "agree" || verdict === "waived" || learned) continue;
        left.push({ suite: sequence.suite, sequence: sequence.sequence, step: id, why: `${verdict}: ${reason ?? ""}` });
      }
    }
  }
  const known = new Map(before.map((entry) => [entry.key, entry]));
  const groups = Map.groupBy(seen, ({ kind, suite, sequence, step }) => keyOf(kind, suite, sequence, step));
  const entries = [...groups.values()].map((of) => {
    // Another operation is another step, whatever its number is
    const entry = entryOf(of.filter(({ command }) => command === of[0]!.command), until);
    const { reason, until: day, when } = known.get(entry.key) ?? entry;
    return { ...entry, reason, until: day, when };
  }).filter(({ kind, values }) => kind === "gap" || Object.keys(values).length > 0);
  return { entries, left };
}
