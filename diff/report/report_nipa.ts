/**
 * The report as a results file of NIPA, the CI of the netdev mailing list: what its collector fetches from those who run tests.
 *
 * @module
 */

import { jsonLine } from "../../boards/mod.ts";
import { type Crash, describeCrash } from "../crash.ts";
import { type Reporter, wholeRunError, type Write } from "./reporter.ts";
import type { TraceHeader } from "../trace.ts";
import { boardTimeOf, gravest, type LeftOut, OUTCOMES, type SequenceVerdict } from "../verdict.ts";

/** Which branch of NIPA a run tests, and who runs it. */
export interface NipaTarget {
  /** The branch, as NIPA's `branches.json` names it */
  branch: string;
  /** The name of who runs the tests; NIPA keeps results by it */
  executor: string;
  /** Where the folder of the run will be found, a URL; left out where it is not published */
  link?: string;
}

/** What NIPA calls an outcome. It has no word for what was not judged, which is no pass and must be looked at. */
const RESULTS = { pass: "pass", fail: "fail", error: "fail", skip: "skip" } as const;
type NipaResult = typeof RESULTS[keyof typeof RESULTS];

/** One sequence. */
interface Case {
  test: string;
  result: NipaResult;
  /** In seconds */
  time?: number;
}

/** One suite on one board over one line. */
interface Test extends Case {
  group: string;
  link?: string;
  results?: Case[];
  /** A fingerprint of each report of a kernel */
  crashes?: string[];
}

/** How many functions of a call trace a fingerprint has. */
const FRAMES = 5;

/** Returns a name as NIPA has them: letters and digits, with a dash between. */
const namify = (name: string) => name.replace(/[^0-9a-zA-Z]+/g, "-").replace(/^-|-$/g, "") || "no-name";

const fingerprint = (crash: Crash) => namify(crash.frames.slice(0, FRAMES).join(" ") || describeCrash(crash));

/** When something was, as NIPA reads it. */
const timestamp = (date: Date) => date.toISOString().replace("Z", "+00:00");

/** What is run on one board over one line. */
interface Part {
  header: TraceHeader;
  verdicts: SequenceVerdict[];
  leftOut: LeftOut[];
}

/** Names that two sequences share are made different: NIPA keeps results by name. */
function distinct(cases: readonly Case[]): Case[] {
  const seen = new Map<string, number>();
  return cases.map((one) => {
    const times = (seen.get(one.test) ?? 0) + 1;
    seen.set(one.test, times);
    return times === 1 ? one : { ...one, test: `${one.test}-${times}` };
  });
}

function testOf(group: string, suite: string, { verdicts, leftOut }: Part, link: string | undefined): Test {
  const judged = verdicts.filter((one) => one.suite === suite);
  const cases = [
    ...judged.map((verdict): Case => {
      const ms = boardTimeOf(verdict);
      const time = ms === undefined ? {} : { time: ms / 1000 };
      return { test: namify(verdict.sequence), result: RESULTS[OUTCOMES[verdict.verdict]], ...time };
    }),
    ...leftOut.filter((one) => one.suite === suite).map(({ sequence }): Case => ({
      test: namify(sequence),
      result: "skip",
    })),
  ];
  const result = RESULTS[judged.length === 0 ? "skip" : OUTCOMES[gravest(judged.map(({ verdict }) => verdict))]];
  // A suite that was skipped in part has passed.
  const passed = result === "skip" && judged.some(({ verdict }) => verdict === "agree");
  const crashes = judged.flatMap(({ steps }) =>
    steps.flatMap(({ crash, findings }) => crash && findings.length > 0 ? fingerprint(crash) : [])
  );
  return {
    test: namify(suite),
    group,
    result: passed ? "pass" : result,
    time: judged.reduce((sum, verdict) => sum + (boardTimeOf(verdict) ?? 0), 0) / 1000,
    ...(link === undefined ? {} : { link }),
    results: distinct(cases),
    ...(crashes.length > 0 ? { crashes: [...new Set(crashes)] } : {}),
  };
}

/** Returns what the device is on which all of it was run; undefined of several boards, or where nothing was read of it. */
function deviceOf(parts: readonly Part[]): Record<string, string> | undefined {
  const [part, ...others] = parts;
  const facts = part?.header.facts;
  if (!facts || others.length > 0) return undefined;
  const { board, kernel } = part!.header;
  return { board, kernel, driver: facts.driver, handle: facts.handle, ...facts.versions.running };
}

/**
 * One test a suite and board, one result in it a sequence; written when the run is over, as one line of JSON. A run that is no pass
 * although no sequence failed has one more test, `twinlink`, that fails.
 */
export function nipaReporter(write: Write, { branch, executor, link }: NipaTarget): Reporter {
  const start = new Date();
  const parts: Part[] = [];
  return {
    begin: (header) => void parts.push({ header, verdicts: [], leftOut: [] }),
    leftOut: (one) => void parts.at(-1)?.leftOut.push(one),
    sequence: (verdict) => void parts.at(-1)?.verdicts.push(verdict),
    end: () => {},
    done(summary, end) {
      const groupOf = ({ header: { board, transport } }: Part) => namify(`${board} ${transport}`);
      const results = parts.flatMap((part) => {
        const suites = new Set([...part.verdicts, ...part.leftOut].map(({ suite }) => suite));
        return [...suites].map((suite) => testOf(groupOf(part), suite, part, link));
      });
      const wrong = wholeRunError(parts.flatMap(({ verdicts }) => verdicts), summary, end);
      if (wrong !== undefined) {
        results.push({ test: "twinlink", group: parts[0] ? groupOf(parts[0]) : "twinlink", result: "fail" });
      }
      const device = deviceOf(parts);
      write(jsonLine({
        executor,
        branch,
        start: timestamp(start),
        end: timestamp(new Date()),
        ...(link === undefined ? {} : { link }),
        ...(device === undefined ? {} : { device }),
        results,
      }));
    },
  };
}
