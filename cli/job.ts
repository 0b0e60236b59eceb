/**
 * The job of `run`, `record` and the demo: runs suites on boards, shows how it goes, writes reports and artefacts.
 *
 * @module
 */

import { dirname } from "node:path";
import { type Board, visible } from "../boards/mod.ts";
import { dirtyOf, markClean, markDirty } from "../boards/state.ts";
import type { SequenceVerdict, TraceHeader } from "../diff/mod.ts";
import type { EraId } from "../model/mod.ts";
import { holdsIn, type Sequence, type Suite } from "../suites/suite.ts";
import { reportFiles, TraceArtefact } from "./artefacts.ts";
import { UsageError } from "./command.ts";
import { type Display, openDisplay, wantsColor } from "./display.ts";
import type { RunJournal } from "./journal.ts";
import type { BoardResult, RunEvent } from "./run_events.ts";
import { print, say } from "./output.ts";
import { Report, type ReportName, REPORTS } from "./reports.ts";
import { type Line, statusOf, summaryText } from "./summary.ts";

/** What to do. */
export interface Job {
  boards: readonly Board[];
  suites: readonly Suite[];
  /** The lines to use. @default {what each board's file says} */
  transports?: readonly ("ssh" | "serial")[];
  /** Only sequences whose `suite > sequence` holds this text, in any case of letters */
  filter?: string | undefined;
  reporter: ReportName;
  /** Devices that may be taken away although a board needs them */
  iKnow?: readonly string[];
  /** How many boards are run side by side. @default {1} */
  jobs?: number;
  /** Where all of it is kept: traces, reports and console logs */
  journal?: RunJournal | undefined;
  /** File for the trace of the only board */
  trace?: string | undefined;
  /** Waits for boards that somebody else has */
  wait?: boolean;
  /** What this is, for those who wait for a board. @default {"twinlink run"} */
  doing?: string;
}

/** What came of it. */
export interface JobResult {
  lines: Line[];
  /** Why boards could not be used */
  infra: Error[];
  status: 0 | 1 | 3;
}

const nameOf = (suite: { name: string }, sequence: { name: string }) => `${suite.name} > ${sequence.name}`;

/** `qemu-6.12 over ssh`; boards without a line go by their name alone. */
const labelOf = ({ board, transport }: { board: string; transport: string }) =>
  transport === "ssh" || transport === "serial" ? `${visible(board)} over ${transport}` : visible(board);

function chosenBy(filter: string | undefined, suites: readonly Suite[]): (suite: Suite, sequence: Sequence) => boolean {
  const text = filter?.toLowerCase() ?? "";
  const chosen = (suite: Suite, sequence: Sequence) => nameOf(suite, sequence).toLowerCase().includes(text);
  if (!suites.some((suite) => suite.sequences.some((sequence) => chosen(suite, sequence)))) {
    throw new UsageError(`--filter "${visible(filter ?? "")}" leaves no sequence to run`);
  }
  return chosen;
}

/** A recording that is not there is a wrong configuration, found before anything is run. */
async function checkRecordings(boards: readonly Board[]): Promise<void> {
  for (const { name, recording } of boards) {
    if (!recording || await Deno.stat(recording.trace).then((info) => info.isFile, () => false)) continue;
    throw new UsageError(
      `Cannot open board "${visible(name)}": its trace ${visible(recording.trace)} is not there; make it with ` +
        `"deno task record"`,
    );
  }
}

function checkTransports(boards: readonly Board[], transports: readonly ("ssh" | "serial")[]): void {
  for (const board of boards) {
    for (const transport of board.runner === "remote" ? transports : []) {
      if (board[transport]) continue;
      throw new UsageError(
        `Cannot use board "${visible(board.name)}" over ${transport}: its file has no [${transport}]`,
      );
    }
  }
}

/** A sequence that is to be run on each board. */
interface Planned {
  suite: string;
  sequence: string;
  source: string;
  /** Whether it has a meaning in an era */
  holdsIn: (era: EraId) => boolean;
}

/** Follows one run: keeps the display, the report and the artefacts going. */
class Follower {
  readonly lines: Line[] = [];
  readonly written: string[] = [];
  readonly #job: Job;
  readonly #planned: readonly Planned[];
  readonly #display: Display;
  readonly #reports: Report[];
  readonly #human: boolean;
  #header: TraceHeader | undefined;
  /** Of those that are planned, what has a meaning on the kernel of this board */
  #expected: readonly Planned[] = [];
  #verdicts: SequenceVerdict[] = [];
  #failure: Error | undefined;
  #steps = { done: 0, of: 0 };
  /** Traces are written behind the events, in their order. */
  #writing: Promise<void> = Promise.resolve();
  #trace: TraceArtefact | undefined;

  constructor(job: Job, planned: readonly Planned[], display: Display, reports: Report[]) {
    this.#job = job;
    this.#planned = planned;
    this.#display = display;
    this.#reports = reports;
    this.#human = REPORTS[job.reporter].human;
  }

