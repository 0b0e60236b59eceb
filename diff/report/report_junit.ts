/**
 * The report as JUnit XML, for CI servers.
 *
 * @module
 */

import defer * as xmlbuilder from "xmlbuilder2";
import type { XMLBuilder } from "xmlbuilder2/lib/interfaces.js";
import { visible } from "../../boards/mod.ts";
import { Reported } from "../causes.ts";
import { detailLines, nameOf, PLAIN } from "../lines.ts";
import { type Reporter, wholeRunError, type Write } from "./reporter.ts";
import type { TraceHeader } from "../trace.ts";
import { boardTimeOf, type LeftOut, OUTCOMES, type SequenceVerdict } from "../verdict.ts";

const ELEMENTS = { fail: "failure", error: "error", skip: "skipped" } as const;

/** Returns one line on why. */
function message(verdict: SequenceVerdict): string {
  const step = verdict.steps.find((step) => step.verdict === verdict.verdict);
  const channels = step?.channels.filter((channel) => channel.verdict !== "agree").map((channel) => channel.channel);
  const waiver = step?.channels.find((channel) => channel.waiver)?.waiver;
  const why = verdict.reason ?? step?.reason ?? (waiver ? waiver.reason : channels?.join(", "));
  return visible([verdict.verdict, step && `step ${step.id}`, why].filter(Boolean).join(": "));
}

/** A sequence that is part of the report: judged, or left out of the run. */
type Test = { verdict: SequenceVerdict } | { leftOut: LeftOut };

const outcomeOf = (test: Test) => "leftOut" in test ? "skip" : OUTCOMES[test.verdict.verdict];

const seconds = (ms: number) => (ms / 1000).toFixed(3);

/** Returns what a board's device is, of the facts; the rest of them is in the trace. */
function deviceOf(facts: TraceHeader["facts"]): [name: string, value: string][] {
  if (!facts) return [];
  return [["driver", facts.driver], ...Object.entries(facts.versions.running ?? {})];
}

/** Writes one `testcase`. */
function writeTest(node: XMLBuilder, suite: string, test: Test, reported: Reported): void {
  const { sequence, at } = "leftOut" in test ? test.leftOut : test.verdict;
  const time = "leftOut" in test ? {} : { time: seconds(boardTimeOf(test.verdict) ?? 0) };
  const place = at ? { file: visible(at.file), line: at.line } : {};
  const element = node.ele("testcase", { classname: visible(suite), name: visible(sequence), ...place, ...time });
  if ("leftOut" in test) return void element.ele("skipped", { message: visible(`left out: ${test.leftOut.reason}`) });
  const { verdict } = test;
  const outcome = outcomeOf(test);
  const details = detailLines(verdict, PLAIN, reported);
  const text = [nameOf(verdict), ...details].join("\n");
  if (outcome === "skip") element.ele(ELEMENTS.skip, { message: message(verdict) });
  else if (outcome !== "pass") {
    element.ele(ELEMENTS[outcome], { type: verdict.verdict, message: message(verdict) }).txt(text);
  }
  // Some servers show the failure, some this; notes are a part of the details.
  if (details.length > 0) element.ele("system-out").txt(text);
}

/**
 * One `testsuite` a suite, one `testcase` a sequence. A run that is no pass although no sequence failed has one more, `twinlink`,
 * with the reason as its error. Written whole at the end of the run.
 */
export function junitReporter(write: Write): Reporter {
  const suites = new Map<string, { header: TraceHeader | undefined; begun: string; tests: Test[] }>();
  let header: TraceHeader | undefined;
  let begun = "";
  const add = (suite: string, test: Test) => {
    if (!suites.has(suite)) suites.set(suite, { header, begun, tests: [] });
    suites.get(suite)!.tests.push(test);
  };
  const count = (tests: readonly Test[], more = 0) => {
    const of = (outcome: string) => tests.filter((test) => outcomeOf(test) === outcome).length;
    return { tests: tests.length + more, failures: of("fail"), errors: of("error") + more, skipped: of("skip") };
  };
  return {
    begin: (about, at = new Date()) => {
      header = about;
      begun = at.toISOString().slice(0, 19);
    },
    leftOut: (leftOut) => add(leftOut.suite, { leftOut }),
    sequence: (verdict) => add(verdict.suite, { verdict }),
    end(summary, end) {
      const all = [...suites.values()].flatMap(({ tests }) => tests);
      const verdicts = all.flatMap((test) => "verdict" in test ? [test.verdict] : []);
      const error = wholeRunError(verdicts, summary, end);
      const { skipped: _, ...totals } = count(all, error === undefined ? 0 : 1);
      // Characters that XML 1.0 cannot hold at all; the others are escaped.
      const xml = xmlbuilder.create({ version: "1.0", encoding: "UTF-8", invalidCharReplacement: "\ufffd" });
      const root = xml.ele("testsuites", { name: "twinlink", ...totals });
      const reported = new Reported();
      for (const [suite, { header, begun, tests }] of suites) {
        const ms = tests.reduce((sum, test) => sum + ("verdict" in test ? boardTimeOf(test.verdict) ?? 0 : 0), 0);
        const node = root.ele("testsuite", {
          name: visible(suite),
          ...count(tests),
          time: seconds(ms),
          ...header ? { timestamp: begun, hostname: visible(header.board) } : {},
        });
        if (header) {
          const properties = node.ele("properties");
          const { contradictions = [], facts, ...about } = header;
          const each = contradictions.map((line) => ["contradiction", line] as const);
          for (const [name, value] of [...Object.entries(about), ...deviceOf(facts), ...each]) {
            properties.ele("property", { name: visible(name), value: visible(String(value)) });
          }
        }
        for (const test of tests) writeTest(node, suite, test, reported);
      }
      if (error !== undefined) {
        const node = root.ele("testsuite", { name: "twinlink", ...count([], 1) });
        const test = node.ele("testcase", { classname: "twinlink", name: "the run" });
        test.ele(ELEMENTS.error, { type: "not-judged", message: visible(error) });
      }
      write(xml.end({ prettyPrint: true }) + "\n");
    },
  };
}
