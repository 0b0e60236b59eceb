/**
 * Removes differences without meaning from both sides of a step, by the rules of `rules.ts`.
 *
 * @module
 */

import { type Handle, innerOperations, type Operation } from "../model/operation.ts";
import { type Bases, copyOf, dropNotKnown, dropNotKnownOfMessages, isObject } from "./_json.ts";
import { LateAnnouncements } from "./_nested_late.ts";
import { NetdevNames } from "./_netdev_names.ts";
import { Contents } from "./_contents.ts";
import { Ticks } from "./_ticks.ts";
import { breaksKernel } from "./crash.ts";
import { instanceOf } from "./_handle.ts";
import type { Pair, Rule, RuleContext } from "./rule.ts";
import { RULES } from "./rules.ts";
import type { SequenceTrace, StepTrace } from "./trace.ts";

function* handlesOf(op: Operation): Generator<Handle> {
  for (const inner of innerOperations(op)) yield* handlesOf(inner);
  if ("handle" in op && op.handle !== undefined) yield op.handle;
  if (op.kind === "race" && op.own !== undefined) yield op.own;
}

/** Returns the netdevs that an operation names. */
function* netdevsOf(op: Operation): Generator<string> {
  for (const inner of innerOperations(op)) yield* netdevsOf(inner);
  if ("dev" in op && (op.kind.startsWith("netdev.") || op.kind.startsWith("ethtool."))) yield op.dev;
}

/** True for a sequence of fixture boardMac(), which finds its MAC on the board and does no more than to take its netdev down. */
function isBoardMac({ steps }: SequenceTrace): boolean {
  const setup = steps.filter(({ phase }) => phase === "setup");
  return setup.length > 0 && setup.every(({ op }) => op.kind === "netdev.set" && op.dev === "fm0" && !op.up);
}

/** Returns the buses that the files of an operation are of: `platform` of `/sys/bus/platform/drivers/fakemac/unbind`. */
function* busesOf(op: Operation): Generator<string> {
  for (const inner of innerOperations(op)) yield* busesOf(inner);
  const [, bus] = /^\/sys\/(?:bus|devices)\/([^/]+)\//.exec("path" in op ? op.path : "") ?? [];
  if (bus !== undefined) yield bus;
}

/** Applies rules to the steps of a sequence, which must come in their order. */
export class Normaliser {
  #rules: readonly Rule[];
  #context: Omit<RuleContext, "op" | "broke" | "reported">;
  #broke = false;
  #reported = false;

  /** The devlink instances of the sequence. */
  get handles(): ReadonlySet<Handle> {
    return this.#context.handles;
  }

  /** True if a step lacked an announcement and no later step shows it. */
  get assumedTooMuch(): boolean {
    return this.#context.late.missing;
  }

  /**
   * For one sequence; `options.rules` instead of {@linkcode RULES}.
   *
   * @param expected The whole sequence as the model has it: it shows which instances the sequence is about.
   */
  constructor(expected: SequenceTrace, options: { rules?: readonly Rule[] } = {}) {
    this.#rules = options.rules ?? RULES;
    const handles = new Set<Handle>();
    const netdevs = new Set<string>();
    const buses = new Set<string>();
    for (const { op, observation } of expected.steps) {
      for (const netdev of netdevsOf(op)) netdevs.add(netdev);
      for (const handle of handlesOf(op)) handles.add(handle);
      for (const bus of busesOf(op)) buses.add(bus);
      for (const message of Object.values(observation?.notify ?? {}).flat()) handles.add(instanceOf(message.handle));
      for (const byHandle of isObject(observation?.reply) ? Object.values(observation.reply) : []) {
        if (isObject(byHandle)) { for (const handle of Object.keys(byHandle)) handles.add(instanceOf(handle)); }
      }
    }
    this.#context = {
      names: { expected: new NetdevNames(netdevs), observed: new NetdevNames(netdevs) },
      ticks: new Ticks(),
      contents: { expected: new Contents(), observed: new Contents() },
      late: new LateAnnouncements(),
      handles,
      buses,
      told: !isBoardMac(expected),
    };
  }

  readonly #bases: Bases = new Map();

  /** The value of each counter when the sequence began, by the counted object; only counters that a step has shown. */
  get bases(): ReadonlyMap<string, number> {
    return this.#bases;
  }

  /** Returns both sides of a step, ready to compare; the traces do not change. */
  step(expected: StepTrace, observed: StepTrace): Pair {
    if (!expected.observation || !observed.observation) {
      throw new TypeError(`Cannot normalise step ${expected.id}: a side has no observation`);
    }
    this.#context.ticks.pass(expected, observed);
    this.#context.contents.expected.pass(expected.observation);
    this.#context.contents.observed.pass(observed.observation);
    const pair = copyOf({ expected: expected.observation, observed: observed.observation });
    const reports = observed.observation.kmsg.some((line) => line.class !== "info" && line.class !== "stale");
    const context = { ...this.#context, broke: this.#broke, reported: this.#reported || reports, op: expected.op };
    // Announcements of earlier steps have no counterpart in this one
    context.late.take(pair.observed);
    dropNotKnownOfMessages(pair.expected.notify, pair.observed.notify, this.#bases);
    // The outcomes of a race have no order: rule `race` pairs them
    if (expected.op.kind !== "race") dropNotKnown(pair.expected.reply, pair.observed.reply, this.#bases);
    for (const rule of this.#rules) rule.apply(pair, context);
    this.#reported = reports;
    this.#broke ||= breaksKernel(expected.observation) && breaksKernel(observed.observation);
    return pair;
  }
}
