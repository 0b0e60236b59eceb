/**
 * Judges what a board did by what the model says.
 *
 * @module
 */

import { type Capability, type Waiver, wholeLine } from "../boards/mod.ts";
import {
  type Channel,
  emptyObservation,
  type Json,
  type KernelLine,
  type Notification,
  type Observation,
} from "../model/observation.ts";
import { canonical, differences, same } from "./_json.ts";
import { align, type Edit } from "./align.ts";
import { asReported } from "./_lockdep.ts";
import { type Unsupported, whyUnsupported } from "./capability.ts";
import { describeOperation } from "./describe.ts";
import { withDevice } from "./_device_evidence.ts";
import { isStall, missingLines, starvedStall } from "./_log_rules.ts";
import { breaksKernel, comesLate, crashOf, describeCrash, FATAL, mayBreak } from "./crash.ts";
import { LOSSES } from "./faults.ts";
import { among, type LearnedEntry, LearnedSequence } from "./learned.ts";
import { modelPairs, recordingPairs, withoutTicks } from "./pairs.ts";
import { coverageOf, objectionToRace } from "./race.ts";
import { LATE_RULE } from "./_nested_late.ts";
import type { Pair, Rule } from "./rule.ts";
import { RULES } from "./rules.ts";
import { starved, starvedNotStuck } from "./starved.ts";
import type { Loss, LossReason, SequenceTrace, StepTrace } from "./trace.ts";
import {
  type ChannelVerdict,
  gravest,
  type SequenceVerdict,
  type StepVerdict,
  type StreamDifference,
  type StreamElement,
  type Verdict,
} from "./verdict.ts";

/** Options of {@linkcode judge}. */
export interface JudgeOptions {
  /** Known differences, of any sequence */
  waivers?: readonly Waiver[];
  /** What the board can do. @default {everything} */
  capabilities?: readonly Capability[];
  /** What the board lacks for the sequence; see `whyUnsupported`. @default {by the steps and `capabilities`} */
  unsupported?: Unsupported | undefined;
  /** What the board's agent found there. @default {not known: what the model predicts of lockdep must come} */
  has?: readonly string[] | undefined;
  /** What was learned of boards like this one, of any sequence. @default {nothing} */
  learned?: readonly LearnedEntry[];
  /** Keeps what each step showed, to learn from. @default {false} */
  learning?: boolean;
  /** The day to judge waivers by, `YYYY-MM-DD`. @default {today, UTC} */
  today?: string;
  /** What may differ. @default {RULES} */
  rules?: readonly Rule[];
  /** The sequence as the model has it, where `predicted` is an earlier recording; see `inPlaceOfModel` of against.ts */
  model?: SequenceTrace;
}

// By the type, so that no channel of an observation is left out.
const CHANNELS = Object.keys(
  {
    result: true,
    extack: true,
    reply: true,
    notify: true,
    link: true,
    sysfs: true,
    kmsg: true,
    time: true,
  } satisfies Record<Channel | Exclude<keyof Observation, "unknown" | "untimed">, true>,
) as Channel[];

/** What a message is about: a changed message still is about the same. */
function identity(element: StreamElement): string {
  if ("command" in element) {
    const { command, object, handle, attributes } = element satisfies Notification;
    return canonical([command, object, handle, attributes.name ?? attributes.policer ?? null]);
  }
  return "event" in element ? canonical([element.event, element.ifname]) : canonical(element);
}

/** The edits of a stream; none if both sides are the same. */
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

/** Whether a channel showed anything on either side; `result` and `time` always do. */
function hasEvidence(channel: Channel, pair: Pair): boolean {
  return [pair.expected[channel], pair.observed[channel]].some((value) => {
    if (value === null || typeof value !== "object") return value !== null;
    return channel === "notify" || channel === "link"
      ? Object.values(value).some((messages) => (messages as unknown[]).length > 0)
      : !Array.isArray(value) || !isStream(channel) || value.length > 0;
  });
}

/**
 * The lines that are findings of a class that the model did not predict.
 *
 * @param broke Whether the kernel broke before, as predicted
 */
function unpredicted(expected: StepTrace, observed: StepTrace, broke: boolean): KernelLine[] {
  const predicted = new Set(expected.observation?.kmsg.map((line) => line.class));
  const late = (line: KernelLine) => expected.observation !== undefined && comesLate(line, expected.observation, broke);
  const log = observed.observation?.kmsg ?? [];
  const starved = starvedStall(log) !== undefined;
  return log.filter((line) =>
    line.class !== "info" && !predicted.has(line.class) && !late(line) && !(starved && isStall(line))
  );
}

