/**
 * Two runs side by side: new, gone, changed and flaky differences, by sequence and board.
 *
 * @module
 */

import { signaturesOf } from "./signature.ts";
import type { TraceHeader } from "./trace.ts";
import { type LeftOut, OUTCOMES, type SequenceVerdict, type Verdict, VERDICTS } from "./verdict.ts";

/** The results of one run on one board over one line. */
export interface RunPart {
  /** The run, in words: its folder */
  run: string;
  /** The header of the board's trace */
  header: TraceHeader;
  /** The verdicts of its sequences */
  verdicts: readonly SequenceVerdict[];
  /** The sequences that were not part of the run on that board */
  leftOut: readonly LeftOut[];
  /** The path of its trace; undefined if there is none */
  trace?: string | undefined;
}

/** How a sequence on a board changed from A to B, the most important change first. */
export const CHANGES = {
  /** It differs in B, and in no run of A */
  new: "new difference",
  /** It differs in both, in different ways */
  changed: "differs in another way",
  /** A judged it, B did not */
  lost: "no longer judged",
  /** Its verdict varies between the runs of one side */
  flaky: "flaky",
  /** It differs in A, and agrees in B */
  gone: "difference is gone",
  /** It differs in both in the same way */
  still: "differs as before",
  /** It agrees in B; A did not judge it */
  judged: "judged for the first time",
  /** A has it, B has not: neither as judged nor as left out */
  absent: "in A alone",
  /** It was judged in neither */
  unjudged: "judged in neither",
  /** It agrees in both */
  agree: "agrees in both",
} as const;

/** How a sequence on a board changed; see {@linkcode CHANGES}. */
export type Change = keyof typeof CHANGES;

/** A sequence on a pair of boards. */
export interface ComparedSequence {
  /** The suite's name */
  suite: string;
  /** The sequence's name */
  sequence: string;
  /** The kind of the change */
  change: Change;
  /** True if both sides judged it */
  compared: boolean;
  /** The results in the runs of A, in words: `agree`, `agree 2, diverge 1`, `left out`, `not in the run` */
  before: string;
  /** The results in the runs of B, in words */
  after: string;
  /** The kinds of difference that only B has, in words; they may hold text of the board */
  fresh: readonly string[];
  /** The kinds of difference that only A has */
  past: readonly string[];
  /** A verdict of B with a new difference, else a verdict that differs; undefined if B does not differ */
  shown?: SequenceVerdict | undefined;
}

/** A board over a line in A, and the board in B that it is compared with. Each list has a part for each run; A may have none. */
export interface BoardPair {
  /** The board in the runs of A */
  before: readonly RunPart[];
  /** The board in the runs of B */
  after: readonly RunPart[];
}

/** The comparison of one pair of boards. */
export interface ComparedBoard extends BoardPair {
  /** `qemu-6.12 over ssh`; with both names if they differ */
  name: string;
  /** The properties in which the two boards differ: kernel, firmware, driver, model */
  differs: readonly { what: string; before: string; after: string }[];
  /** The sequences of both boards */
  sequences: readonly ComparedSequence[];
}

/** Two runs side by side. */
export interface Comparison {
  /** Each pair of boards */
  boards: readonly ComparedBoard[];
  /** The boards that only one side has, as `qemu-6.12 over ssh` */
  alone: { before: readonly string[]; after: readonly string[] };
  /** Sequences on boards by how they changed */
  counts: Readonly<Record<Change, number>>;
  /** How many sequences on boards both sides judged */
  compared: number;
  /** How many sequences have a difference that A does not have */
  fresh: number;
}

const nameOf = ({ header: { board, transport } }: Pick<RunPart, "header">) => `${board} over ${transport}`;
const keyOf = ({ suite, sequence }: { suite: string; sequence: string }) => JSON.stringify([suite, sequence]);

/**
 * Finds which boards of two runs to compare: first boards of one name over one line; of the others boards of one name, over whichever line;
 * and if each run has one board only, these.
 */
export function pairBoards(
  before: readonly RunPart[],
  after: readonly RunPart[],
): { pairs: BoardPair[]; alone: { before: string[]; after: string[] } } {
  const [left, right] = [Map.groupBy(before, nameOf), Map.groupBy(after, nameOf)];
  const pairs: BoardPair[] = [];
  const pair = (a: string, b: string) => {
    pairs.push({ before: left.get(a)!, after: right.get(b)! });
    left.delete(a);
    right.delete(b);
  };
  const [onlyLeft, onlyRight] = [left, right].map((side) => side.size === 1);
  for (const name of [...right.keys()]) if (left.has(name)) pair(name, name);
  const boardOf = (parts: readonly RunPart[]) => parts[0]!.header.board;
  for (const [b, parts] of [...right]) {
    const same = [...left].filter(([, others]) => boardOf(others) === boardOf(parts));
    const ours = [...right].filter(([, others]) => boardOf(others) === boardOf(parts));
    if (same.length === 1 && ours.length === 1) pair(same[0]![0], b);
  }
  if (onlyLeft && onlyRight && left.size === 1 && right.size === 1) pair([...left.keys()][0]!, [...right.keys()][0]!);
  // Differences on a board that A does not have are new.
  for (const parts of right.values()) pairs.push({ before: [], after: parts });
  return { pairs, alone: { before: [...left.keys()], after: [...right.keys()] } };
}

