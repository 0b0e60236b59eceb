/** `twinlink history`. */

import { join, relative, resolve } from "node:path";
import { jsonLine, visible } from "../boards/mod.ts";
import { makeFolder } from "./_shared.ts";
import { command, UsageError } from "./command.ts";
import { runsFolder } from "../run/journal.ts";
import { count, print, say } from "../run/output.ts";
import { mayGo, type PruneRule, removeRun } from "../run/history/prune.ts";
import { writeSite } from "../run/history/site.ts";
import { History, type HistoryPart, type HistoryRun } from "../run/history/store.ts";
import { type BoardTrend, trendsOf } from "../run/history/trend.ts";
import { changeWords, day, isNotable, passWords, percent, resultOf, time } from "../run/history/words.ts";

/** The most runs and sequences that the text lists; JSON and the site have all. */
const MOST = 30;

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
}

const nameOf = ({ board, transport }: { board: string; transport: string }) => visible(`${board} over ${transport}`);

function runLines(runs: readonly HistoryRun[], parts: readonly HistoryPart[]): string[] {
  const shown = runs.slice(-MOST);
  const byRun = Map.groupBy(parts, ({ run }) => run.id);
  return [
    ...runs.length > shown.length ? [`${count(runs.length - shown.length, "older run")} not listed`] : [],
    ...table([
      ["began", "run", "result", "commit", "boards"],
      ...shown.map((run) => [
        day(run.started),
        visible(run.folder) + (run.kept ? "" : " (gone)"),
        resultOf(run),
        visible(run.commit.slice(0, 12)) || "-",
        (byRun.get(run.id) ?? []).map((part) => `${nameOf(part)} ${visible(part.kernel)}`.trimEnd()).join(", "),
      ]),
    ]),
  ];
}

function boardLines(trends: readonly BoardTrend[]): string[] {
  return table([
    ["board", "runs", "pass", "flake", "time", "last", "last pass", "last change"],
    ...trends.map((trend) => [
      nameOf(trend),
      String(trend.runs),
      percent(trend.passRate),
      percent(trend.flakeRate),
      time(trend.ms.median),
      resultOf({ exit: trend.exits.at(-1) ?? null }),
      trend.lastGood ? day(trend.lastGood.started) : "none",
      visible(changeWords(trend.lastChange)) || "-",
    ]),
  ]);
}

function sequenceLines(trends: readonly BoardTrend[]): string[] {
  const notable = trends.flatMap((trend) => trend.sequences.filter(isNotable).map((one) => ({ trend, one })));
  if (notable.length === 0) return ["no sequence differs, changed or is flaky"];
  return [
    `${count(notable.length, "sequence")} to look at:`,
    ...notable.slice(0, MOST).map(({ trend, one }) => {
      const parts = [
        `${one.last} now`,
        passWords(one),
        one.flakeRate ? `flake rate ${percent(one.flakeRate)}` : "",
        changeWords(one.lastChange),
      ];
      return visible(`  ${nameOf(trend)}: ${one.suite} > ${one.sequence}: ${parts.filter(Boolean).join("; ")}`);
    }),
    ...notable.length > MOST ? [`  ... ${notable.length - MOST} more; see --json or --site`] : [],
  ];
}

function numberOf(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (number >= least) return number;
  throw new UsageError(`Option --${name} is "${visible(text)}", but must be a number from ${least} to 99999`);
}

/** Removes the runs that may be removed, or lists them. */
async function prune(
  folder: string,
  history: History,
  goes: readonly HistoryRun[],
  really: boolean,
): Promise<void> {
  for (const run of goes) {
    const path = join(folder, run.folder);
    if (!really) {
      say(`would remove ${visible(path)} of ${day(run.started)}: ${resultOf(run)}`);
      continue;
    }
    if (await removeRun(path)) {
      history.gone(run.folder);
      say(`removed ${visible(path)} of ${day(run.started)}: ${resultOf(run)}`);
    } else say(`left ${visible(path)}: the run is going on`);
  }
  if (goes.length === 0) say("no run may go");
  else if (!really) say(`${count(goes.length, "run")} may go; add --prune to remove what is listed`);
}

