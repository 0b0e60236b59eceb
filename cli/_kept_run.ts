/** Judges a saved run again with the current model: its traces, with the run's waivers, recordings and learned expectations. */

import { join } from "node:path";
import { type Board, visible } from "../boards/mod.ts";
import type { EarlierTrace, LearnedEntry, LeftOut, RunPart, SequenceVerdict, TraceHeader } from "../diff/mod.ts";
import { type Beside, judgeTrace } from "./_judge_trace.ts";
import { chosenBoards, earlierTrace } from "./_shared.ts";
import { parseCommand, UsageError } from "./command.ts";
import { isOver, type KeptPlan, planOf } from "../run/journal.ts";
import { learnedOf } from "../run/learned.ts";
import { say } from "../run/output.ts";
import { Report } from "../run/reports.ts";
import { OPTIONS as RUN_OPTIONS } from "./run.ts";
import type { Line } from "./summary.ts";

const keyOf = ({ board, transport }: { board: string; transport: string }) => JSON.stringify([board, transport]);

/** Returns the traces of a run, in the order of their names. */
function tracesIn(folder: string): string[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const traces = names.filter((name) => /^trace-.*\.jsonl(\.gz)?$/.test(name)).sort().map((name) => join(folder, name));
  if (traces.length > 0) return traces;
  throw new UsageError(`Cannot report on "${visible(folder)}": there is no trace-*.jsonl in it`);
}

/** What the boards of a run were compared with. */
export interface JudgedBy {
  boards: readonly Board[];
  against?: EarlierTrace | undefined;
  /** The learned expectations by board name */
  learned: ReadonlyMap<string, readonly LearnedEntry[]>;
}

/**
 * Returns what the boards of a run were compared with, from the run's command line.
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

function parsed(line: string) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The results of a run that its traces do not contain, by board and line. */
type Besides = Map<string, { header: TraceHeader } & Beside>;

/** Reads the results of a run that its traces do not contain; a report that was cut short loses only its last line. */
async function besideOf(folder: string): Promise<Besides> {
  interface Part {
    header: TraceHeader;
    leftOut: LeftOut[];
    verdicts: SequenceVerdict[];
  }
  const found = new Map<string, Part>();
  const text = await Deno.readTextFile(join(folder, "verdicts.jsonl")).catch(() => "");
  let at: Part | undefined;
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const read = parsed(line);
    if (!read) break;
    const { twinlink, version: _, type, ...rest } = read;
    if (twinlink === "report") found.set(keyOf(rest), at = { header: rest, leftOut: [], verdicts: [] });
    else if (type === "left-out") at?.leftOut.push(rest);
    else if (type === "sequence" && rest.steps.length === 0) at?.verdicts.push(rest);
  }
  return found;
}

/** A saved run, or traces without a run. */
export interface KeptRun {
  /** The folder, as the user names it; undefined for traces alone */
  folder?: string | undefined;
  plan: KeptPlan | undefined;
  traces: readonly string[];
  /** False if the run was interrupted */
  over: boolean;
  by: JudgedBy;
  beside: Besides;
}

/**
 * Opens traces without a run.
 *
 * @param traces Their paths
 */
export const looseTraces = (traces: readonly string[]): KeptRun => (
  { plan: undefined, traces, over: true, by: { boards: [], learned: new Map() }, beside: new Map() }
);

/**
 * Opens a saved run.
 *
 * @param folder As the user names it
 * @throws {UsageError} If the folder has no trace, or a recording or learned file of the run cannot be read
 */
export async function openRun(folder: string): Promise<KeptRun> {
  const traces = tracesIn(folder);
  const plan = await planOf(folder);
  const by = plan ? await judgedBy(plan.args) : { boards: [], learned: new Map() };
  return { folder, plan, traces, over: await isOver(folder), by, beside: await besideOf(folder) };
}

/**
 * Judges the traces of a run by the current model and feeds reports, with the waivers, learned expectations and --against of the
 * run.
 */
export async function judgeRun(
  { traces, by, beside }: KeptRun,
  reports: readonly Report[],
  signal: AbortSignal,
): Promise<Line[]> {
  const rest = new Map(beside);
  const lines: Line[] = [];
  for (const path of traces) {
    lines.push(
      await judgeTrace(path, reports, {
        signal,
        board: ({ board }) => by.boards.find(({ name }) => name === board),
        against: by.against,
        learned: ({ board }) => by.learned.get(board) ?? [],
        beside: (header) => {
          const found = rest.get(keyOf(header));
          rest.delete(keyOf(header));
          return found;
        },
      }),
    );
  }
  // Boards that never answered have no trace.
  for (const { header, leftOut, verdicts } of rest.values()) {
    const { board, transport, kernel } = header;
    for (const report of reports) {
      report.begin(header);
      for (const verdict of verdicts) report.sequence(verdict);
      report.endPart();
    }
    lines.push({ board, transport, kernel, verdicts, leftOut, ms: 0 });
  }
  return lines;
}

/** Judges the traces of a run, and returns the results of each board. */
export async function partsOf(run: KeptRun, signal: AbortSignal): Promise<RunPart[]> {
  const parts: (RunPart & { verdicts: SequenceVerdict[]; leftOut: LeftOut[] })[] = [];
  const collect = {
    make: () => ({
      begin: (header: TraceHeader) => void parts.push({ run: run.folder ?? "", header, verdicts: [], leftOut: [] }),
      leftOut: (one: LeftOut) => void parts.at(-1)!.leftOut.push(one),
      sequence: (verdict: SequenceVerdict) => void parts.at(-1)!.verdicts.push(verdict),
      end: () => {},
    }),
    whole: false,
    human: false,
  };
  await judgeRun(run, [new Report(collect, () => {}, { color: false, several: true })], signal);
  return parts.map((part, i) => ({ ...part, trace: run.traces[i] }));
}
