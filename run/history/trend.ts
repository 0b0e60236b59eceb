/**
 * Computes from a history, by board and by sequence: pass rate, durations, flake rate, the last change of verdict and its runs.
 *
 * @module
 */

import type { Verdict } from "../../diff/mod.ts";
import { OUTCOMES } from "../../diff/mod.ts";
import type { HistoryPart, HistoryResult } from "./store.ts";

/** The conditions of a run, to show between which conditions something changed. */
export interface Ground {
  /** When the run began: ISO 8601, UTC */
  started: string;
  folder: string;
  kernel: string;
  driver: string;
  firmware: string;
  commit: string;
}

/** The last change of an outcome: what it was, what it is, and between which runs it changed. */
export interface LastChange {
  from: string;
  to: string;
  before: Ground;
  after: Ground;
  /** The known conditions that differ between the two runs, beside the time: `kernel`, `driver`, `firmware`, `commit` */
  between: readonly GroundKey[];
}

/** The conditions that may differ between two runs on one board. */
export const GROUND_KEYS = ["kernel", "driver", "firmware", "commit"] as const;
/** A condition of {@linkcode GROUND_KEYS}. */
export type GroundKey = typeof GROUND_KEYS[number];

/** Rates and times of a board or a sequence that was run several times. */
export interface Trend {
  runs: number;
  passed: number;
  failed: number;
  /** Runs without a judgement: lost, a gap of the model, unsupported */
  unjudged: number;
  /** The share of passes in the judged runs, 0 to 1; null if no run was judged */
  passRate: number | null;
  /**
   * How often the outcome differs from the outcome of the run before, 0 to 1: of the pairs of runs on the same kernel, driver, firmware and
   * commit; null if there is no such pair
   */
  flakeRate: number | null;
  lastChange: LastChange | null;
  /** By the boards' clocks, in ms; null if no board reported a time */
  ms: { last: number | null; median: number | null; longest: number | null };
}

/** The trend of a sequence on a board, over its runs. */
export interface SequenceTrend extends Trend {
  suite: string;
  sequence: string;
  /** Its verdicts, the oldest first */
  verdicts: readonly Verdict[];
  /** Its durations, the oldest first */
  times: readonly (number | null)[];
  last: Verdict;
}

/** The trend of a board and line, over its runs. */
export interface BoardTrend extends Trend {
  board: string;
  transport: string;
  /** The exit status of each run, the oldest first; null for a run that broke off */
  exits: readonly (number | null)[];
  last: Ground;
  /** The newest run that was a pass; null if no run was */
  lastGood: Ground | null;
  sequences: readonly SequenceTrend[];
}

const groundOf = ({ run: { started, folder, commit }, kernel, driver, firmware }: HistoryPart): Ground => (
  { started, folder, kernel, driver, firmware, commit }
);

/** One run of a board or a sequence. */
interface Point {
  ground: Ground;
  /** The result in words */
  word: string;
  /** Undefined if the run was not judged */
  passed: boolean | undefined;
  ms: number | null;
}

/** Returns the conditions that differ between two runs and are known of both: an empty string is not known. */
const between = (a: Ground, b: Ground): GroundKey[] =>
  GROUND_KEYS.filter((key) => a[key] !== "" && b[key] !== "" && a[key] !== b[key]);
const isSameGround = (a: Ground, b: Ground) => GROUND_KEYS.every((key) => a[key] === b[key]);

function lastChange(points: readonly Point[]): LastChange | null {
  // A run that was not judged does not count as a change of the board.
  const judged = points.filter(({ passed }) => passed !== undefined);
  for (let i = judged.length - 1; i > 0; i--) {
    const [a, b] = [judged[i - 1]!, judged[i]!];
    if (a.word === b.word) continue;
    const [before, after] = [a.ground, b.ground];
    return { from: a.word, to: b.word, before, after, between: between(before, after) };
  }
  return null;
}

function flakeRate(points: readonly Point[]): number | null {
  const judged = points.filter(({ passed }) => passed !== undefined);
  const pairs = judged.slice(1).map((b, i) => [judged[i]!, b] as const)
    .filter(([a, b]) => isSameGround(a.ground, b.ground));
  return pairs.length === 0 ? null : pairs.filter(([a, b]) => a.passed !== b.passed).length / pairs.length;
}

function median(sorted: readonly number[]): number | null {
  if (sorted.length === 0) return null;
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function trendOf(points: readonly Point[]): Trend {
  const [passed, failed] = [true, false].map((which) => points.filter((point) => point.passed === which).length) as [
    number,
    number,
  ];
  const times = points.flatMap(({ ms }) => ms ?? []).sort((a, b) => a - b);
  return {
    runs: points.length,
    passed,
    failed,
    unjudged: points.length - passed - failed,
    passRate: passed + failed === 0 ? null : passed / (passed + failed),
    flakeRate: flakeRate(points),
    lastChange: lastChange(points),
    ms: { last: points.at(-1)?.ms ?? null, median: median(times), longest: times.at(-1) ?? null },
  };
}

const passedOf = (verdict: Verdict): boolean | undefined =>
  verdict === "agree" || verdict === "waived" ? true : OUTCOMES[verdict] === "fail" ? false : undefined;

function sequenceTrend(of: readonly HistoryResult[]): SequenceTrend {
  const points = of.map(({ part, verdict, ms }): Point => (
    { ground: groundOf(part), word: verdict, passed: passedOf(verdict), ms }
  ));
  const { suite, sequence } = of[0]!;
  const verdicts = of.map(({ verdict }) => verdict);
  return { suite, sequence, ...trendOf(points), verdicts, times: of.map(({ ms }) => ms), last: verdicts.at(-1)! };
}

const EXITS: Record<number, [word: string, passed: boolean]> = { 0: ["pass", true], 1: ["differs", false] };

function boardTrend(parts: readonly HistoryPart[], results: readonly HistoryResult[]): BoardTrend {
  const times = new Map<HistoryPart, number>();
  for (const { part, ms } of results) if (ms !== null) times.set(part, (times.get(part) ?? 0) + ms);
  const points = parts.map((part): Point => {
    const [word, passed] = EXITS[part.exit ?? -1] ?? [part.exit === null ? "broke off" : "not judged", undefined];
    return { ground: groundOf(part), word, passed, ms: times.get(part) ?? null };
  });
  const { board, transport } = parts[0]!;
  const good = parts.findLast(({ exit }) => exit === 0);
  const sequences = Map.groupBy(results, ({ suite, sequence }) => JSON.stringify([suite, sequence]));
  return {
    board,
    transport,
    ...trendOf(points),
    exits: parts.map(({ exit }) => exit),
    last: groundOf(parts.at(-1)!),
    lastGood: good ? groundOf(good) : null,
    sequences: [...sequences.values()].map(sequenceTrend),
  };
}

/**
 * Returns the trends of a history, one for each board and line.
 *
 * @param parts The boards of the runs, the oldest run first
 * @param results The results of their sequences, in the same order
 */
export function trendsOf(parts: readonly HistoryPart[], results: readonly HistoryResult[]): BoardTrend[] {
  const key = ({ board, transport }: HistoryPart) => JSON.stringify([board, transport]);
  const ofBoard = Map.groupBy(results, ({ part }) => key(part));
  return [...Map.groupBy(parts, key)].map(([board, parts]) => boardTrend(parts, ofBoard.get(board) ?? []));
}
