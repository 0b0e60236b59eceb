/** `run --repeat`: counts the verdicts of each sequence. */

import { visible } from "../boards/mod.ts";
import { type Verdict, VERDICTS } from "../diff/mod.ts";
import { count } from "../run/output.ts";
import type { Line } from "./summary.ts";

/** The counts of the verdicts of a sequence on a board. */
export interface Outcomes {
  board: string;
  transport: string;
  suite: string;
  sequence: string;
  /** Counts by verdict; only verdicts that occurred */
  outcomes: Partial<Record<Verdict, number>>;
}

/** Counts the verdicts of repeated runs, by board, line and sequence. */
export function outcomesOf(runs: readonly (readonly Line[])[]): Outcomes[] {
  const all = new Map<string, Outcomes>();
  for (const { board, transport, verdicts } of runs.flat()) {
    for (const { suite, sequence, verdict } of verdicts) {
      const key = JSON.stringify([board, transport, suite, sequence]);
      const one = all.get(key) ?? { board, transport, suite, sequence, outcomes: {} };
      all.set(key, one);
      one.outcomes[verdict] = (one.outcomes[verdict] ?? 0) + 1;
    }
  }
  return [...all.values()];
}

const inWords = ({ outcomes }: Outcomes) =>
  VERDICTS.toReversed().flatMap((verdict) => outcomes[verdict] ? [`${verdict} ${outcomes[verdict]}`] : []).join(", ");

/** True if a sequence did not have the same verdict in each of `times` runs. */
export const varies = ({ outcomes }: Outcomes, times: number): boolean =>
  Object.values(outcomes).every((n) => n < times);

/** Returns the counts as text: a line for each sequence that varies or does not agree, and how many did the same each time. */
export function outcomesText(all: readonly Outcomes[], times: number): string {
  const varying = all.filter((one) => varies(one, times));
  const shown = all.filter((one) => varies(one, times) || !("agree" in one.outcomes));
  const several = new Set(all.map(({ board, transport }) => `${board} ${transport}`)).size > 1;
  const lines = shown.map((one) => {
    const where = several ? `${one.board} over ${one.transport}: ` : "";
    const word = varies(one, times) ? "varies  " : "the same";
    return visible(`  ${word}  ${where}${one.suite} > ${one.sequence}: ${inWords(one)}`);
  });
  const same = all.length - varying.length;
  const closing = `${count(times, "run")}: ${count(same, "sequence")} came to the same verdict each time, ` +
    `${varying.length === 0 ? "none varies" : `${varying.length} ${varying.length === 1 ? "varies" : "vary"}`}`;
  return [closing, ...lines].join("\n") + "\n";
}

/** Returns the gravest exit status of repeated runs. */
export const worst = (statuses: readonly number[]): number => [2, 1, 3, 0].find((one) => statuses.includes(one)) ?? 3;
