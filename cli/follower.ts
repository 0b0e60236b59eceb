/**
 * Follows a run by its events: feeds the display, the reports and the artefacts, and closes them however the run ends.
 *
 * @module
 */

import { visible } from "../boards/mod.ts";
import { isTransport } from "../boards/transports/mod.ts";
import {
  headerNotes,
  type LeftOut,
  type RunEnd,
  type SequencePlace,
  type SequenceVerdict,
  type TraceHeader,
} from "../diff/mod.ts";
import type { EraId } from "../model/mod.ts";
import { TraceArtefact } from "../run/artefacts.ts";
import type { Display } from "./display.ts";
import { statusOfError } from "./entry.ts";
import { isInfra } from "../run/error_status.ts";
import type { RunJournal } from "../run/journal.ts";
import { print, say } from "../run/output.ts";
import type { Report } from "../run/reports.ts";
import type { AboutSequence, RunEvent } from "../run/run_events.ts";
import { closingLine, type Line, statusOf, summaryText } from "./summary.ts";

/** A sequence that is to be run on each board. */
export interface Planned extends AboutSequence {
  /** True if it has a meaning in an era */
  holdsIn: (era: EraId) => boolean;
  /** Where it is defined; undefined for one that a program made */
  at?: SequencePlace | undefined;
}

/** The outputs of a run's reports. */
export interface FollowerOptions {
  display: Display;
  /** The report on standard output */
  report: Report;
  /** True if the report is for a human reader */
  human: boolean;
  /** True if only the closing line of the summary is printed. @default {false} */
  brief?: boolean;
  /** The reports in files, and the function that writes them */
  files?: { reports: Report[]; write(folder: string): Promise<string[]> } | undefined;
  journal?: RunJournal | undefined;
  /** File for the trace of the only board */
  trace?: string | undefined;
  /** The earlier recording that boards are compared with, in words */
  against?: string | undefined;
  /** Returns notes on a board for the summary */
  notes?: (board: string) => readonly string[];
}

/** `qemu-6.12 over ssh`; boards without a line go by their name alone. */
const labelOf = ({ board, transport }: { board: string; transport: string }) =>
  isTransport(transport) ? `${visible(board)} over ${transport}` : visible(board);

const keyOf = ({ suite, sequence }: { suite: string; sequence: string }) => `${suite} > ${sequence}`;

/** Follows one run. */
export class Follower {
  readonly lines: Line[] = [];
  /** How the run ended; undefined while it goes on */
  end: RunEnd | undefined;
  readonly #planned: readonly Planned[];
  /** The places where sequences are defined */
  readonly #places = new Map<string, SequencePlace>();
  readonly #options: FollowerOptions;
  readonly #written: string[] = [];
  #header: TraceHeader | undefined;
  /** The sequences to run on the current board */
  #expected: readonly AboutSequence[];
  #leftOut: readonly LeftOut[] = [];
  #verdicts: SequenceVerdict[] = [];
  #failure: Error | undefined;
  #steps = { done: 0, of: 0 };
  /** Files are written after the events, in their order. */
  #writing: Promise<void> = Promise.resolve();
  #trace: TraceArtefact | undefined;
  /** Why standard output accepts no more output */
  #unheard: Error | undefined;

  /** Takes the planned sequences of a run. */
  constructor(planned: readonly Planned[], options: FollowerOptions) {
    this.#planned = planned;
    for (const one of planned) if (one.at) this.#places.set(keyOf(one), one.at);
    this.#expected = planned;
    this.#options = options;
  }