  #later(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work);
    // It is thrown where it is awaited.
    this.#writing.catch(() => {});
  }

  #begin(header: TraceHeader): void {
    this.#header = header;
    this.#expected = this.#planned.filter((one) => one.holdsIn(header.era as EraId));
    for (const report of this.#reports) report.begin(header);
  }

  readonly on = (event: RunEvent): void => {
    const label = labelOf(event);
    switch (event.type) {
      case "prepare":
        return this.#display.prepare(label, event.progress);
      case "board": {
        this.#display.begin(label, event.sequences);
        this.#begin(event.header);
        const path = this.#job.trace;
        if (path !== undefined) {
          this.#later(async () => void (this.#trace = await TraceArtefact.create(path, event.header)));
        }
        return;
      }
      case "cut": {
        const { suite, sequence, again } = event;
        const fate = again ? "is begun again" : "is not tried again, and told as what it was";
        return say(visible(`${label}: ${suite} > ${sequence} was under way when the run broke off: it ${fate}`));
      }
      case "sequence-start":
        this.#steps = { done: 0, of: event.steps };
        return this.#display.running(`${event.suite} > ${event.sequence}`);
      case "step":
        return this.#display.stepped(++this.#steps.done, this.#steps.of);
      case "sequence": {
        const { verdict, observed } = event.result;
        this.#verdicts.push(verdict);
        for (const report of this.#reports) report.sequence(verdict);
        if (observed.steps.length > 0) this.#later(async () => await this.#trace?.sequence(observed));
        return this.#display.done();
      }
      case "infra":
        this.#failure = event.error;
        return;
      case "board-end":
        return this.#endBoard(event);
    }
  };

  #endBoard({ board, transport, ms }: { board: string; transport: string; ms: number }): void {
    this.#display.end();
    const whole = this.#verdicts.length === this.#expected.length;
    this.#later(async () => {
      if (this.#trace) this.written.push(await this.#trace.close(whole));
      this.#trace = undefined;
    });
    if (this.#failure) {
      say(
        `${labelOf({ board, transport })}: not judged: ${this.#failure.message.split("\n").map(visible).join("\n  ")}`,
      );
      // A human was told in one line.
      const told = this.#reports.slice(this.#human ? 1 : 0);
      if (!this.#header) {
        for (const report of told) report.begin({ board, transport, era: "", kernel: "", iproute2: "" });
      }
      const reason = this.#failure.message;
      const run = new Set(this.#verdicts.map(({ suite, sequence }) => `${suite} > ${sequence}`));
      for (const { suite, sequence, source } of this.#header ? this.#expected : this.#planned) {
        const about = { suite, sequence, source };
        if (run.has(`${suite} > ${sequence}`)) continue;
        const verdict: SequenceVerdict = { ...about, verdict: "infra", reason, steps: [], notes: [] };
        this.#verdicts.push(verdict);
        for (const report of told) report.sequence(verdict);
      }
    }
    for (const report of this.#reports) report.endPart();
    const kernel = this.#header?.kernel ?? "";
    this.lines.push({ board, transport, kernel, verdicts: this.#verdicts, ms });
    this.#header = undefined;
    this.#verdicts = [];
    this.#failure = undefined;
  }

  /** Waits until the traces are on disk. */
  async settled(): Promise<void> {
    await this.#writing;
  }
}

/**
 * Runs suites on boards and tells all about it.
 *
 * @throws {UsageError} If the job makes no sense
 * @throws {SuiteError} If a suite is wrong in itself
 * @throws {RefusedError} If a board would lose what it needs
 * @throws {DOMException} `AbortError` if the signal was aborted; the boards are torn down then
 */
export async function runJob(job: Job, options: { signal?: AbortSignal } = {}): Promise<JobResult> {
  const { boards, suites, transports = [], journal } = job;
  const filter = chosenBy(job.filter, suites);
  checkTransports(boards, transports);
  await checkRecordings(boards);
  const planned = suites.flatMap((suite) =>
    suite.sequences.filter((sequence) => filter(suite, sequence))
      .map((sequence) => ({
        suite: suite.name,
        sequence: sequence.name,
        source: sequence.source,
        holdsIn: (era: EraId) => holdsIn(sequence, era),
      }))
  );
  if (job.trace !== undefined) await makeFolder(dirname(job.trace));
  const several = boards.length > 1 || transports.length > 1;
  const kind = REPORTS[job.reporter];
  using display = openDisplay();
  const files = journal && reportFiles(several);
  const write = (text: string) => display.write(text);
  const reports = [new Report(kind, write, { color: wantsColor(), several }), ...files?.reports ?? []];
  const follower = new Follower(job, planned, display, reports);
  // Loaded when it is needed: it brings every transport with it.
  const { orchestrate } = await import("./orchestrate.ts");
  const { leaseBoard } = await import("./lease.ts");
  let results: BoardResult[];
  try {
    results = await orchestrate(boards, suites, {
      transports,
      filter,
      jobs: job.jobs ?? 1,
      iKnow: job.iKnow ?? [],
      onEvent: follower.on,
      ...(options.signal ? { signal: options.signal } : {}),
      ...(journal ? { journal } : {}),
      dirt: { of: dirtyOf, mark: markDirty, clear: markClean },
      lease: (board, onWait) =>
        leaseBoard(board, {
          doing: job.doing ?? "twinlink run",
          wait: job.wait ?? false,
          onWait,
          signal: options.signal,
        }),
    });
  } finally {
    await follower.settled();
  }
  for (const report of reports) report.end();
  const { lines } = follower;
  const reported = await files?.write(journal!.folder) ?? [];
  const written = [...follower.written, ...journal?.named ? [...journal.written(), ...reported] : []];
  const summary = summaryText(lines) + (written.length > 0 ? `Written: ${written.map(visible).join(", ")}\n` : "");
  if (kind.human) print(summary);
  else say(summary.trimEnd());
  return { lines, infra: results.flatMap(({ infra }) => infra ? [infra] : []), status: statusOf(lines) };
}

async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw new UsageError(`Cannot write to "${visible(path)}": ${visible((error as Error).message)}`);
  }
}
