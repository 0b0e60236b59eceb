/**
 * The report as JUnit XML, for CI servers.
 *
 * @module
 */

import { create } from "xmlbuilder2";
import { visible } from "../boards/mod.ts";
import { detailLines, nameOf } from "./_lines.ts";
import type { Reporter, Write } from "./reporter.ts";
import type { TraceHeader } from "./trace.ts";
import { OUTCOMES, type SequenceVerdict } from "./verdict.ts";

const ELEMENTS = { fail: "failure", error: "error", skip: "skipped" } as const;

/** One line on why. */
function message(verdict: SequenceVerdict): string {
  const step = verdict.steps.find((step) => step.verdict === verdict.verdict);
  const channels = step?.channels.filter((channel) => channel.verdict !== "agree").map((channel) => channel.channel);
  const waiver = step?.channels.find((channel) => channel.waiver)?.waiver;
  const why = verdict.reason ?? step?.reason ?? (waiver ? waiver.reason : channels?.join(", "));
  return visible([verdict.verdict, step && `step ${step.id}`, why].filter(Boolean).join(": "));
}

/** One `testsuite` a suite, one `testcase` a sequence. Written whole at the end of the run. */
export function junitReporter(write: Write): Reporter {
  const suites = new Map<string, SequenceVerdict[]>();
  let header: TraceHeader | undefined;
  const count = (verdicts: readonly SequenceVerdict[]) => {
    const of = (outcome: string) => verdicts.filter(({ verdict }) => OUTCOMES[verdict] === outcome).length;
    return { tests: verdicts.length, failures: of("fail"), errors: of("error"), skipped: of("skip") };
  };
  return {
    begin: (about) => void (header = about),
    sequence(verdict) {
      suites.set(verdict.suite, [...suites.get(verdict.suite) ?? [], verdict]);
    },
    end() {
      const { skipped: _, ...totals } = count([...suites.values()].flat());
      // Characters that XML 1.0 cannot hold at all; the others are escaped.
      const xml = create({ version: "1.0", encoding: "UTF-8", invalidCharReplacement: "\ufffd" });
      const root = xml.ele("testsuites", { name: "twinlink", ...totals });
      for (const [suite, verdicts] of suites) {
        const node = root.ele("testsuite", { name: visible(suite), ...count(verdicts) });
        if (header) {
          const properties = node.ele("properties");
          for (const [name, value] of Object.entries(header)) {
            properties.ele("property", { name, value: visible(String(value)) });
          }
        }
        for (const verdict of verdicts) {
          const name = visible(verdict.sequence);
          const test = node.ele("testcase", { classname: visible(suite), name });
          const outcome = OUTCOMES[verdict.verdict];
          const text = [nameOf(verdict), ...detailLines(verdict)].join("\n");
          if (outcome === "skip") test.ele(ELEMENTS.skip, { message: message(verdict) });
          else if (outcome !== "pass") {
            test.ele(ELEMENTS[outcome], { type: verdict.verdict, message: message(verdict) }).txt(text);
          }
          if (verdict.notes.length > 0) test.ele("system-out").txt(verdict.notes.map(visible).join("\n"));
        }
      }
      write(xml.end({ prettyPrint: true }) + "\n");
    },
  };
}