/** Follows which waivers apply to a sequence, and which were of use. */
class Waivers {
  readonly notes: string[] = [];
  #valid: Waiver[];
  #used = new Set<Waiver>();
  #name: string;

  constructor({ suite, sequence }: SequenceTrace, { waivers = [], today }: JudgeOptions) {
    const day = today ?? new Date().toISOString().slice(0, 10);
    const ours = waivers.filter((waiver) =>
      (waiver.suite ?? suite) === suite && (waiver.sequence ?? sequence) === sequence
    );
    this.#name = `of ${suite} > ${sequence}`;
    this.#valid = ours.filter((waiver) => waiver.expires >= day);
    for (const waiver of ours.filter((waiver) => waiver.expires < day)) {
      this.notes.push(`${this.#what(waiver)} expired on ${waiver.expires} and no longer applies: ${waiver.reason}`);
    }
  }

  #what({ step, channel, line }: Waiver): string {
    const lines = line === undefined ? "" : ` /${line}/`;
    return `the waiver ${this.#name}${step === undefined ? "" : `, step ${step}`}, ${channel}${lines},`;
  }

  #of(step: number, channel: Channel): Waiver[] {
    return this.#valid.filter((w) => w.channel === channel && (w.step === undefined || w.step === step));
  }

  for(step: number, channel: Channel): Waiver | undefined {
    const waiver = this.#of(step, channel).find(({ line }) => line === undefined);
    if (waiver) this.#used.add(waiver);
    return waiver;
  }

  /** Takes the lines out of a step's kernel log that a waiver accepts, and gives that waiver; undefined if none does. */
  lines(step: number, { expected, observed }: Pair): Waiver | undefined {
    const predicted = new Set(expected.kmsg.map(({ text }) => text));
    let waived: Waiver | undefined;
    for (const waiver of this.#of(step, "kmsg")) {
      if (waiver.line === undefined) continue;
      const pattern = wholeLine(waiver.line);
      const rest = observed.kmsg.filter(({ class: kind, text }) =>
        kind !== "info" || predicted.has(text) || !pattern.test(text)
      );
      if (rest.length === observed.kmsg.length) continue;
      observed.kmsg = rest;
      this.#used.add(waiver);
      waived ??= waiver;
    }
    return waived;
  }

  noteUnused(): void {
    const here = ({ sequence }: Waiver) => sequence !== undefined;
    for (const waiver of this.#valid.filter((waiver) => here(waiver) && !this.#used.has(waiver))) {
      this.notes.push(`${this.#what(waiver)} was not needed: ${waiver.reason}`);
    }
  }
}

const noAnswer = (id: number) => `the model has no answer for step ${id}`;

function crashIn({ kmsg }: Observation): Pick<StepVerdict, "crash"> {
  const crash = crashOf(kmsg);
  return crash ? { crash } : {};
}

/** What a reader must know of a step that agrees: that it broke the kernel, as it was to; undefined where it did not. */
function asPredicted({ id, expected, crash }: StepVerdict, as: string): string | undefined {
  const observation = expected?.observation;
  if (!observation) return undefined;
  const predicted = new Set(observation.kmsg.map((line) => line.class));
  if (crash && predicted.has(crash.class)) {
    const did = crash.class === "oops" || crash.class === "panic" ? "broke" : "complained";
    return `the kernel ${did} in step ${id} ${as}: ${describeCrash(crash)}`;
  }
  if (observation.result !== "hang") return undefined;
  const waits = expected.waits?.length ? `: ${expected.waits.join("; ")}` : "";
  return `step ${id} hangs, ${as}${waits}`;
}

/** Losses of a board whose kernel stands still without a word. */
const SILENT: readonly LossReason[] = ["timeout", "transport"];

/**
 * What became of a step in which the board was lost with its kernel, where the kernel was to break, or might. A predicted crash is
 * one in a function that the model names. The console tells of the kernel alone: what else the step showed is not known.
 */
function lostAsPredicted(
  expected: Observation | undefined,
  { reason, detail, crash }: Loss,
): { verdict: "model-gap" | "indeterminate"; reason: string } | undefined {
  if (expected === undefined) return undefined;
  const gap = (what: string) => ({ verdict: "model-gap" as const, reason: `${what}: ${expected.unknown!.kmsg}` });
  if (mayBreak(expected) && SILENT.includes(reason)) return gap(`${LOSSES[reason].means}, or its kernel stands still`);
  if (reason !== "crash" || crash === undefined) return undefined;
  const named = expected.kmsg.some(({ class: kind, text }) =>
    kind === crash.class && crash.frames.some((frame) => text.split(/[^\w.]+/).includes(frame))
  );
  if (!named) return undefined;
  if (mayBreak(expected)) return gap(detail);
  return { verdict: "indeterminate", reason: `crash, as predicted: ${detail}; the board was lost with its kernel` };
}

