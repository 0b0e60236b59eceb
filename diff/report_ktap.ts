/**
 * The report as KTAP, version 1 (Documentation/dev-tools/ktap.rst), for the tools of kernel developers.
 *
 * @module
 */

import { visible } from "../boards/mod.ts";
import { detailLines } from "./_lines.ts";
import type { Reporter, Write } from "./reporter.ts";
import { gravest, OUTCOMES, type SequenceVerdict } from "./verdict.ts";

// "#" begins a directive; a description must not have one.
const description = (text: string) => visible(text).replaceAll("#", "_").replace(/\s+/g, " ").trim();

function result(
  number: number,
  name: string,
  { verdict, reason }: Pick<SequenceVerdict, "verdict" | "reason">,
): string {
  const why = description(reason ? `${verdict}: ${reason}` : verdict);
  const [status, directive] = {
    pass: ["ok", ""],
    fail: ["not ok", ""],
    error: ["not ok", ` # ERROR ${why}`],
    skip: ["ok", ` # SKIP ${why}`],
  }[OUTCOMES[verdict]];
  return `${status} ${number} ${description(name)}${directive}`;
}

const why = (verdict: SequenceVerdict) =>
  verdict.reason ?? verdict.steps.find((step) => step.verdict === verdict.verdict)?.reason ??
    verdict.steps.flatMap((step) => step.channels).find((channel) => channel.waiver)?.waiver?.reason;

/** One test a suite, one subtest a sequence; what differs stands in front of its result, as diagnostic lines. */
export function ktapReporter(write: Write): Reporter {
  const suites = new Map<string, SequenceVerdict[]>();
  return {
    begin() {},
    sequence(verdict) {
      suites.set(verdict.suite, [...suites.get(verdict.suite) ?? [], verdict]);
    },
    end() {
      const lines = ["KTAP version 1", `1..${suites.size}`];
      for (const [suite, verdicts] of suites) {
        lines.push("  KTAP version 1", `  # Subtest: ${description(suite)}`, `  1..${verdicts.length}`);
        for (const [i, verdict] of verdicts.entries()) {
          lines.push(...detailLines(verdict).map((line) => `  # ${line}`));
          const reason = why(verdict);
          const about = reason === undefined ? { verdict: verdict.verdict } : { verdict: verdict.verdict, reason };
          lines.push(`  ${result(i + 1, verdict.sequence, about)}`);
        }
        const verdict = gravest(verdicts.map((one) => one.verdict));
        const number = [...suites.keys()].indexOf(suite) + 1;
        // A suite of which only a part was skipped has passed.
        const skipped = OUTCOMES[verdict] === "skip" && verdicts.some((one) => one.verdict === "agree");
        lines.push(result(number, suite, { verdict: skipped ? "agree" : verdict }));
      }
      write(lines.join("\n") + "\n");
    },
  };
}
