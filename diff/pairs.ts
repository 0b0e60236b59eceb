/**
 * Both sides of each step of a sequence, ready to be compared: a board beside the model, or beside an earlier recording.
 *
 * @module
 */

import { emptyObservation, type Json, type Observation } from "../model/observation.ts";
import type { Handle } from "../model/operation.ts";
import { eachObject, isObject } from "./_json.ts";
import { withLateLines } from "./_late_lines.ts";
import { Normaliser } from "./normalise.ts";
import type { Pair, Rule } from "./rule.ts";
import type { SequenceTrace } from "./trace.ts";

/** The steps of a sequence in pairs; they must be asked for in their order. */
export interface Pairs {
  /** The devlink instances of the sequence */
  readonly handles: ReadonlySet<Handle>;
  /** True if a step lacked an announcement and no later step shows it */
  readonly assumedTooMuch: boolean;
  /** Returns both sides of a step, ready to compare. */
  pair(index: number): Pair;
}

/** Returns a board beside the model. */
export function modelPairs(model: SequenceTrace, observed: SequenceTrace, rules: readonly Rule[]): Pairs {
  const normaliser = new Normaliser(model, { rules });
  return {
    handles: normaliser.handles,
    get assumedTooMuch() {
      return normaliser.assumedTooMuch;
    },
    pair: (index) => {
      const step = model.steps[index]!;
      const { observation = NO_ANSWER } = step;
      return normaliser.step({ ...step, observation }, withLateLines(model.steps, observed.steps, index));
    },
  };
}

/**
 * Counters that change by themselves. The model of a driver bounds them; a recording cannot.
 *
 * Source: `devlink_trap_stats_put()`, `devlink_nl_health_reporter_fill()` and `occ_get` of resources in net/devlink.
 */
const TICKING: readonly string[] = ["stats", "error", "recover", "occ"];

/** Takes the counters that tick out of the channels of a board that the model does not know, in place. */
export function withoutTicks(shown: Observation, { unknown }: Observation): Observation {
  const drop = (object: { [key: string]: unknown }) => {
    for (const key of TICKING) delete object[key];
  };
  if (unknown?.reply !== undefined) eachObject(shown.reply, drop);
  const messages = unknown?.notify === undefined ? [] : Object.values(shown.notify).flat();
  for (const { attributes } of messages) eachObject(attributes, drop);
  return shown;
}

/** Counts the reloads of an instance since the sequence began, where it is known how many there were before. */
function sinceTheBeginning(handle: Handle, attributes: Json | undefined, bases: ReadonlyMap<string, number>): void {
  const stats = isObject(attributes) ? attributes["stats"] : undefined;
  const reload = isObject(stats) ? stats["reload"] : undefined;
  for (const [action, times] of isObject(reload) ? Object.entries(reload) : []) {
    if (!isObject(times) || typeof times["unspecified"] !== "number") continue;
    times["unspecified"] -= bases.get(`${handle} ${action}`) ?? 0;
  }
}

function withoutBases(shown: Observation, bases: ReadonlyMap<string, number>): Observation {
  const dev = isObject(shown.reply) ? shown.reply["dev"] : undefined;
  for (const [handle, attributes] of isObject(dev) ? Object.entries(dev) : []) {
    sinceTheBeginning(handle, attributes, bases);
  }
  for (const { handle, attributes } of Object.values(shown.notify).flat()) {
    sinceTheBeginning(handle, attributes, bases);
  }
  return shown;
}

/** The model's observation of a step for which it has no answer. */
const NO_ANSWER: Observation = { ...emptyObservation(), unknown: { reply: "no answer", notify: "no answer" } };

/**
 * Returns a board beside an earlier recording: the rules make both sides comparable with the model, and so with each other. What the
 * model does not know is compared as well, except for counters that tick.
 *
 * @param model The sequence as the model has it
 */
export function recordingPairs(
  model: SequenceTrace,
  earlier: SequenceTrace,
  observed: SequenceTrace,
  rules: readonly Rule[],
): Pairs {
  const [before, now] = [new Normaliser(model, { rules }), new Normaliser(model, { rules })];
  const side = (normaliser: Normaliser, { steps }: SequenceTrace, index: number): Observation => {
    const step = model.steps[index]!;
    const { observation = NO_ANSWER } = step;
    const shown = normaliser.step({ ...step, observation }, withLateLines(model.steps, steps, index)).observed;
    return withoutBases(withoutTicks(shown, observation), normaliser.bases);
  };
  return {
    handles: now.handles,
    get assumedTooMuch() {
      return before.assumedTooMuch || now.assumedTooMuch;
    },
    pair: (index) => ({
      expected: side(before, earlier, index),
      observed: side(now, observed, index),
    }),
  };
}
