/**
 * The reports that a run can write to standard output, by the name that `--reporter` takes.
 *
 * @module
 */

import {
  type AboutRun,
  type DeviceRecord,
  htmlReporter,
  jsonlReporter,
  junitReporter,
  ktapReporter,
  type LeftOut,
  nipaReporter,
  OUTCOMES,
  type Reporter,
  type RunEnd,
  type SequenceVerdict,
  summarise,
  terminalReporter,
  type TraceHeader,
  type Write,
} from "../diff/mod.ts";
import { nipaTarget } from "./about_run.ts";

/** What a report is made with. */
export interface ReportOptions {
  color: boolean;
  /** What a page tells of its run beside the verdicts. @default nothing */
  about?: AboutRun | undefined;
}

/** A kind of report. */
export interface ReportKind {
  make(write: Write, options: ReportOptions): Reporter;
  /** Throws a `UsageError` if it lacks something, before anything is run. @default {it lacks nothing} */
  ready?(): void;
  /** One document for the whole run, else one part for each board */
  whole: boolean;
  /** For a human reader, who sees a lost board once and gets the summary of the run after the report */
  human: boolean;
  /** Of the summary only its closing line is printed, and no progress. @default {false} */
  brief?: boolean;
}

const DOTS = { pass: ".", fail: "F", error: "E", skip: "s" } as const;

/** Returns one character a sequence, and the whole of those that need a look after them. */
function dotsReporter(write: Write, options: { color: boolean }): Reporter {
  const look: SequenceVerdict[] = [];
  return {
    begin: () => void look.splice(0),
    sequence: (verdict) => {
      write(DOTS[OUTCOMES[verdict.verdict]]);
      if (verdict.verdict !== "agree" || verdict.notes.length > 0) look.push(verdict);
    },
    end: () => {
      write("\n");
      const details = terminalReporter(write, options);
      for (const verdict of look) details.sequence(verdict);
    },
  };
}

/** Returns what differs, for a terminal; the numbers are printed for the whole run in the end. */
function humanReporter(write: Write, options: { color: boolean }): Reporter {
  return { ...terminalReporter(write, options), end: () => write("\n") };
}

/** What differs and nothing else. */
function quietReporter(write: Write, options: { color: boolean }): Reporter {
  return { ...terminalReporter(write, { ...options, quiet: true }), end: () => {} };
}

/** The reports, by name. */
export const REPORTS = {
  terminal: { make: humanReporter, whole: false, human: true },
  dots: { make: dotsReporter, whole: false, human: true },
  quiet: { make: quietReporter, whole: false, human: true, brief: true },
  jsonl: { make: jsonlReporter, whole: false, human: false },
  junit: { make: junitReporter, whole: true, human: false },
  ktap: { make: ktapReporter, whole: true, human: false },
  nipa: { make: (write) => nipaReporter(write, nipaTarget()), ready: nipaTarget, whole: false, human: false },
  html: { make: (write, { about }) => htmlReporter(write, about), whole: false, human: false },
} as const satisfies Record<string, ReportKind>;

/** The name of a report. */
export type ReportName = keyof typeof REPORTS;

/** Feeds a report with the verdicts of a run on one or several boards. */
export class Report {
  readonly #reporter: Reporter;
  readonly #kind: ReportKind;
  readonly #several: boolean;
  readonly #all: SequenceVerdict[] = [];
  #part: SequenceVerdict[] = [];
  #header: TraceHeader | undefined;

  /** A report of a run; `several` means that more than one board or line takes part. */
  constructor(kind: ReportKind, write: Write, options: ReportOptions & { several: boolean }) {
    this.#kind = kind;
    this.#several = options.several;
    this.#reporter = kind.make(write, options);
  }

  /** A board's part begins; `at` is when. */
  begin(header: TraceHeader, at = new Date()): void {
    this.#header = header;
    this.#part = [];
    this.#reporter.begin(header, at);
  }

  /** With several boards, the suites' names tell them apart in a document of all. */
  #named<T extends { suite: string }>(about: T): T {
    if (!this.#several) return about;
    const { board, transport } = this.#header!;
    return { ...about, suite: `${board} ${transport} ${about.suite}` };
  }

  /** A sequence is not part of the run on that board. */
  leftOut(sequence: LeftOut): void {
    this.#reporter.leftOut?.(this.#kind.whole ? this.#named(sequence) : sequence);
  }

  /** A sequence was judged on that board. */
  sequence(verdict: SequenceVerdict, device?: DeviceRecord): void {
    const named = this.#named(verdict);
    this.#part.push(verdict);
    this.#all.push(named);
    this.#reporter.sequence(this.#kind.whole ? named : verdict, device);
  }

  /** A board's part is over; `end` if an error ended the run in it. */
  endPart(end?: RunEnd): void {
    if (this.#header && !this.#kind.whole) this.#reporter.end(summarise(this.#part), end);
    this.#header = undefined;
  }

  /** The run is over. */
  end(end: RunEnd): void {
    const summary = summarise(this.#all);
    if (this.#kind.whole) this.#reporter.end(summary, end);
    else if (this.#several) this.#reporter.total?.(summary, end);
    this.#reporter.done?.(summary, end);
  }
}
