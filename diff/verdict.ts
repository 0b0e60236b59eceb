/**
 * Verdicts: what a comparison came to, of a channel, a step, a sequence and a run.
 *
 * @module
 */

import type { Waiver } from "../boards/mod.ts";
import type { Channel, KernelLine, LinkEvent, Notification, Observation } from "../model/observation.ts";
import type { NetnsName, Operation } from "../model/operation.ts";
import type { ValueDifference } from "./_json.ts";
import type { Edit } from "./align.ts";
import type { Crash } from "./crash.ts";
import type { Phase, StepTrace } from "./trace.ts";

export type { ValueDifference } from "./_json.ts";

/** The verdicts, the gravest first: a sequence has the gravest verdict of its steps. */
export const VERDICTS = [
  /** The board's kernel said that it is broken (an oops, a lockdep report, ...), or it rebooted */
  "crash",
  /** The board did something else than the model */
  "diverge",
  /** The way to the board failed: nothing was learned */
  "infra",
  /** Something was lost, or came after something that was lost: it is not known */
  "indeterminate",
  /** The model has no answer for this step */
  "model-gap",
  /** The board lacks what the sequence needs, as its agent found or by its file */
  "unsupported",
  /** A known difference that a waiver accepts */
  "waived",
  /** The board did what the model predicted */
  "agree",
] as const;

/** What a comparison came to; see {@linkcode VERDICTS}. */
export type Verdict = typeof VERDICTS[number];

/** What a verdict is in the words of test reports (JUnit, KTAP). */
export const OUTCOMES: Readonly<Record<Verdict, "pass" | "fail" | "error" | "skip">> = {
  "crash": "fail",
  "diverge": "fail",
  "infra": "error",
  "indeterminate": "error",
  "model-gap": "error",
  "unsupported": "skip",
  "waived": "skip",
  "agree": "pass",
};

/** Returns the gravest of some verdicts; `indeterminate` of none, since nothing was compared. */
export function gravest(verdicts: Iterable<Verdict>): Verdict {
  const ranks = [...verdicts].map((verdict) => VERDICTS.indexOf(verdict));
  return ranks.length === 0 ? "indeterminate" : VERDICTS[Math.min(...ranks)]!;
}

/** An element of a channel that is an ordered stream. */
export type StreamElement = Notification | LinkEvent | KernelLine;

/** A stream that differs, aligned. */
export interface StreamDifference {
  /** Of `notify` and `link`; the kernel log has none */
  netns?: NetnsName;
  /** The whole stream, elements that are the same included; see {@linkcode align} */
  edits: Edit<StreamElement>[];
}

/** One channel of one step. A channel that showed nothing on either side is left out. */
export interface ChannelVerdict {
  /** Which kind of evidence it is */
  channel: Channel;
  /**
   * `crash` only on `kmsg`, by a finding that the model did not predict; `indeterminate` on `kmsg`, by lines that the kernel left
   * out, and on `time`, of a board that was starved of CPU time; `model-gap` where only the board's driver decides
   */
  verdict: "agree" | "diverge" | "crash" | "waived" | "indeterminate" | "model-gap";
  /** Why it was not compared, of `model-gap`; what was expected, of a difference from what was learned */
  reason?: string;
  /** Where values differ (`result`, `extack`, `reply`, `sysfs`, `time`) */
  values: ValueDifference[];
  /** Which streams differ (`notify`, `link`, `kmsg`) */
  streams: StreamDifference[];
  /** What accepts the difference, if it is waived */
  waiver?: Waiver;
  /** The key of the learned expectation that it was compared with: the model does not know the channel, or is not followed */
  learned?: string;
}

/** One step. */
export interface StepVerdict {
  /** 1 for the first step of the plan */
  id: number;
  /** Set-up and tear-down belong to the fixture, the rest to the sequence's body */
  phase: Phase;
  /** What was performed */
  op: Operation;
  /** The gravest of its channels, or what kept it from being compared */
  verdict: Verdict;
  /** In words, where the channels do not say it: why it could not be judged, what the kernel said */
  reason?: string;
  /** The channels that were compared; empty where the step could not be */
  channels: ChannelVerdict[];
  /** The lines of the kernel log that are findings and that the model did not predict, as they came */
  findings: KernelLine[];
  /** What the gravest report of the kernel log is of, predicted or not; left out where the kernel reported nothing */
  crash?: Crash;
  /** The last that the emulated device saw in the step, in words; only of a step that failed or is indeterminate */
  device?: string[];
  /** To learn from: what was observed, after the rules; left out where nobody learns */
  shown?: Observation;
  /** To learn from: the model has no answer for the step as a whole */
  whole?: boolean;
  /** The step as the model has it, before normalisation */
  expected?: StepTrace;
  /** The step as it was observed, before normalisation */
  observed?: StepTrace;
}