export default command({
  name: "history",
  usage: ["[DIR] [OPTION..]"],
  details:
    `DIR holds the folders of "twinlink run --out DIR/NAME", the runs of --repeat, too; without it the runs that are saved
in $XDG_STATE_HOME/twinlink/runs. What each sequence came to is saved in DIR/history.sqlite, also when a run's folder is
gone. A database that is broken is renamed and rebuilt from the folders.

By board and by sequence it shows the pass rate, the time by the board's clock, the last change of verdict and between
which kernels, drivers, firmware versions and commits it came, and the flake rate: how often the outcome differs from
the run before on the same kernel, driver, firmware and commit. The commit is what TWINLINK_COMMIT, GITHUB_SHA,
CI_COMMIT_SHA or GIT_COMMIT was in the run.

--keep and --older-than list the runs that may go; with both, runs that match both. With --prune what they left in
their folders is removed. The newest pass of each board is never one of them, nor is a run that goes on.`,
  options: {
    "board": { type: "list", short: "b", value: "BOARD", help: "Only this board" },
    "filter": { type: "text", short: "f", value: "TEXT", help: "Only sequences with TEXT in SUITE > SEQUENCE" },
    "last": { type: "text", value: "N", help: "Only the N newest runs" },
    "json": { type: "flag", help: "JSON Lines: a line a run, a board and a sequence" },
    "site": { type: "text", value: "OUT", help: "Write a static site to this folder" },
    "keep": { type: "text", value: "N", help: "All but the N newest runs of each board may go" },
    "older-than": { type: "text", value: "DAYS", help: "Runs that are older may go" },
    "prune": { type: "flag", help: "Remove the runs that may go" },
  },
  run: async (values, operands, { interrupts }) => {
    interrupts.harmless();
    if (operands.length > 1) throw new UsageError("Wrong number of arguments: name one folder of runs");
    const last = numberOf("last", values.last, 1);
    const rule: PruneRule = {
      keep: numberOf("keep", values.keep, 0),
      olderThan: numberOf("older-than", values["older-than"], 0),
    };
    const isRule = rule.keep !== undefined || rule.olderThan !== undefined;
    if (values.prune && !isRule) throw new UsageError("--prune needs a rule: add --keep N or --older-than DAYS");
    const shows = values.json ||
      [values.site, values.last, values.filter, values.board[0]].some((one) => one !== undefined);
    if (isRule && shows) {
      throw new UsageError("--keep and --older-than are of all runs: they exclude the options of what is shown");
    }
    const folder = operands[0] ?? runsFolder();
    using history = await History.open(folder, (line) => say(`twinlink: ${line}`));
    const all = history.runs();
    if (all.length === 0) {
      throw new UsageError(`Cannot show the history of "${visible(folder)}": there is no run in it`);
    }
    if (isRule) {
      await prune(folder, history, mayGo(all, history.parts(all), rule, Date.now()), values.prune);
      return 0;
    }
    const known = history.parts(all);
    for (const name of values.board) {
      if (!known.some(({ board }) => board === name)) {
        throw new UsageError(`Cannot find board "${visible(name)}": no run of "${visible(folder)}" is on it`);
      }
    }
    const ofBoards = known.filter(({ board }) => values.board.length === 0 || values.board.includes(board));
    const withBoards = new Set(ofBoards.map(({ run }) => run));
    const runs = all.filter((run) => values.board.length === 0 || withBoards.has(run)).slice(-(last ?? all.length));
    const chosen = new Set(runs);
    const parts = ofBoards.filter(({ run }) => chosen.has(run));
    const text = values.filter?.toLowerCase() ?? "";
    const results = history.results(parts).filter(({ suite, sequence }) =>
      `${suite} > ${sequence}`.toLowerCase().includes(text)
    );
    const trends = trendsOf(parts, results);
    if (values.site !== undefined) {
      await makeFolder(values.site);
      const [from, to] = [values.site, folder].map((path) => Deno.realPathSync(resolve(path)));
      const below = relative(to!, from!);
      // A site outside of the folder of runs may be published without them.
      const toRuns = below === "" ? "." : below.startsWith("..") ? undefined : relative(from!, to!);
      const written = await writeSite(values.site, { runs, parts, trends, toRuns });
      say(`Written: ${written.map(visible).join(", ")}`);
    }
    if (values.json) {
      for (const { id: _, ...run } of runs) print(jsonLine({ type: "run", ...run }));
      for (const { sequences, ...board } of trends) {
        print(jsonLine({ type: "board", ...board }));
        const { board: name, transport } = board;
        for (const one of sequences) print(jsonLine({ type: "sequence", board: name, transport, ...one }));
      }
    } else {
      print([...runLines(runs, parts), "", ...boardLines(trends), "", ...sequenceLines(trends)].join("\n") + "\n");
    }
    return 0;
  },
});
