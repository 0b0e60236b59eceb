/** `twinlink run`. */

import { join, resolve } from "node:path";
import { type Board, jsonLine, type TransportName, visible } from "../boards/mod.ts";
import type { Suite } from "../sdk/suite.ts";
import {
  AGAINST,
  BOARD_OPTIONS,
  boardArgs,
  chosenBoards,
  comparedWith,
  earlierTrace,
  isTraceFile,
  LEARNED,
  secondsOf,
} from "./_shared.ts";
import { command, type OptionTable, UsageError, type Values } from "./command.ts";
import { exactly, filterOf, fullName } from "./filter.ts";
import { recordedAgainst } from "./_live_against.ts";
import { chosenBy, type JobResult, runJob } from "./job.ts";
import { outcomesOf, outcomesText, worst } from "./repeat.ts";
import { lastRun } from "../run/history/last_run.ts";
import { RunJournal } from "../run/journal.ts";
import { namedSuites, SHIPPED_SUITES } from "../run/load_suites.ts";
import { print, say } from "../run/output.ts";
import { type ReportKind, type ReportName, REPORTS } from "../run/reports.ts";
import { openSuites } from "../run/suite_process.ts";

function numberOf(name: "jobs" | "repeat", text = "1"): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new UsageError(`Option --${name} is "${visible(text)}", but must be a number from 1 to 99`);
}

/**
 * Returns the report that the options name.
 *
 * @throws {UsageError} If they name several
 */
function reporterOf({ reporter, json, quiet }: Pick<RunValues, "reporter" | "json" | "quiet">): ReportName {
  const given = { "--json": json && "jsonl", "--quiet": quiet && "quiet", [`--reporter ${reporter}`]: reporter };
  const named = Object.entries(given).filter(([, name]) => name);
  if (new Set(named.map(([, name]) => name)).size > 1) {
    throw new UsageError(`${named.map(([option]) => option).join(" and ")} exclude each other`);
  }
  return (named[0]?.[1] ?? "terminal") as ReportName;
}

/** The options of `run`. */
export const OPTIONS = {
  ...BOARD_OPTIONS,
  reporter: { type: "text", short: "r", help: "The report on standard output", choices: Object.keys(REPORTS) },
  "skip-unsupported": {
    type: "flag",
    help: "Leave out what a board has nothing for, also of suites that are named",
  },
  jobs: { type: "text", short: "j", value: "N", help: "Run N boards side by side" },
  against: {
    ...AGAINST,
    value: "TRACE|BOARD",
    help: "Compare with this trace, or with another board, instead of the model",
  },
  learned: LEARNED,
  "fail-fast": { type: "flag", help: "Run nothing more once a sequence has failed" },
  "last-failed": { type: "flag", help: "Only the sequences that were no pass in the last run that was kept" },
  list: { type: "flag", help: "Print the names of the sequences, and run none" },
  repeat: { type: "text", value: "N", help: "Run all of it N times, and count how often each sequence came to what" },
  json: { type: "flag", help: "The same as --reporter jsonl" },
  quiet: { type: "flag", short: "q", help: "Only what differs and the closing line, as --reporter quiet" },
  out: { type: "text", short: "o", value: "DIR", help: "Keep traces, reports and console logs in this folder" },
} as const satisfies OptionTable;

const run = command({
  name: "run",
  usage: ["[SUITE..] --board BOARD [--board BOARD..] [OPTION..]"],
  details: `SUITE is a suite that ships or the path of a suite file:
${SHIPPED_SUITES.join(", ").replace(/(.{60,100}),\s/g, "$1,\n")}.
Without SUITE each board runs what it can judge of all that ship, and the summary lists what was left out. If a
board cannot judge a suite that is named, the exit status is 3; --skip-unsupported leaves such sequences out, too.
"twinlink boards" lists the boards; --board model checks the suites alone. --list needs no board; what a board can judge
of them, "twinlink boards probe BOARD" shows.

On a real board, suites are refused that would unbind, reload or take away otherwise a device that carries the
board's root filesystem or the connection to it (exit status 2). --i-know DEVICE lets one go that the message names.

With --against TRACE each step is compared with what that earlier recording holds: of this board or of another one, its
kernel, its firmware. So are the channels that the model does not know. What the recording does not hold is "not in
TRACE", and never agrees; what it holds and the board can no longer run is a difference. --against BOARD runs the suites
on that board first, and compares with its trace, which is saved in the --out folder or with the board's state.

--repeat N runs all of it N times, on a kernel in QEMU with a fresh boot each time, and counts how often each sequence
came to which verdict. The exit status is the gravest. With --out the runs are in DIR/1, DIR/2 and so on.

The results of a run are saved as it goes on, in DIR or a folder of $XDG_STATE_HOME/twinlink/runs: "twinlink resume"
goes on from there after this process or its machine died.

--reporter nipa writes a results file of NIPA, the CI of the netdev mailing list. It takes the branch under test, the
name of who tests it, and where the run will be found from NIPA_BRANCH, NIPA_EXECUTOR and NIPA_LINK.`,
  options: OPTIONS,
  run: async (values, operands, { signal }) => {
    if (values.list) return await list(values, operands, signal);
    if (values.board.length === 0) throw new UsageError(`No board is named: add --board BOARD (see "twinlink boards")`);
    numberOf("jobs", values.jobs);
    const times = numberOf("repeat", values.repeat);
    const reporter = reporterOf(values);
    if (times > 1 && REPORTS[reporter].whole) {
      throw new UsageError(`--repeat and --reporter ${reporter} exclude each other: it has one document for one run`);
    }
    const kind: ReportKind = REPORTS[reporter];
    kind.ready?.();
    const timeout = secondsOf(values.timeout);
    const boards = await chosenBoards(values);
    const suites = await openSuites(operands, { signal, timeout });
    const filter = await filterOfRun(values, suites);
    const against = values.against === undefined ? {} : {
      against: await recordedAgainst(values.against, suites, {
        out: values.out,
        filter,
        iKnow: values["i-know"],
        wait: values.wait,
        signal,
      }),
    };
    const runs: JobResult[] = [];
    for (let nth = 1; nth <= times; nth++) {
      const out = values.out === undefined || times === 1 ? values.out : join(values.out, String(nth));
      await using journal = await journalOf({ ...values, ...against, filter, out }, operands, boards);
      runs.push(
        await runSuites(
          { ...values, ...against, filter },
          { boards, suites, journal, named: operands.length > 0 },
          signal,
        ),
      );
    }
    if (times > 1) tellOutcomes(runs, reporter);
    return worst(runs.map(({ status }) => status));
  },
});

