/**
 * Compares the channels of one step.
 *
 * @module
 */

import {
  type Channel,
  CHANNELS,
  type Json,
  type KernelLine,
  type Notification,
  type Observation,
} from "../model/observation.ts";
import { canonical, differences, same } from "./_json.ts";
import { missingLines, starvedStall } from "./_log_rules.ts";
import type { Waivers } from "./_waivers.ts";
import { align, type Edit } from "./align.ts";
import { crashOf, FATAL, mayBreak } from "./crash.ts";
import { among, type LearnedSequence } from "./learned.ts";
import { withoutTicks } from "./pairs.ts";
import type { Pair } from "./rule.ts";
import { starved } from "./starved.ts";
import type { StepTrace } from "./trace.ts";
import {
  type ChannelVerdict,
  gravest,
  type StepVerdict,
  type StreamDifference,
  type StreamElement,
} from "./verdict.ts";

// The compiler refuses an observation with a field that is not a channel: the field would not be compared.
({}) satisfies Record<Exclude<keyof Observation, Channel | "unknown" | "untimed">, never>;

/** Returns the identity of the object of a message: a changed message still has the same object. */
function identity(element: StreamElement): string {
  if ("command" in element) {
    const { command, object, handle, attributes } = element satisfies Notification;
    return canonical([command, object, handle, attributes.name ?? attributes.policer ?? null]);
  }
  return "event" in element ? canonical([element.event, element.ifname]) : canonical(element);
}

/** Returns the edits of a stream; all edits are `same` if both sides are equal. */
function editsOf(expected: readonly StreamElement[], observed: readonly StreamElement[]): Edit<StreamElement>[] {
  if (same(expected, observed)) return [];
  const edits = align<StreamElement>(expected, observed, { key: canonical, identity });
  return edits.some(({ kind }) => kind !== "same") ? edits : [];
}

function streamsOf(channel: Channel, { expected, observed }: Pair): StreamDifference[] {
  if (channel === "kmsg") {
    const edits = editsOf(expected.kmsg, observed.kmsg);
    return edits.length > 0 ? [{ edits }] : [];
  }
  if (channel !== "notify" && channel !== "link") return [];
  const netns = new Set([...Object.keys(expected[channel]), ...Object.keys(observed[channel])]);
  return [...netns].flatMap((name) => {
    const edits = editsOf(expected[channel][name] ?? [], observed[channel][name] ?? []);
    return edits.length > 0 ? [{ netns: name, edits }] : [];
  });
}

const isStream = (channel: Channel) => channel === "notify" || channel === "link" || channel === "kmsg";

/** True if a channel is not empty on either side; `result` and `time` always do. */
function hasEvidence(channel: Channel, pair: Pair): boolean {
  return [pair.expected[channel], pair.observed[channel]].some((value) => {
    if (value === null || typeof value !== "object") return value !== null;
    return channel === "notify" || channel === "link"
      ? Object.values(value).some((messages) => (messages as unknown[]).length > 0)
      : !Array.isArray(value) || !isStream(channel) || value.length > 0;
  });
}

/** Returns the crash that a kernel log reports, to be spread into a verdict. */
export function crashIn({ kmsg }: Observation): Pick<StepVerdict, "crash"> {
  const crash = crashOf(kmsg);
  return crash ? { crash } : {};
}

/** Returns why a kernel log without a difference still does not agree; undefined if it can be judged. */
function whyUndecided({ kmsg }: Observation): string | undefined {
  const missing = missingLines(kmsg);
  if (missing !== undefined) return `the kernel left lines out of its log: ${missing}`;
  const stall = starvedStall(kmsg);
  return stall && `the board's host took its CPU away: ${stall.text}`;
}

/**
 * Returns why the model does not know a channel; undefined if the channel is compared: if the model knows it, or if a board
 * hangs or its kernel reports a bug, which no driver chooses. It stays unknown if the model cannot know whether the kernel breaks.
 */
function gapOf(channel: Channel, expected: Observation, observed: Observation, findings: readonly KernelLine[]) {
  const { unknown } = expected;
  if (channel === "kmsg" && findings.length > 0) return undefined;
  if (mayBreak(expected)) return unknown?.[channel];
  return observed.time === "hang" || observed.result === "hang" ? undefined : unknown?.[channel];
}

function differing(channel: Channel, pair: Pair): Pick<ChannelVerdict, "streams" | "values"> {
  const streams = streamsOf(channel, pair);
  const { expected, observed } = pair;
  const values = isStream(channel) ? [] : differences(expected[channel] as Json, observed[channel] as Json);
  return { streams, values };
}

