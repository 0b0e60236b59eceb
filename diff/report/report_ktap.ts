/**
 * The report as KTAP, version 1 (Documentation/dev-tools/ktap.rst), for the tools of kernel developers.
 *
 * @module
 */

import { visible } from "../../boards/mod.ts";
import { Reported } from "../causes.ts";
import { detailLines, PLAIN } from "../lines.ts";
import { type Reporter, wholeRunError, type Write } from "./reporter.ts";
import { gravest, type LeftOut, OUTCOMES, type SequenceVerdict } from "../verdict.ts";

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

/** What a test of the report is about: judged, or left out of the run. */
type Test = SequenceVerdict | LeftOut;

const isVerdict = (test: Test): test is SequenceVerdict => "verdict" in test;

/** Returns one subtest, with what differs before it. */
function testLines(number: number, test: Test, reported: Reported): string[] {
  if (!isVerdict(test)) {
    return [result(number, test.sequence, { verdict: "unsupported", reason: `left out: ${test.reason}` })];
  }
  const reason = why(test);
  const { verdict } = test;
  return [
    ...detailLines(test, PLAIN, reported).map((line) => `# ${line}`),
    result(number, test.sequence, reason === undefined ? { verdict } : { verdict, reason }),
  ];
}

/** Returns the result of a suite, by its tests. */
function suiteResult(tests: readonly Test[], unjudged: boolean): Pick<SequenceVerdict, "verdict" | "reason"> {
  if (unjudged) return { verdict: "infra", reason: "nothing of it was judged" };
  const verdicts = tests.filter(isVerdict).map(({ verdict }) => verdict);
  if (verdicts.length === 0) return { verdict: "unsupported", reason: "left out" };
  const verdict = gravest(verdicts);
  // A suite that was skipped in part has passed.
  return { verdict: OUTCOMES[verdict] === "skip" && verdicts.includes("agree") ? "agree" : verdict };
}

/**
 * One test a suite, one subtest a sequence; what differs stands before its result, as diagnostic lines. A run that is no pass
 * although no sequence failed has one more test, `twinlink`, that states why.
 */
export function ktapReporter(write: Write): Reporter {
  const suites = new Map<string, Test[]>();
  const about: string[] = [];
  const add = (test: Test) => void suites.set(test.suite, [...suites.get(test.suite) ?? [], test]);
  return {
    begin({ board, transport, kernel, era, eraNote, contradictions = [] }) {
      const of = eraNote ?? (era === "" ? "" : `model of ${era}`);
      about.push(
        `# ${description([`${board} over ${transport}`, kernel && `Linux ${kernel}`, of].filter(Boolean).join(", "))}`,
        ...contradictions.map((line) => `# ${description(line)}`),
      );
    },
    leftOut: add,
    sequence: add,
    end(summary, end) {
      const verdicts = [...suites.values()].flat().filter(isVerdict);
      const error = summary.unjudged.length > 0 ? undefined : wholeRunError(verdicts, summary, end);
      const lines = ["KTAP version 1", ...about, `1..${suites.size + (error === undefined ? 0 : 1)}`];
      const reported = new Reported();
      for (const [i, [suite, tests]] of [...suites].entries()) {
        lines.push("  KTAP version 1", `  # Subtest: ${description(suite)}`, `  1..${tests.length}`);
        for (const [i, test] of tests.entries()) {
          lines.push(...testLines(i + 1, test, reported).map((line) => `  ${line}`));
        }
        lines.push(result(i + 1, suite, suiteResult(tests, summary.unjudged.includes(suite))));
      }
      if (error !== undefined) {
        lines.push(`not ok ${suites.size + 1} twinlink: the run # ERROR ${description(error)}`);
      }
      write(lines.join("\n") + "\n");
    },
  };
}
