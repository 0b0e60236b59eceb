/**
 * Judges a race on a board: the model must allow each observed outcome.
 *
 * @module
 */

import { isNotKnown, type Json, type Observation } from "../model/observation.ts";
import type { Handle, Operation } from "../model/operation.ts";
import type { RaceReply, ShownOutcome } from "../model/race/outcome.ts";
import { instanceOf } from "./_handle.ts";
import { ownerOf } from "../model/drivers/mod.ts";
import { canonical, isObject } from "./_json.ts";

/** An outcome of the model, and how often the board showed it. */
export interface Covered extends ShownOutcome {
  count: number;
}

/** A race, compared. */
export interface RaceComparison {
  /** The outcomes that the model allows, the most frequent on the board first */
  allowed: Covered[];
  /** The observed outcomes that the model does not allow */
  outside: ShownOutcome[];
  /** How often the race was run */
  runs: number;
  /** Why what was seen cannot be judged as a whole: only the driver or the board knows a part. Left out where it can */
  unknown?: string;
}

/** What differs from run to run and means nothing; the board takes the same away before it counts (race_script.ts). */
const PASSING: readonly string[] = ["index", "rx"];

/** Returns a state as it is compared, without instances that the race is not about; `netdev` as whether there is one. */
function bare(json: Json, known: (handle: string) => boolean): Json {
  if (Array.isArray(json)) return json.map((one) => bare(one, known));
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).flatMap(([key, value]): [string, Json][] => {
      if (PASSING.includes(key) || (key.includes("/") && !known(key))) return [];
      if (key === "netdev" || key.startsWith("last_dump_")) return [[key, "-"]];
      const inner = bare(value, known);
      // What held nothing else is as good as absent
      return isObject(inner) && Object.keys(inner).length === 0 && key === "stats" ? [] : [[key, inner]];
    }),
  );
}

/** True if a board's state fits a state of the model, parts of which may be unknown. */
function covers(model: Json | undefined, board: Json | undefined): boolean {
  if (isNotKnown(model)) return true;
  if (isObject(model) && isObject(board)) {
    return [...new Set([...Object.keys(model), ...Object.keys(board)])].every((key) => covers(model[key], board[key]));
  }
  if (Array.isArray(model) && Array.isArray(board)) {
    return model.length === board.length && model.every((inner, i) => covers(inner, board[i]));
  }
  return model === board;
}

const broke = ({ results }: ShownOutcome) => results.flat().some((how) => how === "hang" || how === "killed");

/** True if a board may show an outcome that the model knows in part. What other results leave is not known either. */
function allows({ results, state, unknown }: ShownOutcome, board: ShownOutcome): boolean {
  if (canonical(results) === canonical(board.results)) return covers(state, board.state);
  return unknown?.results !== undefined && !broke(board);
}

/** Returns the instances that the states of a reply tell of. */
function* instancesIn(json: Json): Generator<Handle> {
  if (Array.isArray(json)) { for (const inner of json) yield* instancesIn(inner); }
  if (!isObject(json)) return;
  for (const [key, inner] of Object.entries(json)) {
    if (key.includes("/")) yield instanceOf(key);
    yield* instancesIn(inner);
  }
}

/** Compares the outcomes of a race on a board with the possible outcomes. */
export function compareRace(
  expected: RaceReply,
  observed: RaceReply,
  handles: ReadonlySet<Handle> = new Set(),
): RaceComparison {
  const told = new Set(expected.outcomes.flatMap(({ state }) => [...instancesIn(state)]));
  const known = (handle: string) =>
    ownerOf(handle) !== undefined || handles.has(instanceOf(handle)) || told.has(instanceOf(handle));
  const bared = (outcome: ShownOutcome): ShownOutcome => ({
    ...outcome,
    state: bare(outcome.state, known) as ShownOutcome["state"],
  });
  const keyOf = ({ results, state, unknown }: ShownOutcome) => canonical([results, state, unknown]);
  const allowed = new Map<string, Covered & { bare: ShownOutcome }>();
  for (const outcome of expected.outcomes) {
    const one = bared(outcome);
    const key = keyOf(one);
    if (!allowed.has(key)) allowed.set(key, { ...outcome, count: 0, bare: one });
  }
  // What is known whole is looked at first
  const loose = [...allowed.values()].sort((a, b) => Number(a.unknown !== undefined) - Number(b.unknown !== undefined));
  const outside = new Map<string, ShownOutcome>();
  let unknown: string | undefined;
  for (const outcome of observed.outcomes) {
    const one = bared(outcome);
    const key = keyOf(one);
    const found = allowed.get(key) ?? loose.find((model) => allows(model.bare, one));
    if (found) {
      found.count += outcome.count ?? 0;
      unknown ??= found.unknown?.results ?? found.unknown?.state;
      continue;
    }
    const other = outside.get(key);
    if (other) other.count = (other.count ?? 0) + (outcome.count ?? 0);
    else outside.set(key, one);
  }
  return {
    allowed: [...allowed.values()].map(({ bare: _, ...one }) => one).sort((a, b) => b.count - a.count),
    outside: [...outside.values()],
    runs: observed.runs ?? 0,
    ...(unknown === undefined ? {} : { unknown }),
  };
}