  #later(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work);
    // The error is thrown where the promise is awaited.
    this.#writing.catch(() => {});
  }

  /** Writes output for the user. If standard output fails, the files are still written. */
  #show(work: () => void): void {
    if (this.#unheard) return;
    try {
      work();
    } catch (error) {
      this.#unheard = error as Error;
      throw error;
    }
  }

  /** Returns the same, with the place where the sequence is defined. */
  #placed<T extends { suite: string; sequence: string }>(one: T): T & { at?: SequencePlace } {
    const at = this.#places.get(keyOf(one));
    return at ? { ...one, at } : one;
  }

  /** Feeds the files first: standard output may be closed. */
  #tell(work: (report: Report) => void): void {
    for (const report of this.#options.files?.reports ?? []) work(report);
    this.#show(() => work(this.#options.report));
  }

  readonly on = (event: RunEvent): void => {
    const { display } = this.#options;
    if (event.type === "run-end") return this.#endRun(event);
    const label = labelOf(event);
    switch (event.type) {
      case "prepare":
        return this.#show(() => display.prepare(label, event.progress));
      case "board":
        return this.#begin(event.header);
      case "plan":
        this.#expected = event.sequences;
        this.#leftOut = event.leftOut;
        for (const one of event.leftOut) this.#tell((report) => report.leftOut(this.#placed(one)));
        return this.#show(() => display.begin(label, event.sequences.length));
      case "cut": {
        const { suite, sequence, again } = event;
        const fate = again ? "is rerun" : "is not rerun; the report shows how it ended";
        return say(visible(`${label}: ${suite} > ${sequence} was under way when the run broke off: it ${fate}`));
      }
      case "sequence-start":
        this.#steps = { done: 0, of: event.steps };
        return this.#show(() => display.running(`${event.suite} > ${event.sequence}`));
      case "step":
        return this.#show(() => display.stepped(++this.#steps.done, this.#steps.of));
      case "sequence": {
        const { verdict, observed } = event.result;
        this.#verdicts.push(verdict);
        if (observed.steps.length > 0) this.#later(async () => await this.#trace?.sequence(observed));
        this.#tell((report) => report.sequence(this.#placed(verdict), observed.device));
        return this.#show(() => display.done());
      }
      case "infra":
        this.#failure ??= event.error;
        return;
      case "board-end":
        return this.#endBoard(event);
    }
  };

  #begin(header: TraceHeader): void {
    this.#header = header;
    this.#expected = this.#planned.filter((one) => one.holdsIn(header.era as EraId));
    const { trace, against } = this.#options;
    if (trace !== undefined) {
      this.#later(async () => void (this.#trace = await TraceArtefact.create(trace, header)));
    }
    const at = new Date();
    this.#tell((report) => report.begin({ ...header, ...(against === undefined ? {} : { against }) }, at));
  }

  /** Returns verdicts for the planned sequences that were not run, with the reason. */
  #notRun(reason: string): SequenceVerdict[] {
    const run = new Set(this.#verdicts.map(keyOf));
    return this.#expected.filter((one) => !run.has(keyOf(one))).map(({ suite, sequence, source }) => (
      { suite, sequence, source, verdict: "infra", reason, steps: [], notes: [] }
    ));
  }

  #endBoard({ board, transport, ms, stopped }: Extract<RunEvent, { type: "board-end" }>): void {
    const failure = this.#failure;
    const whole = this.#verdicts.length === this.#expected.length;
    this.#later(async () => {
      if (this.#trace) this.#written.push(await this.#trace.close(whole));
      this.#trace = undefined;
    });
    const reason = failure?.message ?? stopped ?? "it was not run";
    const notRun = this.#notRun(reason);
    this.#verdicts.push(...notRun);
    const { kernel = "" } = this.#header ?? {};
    const ended = failure && !isInfra(failure);
    const { against } = this.#options;
    this.lines.push({
      ...(against === undefined ? {} : { against }),
      board,
      transport,
      kernel,
      verdicts: this.#verdicts,
      leftOut: this.#leftOut,
      // The summary reports a lost board on a line of its own.
      notRun: ended || !failure ? notRun.map(({ suite, sequence }) => ({ suite, sequence, reason })) : [],
      notes: [...headerNotes(this.#header ?? {}), ...this.#options.notes?.(board) ?? []],
      ms,
    });
    const [header, end] = [this.#header, ended ? this.#endBy(failure) : undefined];
    this.#header = undefined;
    this.#expected = this.#planned;
    this.#leftOut = [];
    this.#verdicts = [];
    this.#failure = undefined;
    const at = new Date();
    const fill = (report: Report, told: readonly SequenceVerdict[]) => {
      if (!header && told.length > 0) report.begin({ board, transport, era: "", kernel: "", iproute2: "" }, at);
      for (const verdict of told) report.sequence(this.#placed(verdict));
      report.endPart(end);
    };
    const { files, report, human, display } = this.#options;
    for (const file of files?.reports ?? []) fill(file, notRun);
    this.#show(() => {
      display.end();
      if (failure && !ended) say(`${labelOf({ board, transport })}: not judged: ${lined(reason)}`);
      // A human reader gets one line for all of them.
      fill(report, human ? [] : notRun);
    });
  }

  #endBy(error: Error): RunEnd {
    return { exit: statusOfError(error), reason: error.message.split("\n")[0]! };
  }

  #endRun({ boards, error }: { boards: number; error?: Error }): void {
    const { files, journal, human, brief = false, report } = this.#options;
    const end = error ? this.#endBy(error) : { exit: statusOf(this.lines, boards) };
    this.end = end;
    for (const file of files?.reports ?? []) file.end(end);
    this.#later(async () => {
      const reported = await files?.write(journal!.folder) ?? [];
      this.#written.push(...journal?.named ? [...journal.written(), ...reported] : []);
      if (this.#written.length > 0 && !brief) {
        this.#show(() => out(`Written: ${this.#written.map(visible).join(", ")}`));
      }
    });
    const out = (line: string) => human ? print(`${line}\n`) : say(line);
    this.#show(() => {
      report.end(end);
      out((brief ? closingLine : summaryText)(this.lines, end).trimEnd());
    });
  }

  /**
   * Waits until the files are on disk.
   *
   * @throws {Error} If a file could not be written, or standard output failed
   */
  async settled(): Promise<void> {
    await this.#writing;
    if (this.#unheard) throw this.#unheard;
  }
}

const lined = (text: string) => text.split("\n").map(visible).join("\n  ");
