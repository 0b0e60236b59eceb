/**
 * Chooses the runs of a folder that may be removed, and removes them.
 *
 * @module
 */

import { join } from "node:path";
import { isRunFile } from "../artefacts.ts";
import { lockRun, PLAN } from "../journal.ts";
import type { HistoryPart, HistoryRun } from "./store.ts";

/** The rules for removal: a run may be removed if every given rule allows it. */
export interface PruneRule {
  /** How many of the newest runs of each board stay */
  keep?: number | undefined;
  /** The age from which a run may be removed, in days */
  olderThan?: number | undefined;
}

/** A day, in ms. */
const DAY = 86_400_000;

const boardOf = ({ board, transport }: HistoryPart) => JSON.stringify([board, transport]);

/**
 * Returns the runs that may be removed, the oldest first. The newest pass of each board over each line is never removed. Neither
 * is a run in the folder of the history itself, or one whose folder is gone.
 *
 * @param parts The boards of all runs, the oldest run first
 * @param now The time, in ms since 1970
 */
export function mayGo(
  runs: readonly HistoryRun[],
  parts: readonly HistoryPart[],
  { keep, olderThan }: PruneRule,
  now: number,
): HistoryRun[] {
  if (keep === undefined && olderThan === undefined) return [];
  const stay = new Set<HistoryRun>();
  const there = parts.filter(({ run }) => run.kept);
  for (const of of Map.groupBy(there, boardOf).values()) {
    if (keep !== undefined) { for (const { run } of keep === 0 ? [] : of.slice(-keep)) stay.add(run); }
    const good = of.findLast(({ exit, run }) => exit === 0 && run.over);
    if (good) stay.add(good.run);
  }
  const isOld = ({ started }: HistoryRun) => olderThan === undefined || Date.parse(started) < now - olderThan * DAY;
  const ofBoards = new Set(there.map(({ run }) => run));
  // A run without a board counts for no board.
  const isBeyond = (run: HistoryRun) =>
    ofBoards.has(run) || keep === undefined || keep === 0 ||
    runs.filter(({ kept }) => kept).slice(-keep).every(({ id }) => id !== run.id);
  return runs.filter((run) => run.kept && run.folder !== "." && !stay.has(run) && isOld(run) && isBeyond(run));
}

/**
 * Removes the files of a run from its folder, and the folder if it is then empty.
 *
 * @returns False if the run is going on: its files stay
 */
export async function removeRun(folder: string): Promise<boolean> {
  using lock = await lockRun(folder);
  if (!lock) return false;
  for (const { name } of [...Deno.readDirSync(folder)]) {
    if (isRunFile(name) || isRunFile(name.replace(/\.part$/, ""))) await Deno.remove(join(folder, name));
  }
  // The plan is removed last: without it the folder is not a run.
  await Deno.remove(join(folder, PLAN));
  await Deno.remove(folder).catch((error) => {
    if (!/not empty/i.test(error.message)) throw error;
  });
  return true;
}
