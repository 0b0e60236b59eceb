/**
 * Judges the observations of a board by the predictions of the model.
 *
 * @module
 */

import type { Capability, Waiver } from "../boards/mod.ts";
import { CHANNELS, emptyObservation, type KernelLine, type Observation } from "../model/observation.ts";
import { compare, crashIn } from "./_compare.ts";
import { withDevice } from "./_device_evidence.ts";
import { canonical } from "./_json.ts";
import { asReported } from "./_lockdep.ts";
import { isStall, starvedStall } from "./_log_rules.ts";
import { LATE_RULE } from "./_nested_late.ts";
import { Waivers } from "./_waivers.ts";
import { type Unsupported, whyUnsupported } from "./capability.ts";
import { breaksKernel, comesLate, describeCrash, FATAL, mayBreak } from "./crash.ts";
import { describeOperation } from "./describe.ts";
import { LOSSES } from "./faults.ts";
import { type LearnedEntry, LearnedSequence } from "./learned.ts";
import { modelPairs, recordingPairs } from "./pairs.ts";
import { coverageOf, objectionToRace } from "./race.ts";
import type { Rule } from "./rule.ts";
import { RULES } from "./rules.ts";
import { starvedNotStuck } from "./starved.ts";
import type { Loss, LossReason, SequenceTrace, StepTrace } from "./trace.ts";
import { gravest, type SequenceVerdict, type StepVerdict, type Verdict } from "./verdict.ts";

/** Options of {@linkcode judge}. */
export interface JudgeOptions {
  /** Known differences, of any sequence */
  waivers?: readonly Waiver[];
  /** The capabilities of the board. @default {everything} */
  capabilities?: readonly Capability[];
  /** What the board lacks for the sequence; see `whyUnsupported`. @default {by the steps and `capabilities`} */
  unsupported?: Unsupported | undefined;
  /** The capabilities that the agent found. @default {not known: predicted reports of lockdep must come} */
  has?: readonly string[] | undefined;
  /** The learned expectations for this board, of any sequence. @default {nothing} */
  learned?: readonly LearnedEntry[];
  /** Keeps the observation of each step, to learn from. @default {false} */
  learning?: boolean;
  /** The day to judge waivers by, `YYYY-MM-DD`. @default {today, UTC} */
  today?: string;
  /** The rules for differences without meaning. @default {RULES} */
  rules?: readonly Rule[];
  /** The sequence as the model has it, where `predicted` is an earlier recording; see `inPlaceOfModel` of against.ts */
  model?: SequenceTrace;
}

/**
 * Returns the lines that are findings of a class that the model did not predict.
 *
 * @param broke True if the kernel broke before, as predicted
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

const noAnswer = (id: number) => `the model has no answer for step ${id}`;

/** Returns the note of an agreeing step that broke the kernel as predicted; undefined if it did not break the kernel. */
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

/** Losses of a board whose kernel stops without a report. */
const SILENT: readonly LossReason[] = ["timeout", "transport"];

/**
 * Returns the result of a step in which the board was lost, if its kernel was predicted to break, or might. A predicted crash is
 * a crash in a function that the model names. The console shows only the kernel: the other channels are not known.
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

/** Describes the uninterruptible tasks of a board: one line each, the innermost function first. */
const standing = ({ stacks = [] }: StepTrace) => stacks.map(({ task, stack }) => `${task} is in ${stack.join(" <- ")}`);

/** Returns why steps after this one cannot be judged: the model assumed another result. Undefined if it assumed the right one. */
function wrongAssumption(id: number, { unknown, result }: Observation, observed: Observation): string | undefined {
  if (unknown?.result === undefined || observed.result === result) return undefined;
  return `step ${id} ended with ${observed.result}, and the steps after it were planned for ${result}: ${unknown.result}`;
}

/** Marks all channels of a step as not known to the model. */
const allUnknown = (step: StepTrace, why: string): StepTrace => ({
  ...step,
  observation: {
    ...step.observation ?? emptyObservation(),
    unknown: Object.fromEntries(CHANNELS.map((channel) => [channel, why])),
  },
});

/** Marks a verdict that rests on learned expectations, with the share of learned channels. */
function shareLearned(steps: readonly StepVerdict[]): string[] {
  const compared = steps.flatMap(({ channels }) => channels).filter(({ verdict }) => verdict !== "model-gap");
  const learned = compared.filter(({ learned }) => learned !== undefined).length;
  return learned === 0 ? [] : [`${learned} of ${compared.length} channels compared were learned, not modelled`];
}

/**
 * Judges a sequence.
 *
 * A step agrees only if both sides showed it, whole, and every channel agrees. Every step after a step that was lost or
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
  const pairs = model
    ? recordingPairs(asReported(model, options.has), expected, observed, rules)
    : modelPairs(expected, observed, rules);
  const steps: StepVerdict[] = [];
  const notes: string[] = [];
  const { learning = false, today = new Date().toISOString().slice(0, 10) } = options;
  const waivers = new Waivers(expected, accepted, today);
  const learned = new LearnedSequence(expected, model ? [] : options.learned ?? [], today);
  const by = { waivers, learned, bothBoards: model !== undefined };
  /** Returns a step that the model has no answer for, or was planned for another state: compared with what was learned. */
  const sayLearned = (want: StepTrace, got: StepTrace, index: number, why: string, findings: KernelLine[]) => {
    const { id, phase, op } = want;
    const [wanted, pair] = [allUnknown(want, why), pairs.pair(index)];
    const about = { id, phase, op, expected: want, observed: got };
    const shown = learning ? { shown: pair.observed, whole: true } : {};
    steps.push({ ...about, ...compare(wanted, got, pair, findings, by), ...shown });
  };
  /** Why nothing is known from here on */
  let unknown: string | undefined;
  /** True if the kernel broke, as it was to */
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

    // A board that dies shows it, also after a step that was lost.
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
      unknown ??= `the board rebooted in step ${want.id}`;
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
      unknown = `another step was run instead of step ${want.id}`;
    } else if (got.lost || !got.observation) {
      const { verdict, means } = got.lost ? LOSSES[got.lost.reason] : LOSSES["not-recorded"];
      say(verdict, got.lost?.detail ? `${means}: ${got.lost.detail}` : means);
      unknown = verdict === "model-gap" ? noAnswer(want.id) : `step ${want.id} was lost (${means})`;
      following = verdict === "model-gap" ? verdict : "indeterminate";
      assumedWrong = false;
      // Why the board was lost is reported in a later step
      untold = got.lost?.reason === "untold";
    } else if (hungry !== undefined) {
      say("indeterminate", `it did not end, or the kernel reports this, and ${hungry}`);
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
        ...compare(want, got, pair, findings, by),
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
