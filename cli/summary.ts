/**
 * The summary of a run: the result of each board, and the exit status.
 *
 * @module
 */

import { visible } from "../boards/visible.ts";
import {
  type Case,
  causesOf,
  type Counts,
  type EarlierTrace,
  exitStatus,
  extentOf,
  type LeftOut,
  type RunEnd,
  type SequenceVerdict,
  summarise,
  type Summary,
  type Verdict,
} from "../diff/mod.ts";
import { count, duration } from "../run/output.ts";

/** The result of one board over one line. */
export interface Line {
  board: string;
  /** The earlier recording that it was compared with instead of the model, in words */
  against?: string;
  transport: string;
  /** `uname -r`; empty for the model and for a board that never answered */
  kernel: string;
  /** The verdicts of all planned sequences; `infra` for those that could not be run */
  verdicts: readonly SequenceVerdict[];
  /** Sequences that are not part of the run on this board */
  leftOut?: readonly LeftOut[];
  /** Planned sequences that were not run */
  notRun?: readonly LeftOut[];
  /** Notes for the reader: the era, waivers without effect */
  notes?: readonly string[];
  /** The duration with set-up, in ms */
  ms: number;
}

/** Verdicts as a user counts them. A step or sequence that was not judged is never among the others. */
const GROUPS: Record<Verdict, string> = {
  "agree": "agree",
  "diverge": "diverge",
  "crash": "crash",
  "waived": "waived",
  "unsupported": "unsupported",
  "model-gap": "not judged",
  "infra": "not judged",
  "indeterminate": "not judged",
};

/** Counts as text: `61 agree, 2 diverge, 1 not judged`. */
export function tally(counts: Counts): string {
  const groups = new Map<string, number>();
  for (const [verdict, group] of Object.entries(GROUPS) as [Verdict, string][]) {
    groups.set(group, (groups.get(group) ?? 0) + counts[verdict]);
  }
  const parts = [...groups].filter(([, n]) => n > 0).map(([group, n]) => `${n.toLocaleString("en-US")} ${group}`);
  return parts.join(", ") || "none";
}

/** Describes how many channels were compared with learned expectations; empty if none was. */
function learnedWords(verdicts: readonly SequenceVerdict[]): string {
  const learned = verdicts.flatMap(({ steps }) => steps).flatMap(({ channels }) => channels)
    .filter(({ learned }) => learned !== undefined).length;
  return learned === 0 ? "" : ` (${learned.toLocaleString("en-US")} learned)`;
}

/** Returns the numbers of all boards together. */
export function totalOf(lines: readonly Line[]): Summary {
  return summarise(lines.flatMap((line) => line.verdicts));
}

/**
 * Returns the exit status of a run: 0 all agree, 1 a divergence or a crash, 3 something (or all of it) was not judged.
 *
 * @param boards How many boards and lines the run was to be on
 */
export function statusOf(lines: readonly Line[], boards: number = lines.length): 0 | 1 | 3 {
  const statuses = lines.map((line) => exitStatus(summarise(line.verdicts)));
  if (statuses.includes(1)) return 1;
  return statuses.includes(3) || lines.length === 0 || lines.length < boards ? 3 : 0;
}

/** Returns a line for each reason: `left out 58 of pcs: needs pcs, which the board lacks`. */
function reasonLines(what: string, sequences: readonly LeftOut[]): string[] {
  return [...Map.groupBy(sequences, ({ reason }) => reason)].map(([reason, of]) => {
    const suites = [...Map.groupBy(of, ({ suite }) => suite)].map(([suite, { length }]) => `${length} of ${suite}`);
    return `${what} ${suites.join(", ")}: ${reason}`;
  });
}

/** Returns the notes of one line. */
function notesOf({ verdicts, leftOut = [], notRun = [], notes = [] }: Line): string[] {
  const { unjudged } = summarise(verdicts);
  return [
    ...notes,
    ...reasonLines("left out", leftOut),
    ...reasonLines("not run", notRun),
    ...unjudged.length > 0 ? [`nothing was judged of ${unjudged.join(", ")}`] : [],
  ];
}

