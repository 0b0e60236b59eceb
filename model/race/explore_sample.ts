/**
 * Schedules drawn at random, for scenarios with too many schedules to try all: random walks, and probabilistic concurrency testing
 * (Burckhardt, Kothari, Musuvathi and Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs").
 *
 * @module
 */

import { forgetCells } from "../kernel/access.ts";
import { Execution, type Scenario } from "./execution.ts";
import { type Explored, tally, unexplored } from "./explored.ts";

/** Options of {@linkcode sample}. */
export interface SampleOptions {
  /** The number of schedules to draw */
  schedules: number;
  /** The seed; the same seed draws the same schedules. @default {1} */
  seed?: number;
  /**
   * `walk`: at each step, each thread that could continue is equally likely; `pct`: each thread has a priority, and at `depth` - 1
   * steps the running thread gets the lowest priority
   *
   * @default {"walk"}
   */
  strategy?: "walk" | "pct";
  /** The number of ordering constraints of a bug that `pct` can find (its depth). @default {3} */
  depth?: number;
  /** The most steps of one run. @default {2000} */
  steps?: number;
  /** Called after each schedule; true ends the search */
  enough?: (explored: Explored) => boolean;
}

/** Runs schedules that are drawn at random. Never reports that all schedules were run. */
export function sample(scenario: Scenario, options: SampleOptions): Explored {
  forgetCells();
  const { schedules, seed = 1, strategy = "walk", depth = 3, steps = 2000, enough } = options;
  const explored = unexplored();
  const random = generator(seed);
  let length = 100;
  while (explored.schedules < schedules && !enough?.(explored)) {
    const execution = new Execution(scenario);
    const pick = strategy === "walk" ? walk(random) : pct(random, depth, length);
    const choices: number[] = [];
    let livelock = false;
    for (;;) {
      livelock = execution.endless && execution.livelock();
      const enabled = execution.enabled();
      if (enabled === 0 || livelock || choices.length >= steps) break;
      const chosen = pick(enabled, choices.length);
      choices.push(chosen);
      execution.step(chosen);
    }
    length = Math.max(length, choices.length);
    const cut = choices.length >= steps && !livelock;
    tally(explored, execution, choices, { livelock, cut });
  }
  return explored;
}

type Pick = (enabled: number, step: number) => number;

function walk(random: (bound: number) => number): Pick {
  return (enabled) => {
    let left = random(count(enabled));
    for (let i = 0;; i++) if (enabled & (1 << i) && left-- === 0) return i;
  };
}

function pct(random: (bound: number) => number, depth: number, length: number): Pick {
  const priorities: number[] = [];
  const changes = new Set(Array.from({ length: depth - 1 }, () => random(length)));
  let lowest = 0;
  return (enabled, step) => {
    let best = -1;
    for (let i = 0; i < 31; i++) {
      if (!(enabled & (1 << i))) continue;
      priorities[i] ??= 1 + random(1_000_000);
      if (best < 0 || priorities[i]! > priorities[best]!) best = i;
    }
    if (!changes.has(step) || count(enabled) === 1) return best;
    priorities[best] = --lowest;
    for (let i = 0; i < 31; i++) {
      if (enabled & (1 << i) && priorities[i]! > priorities[best]!) best = i;
    }
    return best;
  };
}

function count(bits: number): number {
  let n = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) n++;
  return n;
}

/** Returns a random number generator, with the same numbers for the same seed. */
function generator(seed: number): (bound: number) => number {
  let state = (seed >>> 0) || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
