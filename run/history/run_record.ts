/**
 * Reads saved runs for their history: the result of each sequence, with the kernel, firmware and commit.
 *
 * @module
 */

import { join } from "node:path";
import { openTrace, type SequenceVerdict, type TraceHeader, type Verdict, VERDICTS } from "../../diff/mod.ts";
import { isOver, PLAN, planOf } from "../journal.ts";

/** The result of one sequence. */
export interface ResultRecord {
  suite: string;
  sequence: string;
  verdict: Verdict;
  /** The duration by the board's clock; null if the board did not report one */
  ms: number | null;
}

/** The results of one board over one line in a run. */
export interface PartRecord {
  board: string;
  transport: string;
  /** `uname -r`; empty for the model and for a board that never answered */
  kernel: string;
  /** Empty if the board's device was not read */
  driver: string;
  /** The versions that run on the device, as `fw 16.35.2000`; empty if the device was not read */
  firmware: string;
  /** The exit status of this board alone; null if the run broke off */
  exit: number | null;
  results: ResultRecord[];
}

/** A run. */
export interface RunRecord {
  /** Its folder, relative to the folder of the history; `.` is that folder itself */
  folder: string;
  /** ISO 8601, UTC */
  started: string;
  /** True if the run has ended, with any outcome */
  over: boolean;
  /** Null if the run broke off */
  exit: number | null;
  /** The commit under test, as the environment named it; empty if it named none */
  commit: string;
  /** The command line after `twinlink run` */
  command: string;
  parts: PartRecord[];
}

/** The depth of the search for runs: the folder itself, runs in it, and the runs of `run --repeat` in these. */
const DEPTH = 2;

/** Finds the folders of runs, relative to `root`. Links are not followed. */
export async function findRuns(root: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (folder: string, depth: number) => {
    const entries = await Array.fromAsync(Deno.readDir(join(root, folder)));
    if (entries.some(({ name, isFile }) => name === PLAN && isFile)) found.push(folder);
    if (depth === DEPTH) return;
    for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
      // A folder that cannot be read, or that another process removes just now, counts as a folder without runs.
      if (isDirectory && !name.startsWith(".")) await look(join(folder, name), depth + 1).catch(ignore);
    }
  };
  await look(".", 0);
  return found;
}

function ignore(error: unknown): void {
  const { NotFound, PermissionDenied, NotADirectory } = Deno.errors;
  if ([NotFound, PermissionDenied, NotADirectory].some((known) => error instanceof known)) return;
  throw error;
}

/** Returns the times and sizes of the files of a run that the history reads: they differ once the run has changed. */
export async function stampOf(path: string): Promise<string> {
  const of = async (name: string) => {
    const info = await Deno.stat(join(path, name)).catch(() => undefined);
    return info ? `${info.mtime?.getTime() ?? 0}/${info.size}` : "-";
  };
  return `${await of(PLAN)} ${await of("verdicts.jsonl")}`;
}

/** Returns the object in a line of a report; undefined if it cannot be read. */
function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): value is string => typeof value === "string";

function resultOf({ suite, sequence, verdict, ms }: Partial<SequenceVerdict & { ms: number }>): ResultRecord[] {
  if (!isText(suite) || !isText(sequence) || !VERDICTS.includes(verdict!)) return [];
  return [{ suite, sequence, verdict: verdict!, ms: typeof ms === "number" ? ms : null }];
}

const exitOf = (value: unknown) => typeof value === "number" ? value : null;

/** Reads the boards of a run from its report, up to its last whole line. */
function partsIn(text: string): PartRecord[] {
  const parts: PartRecord[] = [];
  for (const line of text.split("\n")) {
    const read = parsed(line);
    const { twinlink, type } = read ?? {};
    if (twinlink === "report") {
      const { board, transport, kernel } = read as Partial<TraceHeader>;
      if (!isText(board) || !isText(transport) || !isText(kernel)) break;
      parts.push({ board, transport, kernel, driver: "", firmware: "", exit: null, results: [] });
    } else if (type === "sequence") parts.at(-1)?.results.push(...resultOf(read!));
    else if (type === "summary" && parts.length > 0) parts.at(-1)!.exit = exitOf(read!.exit);
  }
  return parts;
}

/** Returns the running firmware versions of a board's device, by its facts. */
const firmwareOf = ({ facts }: TraceHeader) =>
  Object.entries(facts?.versions.running ?? {}).map(([name, version]) => `${name} ${version}`).join(", ");

/** Returns the headers of the traces of a run; a trace that cannot be read is left out. */
async function headersIn(path: string): Promise<TraceHeader[]> {
  const headers: TraceHeader[] = [];
  for await (const { name } of Deno.readDir(path)) {
    if (!/^trace-.*\.jsonl(\.gz)?$/.test(name)) continue;
    try {
      await using trace = await openTrace(join(path, name));
      headers.push(trace.header);
    } catch (error) {
      // The run died while it wrote the first line.
      if (!(error instanceof SyntaxError)) ignore(error);
    }
  }
  return headers;
}

/**
 * Reads a run. An interrupted run has no exit status, and may have no result.
 *
 * @param root The folder of the history
 * @param folder The folder of the run, relative to it
 * @returns undefined if its plan cannot be read
 */
export async function readRun(root: string, folder: string): Promise<RunRecord | undefined> {
  const path = join(root, folder);
  const plan = await planOf(path);
  if (plan === undefined) return undefined;
  const parts = partsIn(await Deno.readTextFile(join(path, "verdicts.jsonl")).catch(() => ""));
  for (const header of await headersIn(path)) {
    const { board, transport, kernel } = header;
    const about = { driver: header.facts?.driver ?? "", firmware: firmwareOf(header) };
    const part = parts.find((one) => one.board === board && one.transport === transport);
    if (part) Object.assign(part, about);
    else parts.push({ board, transport, kernel, ...about, exit: null, results: [] });
  }
  const over = await isOver(path) && parts.every(({ exit }) => exit !== null);
  const exits = parts.map(({ exit }) => exit);
  const started = plan.started || (await Deno.stat(join(path, PLAN))).mtime?.toISOString() || "";
  return {
    folder,
    started,
    over,
    exit: over ? [1, 3, 0].find((status) => exits.includes(status)) ?? 3 : null,
    commit: plan.commit ?? "",
    command: plan.args.join(" "),
    parts,
  };
}
