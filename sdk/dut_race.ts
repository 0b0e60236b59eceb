/**
 * Races: operations at the same time, explored on the model in every order that can make a difference.
 *
 * @module
 */

import type { Explored } from "../model/race/explored.ts";
import type { FindingKind } from "../model/race/finding.ts";
import { type Handle, Machine, type MachineOptions, type Operation } from "../model/mod.ts";
import { exploreRace, type Racer, readOutcome } from "../model/race/race.ts";
import type { Design } from "../model/era/design.ts";

/** Options of a race. */
export interface RaceOptions {
  /** Overrides of the era's behaviour, mainly its locks */
  design?: Design;
  /** True if the driver's delayed work that makes packets also takes part in the race. @default {false} */
  timers?: boolean;
  /** The most schedules that are run. @default {20000} */
  schedules?: number;
  /** How often a board runs the race; 0 if only the model runs it. @default {100} */
  runs?: number;
  /** Seed of the random numbers on a board: how long each racer waits, and which one is notified first. @default {1} */
  seed?: number;
  /** Operations after each run on a board, which remove what the fixture's tear-down does not remove */
  after?: readonly Operation[];
}

/** One racer: an operation, several operations in order, or an operation that is repeated for ever. */
export type Racing = Operation | readonly Operation[] | { loop: Operation };

/** The possible outcomes of a race. */
export class RaceResult {
  /**
   * Everything that the exploration found
   *
   * @internal
   */
  readonly explored: Explored;

  /** Made by {@linkcode race}. */
  constructor(explored: Explored) {
    this.explored = explored;
  }

  /** True if the exploration found all outcomes. */
  get exhausted(): boolean {
    return this.explored.exhausted;
  }

  /** The findings, each with its kind: `deadlock: a waits for ...`. */
  get findings(): string[] {
    return this.explored.findings.map(({ kind, text }) => `${kind}: ${text}`).sort();
  }

  /** The results of the operations, in the order of the operations, for schedules without a hang: each combination once. */
  get results(): string[] {
    const all = [...this.explored.outcomes.keys()].map((outcome) =>
      readOutcome(outcome).results.map((list) => list.map((text) => text.split(" ")[0]).join(" ")).join(" | ")
    );
    return [...new Set(all)].sort();
  }

  /** The final states: each once. */
  get states(): string[] {
    return [...new Set([...this.explored.outcomes.keys()].map((outcome) => readOutcome(outcome).state))].sort();
  }

  /** True if the exploration has a finding of a kind. */
  has = (kind: FindingKind): boolean => this.explored.findings.some((finding) => finding.kind === kind);
}

/** Returns operations that show all objects of the kinds that some operations are about. */
export function statesOf(operations: readonly Operation[]): Operation[] {
  const about = new Set<Operation["kind"]>(["dev.show", "port.show"]);
  for (const op of operations) {
    if (op.kind.startsWith("trap.policer.")) about.add("trap.policer.show");
    else if (op.kind.startsWith("trap.group.")) about.add("trap.group.show");
    else if (op.kind.startsWith("trap.")) about.add("trap.show");
    else if (op.kind.startsWith("param.")) about.add("param.show");
    else if (op.kind.startsWith("region.") || path(op).endsWith("/take_snapshot")) about.add("region.show");
    else if (op.kind.startsWith("health.") || path(op).endsWith("/break_health")) about.add("health.show");
  }
  return [...about].map((kind) => ({ kind }) as Operation);
}

const path = (op: Operation) => op.kind === "file.write" ? op.path : "";

/** Returns a race as one step of a plan; it starts in the state after the operations `before`. */
export function raceOperation(
  racers: readonly Racing[],
  { before, after, own }: { before: readonly Operation[]; after: readonly Operation[]; own?: Handle | undefined },
  { runs = 100, seed = 1, schedules, timers, after: more = [] }: RaceOptions = {},
): Operation<"race"> {
  const racing = racers.map((one) => ({
    operations: "loop" in one ? [one.loop] : "kind" in one ? [one] : one,
    ...("loop" in one ? { loops: true } : {}),
  }));
  const operations = racing.flatMap((one) => one.operations);
  const netns = new Set(
    operations.flatMap((op) => op.kind === "dev.reload" && typeof op.to === "string" ? [op.to] : []),
  );
  return {
    kind: "race",
    racers: racing,
    runs,
    seed,
    before,
    after: [...more, ...after],
    shown: [
      ...statesOf(operations),
      ...[...netns].filter((name) => name !== "init").map((name) => ({ kind: "dev.show" as const, netns: name })),
    ],
    ...(schedules === undefined ? {} : { schedules }),
    ...(timers ? { timers } : {}),
    ...(own ? { own } : {}),
  };
}

/** Explores a race that starts in the state after some operations. */
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
