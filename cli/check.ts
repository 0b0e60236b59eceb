/** `twinlink check`. */

import { join, resolve } from "node:path";
import { existsSync } from "node:fs";
import { loadBoard, visible } from "../boards/mod.ts";
import { judgeTrace } from "./_judge_trace.ts";
import { AGAINST, comparedWith, earlierTrace, ERAS_BY_NAME, LEARNED, makeFolder } from "./_shared.ts";
import { command, UsageError } from "./command.ts";
import { wantsColor } from "./display.ts";
import { aboutRun } from "../run/about_run.ts";
import { learnedOf } from "../run/learned.ts";
import { reportFiles } from "../run/artefacts.ts";
import { print, say } from "../run/output.ts";
import { Report, type ReportKind, type ReportName, REPORTS } from "../run/reports.ts";
import { closingLine, type Line, statusOf, summaryText } from "./summary.ts";

export default command({
  name: "check",
  usage: ["TRACE.. [OPTION..]"],
  details:
    `TRACE is a file of "twinlink record" or of "twinlink run --out". A file that was cut short is judged up to where it
goes, and never passes: exit status 3. --against compares it with an earlier trace; see "twinlink help run".`,
  options: {
    board: {
      type: "text",
      short: "b",
      value: "BOARD",
      help: "Take driver, waivers and capabilities from this board's file",
    },
    against: AGAINST,
    learned: LEARNED,
    era: { type: "text", value: "ERA", help: "Compare with the model of this era", choices: ERAS_BY_NAME },
    reporter: { type: "text", short: "r", help: "The report on standard output", choices: Object.keys(REPORTS) },
    json: { type: "flag", help: "The same as --reporter jsonl" },
    out: { type: "text", short: "o", value: "DIR", help: "Write report.html and the other reports to this folder" },
  },
  run: async (values, operands, { signal, interrupts }) => {
    interrupts.harmless();
    if (operands.length === 0) throw new UsageError("No trace is named: give the path of one");
    const board = values.board === undefined ? undefined : await loadBoard(values.board);
    const against = values.against === undefined ? undefined : await earlierTrace(values.against);
    const learned = await learnedOf(board ?? {}, values.learned);
    const kind: ReportKind = REPORTS[values.json ? "jsonl" : (values.reporter ?? "terminal") as ReportName];
    const several = operands.length > 1;
    const options = [
      ...values.era === undefined ? [] : [`--era=${values.era}`],
      ...values.board === undefined ? [] : [`--board=${resolve(board!.file)}`],
      ...comparedWith(values),
    ];
    const about = aboutRun(["check", ...operands.map((path) => resolve(path)), ...options], values.out);
    const files = values.out === undefined ? undefined : reportFiles(several, about);
    if (values.out !== undefined && existsSync(join(values.out, "run.json"))) {
      throw new UsageError(
        `Cannot write to "${visible(values.out)}": it has the reports of a run; see "twinlink report"`,
      );
    }
    if (values.out !== undefined) await makeFolder(values.out);
    const reports = [...files?.reports ?? [], new Report(kind, print, { color: wantsColor(), several, about })];
    const lines: Line[] = [];
    for (const path of operands) {
      lines.push(
        await judgeTrace(path, reports, {
          era: values.era,
          board: () => board,
          against,
          learned: () => learned,
          signal,
        }),
      );
    }
    const exit = statusOf(lines, operands.length);
    for (const report of reports) report.end({ exit });
    const written = await files?.write(values.out!) ?? [];
    if (written.length > 0 && !kind.brief) say(`Written: ${written.map(visible).join(", ")}`);
    if (kind.human) print((kind.brief ? closingLine : summaryText)(lines));
    else say(summaryText(lines).trimEnd());
    return exit;
  },
});