/** Returns the properties of a board that a report of a change names. */
function identity({ header }: RunPart): Record<string, string> {
  const { kernel, iproute2, era, freedMemory = "kept", against, facts } = header;
  return {
    board: nameOf({ header }),
    kernel,
    iproute2,
    "model of": era,
    "freed memory": freedMemory,
    "compared with": against ?? "the model",
    // If one side did not read the board's facts, no difference of the device is known.
    ...(facts ? { driver: facts.driver, device: facts.handle, ...facts.versions.running } : {}),
  };
}

function differing(before: RunPart, after: RunPart): ComparedBoard["differs"] {
  const [a, b] = [identity(before), identity(after)];
  return Object.keys({ ...a, ...b }).flatMap((what) => {
    const [was, is] = [a[what], b[what]];
    return was === undefined || is === undefined || was === is ? [] : [{ what, before: was, after: is }];
  });
}

/** The results of a sequence in the runs of one side. */
interface Side {
  verdicts: SequenceVerdict[];
  leftOut: LeftOut[];
}

const outcomes = ({ verdicts }: Side, outcome: "pass" | "fail"): boolean =>
  verdicts.some((one) => isOutcome(one.verdict, outcome));

/** True if a verdict states that the board did as expected (a waiver may accept what it did), or that it did not. */
const isOutcome = (verdict: Verdict, outcome: "pass" | "fail") =>
  outcome === "fail" ? OUTCOMES[verdict] === "fail" : verdict === "agree" || verdict === "waived";

const varies = ({ verdicts }: Side) => new Set(verdicts.map(({ verdict }) => verdict)).size > 1;
const isJudged = (side: Side) => outcomes(side, "pass") || outcomes(side, "fail");

function words({ verdicts, leftOut }: Side): string {
  if (verdicts.length === 0) return leftOut.length > 0 ? `left out: ${leftOut.at(-1)!.reason}` : "not in the run";
  const counted = VERDICTS.toReversed().flatMap((verdict) => {
    const { length } = verdicts.filter((one) => one.verdict === verdict);
    return length === 0 ? [] : [{ verdict, length }];
  });
  if (counted.length > 1) return counted.map(({ verdict, length }) => `${verdict} ${length}`).join(", ");
  return counted[0]!.verdict;
}

/** Returns the kinds of difference that a verdict shows, consequences aside; a verdict that fails as a whole gives its reason. */
function kindsOf(verdict: SequenceVerdict): { key: string; text: string }[] {
  if (OUTCOMES[verdict.verdict] !== "fail") return [];
  const found = verdict.steps.flatMap(signaturesOf).filter(({ follows }) => !follows);
  if (found.length > 0) return found;
  const text = verdict.reason ?? verdict.verdict;
  return [{ key: text, text }];
}

const kinds = ({ verdicts }: Side) => new Map(verdicts.flatMap(kindsOf).map(({ key, text }) => [key, text]));
const without = (some: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>) =>
  new Set([...some].filter(([key]) => !others.has(key)).map(([key]) => key));

function changeOf(before: Side, after: Side, fresh: number, past: number): Change {
  const [was, is] = [isJudged(before), isJudged(after)];
  const [failed, fails] = [before, after].map((side) => outcomes(side, "fail"));
  if (fails && !failed) return "new";
  if (fresh > 0) return "changed";
  if (was && !is) return after.verdicts.length + after.leftOut.length === 0 ? "absent" : "lost";
  if (!was && !is) return "unjudged";
  if (varies(before) || varies(after)) return "flaky";
  if (!was) return "judged";
  if (failed && !fails) return "gone";
  if (fails) return past > 0 ? "changed" : "still";
  return "agree";
}

function comparedSequence(
  { suite, sequence }: { suite: string; sequence: string },
  before: Side,
  after: Side,
): ComparedSequence {
  const [a, b] = [kinds(before), kinds(after)];
  const [fresh, past] = [without(b, a), without(a, b)];
  const failing = after.verdicts.filter(({ verdict }) => OUTCOMES[verdict] === "fail");
  const shown = failing.find((verdict) => kindsOf(verdict).some(({ key }) => fresh.has(key))) ?? failing[0];
  return {
    suite,
    sequence,
    change: changeOf(before, after, fresh.size, past.size),
    compared: isJudged(before) && isJudged(after),
    before: words(before),
    after: words(after),
    fresh: [...fresh].map((key) => b.get(key)!),
    past: [...past].map((key) => a.get(key)!),
    shown,
  };
}