/**
 * Returns why a race that was run proves nothing; undefined where it can be judged. A board that ran nothing, or that was too slow
 * to tell a hang from a wait, shows nothing. Likewise, what the model has not tried is not what the model does not allow.
 */
export function objectionToRace(
  op: Operation,
  expected: Observation,
  observed: Observation,
  handles: ReadonlySet<Handle> = new Set(),
): { verdict: "indeterminate" | "model-gap"; reason: string } | undefined {
  const [model, board] = [raceReply(expected.reply), raceReply(observed.reply)];
  if (op.kind !== "race" || !model || !board) return undefined;
  const indeterminate = (reason: string) => ({ verdict: "indeterminate" as const, reason });
  if (board.outcomes.length === 0) return indeterminate("the board did not run the race");
  // The model instead of a board runs nothing: it knows
  if (board.runs === undefined) return undefined;
  const { runs, late = 0, unasked = 0, stacks = [] } = board;
  const counted = board.outcomes.reduce((sum, { count }) => sum + (count ?? 0), 0);
  const ends = (how: string) => board.outcomes.some(({ results }) => results.flat().includes(how));
  if (runs === 0) return indeterminate("the board did not run the race");
  if (counted !== runs) return indeterminate(`the board ran the race ${runs} times and tells of ${counted}`);
  if (runs < op.runs && !ends("hang") && !ends("killed")) {
    return indeterminate(`the board ran the race ${runs} of ${op.runs} times`);
  }
  if (observed.result !== "ok" && observed.result !== "hang") {
    return indeterminate("the board could not be put back to where the race begins");
  }
  if (unasked > 0) return indeterminate(`the board did not tell the final state of ${unasked} runs`);
  if (ends("hang") && stacks.length === 0) {
    return indeterminate(
      "an operation did not end, and no task waits for the kernel: the board may have been too slow",
    );
  }
  if (model.outcomes.length === 0) return { verdict: "model-gap", reason: "the model found no outcome of the race" };
  const { outside, unknown } = compareRace(model, board, handles);
  if (outside.length === 0) {
    return unknown === undefined ? undefined : { verdict: "model-gap", reason: `not judged: ${unknown}` };
  }
  if (late > 0) return indeterminate(`${late} runs took too long: the board was too slow`);
  if (model.exhausted !== false) return undefined;
  const what = outside.map(({ results }) => resultsText(results)).join("; ");
  return { verdict: "model-gap", reason: `the model did not try all schedules, and none that it tried shows ${what}` };
}

/** Returns the board's own device, where a race is on that. */
export const ownOf = ({ own }: Operation<"race">): ReadonlySet<Handle> => new Set(own === undefined ? [] : [own]);

/** Returns the reply of a race, of an observation of one. */
export function raceReply(reply: Json): RaceReply | undefined {
  return isObject(reply) && Array.isArray(reply.outcomes) ? reply as unknown as RaceReply : undefined;
}

/** Returns what a reader must know of a race that was run: how many of its outcomes were seen. */
export function coverageOf(id: number, op: Operation, expected: Json, observed: Json): string | undefined {
  const [model, board] = [raceReply(expected), raceReply(observed)];
  if (op.kind !== "race" || !model || board?.runs === undefined) return undefined;
  const { allowed, runs } = compareRace(model, board, ownOf(op));
  const seen = allowed.filter(({ count }) => count > 0).length;
  const unseen = allowed.filter(({ count }) => count === 0).map(({ results }) => resultsText(results));
  const rest = unseen.length > 0 ? `; never: ${[...new Set(unseen)].slice(0, 5).join("; ")}` : "";
  const whole = model.exhausted === false ? " that are known" : "";
  return `step ${id}: ${runs} runs showed ${seen} of ${allowed.length} outcomes${whole}${rest}`;
}

/** Returns results on one line: `ok | ENODEV`. */
export function resultsText(results: readonly (readonly string[])[]): string {
  return results.map((list) => list.join(", ") || "goes round").join(" | ");
}
