/**
 * The reports that a run can write to standard output, by the name that `--reporter` takes.
 *
 * @module
 */

import {
  jsonlReporter,
  junitReporter,
  ktapReporter,
  OUTCOMES,
  type Reporter,
  type SequenceVerdict,
  summarise,
  terminalReporter,
  type TraceHeader,
  type Write,
} from "../diff/mod.ts";

/** A kind of report. */
export interface ReportKind {
  make(write: Write, options: { color: boolean }): Reporter;
  /** One document for the whole run, else one part for each board */
  whole: boolean;
  /** For a human reader, who is told of a lost board once and gets the summary of the run behind the report */
  human: boolean;
}

const DOTS = { pass: ".", fail: "F", error: "E", skip: "s" } as const;

/** One character a sequence, and the whole of those that need a look behind them. */
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

/** What differs, for a terminal; the numbers are told for the whole run in the end. */
function humanReporter(write: Write, options: { color: boolean }): Reporter {
  return { ...terminalReporter(write, options), end: () => write("\n") };
}

/** The reports, by name. */
export const REPORTS = {
  terminal: { make: humanReporter, whole: false, human: true },
  dots: { make: dotsReporter, whole: false, human: true },
  jsonl: { make: jsonlReporter, whole: false, human: false },
  junit: { make: junitReporter, whole: true, human: false },
  ktap: { make: ktapReporter, whole: true, human: false },
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

  /** A report of a run; `several` says that more than one board or line takes part. */
  constructor(kind: ReportKind, write: Write, options: { color: boolean; several: boolean }) {
    this.#kind = kind;
    this.#several = options.several;
    this.#reporter = kind.make(write, options);
  }

  /** A board's part begins. */
  begin(header: TraceHeader): void {
    this.#header = header;
    this.#part = [];
    // The head of a document can name one board only; with several, the suites' names tell them apart.
    if (!this.#kind.whole || !this.#several) this.#reporter.begin(header);
  }

  /** A sequence was judged on that board. */
  sequence(verdict: SequenceVerdict): void {
    const { board, transport } = this.#header!;
    const named = this.#kind.whole && this.#several
      ? { ...verdict, suite: `${board} ${transport} ${verdict.suite}` }
      : verdict;
    this.#part.push(named);
    this.#all.push(named);
    this.#reporter.sequence(named);
  }

  /** A board's part is over. */
  endPart(): void {
    if (this.#header && !this.#kind.whole) this.#reporter.end(summarise(this.#part));
    this.#header = undefined;
  }

  /** The run is over. */
  end(): void {
    if (this.#kind.whole) this.#reporter.end(summarise(this.#all));
  }
}
