/** `twinlink run`. */

import { visible } from "../boards/mod.ts";
import { BOARD_OPTIONS, chosenBoards } from "./_shared.ts";
import { command, UsageError } from "./command.ts";
import { runJob } from "./job.ts";
import { loadSuites, SHIPPED_SUITES } from "./load_suites.ts";
import { type ReportName, REPORTS } from "./reports.ts";

function jobsOf(text = "1"): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new UsageError(`Option --jobs is "${visible(text)}", but must be a number from 1 to 99`);
}

export default command({
  name: "run",
  summary: "run suites on boards and compare what they show with the model",
  usage: ["[SUITE..] --board BOARD [--board BOARD..] [OPTION..]"],
  details: `SUITE is a suite that ships or the path of a suite file; none means all that ship:
${SHIPPED_SUITES.join(", ").replace(/(.{60,100}),\s/g, "$1,\n")}.
"twinlink boards" lists the boards; --board model checks the suites alone.

On a real board, suites are refused that would unbind, reload or take away otherwise a device that carries the
board's root filesystem or the connection to it (exit status 2). --i-know DEVICE lets one go that the message names.`,
  options: {
    ...BOARD_OPTIONS,
    reporter: { type: "text", short: "r", help: "The report on standard output", choices: Object.keys(REPORTS) },
    jobs: { type: "text", short: "j", value: "N", help: "Run N boards side by side" },
    json: { type: "flag", help: "The same as --reporter jsonl" },
    out: { type: "text", short: "o", value: "DIR", help: "Write traces, reports and console logs into this folder" },
  },
  run: async (values, operands, { signal }) => {
    if (values.board.length === 0) throw new UsageError(`No board is named: add --board BOARD (see "twinlink boards")`);
    if (values.json && values.reporter && values.reporter !== "jsonl") {
      throw new UsageError(`--json and --reporter ${values.reporter} exclude each other`);
    }
    const boards = await chosenBoards(values);
    const suites = await loadSuites(operands, { signal });
    const { status } = await runJob({
      boards,
      suites,
      transports: [...new Set(values.transport)] as ("ssh" | "serial")[],
      filter: values.filter,
      reporter: values.json ? "jsonl" : (values.reporter ?? "terminal") as ReportName,
      out: values.out,
      iKnow: values["i-know"],
      jobs: jobsOf(values.jobs),
    }, { signal });
    return status;
  },
});
