/**
 * The journal of a run: a folder that is written ahead. `run.json` holds the plan, before anything is run. Then each
 * board's trace records of every sequence: that it will be pushed, the results of its steps, and that it was run. If twinlink
 * or its host dies, `twinlink resume` continues from there.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { visible } from "../boards/mod.ts";
import { releaseLock, stateFolder } from "../boards/state.ts";
import { type RecoveredTrace, recoverTrace, syncFolder, TraceJournal } from "../diff/trace_journal.ts";
import type { SequenceTrace, StepTrace, TraceHeader } from "../diff/mod.ts";
import { fileWord, isRunFile, writeWhole } from "./artefacts.ts";
import { UsageError } from "./usage_error.ts";

/** The file that holds the plan of the run. */
export const PLAN = "run.json";
const VERSION = 1;

/** The most runs that stay in the default folder. */
export const RUNS_KEPT = 20;

/** The job of a run. */
export interface RunPlan {
  /** The command line after `twinlink run`, its paths absolute */
  args: string[];
  /** The files that the run depends on: suites, board files and a module; absolute paths */
  files: string[];
}

/** The records of one board that an earlier process of the run saved. */
export interface Earlier {
  /** The header of the board's trace */
  header: TraceHeader;
  /** The sequences that were run, in their order */
  sequences: SequenceTrace[];
  /** The sequence that was interrupted, with its reported steps */
  cut?: SequenceTrace;
  /** The console's log of the last boot that the earlier process saw, if the board has a console */
  console?: string;
}

/** Saves the results of one board before they count: once an awaited call returns, its data is on the disk. */
export interface BoardJournal {
  /** The records of an earlier process of the run; undefined if there are none */
  readonly earlier: Earlier | undefined;
  /** Notes that the board answers. */
  open(header: TraceHeader): Promise<void>;
  /** Notes that a sequence will be pushed. */
  begin(about: Omit<SequenceTrace, "steps">): Promise<void>;
  /** Notes the result of a step. */
  step(step: StepTrace): void;
  /** Notes that a sequence was run. */
  end(observed: SequenceTrace): Promise<void>;
  /** Closes the board's journal; `whole` means that all its sequences were run. */
  close(whole: boolean): Promise<void>;
}

/** Saves the results of a run. */
export interface Journal {
  /** Returns the journal of one board over one line */
  part(board: string, transport: string): Promise<BoardJournal>;
  /** Returns the path of a new log for a board's console */
  consoleLog(board: string, transport: string): string;
}

/** The records of an earlier process on one board, and the length of the valid part of its file. */
interface Kept extends Earlier, RecoveredTrace {}

/** Variables that name the commit under test: one of the user's own, then the variables of GitHub, GitLab and Jenkins. */
const COMMITS = ["TWINLINK_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT"];

const commitUnderTest = () => COMMITS.map((name) => Deno.env.get(name)).find((value) => value);

