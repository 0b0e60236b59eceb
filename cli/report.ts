/** `twinlink report`. */

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Board, visible } from "../boards/mod.ts";
import type { EarlierTrace, LearnedEntry, LeftOut, SequenceVerdict, TraceHeader } from "../diff/mod.ts";
import { type Beside, judgeTrace } from "./_judge_trace.ts";
import { chosenBoards, earlierTrace, makeFolder } from "./_shared.ts";
import { command, parseCommand, UsageError } from "./command.ts";
import { aboutRun } from "../run/about_run.ts";
import { writeWhole } from "../run/artefacts.ts";
import { argsOf } from "../run/journal.ts";
import { learnedOf } from "../run/learned.ts";
import { print, say } from "../run/output.ts";
import { Report, REPORTS } from "../run/reports.ts";
import { OPTIONS as RUN_OPTIONS } from "./run.ts";
import { type Line, statusOf, summaryText } from "./summary.ts";

const PAGE = "report.html";
const keyOf = ({ board, transport }: { board: string; transport: string }) => JSON.stringify([board, transport]);

/** The traces of a run, in the order of their names. */
function tracesIn(folder: string): string[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const traces = names.filter((name) => /^trace-.*\.jsonl(\.gz)?$/.test(name)).sort().map((name) => join(folder, name));
  if (traces.length > 0) return traces;
  throw new UsageError(`Cannot report on "${visible(folder)}": there is no trace-*.jsonl in it`);
}

/** What a run was judged by. */
interface JudgedBy {
  boards: readonly Board[];
  against?: EarlierTrace | undefined;
  /** By the name of the board */
  learned: ReadonlyMap<string, readonly LearnedEntry[]>;
}

/**
 * What a run was judged by, by its command line.
 *
 * @throws {UsageError} If a trace or a file of learned expectations that it names cannot be read
 */
async function judgedBy(args: readonly string[]): Promise<JudgedBy> {
  const { values } = parseCommand({ name: "run", options: RUN_OPTIONS }, args);
  const against = values.against === undefined ? undefined : await earlierTrace(values.against);
  let boards: Board[] = [];
  try {
    boards = await chosenBoards(values);
  } catch (error) {
    say(`twinlink: the boards of the run cannot be read, so no waiver holds: ${visible((error as Error).message)}`);
  }
  const learned = new Map<string, LearnedEntry[]>();
  for (const board of boards) learned.set(board.name, await learnedOf(board, values.learned));
  return { boards, against, learned };
}

/** What the run reported beside what its traces hold: by board and line. */
async function besideOf(folder: string): Promise<Map<string, { header: TraceHeader } & Beside>> {
  interface Part {
    header: TraceHeader;
    leftOut: LeftOut[];
    verdicts: SequenceVerdict[];
  }
  const found = new Map<string, Part>();
  const text = await Deno.readTextFile(join(folder, "verdicts.jsonl")).catch(() => "");
  let at: Part | undefined;
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const { twinlink, version: _, type, ...rest } = JSON.parse(line);
    if (twinlink === "report") found.set(keyOf(rest), at = { header: rest, leftOut: [], verdicts: [] });
    else if (type === "left-out") at?.leftOut.push(rest);
    else if (type === "sequence" && rest.steps.length === 0) at?.verdicts.push(rest);
  }
  return found;
}

export default command({
  name: "report",
  usage: ["DIR|TRACE.. [OPTION..]"],
  details:
    `DIR is the folder of "twinlink run --out DIR", TRACE a file of "twinlink record". The traces are judged by the model of
today, with what the run was judged by (waivers, learned expectations, --against), and DIR/${PAGE} is written:
one file, for any browser, that needs no network. Of traces it is written beside the first one, if --out names no
folder.`,
  options: {
    out: { type: "text", short: "o", value: "DIR", help: "Write the page to this folder" },
  },
  run: async (values, operands, { signal, interrupts }) => {
    interrupts.harmless();
    const [first] = operands;
    if (first === undefined) throw new UsageError("No run is named: give its folder, or the paths of traces");
    const folder = existsSync(first) && Deno.statSync(first).isDirectory ? resolve(first) : undefined;
    if (folder !== undefined && operands.length > 1) throw new UsageError("One run at a time: give one folder");
    const traces = folder === undefined ? operands : tracesIn(folder);
    const out = values.out ?? folder ?? dirname(first);
    await makeFolder(out);
    const args = folder === undefined ? undefined : await argsOf(folder);
    const { boards, against, learned } = args === undefined
      ? { boards: [], against: undefined, learned: new Map() }
      : await judgedBy(args);
    const beside = folder === undefined ? new Map() : await besideOf(folder);
    const words = args === undefined ? ["report", ...operands.map((path) => resolve(path))] : ["run", ...args];
    const page: string[] = [];
    const about = aboutRun(words, out);
    const report = new Report(REPORTS.html, (text) => void page.push(text), {
      color: false,
      several: traces.length > 1,
      about,
    });
    const lines: Line[] = [];
    for (const path of traces) {
      lines.push(
        await judgeTrace(path, [report], {
          signal,
          board: ({ board }) => boards.find(({ name }) => name === board),
          against,
          learned: ({ board }) => learned.get(board) ?? [],
          beside: (header) => {
            const found = beside.get(keyOf(header));
            beside.delete(keyOf(header));
            return found;
          },
        }),
      );
    }
    // Boards that never answered have no trace.
    for (const { header, leftOut, verdicts } of beside.values()) {
      const { board, transport, kernel } = header;
      report.begin(header);
      for (const verdict of verdicts) report.sequence(verdict);
      report.endPart();
      lines.push({ board, transport, kernel, verdicts, leftOut, ms: 0 });
    }
    const exit = statusOf(lines);
    report.end({ exit });
    const path = join(out, PAGE);
    await writeWhole(path, page.join(""));
    print(summaryText(lines));
    print(`Written: ${visible(path)}\n`);
    return exit;
  },
});