/** Where the tasks of a board stand that cannot be interrupted, one line each, the innermost function first. */
const standing = ({ stacks = [] }: StepTrace) => stacks.map(({ task, stack }) => `${task} is in ${stack.join(" <- ")}`);

/** Why a kernel log that shows no difference does not agree either; undefined where it can be judged. */
function whyUndecided({ kmsg }: Observation): string | undefined {
  const missing = missingLines(kmsg);
  if (missing !== undefined) return `the kernel left lines out of its log: ${missing}`;
  const stall = starvedStall(kmsg);
  return stall && `the board's host took its CPU away: ${stall.text}`;
}

/**
 * Why the model knows nothing of a channel; undefined where the channel is compared: where the model knows it, and where a board
 * hangs or its kernel reports a bug, which is no driver's choice; but for a kernel of which the model cannot know if it breaks.
 */
function gapOf(channel: Channel, expected: Observation, observed: Observation, findings: readonly KernelLine[]) {
  const { unknown } = expected;
  if (channel === "kmsg" && findings.length > 0) return undefined;
  if (mayBreak(expected)) return unknown?.[channel];
  return observed.time === "hang" || observed.result === "hang" ? undefined : unknown?.[channel];
}

/** Returns why steps after this one cannot be judged: the model assumed another result. Undefined if it assumed the right one. */
function wrongAssumption(id: number, { unknown, result }: Observation, observed: Observation): string | undefined {
  if (unknown?.result === undefined || observed.result === result) return undefined;
  return `step ${id} ended with ${observed.result}, and the steps after it were planned for ${result}: ${unknown.result}`;
}

function differing(channel: Channel, pair: Pair): Pick<ChannelVerdict, "streams" | "values"> {
  const streams = streamsOf(channel, pair);
  const { expected, observed } = pair;
  const values = isStream(channel) ? [] : differences(expected[channel] as Json, observed[channel] as Json);
  return { streams, values };
}

/** Says of all channels of a step that the model does not know them. */
const allUnknown = (step: StepTrace, why: string): StepTrace => ({
  ...step,
  observation: {
    ...step.observation ?? emptyObservation(),
    unknown: Object.fromEntries(CHANNELS.map((channel) => [channel, why])),
  },
});

/** Says that a verdict rests on learned expectations, and how much of it. */
function shareLearned(steps: readonly StepVerdict[]): string[] {
  const compared = steps.flatMap(({ channels }) => channels).filter(({ verdict }) => verdict !== "model-gap");
  const learned = compared.filter(({ learned }) => learned !== undefined).length;
  return learned === 0 ? [] : [`${learned} of ${compared.length} channels compared were learned, not modelled`];
}

function compare(
  expected: StepTrace,
  observed: StepTrace,
  pair: Pair,
  waivers: Waivers,
  findings: KernelLine[],
  learned: LearnedSequence,
  bothBoards: boolean,
): Pick<StepVerdict, "verdict" | "reason" | "channels" | "findings" | "crash"> {
  const fatal = findings.some((line) => FATAL.has(line.class));
  const undecided = whyUndecided(observed.observation!);
  const hungry = starved(observed);
  const step = expected.id;
  withoutTicks(pair.observed, expected.observation!);
  /** A channel that the model does not know, where something was learned of it */
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
    // A line too many is a difference all the same.
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
  return { ...about, reason: (log ? undecided : undefined) ?? `its time says nothing: ${hungry}` };
}

/**
 * Judges a sequence.
 *
 * A step agrees only if both sides showed it, whole, and every channel agrees. Whatever comes after a step that was lost or
 * that broke the kernel is `indeterminate`, since nobody knows what state it began in.
 *
 * ```ts
 * import { judge } from "./judge.ts";
 * import { assertEquals } from "@std/assert";
 * import { emptyObservation } from "../model/observation.ts";
 *
 * const trace = {
 *   suite: "netns",
 *   sequence: "a new one is empty",
 *   source: "example",
 *   steps: [{ id: 1, phase: "body" as const, op: { kind: "netns.add" as const, name: "t1" }, observation: emptyObservation() }],
 * };
 * assertEquals(judge(trace, trace).verdict, "agree");
 * ```
 *
 * @param predicted The sequence as the model has it
 * @param observed The sequence as the board did it
 */
