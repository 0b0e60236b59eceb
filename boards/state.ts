/**
 * The folder in which runs of this user store files for later runs: `$XDG_STATE_HOME/twinlink` or `~/.local/state/twinlink`.
 *
 * | path | holds |
 * | --- | --- |
 * | `runs/<time>-<id>/` | the journal of a run |
 * | `boards/<board>/lease.json` | the process that uses the board; empty if there is none |
 * | `boards/<board>/dirty.json` | changes on the board that could not be undone |
 * | `boards/<board>/known.json.gz` | lines that the board sent over a slow line, which need not travel again |
 * | `lines/<line>/lock` | the process that has a serial line open |
 * | `lines/<line>/<time>-<pid>.log`, `.cast` | the output of a line, with its times, if no run stores it |
 *
 * @module
 */

import { jsonLine } from "./visible.ts";

/**
 * Returns the folder of all state; it may not exist yet.
 *
 * @throws {TypeError} If neither `XDG_STATE_HOME` nor `HOME` is set
 */
export function stateFolder(): string {
  const xdg = Deno.env.get("XDG_STATE_HOME");
  // The XDG base directory specification requires that relative paths are ignored.
  if (xdg?.startsWith("/")) return `${xdg}/twinlink`;
  const home = Deno.env.get("HOME");
  if (!home) throw new TypeError("Cannot keep state: neither XDG_STATE_HOME nor HOME is set");
  return `${home}/.local/state/twinlink`;
}

/**
 * Closes a locked file and releases its lock. A child process that is just being started also has the file open, so only
 * closing it would not release the lock.
 */
export function releaseLock(file: Deno.FsFile): void {
  file.unlockSync();
  file.close();
}

/** Returns the folder of one board, by the name in its file, which has only letters, digits and `. _ -`. */
export function boardStateFolder(name: string): string {
  return `${stateFolder()}/boards/${name}`;
}

/** Changes on a board that could not be undone: the content of `dirty.json`. */
export interface Dirty {
  /** The time since when, as `2026-11-21T20:14:03Z` */
  since: string;
  /** A description of the changes */
  reason: string;
}

/** Returns the changes on a board that could not be undone; undefined if the board is clean. */
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
    // The file was cut: it is only known that the board is not clean.
    return unknown;
  }
}

/** Stores that changes are left on a board; an earlier entry stays. */
export async function markDirty(name: string, reason: string): Promise<void> {
  if (await dirtyOf(name)) return;
  const folder = boardStateFolder(name);
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const since = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  // The file is replaced in one step, so that a killed process never leaves half of it.
  await Deno.writeTextFile(`${folder}/dirty.json.part`, jsonLine({ since, reason } satisfies Dirty));
  await Deno.rename(`${folder}/dirty.json.part`, `${folder}/dirty.json`);
}

/** Notes that a board is clean: no change is left on it. */
export async function markClean(name: string): Promise<void> {
  await Deno.remove(`${boardStateFolder(name)}/dirty.json`).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
