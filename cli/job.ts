/**
 * The job of `run`, `record` and the demo: runs suites on boards, shows progress, writes reports and artefacts.
 *
 * @module
 */

import { dirname } from "node:path";
import { type Board, type TransportName, visible } from "../boards/mod.ts";
import { dirtyOf, markClean, markDirty } from "../boards/state.ts";
import type { EarlierTrace, LearnedEntry } from "../diff/mod.ts";
import type { EraId } from "../model/mod.ts";
import { placePath } from "../sdk/place.ts";
import { holdsIn, type Sequence, type Suite } from "../sdk/suite.ts";
import { aboutRun } from "../run/about_run.ts";
import { reportFiles } from "../run/artefacts.ts";
import { makeFolder } from "./_shared.ts";
import { UsageError } from "./command.ts";
import { openDisplay, wantsColor } from "./display.ts";
import { filterOf } from "./filter.ts";
import { Follower } from "./follower.ts";
import type { RunJournal } from "../run/journal.ts";
import type { BoardResult } from "../run/run_events.ts";
import { Report, type ReportKind, type ReportName, REPORTS } from "../run/reports.ts";
import { againstWords, type Line } from "./summary.ts";
import { learnedOf, strayLearned } from "../run/learned.ts";
import { strayWaivers } from "../run/waivers.ts";

/** The parameters of a job. */
export interface Job {
  boards: readonly Board[];
  suites: readonly Suite[];
  /** The lines to use. @default {the lines of each board's file} */
  transports?: readonly TransportName[];
  /** Which sequences, see {@linkcode filterOf}. @default {all} */
  filter?: readonly string[];
  /** Stops after the first failed sequence. @default {false} */
  failFast?: boolean;
  /** Each board runs the sequences that it can judge, and the summary lists the others. @default {false} */
  skipUnsupported?: boolean;
  /** An earlier recording to compare with instead of the model. @default {the model} */
  against?: EarlierTrace | undefined;
  /** A file of learned expectations. @default {those that the boards' files name} */
  learned?: string | undefined;
  reporter: ReportName;
  /** Devices that sequences may take away even if a board needs them */
  iKnow?: readonly string[];
  /** The most boards that are used side by side. @default {1} */
  jobs?: number;
  /** The journal that saves traces, reports and console logs */
  journal?: RunJournal | undefined;
  /** File for the trace of the only board */
  trace?: string | undefined;
  /** Waits for boards that another process has */
  wait?: boolean;
  /** The name of the job, shown to others that wait for a board. @default {"twinlink run"} */
  doing?: string;
}

/** The result of a job. */
export interface JobResult {
  lines: Line[];
  /** The errors of boards that could not be used */
  infra: Error[];
  status: 0 | 1 | 3;
}

/**
 * Returns a function that tells if a sequence is to be run, by the filters.
 *
 * @throws {UsageError} If no sequence is chosen
 */
export function chosenBy(
  filters: readonly string[],
  suites: readonly Suite[],
): (suite: Suite, sequence: Sequence) => boolean {
  const takes = filterOf(filters);
  const chosen = (suite: Suite, sequence: Sequence) => takes({ suite: suite.name, sequence: sequence.name });
  if (!suites.some((suite) => suite.sequences.some((sequence) => chosen(suite, sequence)))) {
    throw new UsageError(`--filter ${filters.map((text) => `"${visible(text)}"`).join(" ")} leaves no sequence to run`);
  }
  return chosen;
}

/** Checks that recordings exist: a missing recording is a wrong configuration, found before anything is run. */
async function checkRecordings(boards: readonly Board[]): Promise<void> {
  for (const { name, recording } of boards) {
    if (!recording || await Deno.stat(recording.trace).then((info) => info.isFile, () => false)) continue;
    throw new UsageError(
      `Cannot open board "${visible(name)}": its trace ${visible(recording.trace)} is not there; make it with ` +
        `"deno task record"`,
    );
  }
}

