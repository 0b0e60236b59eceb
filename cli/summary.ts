/**
 * A run in numbers: what became of each board, and the exit status.
 *
 * @module
 */

import { visible } from "../boards/visible.ts";
import { type Counts, exitStatus, type SequenceVerdict, summarise, type Summary, type Verdict } from "../diff/mod.ts";
import { count, duration } from "./output.ts";

/** What became of one board over one line. */
export interface Line {
  board: string;
  transport: string;
  /** `uname -r`; empty for the model and for a board that never answered */
  kernel: string;
  /** Of every sequence that was to be run: those that could not be are `infra` */
  verdicts: readonly SequenceVerdict[];
  /** How long it took, its set-up included, in ms */
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

/** The numbers of all boards together. */
export function totalOf(lines: readonly Line[]): Summary {
  return summarise(lines.flatMap((line) => line.verdicts));
}

/** The exit status of a run: 0 all agree, 1 a divergence or a crash, 3 something (or all of it) was not judged. */
export function statusOf(lines: readonly Line[]): 0 | 1 | 3 {
  const statuses = lines.map((line) => exitStatus(summarise(line.verdicts)));
  return statuses.includes(1) ? 1 : statuses.includes(3) || lines.length === 0 ? 3 : 0;
}

const ENDINGS = {
  0: "everything that was judged agrees",
  1: "the boards do not do what the model says",
  3: "not all of it could be judged, so this is no pass",
};

/** The summary of a run as a table and one closing line. */
export function summaryText(lines: readonly Line[]): string {
  const head = ["board", "line", "kernel", "sequences", "steps", "channels", "time"];
  const rows = lines.map(({ board, transport, kernel, verdicts, ms }) => {
    const { sequences, steps, channels } = summarise(verdicts);
    return [
      visible(board),
      transport,
      visible(kernel) || "-",
      ...[sequences, steps, channels].map(tally),
      duration(ms),
    ];
  });
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const table = [head, ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
  const { sequences } = totalOf(lines);
  const all = Object.values(sequences).reduce((sum, n) => sum + n, 0);
  const closing = `${count(all, "sequence")}: ${tally(sequences)}: ${ENDINGS[statusOf(lines)]}`;
  return [...table, closing].join("\n") + "\n";
}
