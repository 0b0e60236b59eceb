/**
 * Runs generated sequences on the model alone, and checks after each what must hold on any kernel.
 *
 * @module
 */

import { type EraId, Machine, ModelGap, type Observation, type Operation } from "../model/mod.ts";
import { Replica } from "./replica.ts";
import { MADE, type Subject } from "./subject.ts";
import { fixtureOf, type Generated, objectionToSequence, SequenceArbitrary, sequenceOf, setupOf } from "./sequence.ts";

/** A property that a sequence broke. */
export interface Violation {
  /** The description of the violation */
  what: string;
  /** The sequence of the run that showed it first */
  index: number;
  /** The smallest sequence that shows it */
  generated: Generated;
  /** How many sequences showed it */
  count: number;
}

/** Options of {@linkcode checkModel}. */
export interface ModelCheckOptions {
  /** Which kernel it is a model of */
  era: EraId;
  /** What sequences are about: devices that they make. @default {devices of the first driver whose devices sequences make} */
  subject?: Subject;
  /** The seed of all random choices */
  seed: number;
  /** The numbers of the sequences to run */
  indices: Iterable<number>;
  /** How many operations a sequence has. @default {20} */
  steps?: number;
  /** One sequence in `again` runs a second time, and must show the same. @default {8} */
  again?: number;
  /** Ends the run */
  signal?: AbortSignal;
  /** Called for each operation that is performed */
  onStep?: (op: Operation, observation: Observation, machine: Machine) => void;
}

/** The result of a check. */
export interface ModelCheckResult {
  /** How many sequences were run */
  sequences: number;
  /** How many operations were performed, set-up and tear-down too; operations of second runs are left out */
  operations: number;
  /** How long it took, in ms */
  ms: number;
  /** How many sequences were not checked to their end, because the model lacks what they do */
  gaps: number;
  /** The properties that were broken */
  violations: Violation[];
}

/** Returns the result of `check`, or "gap" if the model lacks what it does. */
function orGap<T>(check: () => T): T | "gap" {
  try {
    return check();
  } catch (error) {
    if (error instanceof ModelGap) return "gap";
    throw error;
  }
}

/** Returns what does not hold after a sequence that was just performed on `machine`; undefined where all holds. */
function violationOf(
  generated: Generated,
  subject: Subject,
  machine: Machine,
  replica: Replica,
): string | undefined {
  const before = replica.disagreement(machine);
  if (before !== undefined) return before;
  for (const op of fixtureOf(generated, subject).teardown) replica.hear(op, machine.perform(op));
  const { devices, instances, netns } = machine.inventory();
  if (devices.length + instances.length > 0 || netns.length > 1) {
    return `the tear-down leaves ${devices.length} devices, ${instances.length} instances, ${netns.length - 1} netns`;
  }
  const left = machine.netdevs().map(({ name }) => name).filter((name) => name !== "lo" && name !== "eth0");
  if (left.length > 0) return `the tear-down leaves the netdevs ${left.join(", ")}`;
  return replica.disagreement(machine);
}

/**
 * Runs a sequence from its beginning and returns what does not hold.
 *
 * @throws {ModelGap} If the model lacks what the sequence does
 */
export function checkSequence(generated: Generated, era: EraId, subject: Subject = MADE): string | undefined {
  const machine = new Machine({ era });
  const replica = new Replica(machine.era, subject.hides);
  for (const op of [...setupOf(generated, subject), ...generated.operations]) {
    const observation = machine.perform(op);
    const finding = observation.kmsg.find((line) => line.class !== "info");
    if (finding) return `finding: ${finding.text}`;
    replica.hear(op, observation);
  }
  return violationOf(generated, subject, machine, replica);
}

/** Runs generated sequences on the model and checks what must hold. */
export function checkModel(options: ModelCheckOptions): ModelCheckResult {
  const { era, subject = MADE, seed, steps, again = 8, signal, onStep } = options;
  const started = performance.now();
  const result: ModelCheckResult = { sequences: 0, operations: 0, ms: 0, gaps: 0, violations: [] };
  const byText = new Map<string, Violation>();
  for (const index of options.indices) {
    if (signal?.aborted) break;
    const observations: Observation[] = [];
    let machine: Machine | undefined;
    let replica: Replica | undefined;
    let what: string | undefined;
    const generated = sequenceOf(seed, index, {
      era,
      subject,
      ...(steps === undefined ? {} : { steps }),
      breakages: true,
      onMachine: (made) => {
        machine = made;
        replica = new Replica(made.era, subject.hides);
      },
      onStep: (op, observation, on) => {
        result.operations++;
        observations.push(observation);
        const finding = observation.kmsg.find((line) => line.class !== "info");
        if (finding) what ??= `finding: ${finding.text}`;
        replica!.hear(op, observation);
        onStep?.(op, observation, on);
      },
    });
    result.sequences++;
    result.operations += fixtureOf(generated, subject).teardown.length;
    what ??= orGap(() => violationOf(generated, subject, machine!, replica!));
    if (what === "gap") {
      result.gaps++;
      continue;
    }
    if (what === undefined && index % again === 0) what = differenceOf(generated, era, subject, observations);
    if (what === undefined) continue;
    const plain = plainOf(what);
    const known = byText.get(plain);
    if (known) known.count++;
    else {
      const violation = { what, index, generated: smallest(generated, era, subject, plain), count: 1 };
      byText.set(plain, violation);
      result.violations.push(violation);
    }
  }
  result.ms = performance.now() - started;
  return result;
}

/** Texts that differ only in numbers, those in names included, are one finding. */
const plainOf = (what: string | undefined) => what?.replaceAll(/\d+/g, "N") ?? "";

function differenceOf(
  generated: Generated,
  era: EraId,
  subject: Subject,
  observations: readonly Observation[],
): string | undefined {
  const machine = new Machine({ era });
  for (const [i, op] of [...setupOf(generated, subject), ...generated.operations].entries()) {
    if (JSON.stringify(machine.perform(op)) !== JSON.stringify(observations[i])) {
      return `${op.kind} shows something else the second time`;
    }
  }
  return undefined;
}

function smallest(generated: Generated, era: EraId, subject: Subject, plain: string): Generated {
  const arbitrary = new SequenceArbitrary({ era, subject });
  const shows = (candidate: Generated) =>
    objectionToSequence(candidate, era, { breakages: true, subject }) === undefined &&
    plainOf(orGap(() => checkSequence(candidate, era, subject))) === plain;
  for (let smaller = true; smaller;) {
    smaller = false;
    for (const { value } of arbitrary.shrink(generated)) {
      if (!shows(value)) continue;
      generated = value;
      smaller = true;
      break;
    }
  }
  return generated;
}
