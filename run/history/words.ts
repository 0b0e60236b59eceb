/** The words for a history, on a terminal and on pages. */

import { duration } from "../output.ts";
import type { HistoryPart, HistoryRun } from "./store.ts";
import { GROUND_KEYS, type LastChange, type SequenceTrend, type Trend } from "./trend.ts";

/** Returns a share as `93%`; `-` if there is no share. */
export const percent = (share: number | null): string => share === null ? "-" : `${Math.round(100 * share)}%`;

/** Returns a time as `0.8 s`, or in ms if it is shorter than 100 ms; `-` if there is no time. */
export const time = (ms: number | null): string => ms === null ? "-" : ms < 100 ? `${Math.round(ms)} ms` : duration(ms);

/** Returns a time as `2026-11-21 20:14`. */
export const day = (started: string): string => started.slice(0, 16).replace("T", " ");

/** Returns the result of a run, or of a board in it. */
export function resultOf({ exit }: Pick<HistoryRun | HistoryPart, "exit">): string {
  return exit === null ? "not finished" : { 0: "pass", 1: "differs" }[exit] ?? "not all judged";
}

/** Returns a change as `agree -> diverge 2026-11-21 20:14, kernel 6.12.1 -> 6.12.2`; empty where nothing changed. */
export function changeWords(change: LastChange | null): string {
  if (change === null) return "";
  const { from, to, before, after, between } = change;
  const known = GROUND_KEYS.filter((key) => before[key] !== "" && after[key] !== "");
  const what = between.length > 0
    ? between.map((key) => `${key} ${before[key]} -> ${after[key]}`).join(", ")
    : `the same ${known.join(", ")}`;
  return `${from} -> ${to} ${day(after.started)}, ${what}`;
}

/** True for a sequence to look at: it differs or was not judged at last, changed, or is flaky. */
export const isNotable = ({ last, lastChange, flakeRate }: SequenceTrend): boolean =>
  last !== "agree" && last !== "unsupported" && last !== "waived" || lastChange !== null || (flakeRate ?? 0) > 0;

/** Returns `27 of 30 pass`, and how many runs were not judged. */
export function passWords({ passed, failed, unjudged }: Trend): string {
  return `${passed} of ${passed + failed} pass${unjudged > 0 ? ` (${unjudged} not judged)` : ""}`;
}
