/**
 * The operation `race`: all possible outcomes of operations at the same time.
 *
 * @module
 */

import type { Scene } from "../command.ts";
import type { Commands } from "../during.ts";
import { kernelOf, Machine, type MachineOptions } from "../machine.ts";
import { emptyObservation, type Json, type KernelLineClass, NOT_KNOWN, type Result } from "../observation.ts";
import type { Operation } from "../operation.ts";
import { type Steps, Task } from "../kernel/task.ts";
import type { Explored } from "./explored.ts";
import type { FindingKind } from "./finding.ts";
import type { Lockdep } from "../kernel/lockdep.ts";
import { askedBy, type RaceReply, type ShownOutcome } from "./outcome.ts";
import { exploreRace, type Race, readOutcome, scenarioOf } from "./race.ts";
import { replay } from "./race_replay.ts";

/** The class of kernel line that may report a finding, by the kind of the finding. */
const REPORTED: Readonly<Record<FindingKind, KernelLineClass>> = {
  "deadlock": "hung",
  "hang": "hung",
  "lost wake-up": "hung",
  "live-lock": "hung",
  "lock order": "lockdep",
  "dead object": "kasan",
  "assertion": "warning",
};

/** The number of schedules to run if the caller gives no number. */
const SCHEDULES = 20_000;

/** Returns the race of an operation, in the state after its `before` operations; `machine` gets each machine that runs it. */
export function raceOf(
  op: Pick<Operation<"race">, "racers" | "before" | "timers">,
  boot: (lockdep: Lockdep) => Machine,
  machine: (machine: Machine) => void = () => {},
): Race {
  return {
    setUp: (lockdep) => {
      const booted = boot(lockdep);
      for (const one of op.before) booted.perform(one);
      machine(booted);
      return booted;
    },
    racers: op.racers.map(({ operations, loops }, i) => ({
      name: `${operations[0]!.kind} ${i + 1}`,
      operations,
      ...(loops ? { loops } : {}),
    })),
    ...(op.timers ? { timers: true } : {}),
  };
}

const explorations = new WeakMap<object, Explored>();

/** Returns the exploration that led to the reply of a `race`; undefined for another reply. */
export function explorationOf(reply: Json): Explored | undefined {
  return typeof reply === "object" && reply !== null ? explorations.get(reply) : undefined;
}

/**
 * Performs `race`: the reply lists all outcomes; possible findings are in the kernel log.
 *
 * @param board The board's own device, if it exists before any operation
 */
// deno-lint-ignore require-yield
export function* race(
  { kernel, task, netns }: Scene,
  op: Operation<"race">,
  commands: Commands,
  board: Pick<MachineOptions, "facts" | "driver"> = {},
): Steps<Result> {
  const { era, freedMemory } = kernel;
  let last: Machine | undefined;
  const raced = raceOf(
    op,
    (lockdep) => new Machine({ ...board, era, freedMemory, lockdep }),
    (machine) => last = machine,
  );
  const explored = exploreRace(raced, { schedules: op.schedules ?? SCHEDULES });
  const scenario = scenarioOf(raced);
  const outcomes = new Map<string, ShownOutcome>();
  for (const [outcome, { schedule }] of explored.outcomes) {
    const { results, state, assumed } = readOutcome(outcome);
    const key = JSON.stringify([results, state, assumed]);
    if (outcomes.has(key)) continue;
    const shown = results.map((list, i) => {
      const { operations, loops } = op.racers[i]!;
      if (list.includes("killed")) return ["killed"];
      return !loops && list.length < operations.length ? ["hang"] : list;
    });
    const broken = shown.some((list) => list.includes("hang") || list.includes("killed"));
    if (!broken) replay(scenario, schedule);
    const left = broken ? { state: null, unknown: undefined } : stateOf(last!, op.shown);
    const unknown = {
      ...(assumed === undefined ? {} : { results: assumed }),
      ...(left.unknown === undefined ? {} : { state: left.unknown }),
    };
    outcomes.set(key, {
      results: shown,
      state: left.state,
      schedule,
      ...(Object.keys(unknown).length > 0 ? { unknown } : {}),
    });
  }
  for (const { kind, text } of explored.findings) {
    task.observation.kmsg.push({ class: REPORTED[kind], text: `${kind}: ${text}` });
  }
  const reply = { exhausted: explored.exhausted, outcomes: [...outcomes.values()] } satisfies RaceReply as unknown as
    & Json
    & object;
  explorations.set(reply, explored);
  task.observation.reply = reply;
  // The board recreates all devices after the race, while nobody listens. The model does the same here.
  const unseen = emptyObservation();
  const { observation } = kernel;
  const heard = [...kernel.netns.values()].filter((one) => one.heard);
  for (const one of heard) one.heard = false;
  kernel.observation = unseen;
  for (const one of [...op.after, ...op.before]) {
    const where = one.netns === undefined ? netns : kernel.netns.get(one.netns);
    if (!where) continue;
    const inner = commands(one.kind)({ kernel, task: new Task(one.kind, unseen, false), netns: where }, one);
    for (let next = inner.next(); !next.done; next = inner.next()) {
      if (next.value.kind === "blocked" && !kernel.runWorkers() && !kernel.wakeNext()) break;
    }
    kernel.runWorkers();
    if (one.kind === "netns.add") kernel.netns.get(one.name)!.heard = false;
  }
  kernel.observation = observation;
  for (const one of kernel.netns.values()) one.heard = heard.some(({ name }) => name === one.name);
  return "ok";
}

/** Returns the answers to the `shown` operations at the end, and the reason if an answer is not known. */
function stateOf(
  machine: Machine,
  shown: readonly Operation[],
): { state: { [asked: string]: Json }; unknown: string | undefined } {
  const kernel = kernelOf(machine);
  kernel.stepping = false;
  kernel.exploring = false;
  kernel.onMessage = undefined;
  const state: { [asked: string]: Json } = {};
  let why: string | undefined;
  for (const op of shown) {
    const { reply, unknown } = machine.perform(op);
    state[askedBy(op)] = unknown?.reply === undefined ? reply : NOT_KNOWN;
    why ??= unknown?.reply;
  }
  return { state, unknown: why };
}
