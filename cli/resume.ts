/** `twinlink resume`. */

import { resolve } from "node:path";
import { chosenBoards, secondsOf } from "./_shared.ts";
import { command, type OptionTable, parseCommand, UsageError } from "./command.ts";
import { RunJournal, RUNS_KEPT, unfinishedRuns } from "../run/journal.ts";
import { REPORTS } from "../run/reports.ts";
import { OPTIONS as RUN_OPTIONS, runSuites } from "./run.ts";
import { openSuites } from "../run/suite_process.ts";

const OPTIONS = {
  reporter: { type: "text", short: "r", help: "The report on standard output", choices: Object.keys(REPORTS) },
  json: { type: "flag", help: "The same as --reporter jsonl" },
  wait: RUN_OPTIONS.wait,
  timeout: RUN_OPTIONS.timeout,
} as const satisfies OptionTable;

async function unnamed(): Promise<never> {
  const runs = await unfinishedRuns();
  const hint = runs.length === 0 ? "none is unfinished" : `unfinished are\n${runs.map((run) => `  ${run}`).join("\n")}`;
  throw new UsageError(`No run is named: give its folder; of the last ${RUNS_KEPT} runs ${hint}`);
}

export default command({
  name: "resume",
  usage: ["DIR [OPTION..]"],
  details:
    `DIR is the folder of "twinlink run --out DIR", or one of $XDG_STATE_HOME/twinlink/runs; without it, those are
listed that are not finished. No sequence that was run is lost or run again; the one that was under way
is begun again on a board that is clean, unless the board broke in it: then it is reported as what it was. The report is
about the whole run, and so is the exit status. Suites and boards must be as they were.`,
  options: OPTIONS,
  run: async (values, operands, { signal }) => {
    if (values.json && values.reporter && values.reporter !== "jsonl") {
      throw new UsageError(`--json and --reporter ${values.reporter} exclude each other`);
    }
    if (operands.length > 1) throw new UsageError(`One run at a time: give one folder, not ${operands.length}`);
    const [folder] = operands;
    if (folder === undefined) return await unnamed();
    const { journal: opened, args } = await RunJournal.open(resolve(folder));
    await using journal = opened;
    const began = parseCommand({ name: "run", options: RUN_OPTIONS }, args);
    const boards = await chosenBoards(began.values);
    const timeout = secondsOf(values.timeout ?? began.values.timeout);
    const suites = await openSuites(began.operands, { signal, timeout });
    const reporter = values.json ? "jsonl" : values.reporter ?? began.values.reporter;
    const what = { boards, suites, journal, named: began.operands.length > 0 };
    const { status } = await runSuites({ ...began.values, reporter, wait: values.wait }, what, signal);
    return status;
  },
});
