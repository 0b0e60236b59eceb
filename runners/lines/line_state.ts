/**
 * The user's state directory for lines: the owner of each line, and its records.
 *
 * @module
 */

import { resolve } from "node:path";
import { releaseLock, stateFolder } from "../../boards/state.ts";
import { RECORD_ENDINGS } from "./line_record.ts";
import { TransportError } from "./shell.ts";

/** The process that has a line. */
export interface LineHolder {
  pid: number;
  /** When it took the line, as an ISO 8601 time */
  since: string;
  /** Its purpose: `run`, `console` */
  purpose: string;
  /** The record's file of bytes */
  record: string;
}

/** A line that was taken; no other process can take it until `release`. */
export interface TakenLine {
  /** The path of the record's files, without their extensions */
  readonly base: string;
  release(): void;
}

/** The number of records of a line that are saved, with the current one. */
const KEPT = 10;

/** How long to retry a lock, in ms: a process that only looks at the lock holds it for a moment. */
const GLANCE_MS = 500;

/** Returns the folder of all lines; without a place for records no line is opened. */
function linesFolder(): string {
  try {
    return `${stateFolder()}/lines`;
  } catch (error) {
    throw new TransportError((error as Error).message, { cause: error });
  }
}

const fileWord = (text: string) => text.replaceAll(/[^A-Za-z0-9.-]+/g, "_").replace(/^[_.]+/, "");

/** Returns the folder of a line. Two names of one device have the same folder. */
async function folderOf(line: string): Promise<string> {
  const real = line.startsWith("/") ? await Deno.realPath(line).catch(() => line) : line;
  return `${linesFolder()}/${fileWord(real)}`;
}

/**
 * Returns the path, without extension, of a new record of a thing that needs no lock: a shell over ssh, a guest.
 *
 * @throws {TransportError} If there is no place for the record
 */
export async function recordFor(what: string): Promise<string> {
  const folder = `${linesFolder()}/${fileWord(what)}`;
  await makeFolder(folder);
  return await newRecord(folder, new Date().toISOString());
}

/** The number of records that this process has begun, since several may begin in the same millisecond. */
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
 * Takes a line for this process. The lock ends with the process, however the process ends.
 *
 * @param record The path of the record without the extension, by default a new one in the state directory
 * @throws {TransportError} If another process has the line; the message names it, and since when
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

/** Describes an owner: `a twinlink run (process 4711) since 2027-03-31 12:00:05 UTC`. */
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
  // An owner that has just taken the line may not have written its entry yet.
  for (let left = 10; left > 0; left--) {
    await lock.seek(0, Deno.SeekMode.Start);
    const buffer = new Uint8Array(4096);
    const text = new TextDecoder().decode(buffer.subarray(0, await lock.read(buffer) ?? 0));
    try {
      const { pid, since, purpose, record } = JSON.parse(text);
      if ([since, purpose, record].every((value) => typeof value === "string") && typeof pid === "number") {
        return { pid, since, purpose, record };
      }
    } catch { /* the entry is half written */ }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return undefined;
}

/** Removes old records; a record is two files. */
async function prune(folder: string): Promise<void> {
  const ending = RECORD_ENDINGS.bytes;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(ending)).sort();
  for (const name of names.slice(0, Math.max(0, names.length - KEPT + 1))) {
    for (const other of Object.values(RECORD_ENDINGS)) {
      await Deno.remove(`${folder}/${name.slice(0, -ending.length)}${other}`).catch(() => {});
    }
  }
}
