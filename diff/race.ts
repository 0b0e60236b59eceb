/**
 * How a race on a board is judged: each outcome that was seen must be among those that the model allows.
 *
 * @module
 */

import type { Json, Observation } from "../model/observation.ts";
import type { Handle, Operation } from "../model/operation.ts";
import type { RaceReply, ShownOutcome } from "../model/race/outcome.ts";
import { canonical, isObject } from "./_json.ts";

/** An outcome of the model, and how often the board showed it. */
export interface Covered extends ShownOutcome {
  count: number;
}

/** A race, compared. */
export interface RaceComparison {
  /** What the model allows, what was seen most first */
  allowed: Covered[];
  /** What was seen and is not allowed */
  outside: ShownOutcome[];
  /** How often it was run */
  runs: number;
}

/** What differs from run to run and says nothing; the board takes the same away before it counts (race_script.ts). */
const PASSING: readonly string[] = ["index", "rx"];

const instanceOf = (handle: string) => handle.split("/").slice(0, 2).join("/");

/** A state as it is compared, without instances that the race is not about; `netdev` as whether there is one. */
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

/** Holds what came of a race on a board against what may. */
export function compareRace(
  expected: RaceReply,
  observed: RaceReply,
  handles: ReadonlySet<Handle> = new Set(),
): RaceComparison {
  const known = (handle: string) => handle.startsWith("netdevsim/") || handles.has(instanceOf(handle));
  const keyOf = ({ results, state }: ShownOutcome) =>
    canonical([results, state === null ? null : bare(state as Json, known)]);
  const allowed = new Map<string, Covered>();
  for (const outcome of expected.outcomes) {
    const key = keyOf(outcome);
    if (!allowed.has(key)) allowed.set(key, { ...outcome, count: 0 });
  }
  const outside = new Map<string, ShownOutcome>();
  for (const outcome of observed.outcomes) {
    const key = keyOf(outcome);
    const found = allowed.get(key);
    if (found) {
      found.count += outcome.count ?? 0;
      continue;
    }
    const other = outside.get(key);
    if (other) other.count = (other.count ?? 0) + (outcome.count ?? 0);
    else {
      const state = outcome.state === null ? null : bare(outcome.state as Json, known) as { [asked: string]: Json };
      outside.set(key, { ...outcome, state });
    }
  }
  return {
    allowed: [...allowed.values()].sort((a, b) => b.count - a.count),
    outside: [...outside.values()],
    runs: observed.runs ?? 0,
  };
}

/**
 * Returns why a race that was run says nothing; undefined where it can be judged. A board that ran nothing, or that was too slow
 * to tell a hang from a wait, shows nothing; and what the model has not tried is not what the model does not allow.
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
  // The model in place of a board runs nothing: it knows
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
  const { outside } = compareRace(model, board, handles);
  if (outside.length === 0) return undefined;
  if (late > 0) return indeterminate(`${late} runs took too long: the board was too slow`);
  if (model.exhausted !== false) return undefined;
  const what = outside.map(({ results }) => resultsText(results)).join("; ");
  return { verdict: "model-gap", reason: `the model did not try all schedules, and none that it tried shows ${what}` };
}

/** The reply of a race, of an observation of one. */
export function raceReply(reply: Json): RaceReply | undefined {
  return isObject(reply) && Array.isArray(reply.outcomes) ? reply as unknown as RaceReply : undefined;
}

/** What a reader must know of a race that was run: how much of what may come of it was seen. */
export function coverageOf(id: number, op: Operation, expected: Json, observed: Json): string | undefined {
  const [model, board] = [raceReply(expected), raceReply(observed)];
  if (op.kind !== "race" || !model || board?.runs === undefined) return undefined;
  const { allowed, runs } = compareRace(model, board);
  const seen = allowed.filter(({ count }) => count > 0).length;
  const unseen = allowed.filter(({ count }) => count === 0).map(({ results }) => resultsText(results));
  const rest = unseen.length > 0 ? `; never: ${[...new Set(unseen)].slice(0, 5).join("; ")}` : "";
  const whole = model.exhausted === false ? " that are known" : "";
  return `step ${id}: ${runs} runs showed ${seen} of ${allowed.length} outcomes${whole}${rest}`;
}

/** Results on one line: `ok | ENODEV`. */
export function resultsText(results: readonly (readonly string[])[]): string {
  return results.map((list) => list.join(", ") || "goes round").join(" | ");
}
