/**
 * The report for a terminal, and for the log of a CI job.
 *
 * @module
 */

import { bold, dim, green, magenta, red, yellow } from "@std/fmt/colors";
import { visible } from "../../boards/mod.ts";
import { Reported } from "../causes.ts";
import { detailLines, nameOf, type Paint, PLAIN } from "../lines.ts";
import type { Reporter, Write } from "./reporter.ts";
import { type Counts, OUTCOMES, type Summary, type Verdict, VERDICTS } from "../verdict.ts";

const BY_OUTCOME = { pass: green, fail: (text: string) => bold(red(text)), error: magenta, skip: yellow };

// NO_COLOR is honoured by @std/fmt/colors itself.
const COLOURS: Paint = {
  expected: red,
  observed: green,
  changed: yellow,
  dim,
  strong: bold,
  verdict: (text, verdict) => BY_OUTCOME[OUTCOMES[verdict]](text),
};

/** Options of {@linkcode terminalReporter}. */
export interface TerminalReporterOptions {
  /** True to use colours. @default {true, unless NO_COLOR is set} */
  color?: boolean;
  /** Leave out sequences that agree, and the line about a board if it is the only line. @default {false} */
  quiet?: boolean;
}

function counted(counts: Counts, unit: string, units: string): string {
  const total = VERDICTS.reduce((sum, verdict) => sum + counts[verdict], 0);
  const parts = VERDICTS.toReversed().filter((verdict) => counts[verdict] > 0).map((one) => `${counts[one]} ${one}`);
  return `${total} ${total === 1 ? unit : units}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}`;
}

/** Tells of each sequence on a line, and of what differs on the lines below it: of each kind of difference once, then by reference. */
export function terminalReporter(write: Write, options: TerminalReporterOptions = {}): Reporter {
  const paint = options.color === false ? PLAIN : COLOURS;
  const width = Math.max(...VERDICTS.map((verdict) => verdict.length));
  const reported = new Reported();
  /** What is shown of the board before its first sequence. */
  let about = "";
  const head = (verdict: Verdict) => paint.verdict(verdict.padEnd(width), verdict);
  return {
    begin({ board, transport, era, eraNote, kernel, iproute2, against, contradictions = [] }) {
      reported.on = visible(`${board} over ${transport}`);
      const judge = against === undefined ? eraNote ? "" : `model of ${era}` : `against ${against}`;
      const words = [`over ${transport}`, kernel && `Linux ${kernel}`, iproute2, judge];
      const note = eraNote ? `, ${paint.changed(visible(eraNote))}` : "";
      about = `${paint.strong(visible(board))} ${paint.dim(visible(words.filter(Boolean).join(", ")))}${note}\n`;
      for (const line of contradictions) about += `  ${paint.changed("facts")}  ${visible(line)}\n`;
      if (!options.quiet) write(about);
    },
    sequence(verdict) {
      const details = detailLines(verdict, paint, reported);
      if (options.quiet && verdict.verdict === "agree" && details.length === 0) return;
      if (options.quiet) write(about);
      about = "";
      const steps = verdict.steps.length > 0 ? paint.dim(`  ${verdict.steps.length} steps`) : "";
      write(`${head(verdict.verdict)}  ${nameOf(verdict)}${steps}\n${details.map((line) => `${line}\n`).join("")}`);
    },
    end({ sequences, steps, channels }: Summary) {
      write(`\n${counted(sequences, "sequence", "sequences")}\n`);
      write(`${counted(steps, "step", "steps")}\n${counted(channels, "channel compared", "channels compared")}\n`);
    },
  };
}
