/**
 * Judges what a board did by what the model says.
 *
 * @module
 */

import { type Capability, type Waiver, wholeLine } from "../boards/mod.ts";
import type { Channel, Json, KernelLine, Notification, Observation } from "../model/observation.ts";
import { canonical, differences } from "./_json.ts";
import { align } from "./align.ts";
import { asReported } from "./_lockdep.ts";
import { type Unsupported, whyUnsupported } from "./capability.ts";
import { describeOperation } from "./describe.ts";
import { withDevice } from "./_device_evidence.ts";
import { withLateLines } from "./_late_lines.ts";
import { isStall, missingLines, starvedStall } from "./_log_rules.ts";
import { breaksKernel, comesLate, crashOf, describeCrash, FATAL, mayBreak } from "./crash.ts";
import { LOSSES } from "./faults.ts";
import { Normaliser } from "./normalise.ts";
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
  /** The day to judge waivers by, `YYYY-MM-DD`. @default {today, UTC} */
  today?: string;
  /** What may differ. @default {RULES} */
  rules?: readonly Rule[];
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

const aligned = (expected: readonly StreamElement[], observed: readonly StreamElement[]) =>
  align<StreamElement>(expected, observed, { key: canonical, identity });

function streamsOf(channel: Channel, { expected, observed }: Pair): StreamDifference[] {
  if (channel === "kmsg") {
    const edits = aligned(expected.kmsg, observed.kmsg);
    return edits.some((edit) => edit.kind !== "same") ? [{ edits }] : [];
  }
  if (channel !== "notify" && channel !== "link") return [];
  const netns = new Set([...Object.keys(expected[channel]), ...Object.keys(observed[channel])]);
  return [...netns].flatMap((name) => {
    const edits = aligned(expected[channel][name] ?? [], observed[channel][name] ?? []);
    return edits.some((edit) => edit.kind !== "same") ? [{ netns: name, edits }] : [];
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
function asPredicted({ id, expected, crash }: StepVerdict): string | undefined {
  const observation = expected?.observation;
  if (!observation) return undefined;
  const predicted = new Set(observation.kmsg.map((line) => line.class));
  if (crash && predicted.has(crash.class)) {
    const did = crash.class === "oops" || crash.class === "panic" ? "broke" : "complained";
    return `the kernel ${did} in step ${id} as the model predicted: ${describeCrash(crash)}`;
  }
  if (observation.result !== "hang") return undefined;
  const waits = expected.waits?.length ? `: ${expected.waits.join("; ")}` : "";
  return `step ${id} hangs, as the model predicted${waits}`;
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

function compare(
  expected: StepTrace,
  observed: StepTrace,
  pair: Pair,
  waivers: Waivers,
  findings: KernelLine[],
): Pick<StepVerdict, "verdict" | "reason" | "channels" | "findings" | "crash"> {
  const fatal = findings.some((line) => FATAL.has(line.class));
  const undecided = whyUndecided(observed.observation!);
  const hungry = starved(observed);
  const channels = CHANNELS.flatMap((channel): ChannelVerdict[] => {
    const incomplete = channel === "kmsg" && undecided !== undefined;
    if (!incomplete && !hasEvidence(channel, pair)) return [];
    const gap = gapOf(channel, expected.observation!, observed.observation!, findings);
    if (gap !== undefined) return [{ channel, verdict: "model-gap", reason: gap, values: [], streams: [] }];
    const accepted = channel === "kmsg" ? waivers.lines(expected.id, pair) : undefined;
    const streams = streamsOf(channel, pair);
    const values = isStream(channel) ? [] : differences(pair.expected[channel] as Json, pair.observed[channel] as Json);
    // A line too many is a difference all the same.
    if (incomplete && streams.every(({ edits }) => edits.every(({ kind }) => kind === "same" || kind === "missing"))) {
      return [{ channel, verdict: "indeterminate", values, streams }];
    }
    if (streams.length + values.length === 0) {
      const judged = accepted ? { verdict: "waived" as const, waiver: accepted } : { verdict: "agree" as const };
      return [{ channel, values, streams, ...judged }];
    }
    const crash = channel === "kmsg" && findings.length > 0;
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
  const expected = asReported(predicted, options.has);
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

  const waivers = new Waivers(expected, options);
  const normaliser = new Normaliser(expected, options.rules ? { rules: options.rules } : {});
  const steps: StepVerdict[] = [];
  const notes: string[] = [];
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
      objectionToRace(want.op, want.observation, got.observation, normaliser.handles);
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
      if (findings.length > 0) sayCrash(got.observation);
      else say("model-gap", want.lost?.detail || "the model has no answer for this step");
      unknown = noAnswer(want.id);
      following = "model-gap";
    } else if (objection && findings.length === 0) {
      say(objection.verdict, objection.reason);
      if (got.observation.time === "hang") unknown = `step ${want.id} did not end`;
    } else {
      const step: StepVerdict = {
        ...about,
        ...compare(
          want,
          got,
          normaliser.step(want, withLateLines(expected.steps, observed.steps, index)),
          waivers,
          findings,
        ),
        ...found,
      };
      steps.push(step);
      const note = step.verdict === "agree" ? asPredicted(step) : undefined;
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
  if (normaliser.assumedTooMuch) {
    const rules = (options.rules ?? RULES).filter(({ id }) => id !== LATE_RULE);
    return judge(predicted, observed, { ...options, rules });
  }
  if (unknown === undefined) waivers.noteUnused();
  const verdict = gravest(steps.map((step) => step.verdict));
  return withDevice({ suite, sequence, source, verdict, steps, notes: [...notes, ...waivers.notes] }, observed.device);
}