/** Prints the sequences that the options choose, one a line. */
async function list(values: RunValues, operands: readonly string[], signal: AbortSignal): Promise<number> {
  const suites = await openSuites(operands, { signal, timeout: secondsOf(values.timeout) });
  const chosen = chosenBy(await filterOfRun(values, suites), suites);
  for (const suite of suites) {
    for (const sequence of suite.sequences.filter((sequence) => chosen(suite, sequence))) {
      print(visible(fullName({ suite: suite.name, sequence: sequence.name })) + "\n");
    }
  }
  return 0;
}

/**
 * Returns the filters of a run: with `--last-failed` one for each sequence that failed.
 *
 * @throws {UsageError} If no run is saved, or none of what failed in it can be run
 */
async function filterOfRun(values: RunValues, suites: readonly Suite[]): Promise<string[]> {
  if (!values["last-failed"]) return values.filter;
  const { folder, failed } = await lastRun();
  const takes = filterOf(values.filter);
  const here = new Set(
    suites.flatMap(({ name, sequences }) =>
      sequences.map((sequence) => fullName({ suite: name, sequence: sequence.name }))
    ),
  );
  const chosen = failed.filter((one) => here.has(fullName(one)) && takes(one));
  if (chosen.length > 0) return chosen.map(exactly);
  const why = failed.length === 0 ? "all of it passed" : `of the ${failed.length} that failed none is chosen here`;
  throw new UsageError(`--last-failed leaves no sequence to run: of the last run, ${visible(folder)}, ${why}`);
}

/** Tells how often each sequence came to which verdict. */
function tellOutcomes(runs: readonly JobResult[], reporter: ReportName): void {
  const all = outcomesOf(runs.map(({ lines }) => lines));
  const text = outcomesText(all, runs.length);
  if (REPORTS[reporter].human) return print(`\n${text}`);
  for (const one of all) print(jsonLine({ type: "outcomes", runs: runs.length, ...one }));
  say(text.trimEnd());
}

export default run;

type RunValues = Values<typeof OPTIONS>;

/** Runs what the options say. `named`: the user named suites. The journal may be the journal of an earlier run, which continues. */
export async function runSuites(
  values: RunValues,
  what: { boards: Board[]; suites: Suite[]; journal: RunJournal | undefined; named: boolean },
  signal: AbortSignal,
): Promise<JobResult> {
  const { named, ...job } = what;
  const { journal } = job;
  const against = values.against === undefined ? undefined : await earlierTrace(values.against);
  return await runJob({
    ...job,
    skipUnsupported: !named || values["skip-unsupported"],
    transports: [...new Set(values.transport)] as TransportName[],
    filter: values.filter,
    failFast: values["fail-fast"],
    reporter: reporterOf(values),
    iKnow: values["i-know"],
    against,
    learned: values.learned,
    jobs: numberOf("jobs", values.jobs),
    wait: values.wait,
  }, { signal }).finally(() => {
    if (signal.aborted && journal) say(`To go on: twinlink resume ${visible(journal.folder)}`);
  });
}

/** Returns the journal of a run: in the folder that was named, else in the default place where there is a board to lose. */
async function journalOf(
  values: RunValues,
  operands: readonly string[],
  boards: readonly Board[],
): Promise<RunJournal | undefined> {
  if (values.out === undefined && boards.every(({ runner }) => runner === "model" || runner === "recording")) return;
  const { suites, files } = namedSuites(operands);
  const args = [
    ...operands.length > 0 ? suites : [],
    ...boardArgs(values),
    ...values.jobs ? [`--jobs=${values.jobs}`] : [],
    ...values["skip-unsupported"] ? ["--skip-unsupported"] : [],
    ...comparedWith(values),
  ];
  const reporter = reporterOf(values);
  if (reporter !== "terminal") args.push(`--reporter=${reporter}`);
  const module = values.module === undefined ? [] : [resolve(values.module)];
  const earlier = values.against && isTraceFile(values.against) ? [resolve(values.against)] : [];
  const learned = boards.flatMap((board) => values.learned ?? board.learned ?? []).map((path) => resolve(path));
  const read = [...module, ...earlier, ...new Set(learned)];
  const plan = { args, files: [...files, ...boards.map(({ file }) => resolve(file)), ...read] };
  try {
    return await RunJournal.create(values.out, plan);
  } catch (error) {
    if (values.out !== undefined) throw error;
    // A machine without a home that can be written runs all the same.
    say(`No journal is written, so this run cannot be resumed: ${visible((error as Error).message)}`);
  }
}
