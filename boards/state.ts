/**
 * Where this user's runs keep what outlives them: `$XDG_STATE_HOME/twinlink` or `~/.local/state/twinlink`.
 *
 * | path | holds |
 * | --- | --- |
 * | `runs/<time>-<id>/` | the journal of a run |
 * | `boards/<board>/lease.json` | who uses the board; empty where nobody does |
 * | `boards/<board>/dirty.json` | what could not be undone on it |
 * | `boards/<board>/known.json.gz` | what it said over a slow line, which need not travel again |
 * | `lines/<line>/lock` | who has a serial line open |
 * | `lines/<line>/<time>-<pid>.log`, `.cast` | what a line said, and when, where no run keeps it |
 *
 * @module
 */

import { jsonLine } from "./visible.ts";

/**
 * Returns the folder of all of it; it need not be there yet.
 *
 * @throws {TypeError} If neither `XDG_STATE_HOME` nor `HOME` is set
 */
export function stateFolder(): string {
  const xdg = Deno.env.get("XDG_STATE_HOME");
  // The XDG base directory specification has relative paths ignored.
  if (xdg?.startsWith("/")) return `${xdg}/twinlink`;
  const home = Deno.env.get("HOME");
  if (!home) throw new TypeError("Cannot keep state: neither XDG_STATE_HOME nor HOME is set");
  return `${home}/.local/state/twinlink`;
}

/**
 * Gives a file back that was locked. A child process that is being started just then has the file, too, until it begins: closing
 * alone would leave the lock to it.
 */
export function releaseLock(file: Deno.FsFile): void {
  file.unlockSync();
  file.close();
}

/** Returns the folder of one board, by the name in its file, which has letters, digits and `. _ -` only. */
export function boardStateFolder(name: string): string {
  return `${stateFolder()}/boards/${name}`;
}

/** What could not be undone on a board: the content of `dirty.json`. */
export interface Dirty {
  /** Since when, as `2026-11-21T20:14:03Z` */
  since: string;
  /** What is left on it, in words */
  reason: string;
}

/** Returns what could not be undone on a board; undefined where it is clean. */
export async function dirtyOf(name: string): Promise<Dirty | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(`${boardStateFolder(name)}/dirty.json`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const unknown: Dirty = { since: "", reason: "what is left on it is not known" };
  try {
    const { since, reason } = JSON.parse(text) as Record<string, unknown>;
    return typeof since === "string" && typeof reason === "string" ? { since, reason } : unknown;
  } catch {
    // It was cut short: all that is known is that the board is not clean.
    return unknown;
  }
}

/** Writes down that something is left on a board; what is known already stays. */
export async function markDirty(name: string, reason: string): Promise<void> {
  if (await dirtyOf(name)) return;
  const folder = boardStateFolder(name);
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const since = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  // Whole or not at all, also where this process is killed.
  await Deno.writeTextFile(`${folder}/dirty.json.part`, jsonLine({ since, reason } satisfies Dirty));
  await Deno.rename(`${folder}/dirty.json.part`, `${folder}/dirty.json`);
}

/** A board is as new: nothing is left on it. */
export async function markClean(name: string): Promise<void> {
  await Deno.remove(`${boardStateFolder(name)}/dirty.json`).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
