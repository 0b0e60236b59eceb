/**
 * What a device under test does at the same time: explored on the model, in every order that can differ.
 *
 * @module
 */

import type { Explored } from "../model/race/explored.ts";
import type { FindingKind } from "../model/race/finding.ts";
import { Machine, type MachineOptions, type Operation } from "../model/mod.ts";
import { exploreRace, type Racer, readOutcome } from "../model/race/race.ts";
import type { Design } from "../model/era/regime.ts";

/** Options of a race. */
export interface RaceOptions {
  /** What is otherwise than in the kernel of the era: its locks, above all */
  design?: Design;
  /** Whether the work that makes netdevsim's packets is one of those that race. @default {false} */
  timers?: boolean;
  /** How many schedules are run at most. @default {20000} */
  schedules?: number;
}

/** One of those that race: an operation, several in their order, or either that begins anew for ever. */
export type Racing = Operation | readonly Operation[] | { loop: Operation };

/** What a race can come to. */
export class RaceResult {
  /**
   * All that was found
   *
   * @internal
   */
  readonly explored: Explored;

  /** Made by {@linkcode race}. */
  constructor(explored: Explored) {
    this.explored = explored;
  }

  /** Whether these are all outcomes there are. */
  get exhausted(): boolean {
    return this.explored.exhausted;
  }

  /** What went wrong, by its kind: `deadlock: a waits for ...`. */
  get findings(): string[] {
    return this.explored.findings.map(({ kind, text }) => `${kind}: ${text}`).sort();
  }

  /** How the operations end, one after another, where nothing hangs: each combination once. */
  get results(): string[] {
    const all = [...this.explored.outcomes.keys()].map((outcome) =>
      readOutcome(outcome).results.map((list) => list.map((text) => text.split(" ")[0]).join(" ")).join(" | ")
    );
    return [...new Set(all)].sort();
  }

  /** The states that are left behind: each once. */
  get states(): string[] {
    return [...new Set([...this.explored.outcomes.keys()].map((outcome) => readOutcome(outcome).state))].sort();
  }

  /** Whether something of a kind was found. */
  has = (kind: FindingKind): boolean => this.explored.findings.some((finding) => finding.kind === kind);
}

/** Explores a race that begins where some operations have led. */
export function race(
  options: MachineOptions,
  before: readonly Operation[],
  racers: readonly Racing[],
  { design, timers, schedules = 20_000 }: RaceOptions = {},
): RaceResult {
  const explored = exploreRace({
    setUp(lockdep) {
      const machine = new Machine({ ...options, lockdep, ...(design ? { design } : {}) });
      for (const op of before) machine.perform(op);
      return machine;
    },
    racers: racers.map((racing, i): Racer => {
      const loops = "loop" in racing;
      const operations = loops ? [racing.loop] : "kind" in racing ? [racing] : racing;
      return { name: `${operations[0]!.kind} ${i + 1}`, operations, loops };
    }),
    timers: timers ?? false,
  }, { schedules });
  return new RaceResult(explored);
}
