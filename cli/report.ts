/** `twinlink report`. */

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { visible } from "../boards/mod.ts";
import { compareKept } from "./_compare.ts";
import { judgeRun, looseTraces, openRun } from "./_kept_run.ts";
import { makeFolder } from "./_shared.ts";
import { command, UsageError } from "./command.ts";
import { aboutRun } from "../run/about_run.ts";
import { writeWhole } from "../run/artefacts.ts";
import { print } from "../run/output.ts";
import { Report, REPORTS } from "../run/reports.ts";
import { statusOf, summaryText } from "./summary.ts";

const PAGE = "report.html";

const isFolder = (path: string) => existsSync(path) && Deno.statSync(path).isDirectory;

/** Writes the page of one run, or of traces. */
async function reportOn(operands: readonly string[], given: string | undefined, signal: AbortSignal): Promise<number> {
  const first = operands[0]!;
  const folder = isFolder(first) ? resolve(first) : undefined;
  const run = folder === undefined ? looseTraces(operands) : await openRun(folder);
  const out = given ?? folder ?? dirname(first);
  await makeFolder(out);
  const words = run.plan ? ["run", ...run.plan.args] : ["report", ...operands.map((path) => resolve(path))];
  const page: string[] = [];
  const report = new Report(REPORTS.html, (text) => void page.push(text), {
    color: false,
    several: run.traces.length > 1,
    about: aboutRun(words, out),
  });
  const lines = await judgeRun(run, [report], signal);
  const exit = statusOf(lines);
  report.end({ exit });
  const path = join(out, PAGE);
  await writeWhole(path, page.join(""));
  print(summaryText(lines));
  print(`Written: ${visible(path)}\n`);
  return exit;
}

export default command({
  name: "report",
  usage: ["DIR|TRACE.. [OPTION..]", "A B [OPTION..]"],
  details:
    `DIR is the folder of "twinlink run --out DIR", TRACE a file of "twinlink record". The traces are judged by the model of
today, with what the run was judged by (waivers, learned expectations, --against), and DIR/${PAGE} is written:
one file, for any browser, that needs no network. Of traces it is written beside the first one, if --out names no
folder.

Two folders, A and B, are compared: what B has that A has not, what is gone, what differs in another way, what is flaky,
by sequence and by board; on the terminal and as B/compare.html. Both are judged by the model of today. Where it has no
answer, B is compared with A itself. A folder of "run --repeat" counts as one run several times; of three folders or
more, the last one is B, and the others are A.

Exit status of a comparison: 0 nothing new, 1 B has a difference that A has not, 2 a folder cannot be read, 3 nothing
could be compared, B broke off, or B did not judge what A did. A difference that A has, too, is not new.`,
  options: {
    out: { type: "text", short: "o", value: "DIR", help: "Write the page to this folder" },
  },
  run: async (values, operands, { signal, interrupts }) => {
    interrupts.harmless();
    const [first] = operands;
    if (first === undefined) throw new UsageError("No run is named: give its folder, or the paths of traces");
    if (operands.length === 1 || !operands.some(isFolder)) return await reportOn(operands, values.out, signal);
    const other = operands.find((path) => !isFolder(path));
    if (other === undefined) return await compareKept(operands, { out: values.out, signal });
    throw new UsageError(`Cannot compare with "${visible(other)}": it is no folder of "twinlink run --out DIR"`);
  },
});
