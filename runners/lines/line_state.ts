/**
 * Where lines are tracked: who has one, and what it said, in the user's state directory.
 *
 * @module
 */

import { resolve } from "node:path";
import { releaseLock, stateFolder } from "../../boards/state.ts";
import { RECORD_ENDINGS } from "./line_record.ts";
import { TransportError } from "./shell.ts";

/** The owner of a line. */
export interface LineHolder {
  pid: number;
  /** When it took the line, as ISO 8601 reports it */
  since: string;
  /** What for: `run`, `console` */
  purpose: string;
  /** The file of bytes of its record */
  record: string;
}

/** A line that was taken; nobody else has it until `release`. */
export interface TakenLine {
  /** Path of this record's files, without their endings */
  readonly base: string;
  release(): void;
}

/** How many records of a line are saved, the one that is being written included. */
const KEPT = 10;

/** A holder that looks, and goes, is no holder. */
const GLANCE_MS = 500;

/** Without a place for records no line is opened. */
function linesFolder(): string {
  try {
    return `${stateFolder()}/lines`;
  } catch (error) {
    throw new TransportError((error as Error).message, { cause: error });
  }
}

const fileWord = (text: string) => text.replaceAll(/[^A-Za-z0-9.-]+/g, "_").replace(/^[_.]+/, "");

/** Returns the folder of a line. Two names of one device are one line. */
async function folderOf(line: string): Promise<string> {
  const real = line.startsWith("/") ? await Deno.realPath(line).catch(() => line) : line;
  return `${linesFolder()}/${fileWord(real)}`;
}

/**
 * Returns the path, without its endings, of a new record of what no two need to exclude each other from: a shell over ssh, a guest.
 *
 * @throws {TransportError} If there is no place for it
 */
export async function recordFor(what: string): Promise<string> {
  const folder = `${linesFolder()}/${fileWord(what)}`;
  await makeFolder(folder);
  return await newRecord(folder, new Date().toISOString());
}

/** How many records this process has begun: some of them in the same millisecond. */
let begun = 0;

async function newRecord(folder: string, now: string): Promise<string> {
  await prune(folder);
  return `${folder}/${now.replaceAll(":", "")}-${Deno.pid}-${++begun}`;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new TransportError(`Cannot record a line: ${(error as Error).message}`, { cause: error });
  }
}

async function openLock(folder: string): Promise<Deno.FsFile> {
  await makeFolder(folder);
  try {
    return await Deno.open(`${folder}/lock`, { read: true, write: true, create: true, mode: 0o600 });
  } catch (error) {
    throw new TransportError(`Cannot record a line: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Takes a line for this process. The lock goes with the process, however it ends.
 *
 * @param record Path of its record without the endings, by default one in the state directory
 * @throws {TransportError} If somebody has it; the message names who has it, and since when
 */
export async function takeLine(line: string, purpose: string, record?: string): Promise<TakenLine> {
  const folder = await folderOf(line);
  const lock = await openLock(folder);
  try {
    for (const deadline = performance.now() + GLANCE_MS; !await lock.tryLock(true);) {
      if (performance.now() > deadline) {
        const holder = await readHolder(lock);
        throw new TransportError(`Cannot open ${line}: it is in use${holder ? ` by ${wordsOf(holder)}` : ""}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const since = new Date().toISOString();
    const base = record === undefined ? await newRecord(folder, since) : resolve(record);
    const holder: LineHolder = {
      pid: Deno.pid,
      since,
      purpose,
      record: base + RECORD_ENDINGS.bytes,
    };
    await lock.truncate();
    await lock.seek(0, Deno.SeekMode.Start);
    await lock.write(new TextEncoder().encode(JSON.stringify(holder) + "\n"));
    return { base, release: () => releaseLock(lock) };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** `a twinlink run (process 4711) since 2027-03-31 12:00:05 UTC`. */
export function wordsOf({ purpose, pid, since }: LineHolder): string {
  return `a twinlink ${purpose} (process ${pid}) since ${since.slice(0, 19).replace("T", " ")} UTC`;
}

/** Returns the owner of a line; undefined if no process of this user has it. */
export async function holderOf(line: string): Promise<LineHolder | undefined> {
  using lock = await openLock(await folderOf(line));
  if (await lock.tryLock(false)) {
    lock.unlockSync();
    return undefined;
  }
  return await readHolder(lock);
}

async function readHolder(lock: Deno.FsFile): Promise<LineHolder | undefined> {
  // Just taken, its holder may not have written yet.
  for (let left = 10; left > 0; left--) {
    await lock.seek(0, Deno.SeekMode.Start);
    const buffer = new Uint8Array(4096);
    const text = new TextDecoder().decode(buffer.subarray(0, await lock.read(buffer) ?? 0));
    try {
      const { pid, since, purpose, record } = JSON.parse(text);
      if ([since, purpose, record].every((value) => typeof value === "string") && typeof pid === "number") {
        return { pid, since, purpose, record };
      }
    } catch { /* half written */ }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return undefined;
}

/** Old records go; a record is two files. */
async function prune(folder: string): Promise<void> {
  const ending = RECORD_ENDINGS.bytes;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(ending)).sort();
  for (const name of names.slice(0, Math.max(0, names.length - KEPT + 1))) {
    for (const other of Object.values(RECORD_ENDINGS)) {
      await Deno.remove(`${folder}/${name.slice(0, -ending.length)}${other}`).catch(() => {});
    }
  }
}