/** Returns the sequences of some parts, each with its results in the runs. */
function sides(parts: readonly RunPart[]): Map<string, Side> {
  const found = new Map<string, Side>();
  const at = (one: { suite: string; sequence: string }) => {
    const key = keyOf(one);
    if (!found.has(key)) found.set(key, { verdicts: [], leftOut: [] });
    return found.get(key)!;
  };
  for (const { verdicts, leftOut } of parts) {
    for (const one of verdicts) at(one).verdicts.push(one);
    for (const one of leftOut) at(one).leftOut.push(one);
  }
  return found;
}

const NONE: Side = { verdicts: [], leftOut: [] };

/** Returns the sequences that the model has no answer for on either side, so that B is to be compared with A itself. */
export function gapsOf({ before, after }: BoardPair): { suite: string; sequence: string }[] {
  const was = sides(before);
  return [...sides(after)].flatMap(([key, side]) => {
    const other = was.get(key) ?? NONE;
    const gap = [side, other].every(({ verdicts }) => verdicts.some(({ verdict }) => verdict === "model-gap"));
    return gap && !isJudged(side) && !isJudged(other) ? [side.verdicts[0]!] : [];
  });
}

function comparedBoard(
  { before, after }: BoardPair,
  direct: (part: RunPart, verdict: SequenceVerdict) => SequenceVerdict | undefined,
): ComparedBoard {
  const b = after.at(-1)!;
  const a = before.at(-1) ?? b;
  const was = sides(before);
  const is = sides(after.map((part) => (
    { ...part, verdicts: part.verdicts.map((verdict) => direct(part, verdict) ?? verdict) }
  )));
  // For sequences of B that were compared with A itself, A counts as agreeing.
  for (const part of after) {
    for (const verdict of part.verdicts) {
      if (direct(part, verdict) === undefined) continue;
      was.set(keyOf(verdict), { verdicts: [{ ...verdict, verdict: "agree", steps: [] }], leftOut: [] });
    }
  }
  const names = new Map([...was.keys(), ...is.keys()].map((key) => {
    const [suite, sequence] = JSON.parse(key) as [string, string];
    return [key, { suite, sequence }];
  }));
  return {
    name: nameOf(a) === nameOf(b) ? nameOf(b) : `${nameOf(a)} and ${nameOf(b)}`,
    before,
    after,
    differs: differing(a, b),
    sequences: [...names].map(([key, about]) => comparedSequence(about, was.get(key) ?? NONE, is.get(key) ?? NONE)),
  };
}

/**
 * Compares two runs, by the boards of {@linkcode pairBoards}. A difference is new if no run of A has its kind in that sequence on
 * that board.
 *
 * @param direct Returns the verdict of a sequence of B compared with A itself, if the model has no answer. @default {not compared}
 *
 * @example
 * ```ts
 * import { compareRuns } from "./compare_runs.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const header = { board: "b", transport: "ssh", era: "6.12", kernel: "6.12.1", iproute2: "" };
 * const verdict = { suite: "s", sequence: "t", source: "", verdict: "agree" as const, steps: [], notes: [] };
 * const part = { run: "a", header, verdicts: [verdict], leftOut: [] };
 * assertEquals(compareRuns([part], [part]).counts.agree, 1);
 * ```
 */
export function compareRuns(
  before: readonly RunPart[],
  after: readonly RunPart[],
  direct: (part: RunPart, verdict: SequenceVerdict) => SequenceVerdict | undefined = () => undefined,
): Comparison {
  const { pairs, alone } = pairBoards(before, after);
  const boards = pairs.map((pair) => comparedBoard(pair, direct));
  const all = boards.flatMap(({ sequences }) => sequences);
  const counts = Object.fromEntries(Object.keys(CHANGES).map((change) => [change, 0])) as Record<Change, number>;
  for (const { change } of all) counts[change]++;
  return {
    boards,
    alone,
    counts,
    compared: all.filter(({ compared }) => compared).length,
    fresh: all.filter(({ fresh }) => fresh.length > 0).length,
  };
}

/**
 * Returns the exit status of a comparison: 1 B has a difference that A has not, 3 nothing could be compared, B broke off, or did
 * not judge what A judged, else 0.
 *
 * @param over False if B broke off
 */
export function comparisonStatus({ counts, compared, fresh }: Comparison, over: boolean): 0 | 1 | 3 {
  if (fresh > 0) return 1;
  return compared === 0 || counts.lost > 0 || !over ? 3 : 0;
}