export function judge(predicted: SequenceTrace, observed: SequenceTrace, options: JudgeOptions = {}): SequenceVerdict {
  const { model, rules = RULES } = options;
  const expected = model ? predicted : asReported(predicted, options.has);
  const { suite, sequence, source } = expected;
  const whole = (verdict: Verdict, reason: string): SequenceVerdict => ({
    suite,
    sequence,
    source,
    verdict,
    reason,
    steps: [],
    notes: [],
  });
  if (observed.suite !== suite || observed.sequence !== sequence) {
    return whole("infra", `another sequence was run: ${observed.suite} > ${observed.sequence}`);
  }
  const unsupported = options.unsupported ?? whyUnsupported(expected, options, undefined);
  const broke = observed.steps.some((step) => {
    return step.lost?.reason === "reboot" || step.lost?.reason === "crash" ||
      step.observation?.kmsg.some((line) => line.class !== "info");
  });
  if (unsupported && !broke) return whole("unsupported", `${unsupported.needer} needs ${unsupported.needs}`);
  if (expected.steps.length === 0) return whole("infra", "the sequence has no steps");

  // A waiver accepts what differs from the model; of a recording only the noise of the kernel log is left to accept
  const accepted = model ? (options.waivers ?? []).filter(({ line }) => line !== undefined) : options.waivers ?? [];
  const waivers = new Waivers(expected, { ...options, waivers: accepted });
  const pairs = model
    ? recordingPairs(asReported(model, options.has), expected, observed, rules)
    : modelPairs(expected, observed, rules);
  const steps: StepVerdict[] = [];
  const notes: string[] = [];
  const { learning = false, today = new Date().toISOString().slice(0, 10) } = options;
  const learned = new LearnedSequence(expected, model ? [] : options.learned ?? [], today);
  /** A step that the model has no answer for, or was planned for another state: compared with what was learned. */
  const sayLearned = (want: StepTrace, got: StepTrace, index: number, why: string, findings: KernelLine[]) => {
    const { id, phase, op } = want;
    const [wanted, pair] = [allUnknown(want, why), pairs.pair(index)];
    const about = { id, phase, op, expected: want, observed: got };
    const shown = learning ? { shown: pair.observed, whole: true } : {};
    steps.push({ ...about, ...compare(wanted, got, pair, waivers, findings, learned, false), ...shown });
  };
  /** Why nothing can be said from here on */
  let unknown: string | undefined;
  /** Whether the kernel broke, as it was to */
  let brokeBefore = false;
  let following: Verdict = "indeterminate";
  /** True if only a wrong assumption is the reason: a step that is lost after it is reported as lost */
  let assumedWrong = false;
  let untold = false;
  for (const [index, want] of expected.steps.entries()) {
    const got = observed.steps[index];
    const about = { id: want.id, phase: want.phase, op: want.op };
    const found = got ? { expected: want, observed: got } : { expected: want };
    const say = (verdict: Verdict, reason: string) =>
      steps.push({ ...about, verdict, reason, channels: [], findings: [], ...found });

    // A board that dies shows it, also behind a step that was lost.
    const findings = got ? unpredicted(want, got, brokeBefore) : [];
    const hungry = got && starvedNotStuck(got, findings);
    const objection = got?.observation && want.observation &&
      objectionToRace(
        want.op,
        (model?.steps[index] ?? want).observation ?? want.observation,
        got.observation,
        pairs.handles,
      );
    const sayCrash = (observation: Observation) => {
      const reason = `the kernel reported: ${findings[0]!.text}`;
      steps.push({ ...about, verdict: "crash", reason, channels: [], findings, ...crashIn(observation), ...found });
    };
    const lost = unknown === undefined && got?.lost && lostAsPredicted(want.observation, got.lost);
    if (lost) {
      say(lost.verdict, lost.reason);
      unknown = `the board was lost in step ${want.id}, as predicted`;
      following = lost.verdict;
    } else if (got?.lost?.reason === "reboot" || got?.lost?.reason === "crash") {
      say("crash", `${LOSSES[got.lost.reason].means}: ${got.lost.detail}`);
      unknown ??= `the board booted anew in step ${want.id}`;
      untold = false;
    } else if (unknown !== undefined && findings.length > 0 && hungry === undefined) {
      sayCrash(got!.observation!);
    } else if (
      unknown !== undefined && following === "model-gap" && got?.observation && got.id === want.id &&
      hungry === undefined &&
      (learning || learned.knows(want.id))
    ) {
      sayLearned(want, got, index, unknown, findings);
    } else if (unknown !== undefined && !(got?.lost && (assumedWrong || untold && got.lost.reason !== "untold"))) {
      say(following, unknown);
    } else if (!got) {
      say("indeterminate", "the trace does not hold the step");
      unknown = `step ${want.id} is not in the trace`;
    } else if (got.id !== want.id || got.phase !== want.phase || canonical(got.op) !== canonical(want.op)) {
      say("infra", `another step was run: ${got.id}, ${describeOperation(got.op)}`);
      unknown = `another step was run in place of step ${want.id}`;
    } else if (got.lost || !got.observation) {
      const { verdict, means } = got.lost ? LOSSES[got.lost.reason] : LOSSES["not-recorded"];
      say(verdict, got.lost?.detail ? `${means}: ${got.lost.detail}` : means);
      unknown = verdict === "model-gap" ? noAnswer(want.id) : `step ${want.id} was lost (${means})`;
      following = verdict === "model-gap" ? verdict : "indeterminate";
      assumedWrong = false;
      // Why the board was lost is told in a later step
      untold = got.lost?.reason === "untold";
    } else if (hungry !== undefined) {
      say("indeterminate", `it did not end, or the kernel says so, and ${hungry}`);
      unknown = `step ${want.id} was done by a board that was starved`;
    } else if (!want.observation) {
      // An earlier recording that lacks a step is no model without an answer
      following = model ? "indeterminate" : "model-gap";
      const why = want.lost?.detail || "the model has no answer for this step";
      if (!model && findings.length === 0 && (learning || learned.knows(want.id))) {
        sayLearned(want, got, index, why, findings);
      } else if (findings.length > 0) sayCrash(got.observation);
      else say(following, why);
      unknown = model ? want.lost?.detail ?? noAnswer(want.id) : noAnswer(want.id);
    } else if (objection && findings.length === 0) {
      say(objection.verdict, objection.reason);
      if (got.observation.time === "hang") unknown = `step ${want.id} did not end`;
    } else {
      const pair = pairs.pair(index);
      const step: StepVerdict = {
        ...about,
        ...compare(
          want,
          got,
          pair,
          waivers,
          findings,
          learned,
          model !== undefined,
        ),
        ...found,
        ...(learning ? { shown: pair.observed } : {}),
      };
      steps.push(step);
      const note = step.verdict === "agree"
        ? asPredicted(step, model ? "as in the earlier recording" : "as the model predicted")
        : undefined;
      if (note) notes.push(note);
      notes.push(...standing(got));
      const coverage = coverageOf(want.id, want.op, want.observation.reply, got.observation.reply);
      if (coverage) notes.push(coverage);
      const fatal = step.findings.find((line) => FATAL.has(line.class));
      const [breaks, broken] = [breaksKernel(want.observation), breaksKernel(got.observation)];
      if (fatal) unknown = `the kernel broke in step ${want.id}: ${fatal.text}`;
      else if (got.observation.time === "hang" && want.observation.time !== "hang") unknown = `step ${want.id} hangs`;
      else if (breaks && !broken && !mayBreak(want.observation)) {
        unknown = `the kernel was to break in step ${want.id} and did not`;
      }
      brokeBefore ||= breaks && broken;
      const assumed = wrongAssumption(want.id, want.observation, got.observation);
      if (unknown === undefined && assumed !== undefined) {
        unknown = assumed;
        following = "model-gap";
        assumedWrong = true;
      }
    }
  }
  for (const extra of observed.steps.slice(expected.steps.length)) {
    const { id, phase, op } = extra;
    const reason = "the trace holds a step that is not in the plan";
    steps.push({ id, phase, op, verdict: "infra", reason, channels: [], findings: [], observed: extra });
  }
  if (pairs.assumedTooMuch) {
    return judge(predicted, observed, { ...options, rules: rules.filter(({ id }) => id !== LATE_RULE) });
  }
  if (unknown === undefined && !model) waivers.noteUnused();
  const verdict = gravest(steps.map((step) => step.verdict));
  notes.push(
    ...shareLearned(steps),
    ...learned.notes,
    ...unknown === undefined || following === "model-gap" ? learned.unused() : [],
  );
  return withDevice({ suite, sequence, source, verdict, steps, notes: [...notes, ...waivers.notes] }, observed.device);
}
