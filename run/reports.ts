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

/** The options of a report. */
export interface ReportOptions {
  color: boolean;
  /** The facts about the run for its page, beside the verdicts. @default nothing */
  about?: AboutRun | undefined;
}

/** A kind of report. */
export interface ReportKind {
  make(write: Write, options: ReportOptions): Reporter;
  /** Throws a `UsageError` before the run if the report lacks something that it needs. @default {it needs nothing} */
  ready?(): void;
  /** True: one document for the whole run; false: one part for each board */
  whole: boolean;
  /** True for a human reader: a lost board is shown once, and the summary of the run follows the report */
  human: boolean;
  /** Prints only the last line of the summary, and no progress. @default {false} */
  brief?: boolean;
}

const DOTS = { pass: ".", fail: "F", error: "E", skip: "s" } as const;

/** Returns a reporter that prints one character per sequence, and then the full report of sequences that need attention. */
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

/** Returns a reporter of differences for a terminal; the numbers of the whole run are printed at the end. */
function humanReporter(write: Write, options: { color: boolean }): Reporter {
  return { ...terminalReporter(write, options), end: () => write("\n") };
}

/** Returns a reporter that prints only the differences. */
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

  /** Makes a report of a run; `several` means that more than one board or line takes part. */
  constructor(kind: ReportKind, write: Write, options: ReportOptions & { several: boolean }) {
    this.#kind = kind;
    this.#several = options.several;
    this.#reporter = kind.make(write, options);
  }

  /** Begins a board's part; `at` is the time. */
  begin(header: TraceHeader, at = new Date()): void {
    this.#header = header;
    this.#part = [];
    this.#reporter.begin(header, at);
  }

  /** Adds the board to the suite's name if one document has several boards. */
  #named<T extends { suite: string }>(about: T): T {
    if (!this.#several) return about;
    const { board, transport } = this.#header!;
    return { ...about, suite: `${board} ${transport} ${about.suite}` };
  }

  /** Reports a sequence that is not part of the run on the board. */
  leftOut(sequence: LeftOut): void {
    this.#reporter.leftOut?.(this.#kind.whole ? this.#named(sequence) : sequence);
  }

  /** Reports a judged sequence of the board. */
  sequence(verdict: SequenceVerdict, device?: DeviceRecord): void {
    const named = this.#named(verdict);
    this.#part.push(verdict);
    this.#all.push(named);
    this.#reporter.sequence(this.#kind.whole ? named : verdict, device);
  }

  /** Ends a board's part; `end` if an error ended the run in it. */
  endPart(end?: RunEnd): void {
    if (this.#header && !this.#kind.whole) this.#reporter.end(summarise(this.#part), end);
    this.#header = undefined;
  }

  /** Ends the report. */
  end(end: RunEnd): void {
    const summary = summarise(this.#all);
    if (this.#kind.whole) this.#reporter.end(summary, end);
    else if (this.#several) this.#reporter.total?.(summary, end);
    this.#reporter.done?.(summary, end);
  }
}