/** The context for comparing a step. */
export interface ComparedBy {
  waivers: Waivers;
  learned: LearnedSequence;
  /** True if the other side is an earlier recording */
  bothBoards: boolean;
}

/**
 * Compares the channels of a step.
 *
 * @param pair Both sides after the rules; lines that a waiver accepts are removed from its kernel log
 * @param findings The reports of the kernel that the model did not predict
 */
export function compare(
  expected: StepTrace,
  observed: StepTrace,
  pair: Pair,
  findings: KernelLine[],
  { waivers, learned, bothBoards }: ComparedBy,
): Pick<StepVerdict, "verdict" | "reason" | "channels" | "findings" | "crash"> {
  const fatal = findings.some((line) => FATAL.has(line.class));
  const undecided = whyUndecided(observed.observation!);
  const hungry = starved(observed);
  const step = expected.id;
  withoutTicks(pair.observed, expected.observation!);
  /** Returns the verdict by a learned expectation, for a channel that the model does not know */
  const fromLearned = (channel: Channel): ChannelVerdict | undefined => {
    const about = learned.gap(step, channel);
    if (!about?.values) return undefined;
    const known = { channel, learned: about.key };
    if (among(pair.observed, channel, about.values)) return { ...known, verdict: "agree", values: [], streams: [] };
    const wanted = { ...pair.expected, [channel]: structuredClone(about.values[0]) } as Observation;
    const { streams, values } = differing(channel, { expected: wanted, observed: pair.observed });
    return { ...known, verdict: "diverge", reason: `learned, not modelled: ${about.reason}`, streams, values };
  };
  const channels = CHANNELS.flatMap((channel): ChannelVerdict[] => {
    const incomplete = channel === "kmsg" && undecided !== undefined;
    const gap = gapOf(channel, expected.observation!, observed.observation!, findings);
    const judged = gap === undefined || incomplete ? undefined : fromLearned(channel);
    if (judged && (judged.verdict === "diverge" || hasEvidence(channel, pair))) return [judged];
    if (!incomplete && !hasEvidence(channel, pair)) return [];
    if (gap !== undefined) return [{ channel, verdict: "model-gap", reason: gap, values: [], streams: [] }];
    const accepted = channel === "kmsg" ? waivers.lines(expected.id, pair) : undefined;
    if (bothBoards && channel === "kmsg") {
      waivers.lines(expected.id, { expected: pair.observed, observed: pair.expected });
    }
    const { streams, values } = differing(channel, pair);
    // An extra line is still a difference.
    if (incomplete && streams.every(({ edits }) => edits.every(({ kind }) => kind === "same" || kind === "missing"))) {
      return [{ channel, verdict: "indeterminate", values, streams }];
    }
    if (streams.length + values.length === 0) {
      const judged = accepted ? { verdict: "waived" as const, waiver: accepted } : { verdict: "agree" as const };
      return [{ channel, values, streams, ...judged }];
    }
    const crash = channel === "kmsg" && findings.length > 0;
    const deviation = crash ? undefined : learned.deviation(step, channel);
    if (deviation?.values && among(pair.observed, channel, deviation.values)) {
      learned.use(deviation.key);
      const waiver = { channel, reason: `learned: ${deviation.reason}`, expires: deviation.until };
      return [{ channel, verdict: "waived", values, streams, waiver, learned: deviation.key }];
    }
    const waiver = crash && fatal ? undefined : waivers.for(expected.id, channel);
    if (waiver) return [{ channel, verdict: "waived", values, streams, waiver }];
    if (channel === "time" && hungry !== undefined) return [{ channel, verdict: "indeterminate", values, streams }];
    return [{ channel, verdict: crash ? "crash" : "diverge", values, streams }];
  });
  const verdict = gravest(channels.map((channel) => channel.verdict));
  const about = { verdict, channels, findings, ...crashIn(observed.observation!) };
  if (verdict === "crash") return { ...about, reason: `the kernel reported: ${findings[0]!.text}` };
  if (verdict === "model-gap") {
    const gaps = Map.groupBy(channels.filter((one) => one.verdict === verdict), ({ reason }) => reason!);
    const reasons = [...gaps].map(([reason, of]) => `${of.map(({ channel }) => channel).join(", ")}: ${reason}`);
    return { ...about, reason: `not judged: ${reasons.join("; ")}` };
  }
  if (verdict !== "indeterminate") return about;
  const log = channels.some((one) => one.channel === "kmsg" && one.verdict === "indeterminate");
  return { ...about, reason: (log ? undecided : undefined) ?? `its time means nothing: ${hungry}` };
}