async function sha256(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

/** Returns a name that sorts by time: `2026-11-21T20.14.03Z-1f0c`. */
function newName(): string {
  const time = new Date().toISOString().replace(/\.\d+/, "").replaceAll(":", ".");
  return `${time}-${crypto.randomUUID().slice(0, 4)}`;
}

/** Returns the default folder of runs. */
export const runsFolder = () => join(stateFolder(), "runs");

/** Returns the runs of the default folder, the oldest first. */
async function runs(): Promise<string[]> {
  const folder = runsFolder();
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.map(({ name }) => name).filter((name) => /^\d{4}-\d\d-\d\dT[\d.]+Z-[0-9a-f]{4}$/.test(name)).sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Returns the lock of a run's folder, until it is disposed of; undefined while a process has it. */
export async function lockRun(folder: string): Promise<Disposable | undefined> {
  const file = await Deno.open(join(folder, PLAN), { read: true, write: true });
  if (!await file.tryLock(true)) return void file.close();
  return { [Symbol.dispose]: () => releaseLock(file) };
}

/** Removes the oldest runs of the default folder, but never a run that is going on. */
async function prune(): Promise<void> {
  for (const folder of (await runs()).slice(0, -RUNS_KEPT)) {
    using lock = await lockRun(folder).catch(() => undefined);
    if (lock) await Deno.remove(folder, { recursive: true });
  }
}

/** Returns the unfinished runs of the default folder, the newest first. */
export async function unfinishedRuns(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of (await runs()).toReversed()) {
    if (await isOver(folder)) continue;
    using lock = await lockRun(folder).catch(() => undefined);
    if (lock) found.push(folder);
  }
  return found;
}

/** True if a run finished: the last line of its report has no reason for an early end. */
export async function isOver(folder: string): Promise<boolean> {
  const text = await Deno.readTextFile(join(folder, "verdicts.jsonl")).catch(() => "");
  try {
    const { exit, reason } = JSON.parse(text.trimEnd().split("\n").at(-1)!);
    return typeof exit === "number" && reason === undefined;
  } catch {
    return false;
  }
}

/** Returns the path of the file that names the folder of the last saved run. */
const LAST = () => join(runsFolder(), "last");

/** Notes the last run; if the home cannot be written, nothing is noted, and runs in named folders still work. */
async function keepLast(folder: string): Promise<void> {
  await Deno.mkdir(runsFolder(), { recursive: true, mode: 0o700 });
  await writeWhole(LAST(), `${folder}\n`);
}

/** Returns the folder of the last saved run, in the default folder or elsewhere; undefined if there is no such run. */
export async function lastFolder(): Promise<string | undefined> {
  return await Deno.readTextFile(LAST()).then((text) => text.trimEnd(), () => undefined);
}

/** The journal of one run. */
export class RunJournal implements Journal, AsyncDisposable {
  /** The folder of the journal */
  readonly folder: string;
  /** True if the user named the folder */
  readonly named: boolean;
  /** The command line after `twinlink run` */
  readonly args: readonly string[];
  readonly #lock: Disposable;
  readonly #goesOn: boolean;

  private constructor(folder: string, lock: Disposable, options: { named: boolean; goesOn: boolean; args: string[] }) {
    this.args = options.args;
    this.folder = folder;
    this.named = options.named;
    this.#lock = lock;
    this.#goesOn = options.goesOn;
  }

  /**
   * Begins the journal of a run: in `folder`, or in the default folder, where the oldest runs are removed.
   *
   * @throws {UsageError} If the folder cannot be written, or a run is going on in it
   */
  static async create(folder: string | undefined, plan: RunPlan): Promise<RunJournal> {
    const named = folder !== undefined;
    const place = folder ?? join(runsFolder(), newName());
    try {
      await Deno.mkdir(place, { recursive: true, ...(named ? {} : { mode: 0o700 }) });
      if (existsSync(join(place, PLAN))) {
        using lock = await lockRun(place);
        if (!lock) throw new UsageError(`Cannot write to "${visible(place)}": a run is going on there`);
        // Files of another run would be mistaken for files of this run.
        for (const { name } of [...Deno.readDirSync(place)]) {
          if (isRunFile(name)) await Deno.remove(join(place, name));
        }
      }
      const files: Record<string, string> = {};
      for (const path of plan.files) files[path] = await sha256(path);
      const commit = commitUnderTest();
      const about = {
        twinlink: "run",
        version: VERSION,
        started: new Date().toISOString(),
        ...(commit === undefined ? {} : { commit }),
        args: plan.args,
        files,
      };
      await writeWhole(join(place, PLAN), JSON.stringify(about, null, 2) + "\n");
      await syncFolder(place);
      const lock = await lockRun(place);
      if (!lock) throw new UsageError(`Cannot write to "${visible(place)}": a run is going on there`);
      if (!named) await prune();
      await keepLast(resolve(place)).catch(() => {});
      return new RunJournal(place, lock, { named, goesOn: false, args: plan.args });
    } catch (error) {
      if (error instanceof UsageError || !(error instanceof Error)) throw error;
      throw new UsageError(`Cannot write to "${visible(place)}": ${visible(error.message)}`);
    }
  }

  /**
   * Opens the journal of a run that broke off.
   *
   * @throws {UsageError} If the folder has no run or a run that is going on, or if files of the run have changed since
   */
  static async open(folder: string): Promise<{ journal: RunJournal; args: string[] }> {
    const fail = (why: string) => new UsageError(`Cannot resume "${visible(folder)}": ${why}`);
    const path = join(folder, PLAN);
    if (!existsSync(path)) throw fail(`there is no ${PLAN} in it`);
    const lock = await lockRun(folder).catch((error) => {
      throw fail(visible((error as Error).message));
    });
    if (!lock) throw fail("the run is still going on");
    try {
      const { args, files } = parsePlan(await Deno.readTextFile(path), (why) => fail(`${PLAN}: ${why}`));
      for (const [file, checksum] of Object.entries(files)) {
        const now = await sha256(file).catch(() => undefined);
        if (now !== checksum) {
          throw fail(`${visible(file)} ${now === undefined ? "is not there any more" : "has changed since it began"}`);
        }
      }
      return { journal: new RunJournal(folder, lock, { named: true, goesOn: true, args }), args };
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  async part(board: string, transport: string): Promise<BoardJournal> {
    const name = `${fileWord(board)}-${transport}`;
    const earlier = this.#goesOn ? await this.#earlier(name) : undefined;
    return new TracePart(join(this.folder, `trace-${name}`), earlier);
  }

  async #earlier(name: string): Promise<Kept | undefined> {
    const base = join(this.folder, `trace-${name}`);
    // A finished run is resumed like any other: nothing is left to do.
    if (existsSync(`${base}.jsonl`)) await Deno.rename(`${base}.jsonl`, `${base}.part.jsonl`);
    const trace = await recoverTrace(`${base}.part.jsonl`);
    if (!trace) return undefined;
    const console = this.#consoleLogs(name).findLast((path) => existsSync(path));
    return { ...trace, ...(console ? { console } : {}) };
  }

  /** Returns the names of the logs of one board's console, up to and including the first free name. */
  #consoleLogs(name: string): string[] {
    const paths: string[] = [];
    do {
      const boot = paths.length + 1;
      paths.push(join(this.folder, `console-${name}${boot > 1 ? `-${boot}` : ""}.log`));
    } while (existsSync(paths.at(-1)!));
    return paths;
  }

  consoleLog(board: string, transport: string): string {
    return this.#consoleLogs(`${fileWord(board)}-${transport}`).at(-1)!;
  }

  /** Returns the paths of the traces and console logs that exist. */
  written(): string[] {
    const names = [...Deno.readDirSync(this.folder)].map(({ name }) => name).sort();
    return ["trace-", "console-"].flatMap((kind) => names.filter((name) => name.startsWith(kind)))
      .map((name) => join(this.folder, name));
  }

  /** Releases the lock of the folder. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#lock[Symbol.dispose]();
    return Promise.resolve();
  }
}

/** The trace of one board, saved before its results count. */
class TracePart implements BoardJournal {
  readonly earlier: Kept | undefined;
  readonly #base: string;
  #trace: TraceJournal | undefined;

  constructor(base: string, earlier: Kept | undefined) {
    this.#base = base;
    this.earlier = earlier;
  }

  async open(header: TraceHeader): Promise<void> {
    const path = `${this.#base}.part.jsonl`;
    this.#trace = this.earlier ? await TraceJournal.goOn(path, this.earlier) : await TraceJournal.create(path, header);
  }

  async begin(about: Omit<SequenceTrace, "steps">): Promise<void> {
    await this.#trace?.begin(about);
  }

  step(step: StepTrace): void {
    this.#trace?.step(step);
  }

  async end(observed: SequenceTrace): Promise<void> {
    await this.#trace?.end(observed);
  }

  async close(whole: boolean): Promise<void> {
    await this.#trace?.close(whole);
    if (this.#trace && whole) await Deno.rename(`${this.#base}.part.jsonl`, `${this.#base}.jsonl`);
    this.#trace = undefined;
  }
}

/** The job of a run, and its start time. */
export interface KeptPlan {
  /** The command line of the run after `twinlink run` */
  args: string[];
  /** SHA-256 of the files that the run depends on, by path */
  files: Record<string, string>;
  /** The start time: ISO 8601, UTC; empty if it was not saved */
  started: string;
  /** The commit under test, as the environment named it; undefined if it named none */
  commit?: string;
}

/**
 * Returns the plan of a run; undefined if the folder has no readable plan.
 *
 * @param folder The folder of a run that has ended or is going on
 */
export async function planOf(folder: string): Promise<KeptPlan | undefined> {
  try {
    return parsePlan(await Deno.readTextFile(join(folder, PLAN)), (why) => new Error(why));
  } catch {
    return undefined;
  }
}

function parsePlan(text: string, fail: (why: string) => Error): KeptPlan {
  let value: Record<string, unknown> | null;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail("is not JSON");
  }
  if (value?.twinlink !== "run") throw fail("is not the plan of a run");
  if (value.version !== VERSION) {
    throw fail(`the version is ${visible(JSON.stringify(value.version) ?? "missing")}, this reads ${VERSION}`);
  }
  const words = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((word) => typeof word === "string");
  const { args, files, started, commit } = value;
  if (!words(args)) throw fail("args is not a list of words");
  if (typeof files !== "object" || files === null || !words(Object.values(files))) {
    throw fail("files is not a table of checksums");
  }
  return {
    args,
    files: files as Record<string, string>,
    started: typeof started === "string" ? started : "",
    ...(typeof commit === "string" ? { commit } : {}),
  };
}
