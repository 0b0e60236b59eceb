/**
 * What a device under test does at the same time: explored on the model, in every order that can differ.
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
  /** True if the work by which a driver makes packets races, too. @default {false} */
  timers?: boolean;
  /** How many schedules are run at most. @default {20000} */
  schedules?: number;
  /** How often a board runs it; 0 where the model alone is to predict the outcomes. @default {100} */
  runs?: number;
  /** Of chance: how long each waits, and who is notified first, on a board. @default {1} */
  seed?: number;
  /** Takes away, after each run on a board, what the tear-down of the fixture does not */
  after?: readonly Operation[];
}

/** One of those that race: an operation, several in their order, or either that restarts for ever. */
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

  /** True if these are all outcomes there are. */
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

  /** True if something of a kind was found. */
  has = (kind: FindingKind): boolean => this.explored.findings.some((finding) => finding.kind === kind);
}

/** Asks for what is there, of the kinds of objects that some operations are about. */
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

/** Returns those that race, as a step of a plan, from where `before` leads to. */
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