/** Where a sequence is defined. */
export interface SequencePlace {
  /** The path of the suite's file */
  file: string;
  /** From 1 */
  line: number;
}

/** One sequence. */
export interface SequenceVerdict {
  /** The suite's name */
  suite: string;
  /** The sequence's name, unique in its suite */
  sequence: string;
  /** Where the expectation comes from */
  source: string;
  /** Where it is defined; left out where the report knows a trace alone */
  at?: SequencePlace;
  /** The gravest of its steps, or what kept it from being judged */
  verdict: Verdict;
  /** In words, where the steps do not say it */
  reason?: string;
  /** The steps in the order of the plan; empty where the sequence was not judged step by step */
  steps: StepVerdict[];
  /**
   * What its reader must know beside: that the kernel broke as predicted; waivers that are of no use or not any more; wrong
   * accesses to the emulated device
   */
  notes: string[];
}

/** Returns how long the board took, in ms by its own clock; undefined if it did not say, or rebooted meanwhile. */
export function boardTimeOf({ steps }: SequenceVerdict): number | undefined {
  const times = steps.flatMap(({ observed }) => observed?.board ?? []);
  const ms = times.length === 0 ? -1 : times.at(-1)!.end - times[0]!.start;
  return ms < 0 ? undefined : ms;
}

/** How many came to which verdict. */
export type Counts = Record<Verdict, number>;

/** A sequence that is not part of a run on a board. */
export interface LeftOut {
  /** The suite's name */
  suite: string;
  /** The sequence's name */
  sequence: string;
  /** Why, for example `the board lacks pcs` */
  reason: string;
  /** Where it is defined; left out where the report knows a trace alone */
  at?: SequencePlace;
}

/** How a run ended. */
export interface RunEnd {
  /** The exit status of the process */
  exit: number;
  /** Why it is no pass, in words, if the verdicts do not say it */
  reason?: string;
}

/** A run, in numbers. */
export interface Summary {
  /** Sequences by verdict */
  sequences: Counts;
  /** Steps by verdict, the steps of all sequences */
  steps: Counts;
  /** Channels that were compared, by verdict, the channels of all steps */
  channels: Counts;
  /** Suites without a judged sequence: each is `unsupported` */
  unjudged: string[];
}

/** Numbers of no run. */
export function emptySummary(): Summary {
  const none = () => Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Counts;
  return { sequences: none(), steps: none(), channels: none(), unjudged: [] };
}

/** Adds a sequence to the numbers of its run, in place. */
export function addToSummary(summary: Summary, verdict: SequenceVerdict): void {
  summary.sequences[verdict.verdict]++;
  for (const step of verdict.steps) {
    summary.steps[step.verdict]++;
    for (const channel of step.channels) summary.channels[channel.verdict]++;
  }
}

/** Returns the numbers of a run. */
export function summarise(verdicts: Iterable<SequenceVerdict>): Summary {
  const summary = emptySummary();
  const supported = new Map<string, boolean>();
  for (const verdict of verdicts) {
    addToSummary(summary, verdict);
    const { suite } = verdict;
    supported.set(suite, supported.get(suite) || verdict.verdict !== "unsupported");
  }
  summary.unjudged = [...supported.keys()].filter((suite) => !supported.get(suite));
  return summary;
}

/**
 * Returns the exit status of a run: 0 all agree (or are waived, or unsupported in a suite in which others agree); 1 a divergence
 * or a crash; 3 something could not be judged, or nothing of a suite was, or nothing at all.
 */
export function exitStatus({ sequences, channels, unjudged }: Summary): 0 | 1 | 3 {
  if (sequences.crash + sequences.diverge > 0) return 1;
  if (sequences.infra + sequences.indeterminate + sequences["model-gap"] + unjudged.length > 0) return 3;
  return channels.agree + channels.waived > 0 ? 0 : 3;
}