/** Returns the notes of all lines; a note that several lines of a board share is printed once. */
function noteLines(lines: readonly Line[]): string[] {
  const notes = lines.flatMap((line) => notesOf(line).map((note) => ({ ...line, note })));
  return [...Map.groupBy(notes, ({ board, note }) => JSON.stringify([board, note])).values()].map((same) => {
    const { board, note } = same[0]!;
    return visible(`${board} over ${same.map(({ transport }) => transport).join(" and ")}: ${note}`);
  });
}

/** The most sequences of a cause that the summary names; the reports in files name all. */
const MOST_CASES = 10;
/** How many kinds of difference that come with a cause it names. */
const MOST_ALSO = 6;

/** `28 sequences`, `28 sequences on 5 boards`. */
function extent(cases: readonly Case[]): string {
  const { sequences, boards } = extentOf(cases);
  return count(sequences, "sequence") + (boards > 1 ? ` on ${boards} boards` : "");
}

/** Returns the verdicts of all lines as cases, for finding causes. */
function casesOf(lines: readonly Line[]): Case[] {
  const several = lines.length > 1;
  return lines.flatMap(({ board, transport, verdicts }) =>
    verdicts.map((verdict): Case => several ? { verdict, on: `${board} over ${transport}` } : { verdict })
  );
}

/** Returns the cause of each failure, once, with its smallest case; none if nothing failed. */
export function causeLines(failed: readonly Case[], noun = "cause"): string[] {
  const causes = causesOf(failed);
  if (causes.length === 0) return [];
  const nameOf = ({ verdict: { suite, sequence }, on }: Case) =>
    visible(`${suite} > ${sequence}${on === undefined ? "" : ` on ${on}`}`);
  const told = causes.flatMap(({ text, cases, also }, i) => [
    `  ${i + 1}. ${visible(text)}`,
    ...also.slice(0, MOST_ALSO).map(({ text }) => `     with ${visible(text)}`),
    ...also.length > MOST_ALSO ? [`     with ${count(also.length - MOST_ALSO, "more kind")} of difference`] : [],
    `     ${extent(cases)}, the smallest: ${nameOf(cases[0]!)}`,
    ...cases.slice(1, MOST_CASES).map((one) => `       ${nameOf(one)}`),
    ...cases.length > MOST_CASES ? [`       ... ${cases.length - MOST_CASES} more`] : [],
  ]);
  return [`${count(causes.length, noun)}, ${extent(causes.flatMap(({ cases }) => cases))}`, ...told];
}

/** Returns an earlier recording in words: its file, and what it was taken from. */
export function againstWords({ name, header: { board, kernel } }: EarlierTrace): string {
  return `${name} (${[board, kernel && `Linux ${kernel}`].filter(Boolean).join(", ")})`;
}

const ENDINGS = {
  0: "everything that was judged agrees",
  1: "the boards do not do what the model predicts",
  3: "not all of it could be judged, so this is no pass",
};

/** Returns how a run ended; `against` is the earlier recording that it was compared with. */
function endingOf(lines: readonly Line[]): string {
  const status = statusOf(lines);
  const against = lines[0]?.against;
  if (against === undefined || status === 3) return ENDINGS[status];
  return status === 1
    ? `the boards do not do what ${visible(against)} shows`
    : `${ENDINGS[0]} with ${visible(against)}`;
}

/** Returns the line that closes a run; `end` is how an error ended the run. */
export function closingLine(lines: readonly Line[], end?: RunEnd): string {
  const { sequences } = totalOf(lines);
  const all = Object.values(sequences).reduce((sum, n) => sum + n, 0);
  const ending = end?.reason === undefined ? endingOf(lines) : `${visible(end.reason)}, so this is no pass`;
  return `${count(all, "sequence")}: ${tally(sequences)}: ${ending}\n`;
}

/** Returns the summary of a run as a table and the closing line. */
export function summaryText(lines: readonly Line[], end?: RunEnd): string {
  const head = ["board", "line", "kernel", "sequences", "steps", "channels", "time"];
  const rows = lines.map(({ board, transport, kernel, verdicts, ms }) => {
    const { sequences, steps, channels } = summarise(verdicts);
    return [
      visible(board),
      transport,
      visible(kernel) || "-",
      ...[sequences, steps, channels].map(tally).map((text, i) => i === 2 ? text + learnedWords(verdicts) : text),
      duration(ms),
    ];
  });
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const table = [head, ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
  return [...table, ...noteLines(lines), ...causeLines(casesOf(lines)), closingLine(lines, end)].join("\n");
}