function checkTransports(boards: readonly Board[], transports: readonly TransportName[]): void {
  for (const board of boards) {
    for (const transport of board.runner === "remote" ? transports : []) {
      if (board[transport]) continue;
      throw new UsageError(
        `Cannot use board "${visible(board.name)}" over ${transport}: its file has no [${transport}]`,
      );
    }
  }
}

/**
 * Runs suites on boards, shows progress, and writes the reports.
 *
 * @throws {UsageError} If the job's options contradict each other
 * @throws {SuiteError} If a suite is wrong in itself
 * @throws {RefusedError} If a board would lose what it needs
 * @throws {DOMException} `AbortError` if the signal was aborted; the boards are torn down then
 */
export async function runJob(job: Job, options: { signal?: AbortSignal } = {}): Promise<JobResult> {
  const { boards, suites, transports = [], journal } = job;
  const filter = chosenBy(job.filter ?? [], suites);
  checkTransports(boards, transports);
  await checkRecordings(boards);
  const planned = suites.flatMap((suite) =>
    suite.sequences.filter((sequence) => filter(suite, sequence))
      .map((sequence) => ({
        suite: suite.name,
        sequence: sequence.name,
        source: sequence.source,
        holdsIn: (era: EraId) => holdsIn(sequence, era),
        at: sequence.at && { file: placePath(sequence.at), line: sequence.at.line },
      }))
  );
  if (job.trace !== undefined) await makeFolder(dirname(job.trace));
  const several = boards.length > 1 || transports.length > 1;
  const kind: ReportKind = REPORTS[job.reporter];
  using display = openDisplay(kind.brief);
  const write = (text: string) => display.write(text);
  const learned = new Map<string, LearnedEntry[]>();
  for (const board of boards) learned.set(board.name, await learnedOf(board, job.learned));
  const stray = new Map<string, string[]>();
  for (const board of boards) {
    const notes = await strayNotes(board, suites);
    stray.set(board.name, [...notes, ...await strayLearned(learned.get(board.name)!, suites)]);
  }
  const follower = new Follower(planned, {
    display,
    notes: (board) => stray.get(board) ?? [],
    report: new Report(kind, write, {
      color: wantsColor(),
      several,
      about: journal && aboutRun(["run", ...journal.args]),
    }),
    human: kind.human,
    brief: kind.brief ?? false,
    files: journal && reportFiles(several, aboutRun(["run", ...journal.args], journal.folder)),
    journal,
    trace: job.trace,
    against: job.against && againstWords(job.against),
  });
  // Imported only if needed: the module imports every transport.
  const { orchestrate } = await import("../run/orchestrate.ts");
  const { leaseBoard } = await import("../run/lease.ts");
  const { doing = "twinlink run", wait = false } = job;
  let results: BoardResult[];
  try {
    results = await orchestrate(boards, suites, {
      doing,
      wait,
      transports,
      filter,
      skipUnsupported: job.skipUnsupported ?? false,
      jobs: job.jobs ?? 1,
      ...(job.failFast ? { failFast: {} } : {}),
      iKnow: job.iKnow ?? [],
      against: job.against,
      learned,
      onEvent: follower.on,
      ...(options.signal ? { signal: options.signal } : {}),
      ...(journal ? { journal } : {}),
      dirt: { of: dirtyOf, mark: markDirty, clear: markClean },
      lease: (board, onWait) => leaseBoard(board, { doing, wait, onWait, signal: options.signal }),
    });
  } catch (error) {
    // The error that ended the run is reported, and not a later error of a file.
    await follower.settled().catch(() => {});
    throw error;
  }
  await follower.settled();
  const { lines, end } = follower;
  // The same status as in the files; no error ended the run.
  const status = end!.exit as JobResult["status"];
  return { lines, infra: results.flatMap(({ infra }) => infra ? [infra] : []), status };
}

/** Returns notes on waivers that can never apply. */
async function strayNotes(board: Board, suites: readonly Suite[]): Promise<string[]> {
  return (await strayWaivers(board, suites)).map(({ key, message }) =>
    `the waiver applies to nothing: ${key} ${message}`
  );
}
