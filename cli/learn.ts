/** `twinlink learn`. */

import { type Board, loadBoard, visible } from "../boards/mod.ts";
import type { SequenceVerdict } from "../diff/mod.ts";
import { type LearnedRun, learnFrom } from "../diff/learn.ts";
import { learnedText } from "../diff/learned_file.ts";
import { tagsOf } from "../diff/tags.ts";
import type { TraceHeader } from "../diff/trace.ts";
import { writeWhole } from "../run/artefacts.ts";
import { loadLearned } from "../run/learned.ts";
import { count, print, say } from "../run/output.ts";
import { judgedHeader, judgedSequences } from "./_judge_trace.ts";
import { isTraceFile, openTraceFile } from "./_shared.ts";
import { command, UsageError } from "./command.ts";
import { runJob } from "./job.ts";
import { openSuites } from "../run/suite_process.ts";

/** The days after which an entry must be reviewed. */
const DAYS = 365;

/** Returns the tag expression for boards like this one, from this kernel and firmware on. */
function whenOf(header: TraceHeader, driver: string | undefined): string {
  const { driver: name, era, firmware } = tagsOf(header, driver);
  // Text of the board: only what needs no quotes
  const part = (tag: string, sign: string, value: string) =>
    /^[\w.+-]+$/.test(value) ? [`${tag} ${sign} "${value}"`] : [];
  return [...part("driver", "=", name), ...part("era", ">=", era), ...part("firmware", ">=", firmware)].join(" and ");
}

/** Judges a trace by the model, and keeps the observation of each step. */
async function lessonOf(path: string, board: Board | undefined, signal: AbortSignal): Promise<LearnedRun> {
  await using trace = await openTraceFile(path);
  const header = judgedHeader(trace, path, "learn from", { board });
  const verdicts: SequenceVerdict[] = [];
  try {
    for await (const { verdict } of judgedSequences(trace, header, { board, learning: true, signal })) {
      verdicts.push(verdict);
    }
  } catch (error) {
    // An incomplete trace is an error: else the rest of it would silently stay unknown.
    throw error instanceof SyntaxError ? new UsageError(error.message) : error;
  }
  return { when: whenOf(header, board?.driver), verdicts };
}

function timesOf(text = "1"): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new UsageError(`Option --repeat is "${visible(text)}", but must be a number from 1 to 99`);
}

/** Runs the sequences that a board can judge, `times` times, and returns the paths of the traces in a folder. */
async function tracesOf(board: Board, times: number, folder: string, wait: boolean, signal: AbortSignal) {
  const suites = await openSuites([], { signal });
  const paths: string[] = [];
  for (let nth = 1; nth <= times; nth++) {
    const trace = `${folder}/${nth}.jsonl`;
    const { infra } = await runJob({
      boards: [board],
      suites,
      skipUnsupported: true,
      reporter: "dots",
      trace,
      wait,
      doing: "twinlink learn",
    }, { signal });
    if (infra[0]) throw infra[0];
    paths.push(trace);
  }
  return paths;
}

export default command({
  name: "learn",
  usage: ["TRACE.. [--board BOARD] [--out FILE]", "BOARD [--repeat N] [--out FILE]"],
  details:
    `Writes what boards showed where the model has no answer (gaps), and where they differ from it (deviations): as TOML,
to standard output or to FILE, for you to review and commit. TRACE is a file of "twinlink record" or of "twinlink run
--out"; for BOARD, all that it can judge is run first. Name the file as learned = "FILE" in the board's file, or give
--learned FILE to "run" and "check": from then on it is compared. A verdict that rests on it is marked as such.

From several runs, a channel that showed several values is learned as a set if one of them came twice; else it is left
out as "varies". A report of the kernel and a lost step are never learned. If FILE is there already, the reasons, dates
and tags of its entries stay.`,
  options: {
    board: { type: "text", short: "b", value: "BOARD", help: "TRACE: driver, waivers and capabilities of this file" },
    repeat: { type: "text", value: "N", help: "BOARD: run all of it N times" },
    out: { type: "text", short: "o", value: "FILE", help: "Write to this file instead of standard output" },
    wait: { type: "flag", short: "w", help: "BOARD: wait for a board that somebody else has" },
  },
  run: async ({ board: named, repeat, out, wait }, operands, { signal }) => {
    if (operands.length === 0) throw new UsageError("Nothing to learn from: give traces, or a board");
    const times = timesOf(repeat);
    const areTraces = operands.every(isTraceFile);
    if (!areTraces && operands.length > 1) throw new UsageError("Give traces, or one board");
    if (!areTraces && named !== undefined) {
      throw new UsageError("Option --board is for traces: the board is named already");
    }
    if (areTraces && repeat !== undefined) throw new UsageError("Option --repeat is for a board, not for traces");
    const before = out === undefined || !await Deno.stat(out).then(() => true, () => false)
      ? []
      : await loadLearned(out);
    const name = areTraces ? named : operands[0];
    const board = name === undefined ? undefined : await loadBoard(name);
    const folder = areTraces ? undefined : await Deno.makeTempDir({ prefix: "twinlink-learn-" });
    try {
      const paths = folder === undefined ? operands : await tracesOf(board!, times, folder, wait, signal);
      const runs: LearnedRun[] = [];
      for (const path of paths) {
        const run = await lessonOf(path, board, signal);
        const { when } = runs[0] ?? run;
        if (run.when !== when) {
          throw new UsageError(
            `Cannot learn from different boards at once: ${visible(paths[0]!)} is of a board with ${when}, ` +
              `${visible(path)} of one with ${run.when}; learn from each, into a file of its own`,
          );
        }
        runs.push(run);
      }
      const until = new Date(Date.now() + DAYS * 86_400_000).toISOString().slice(0, 10);
      const { entries, left } = learnFrom(runs, until, before);
      const text = learnedText(entries);
      if (out === undefined) print(text);
      else await writeWhole(out, text);
      const of = (kind: string) => entries.filter((entry) => entry.kind === kind).length;
      const varying = entries.filter(({ varies }) => varies.length > 0).length;
      say(
        `${count(runs.length, "run")}: ${of("gap")} steps with gaps, ${
          of("deviation")
        } that differ, ${varying} that vary`,
      );
      for (const { suite, sequence, step, why } of left) {
        say(visible(`not learned: ${suite} > ${sequence}, step ${step}: ${why}`));
      }
      const gone = before.filter(({ key }) => !entries.some((entry) => entry.key === key));
      for (const { key, suite, sequence, step } of gone) {
        say(visible(`no longer there: ${key}, ${suite} > ${sequence}, step ${step}`));
      }
      return left.length > 0 ? 3 : 0;
    } finally {
      if (folder !== undefined) await Deno.remove(folder, { recursive: true });
    }
  },
});
