/**
 * Generated sequences: an arbitrary of fast-check that performs what it draws on the model as it goes, and shrinks.
 *
 * @module
 */

import * as fc from "fast-check";
import { breaksKernel } from "../diff/crash.ts";
import { COMMAND_FORMS, isDevlink } from "../model/command_line/forms.ts";
import type { FuzzDevices, StartDevice } from "../model/drivers/fuzz.ts";
import {
  type EraId,
  type Handle,
  type Inventory,
  Machine,
  ModelGap,
  type NetnsName,
  type Observation,
  type Operation,
} from "../model/mod.ts";
import type { Dut } from "../sdk/dut.ts";
import type { Fixture } from "../sdk/fixture.ts";
import { type Suite, suite } from "../sdk/suite.ts";
import { Draw } from "./draw.ts";
import { followUp, objectionTo } from "./predictable.ts";
import { MADE, type Subject } from "./subject.ts";
import { type NamedRow, THEMES } from "./vocabulary.ts";
import { NETNS_NAMES, World } from "./world.ts";

/** A generated sequence: what it begins with, and its operations. */
export interface Generated {
  /** The netns that there are */
  netns: readonly NetnsName[];
  /** The devices that are made before it */
  devices: readonly StartDevice[];
  /** The board's own device, which it is about */
  own?: Handle;
  /** What is done */
  operations: readonly Operation[];
}

/** How sequences are generated. */
export interface GenerateOptions {
  /** The era of the model that they are generated on */
  era: EraId;
  /** What they are about. @default {devices that they make} */
  subject?: Subject;
  /** How many operations, those left out that only let time pass. @default {20} */
  steps?: number;
  /** True if an operation that breaks the kernel, or is reported in its log, is the last of its sequence or left out. @default {false} */
  breakages?: boolean;
  /** Called for everything that is performed on the way, the set-up too */
  onStep?: (op: Operation, observation: Observation, machine: Machine) => void;
  /** Called as soon as there is a machine */
  onMachine?: (machine: Machine) => void;
}

/** Returns what performs the beginning of a sequence. */
export function setupOf(
  { netns, devices }: Pick<Generated, "netns" | "devices">,
  { devices: maker }: Pick<Subject, "devices"> = MADE,
): Operation[] {
  return [
    ...netns.map((name): Operation => ({ kind: "netns.add", name })),
    ...devices.map((device) => maker!.make(device)),
  ];
}

/** Returns what undoes a sequence, whatever it did: every device that was ever made is removed, then every netns. */
function teardownOf({ netns, devices, operations }: Generated, maker: FuzzDevices | undefined): Operation[] {
  const ids = new Set(devices.map(({ id }) => id));
  const names = new Set(netns);
  for (const op of operations) {
    if (op.kind === "netns.add") names.add(op.name);
    const id = maker?.madeBy(op);
    if (id !== undefined) ids.add(id);
  }
  return [
    ...[...ids].map((id) => maker!.remove(id)),
    ...[...names].map((name): Operation => ({ kind: "netns.del", name })),
  ];
}

/** The starting state and the end of a generated sequence, as a fixture. */
export function fixtureOf(generated: Generated, subject: Subject = MADE): Fixture {
  const { devices, own } = generated;
  const { devices: maker } = subject;
  if (own !== undefined || !maker) return ownFixture(generated);
  const ports = devices.map(({ id, ports }) => `${id} with ${ports}`).join(", ");
  const first = maker.handle(devices[0]?.id ?? maker.ids[0]!);
  return {
    name: `${first.slice(0, first.indexOf("/"))} ${ports || "without a device"}`,
    handle: first,
    requires: maker.requires,
    setup: setupOf(generated, subject),
    teardown: teardownOf(generated, maker),
  };
}

/** Returns the board's own device as it is; what a sequence changes of it is put back. */
function ownFixture(generated: Generated): Fixture {
  const handle = generated.own!;
  const state = {
    name: `${handle} as it is`,
    handle,
    requires: [],
    setup: setupOf(generated),
    teardown: teardownOf(generated, undefined),
  };
  return {
    ...state,
    on: ({ facts }) => facts?.handle === handle ? { ...state, facts } : { ...state, reason: `the device ${handle}` },
  };
}

/**
 * Returns a suite of one generated sequence: what is run on a board, and what a file of the corpus exports.
 *
 * @example
 * ```ts ignore
 * import { assertEquals } from "@std/assert";
 * import { compile } from "../sdk/compile.ts";
 * import { fuzzed } from "./sequence.ts";
 *
 * const suite = fuzzed("fuzz", "an example", {
 *   netns: ["t1"],
 *   devices: [{ id: 10, ports: 1 }],
 *   operations: [{ kind: "dev.show", netns: "t1" }],
 * });
 * const { plan } = await compile(suite, suite.sequences[0]!, "6.12");
 * assertEquals(plan.steps.length, 5);
 * ```
 *
 * @param name The name of the suite
 * @param about The name of its sequence
 */
export function fuzzed(name: string, about: string, generated: Generated, source = "fuzz"): Suite {
  return suite(name, { fixture: fixtureOf(generated) }, ({ sequence }) => {
    sequence(about, { source }, bodyOf(generated));
  });
}

/** Returns the same for one that is run at once: it is no test of `deno test`. */
export function suiteOf(about: string, generated: Generated, subject?: Subject): Suite {
  return {
    name: "fuzz",
    sequences: [{ name: about, source: "fuzz", fixture: fixtureOf(generated, subject), body: bodyOf(generated) }],
  };
}

const bodyOf = ({ operations }: Generated) => (dut: Dut) => {
  for (const op of operations) dut.perform(op).either();
};

/** Returns why a sequence is not to be run on a board; undefined where it may be. Shrinking can make such a one. */
export function objectionToSequence(
  generated: Generated,
  era: EraId,
  { breakages = false, subject = MADE }: Pick<GenerateOptions, "breakages" | "subject"> = {},
): string | undefined {
  const machine = new Machine({ era, ...subject.machine });
  for (const op of setupOf(generated, subject)) {
    if (machine.perform(op).result !== "ok") return "the set-up fails";
  }
  let awaited: Operation<"wait"> | undefined;
  for (const op of generated.operations) {
    if (awaited && !(op.kind === "wait" && op.ms >= awaited.ms)) return "nobody waits for the counters";
    const objection = objectionTo(op, machine.inventory(), subject.exclusions);
    if (objection !== undefined) return objection;
    const observation = unlessGap(() => machine.perform(op));
    if (!observation) return "the model has no answer";
    if (machine.unsettled) return "work is left under way";
    if (breaks(observation)) return breakages ? undefined : "the kernel breaks";
    awaited = followUp(op, observation, machine.inventory());
  }
  return awaited ? "nobody waits for the counters" : undefined;
}

/** Returns what the model predicts; undefined where it has no answer, and has done nothing. */
function unlessGap(perform: () => Observation): Observation | undefined {
  try {
    return perform();
  } catch (error) {
    if (error instanceof ModelGap) return undefined;
    throw error;
  }
}

const breaks = (observation: Observation) =>
  breaksKernel(observation) || observation.kmsg.some((line) => line.class !== "info");

/** How often another operation is drawn where one cannot be used. */
const ATTEMPTS = 30;

/** Sequences as values of fast-check. */
export class SequenceArbitrary extends fc.Arbitrary<Generated> {
  readonly #options: GenerateOptions;

  /** Sequences of one era. */
  constructor(options: GenerateOptions) {
    super();
    this.#options = options;
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<Generated> {
    const draw = new Draw(random, bias);
    const { era, subject = MADE, steps = 20, breakages = false, onStep, onMachine } = this.#options;
    const machine = new Machine({ era, ...subject.machine });
    onMachine?.(machine);
    const perform = (op: Operation) => {
      const observation = machine.perform(op);
      onStep?.(op, observation, machine);
      return observation;
    };
    const start = startOf(draw, subject, machine.inventory());
    for (const op of setupOf(start, subject)) perform(op);
    const swarm = swarmOf(draw, subject);
    const operations: Operation[] = [];
    for (let count = 0; count < steps; count++) {
      const op = next(machine, subject, swarm, draw) ?? next(machine, subject, subject.rows, draw);
      if (!op) break;
      const observation = unlessGap(() => perform(op));
      if (!observation) continue;
      // What breaks the kernel is left to suites: a board is to go on
      const broken = breaks(observation) || machine.unsettled;
      if (!broken || breakages) operations.push(op);
      if (broken) break;
      const wait = followUp(op, observation, machine.inventory());
      if (wait) {
        perform(wait);
        operations.push(wait);
      }
    }
    return new fc.Value<Generated>({ ...start, operations }, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Generated {
    return typeof value === "object" && value !== null && "operations" in value;
  }

  override shrink(value: Generated): fc.Stream<fc.Value<Generated>> {
    return fc.stream(smaller(value)).map((each) => new fc.Value<Generated>(each, undefined));
  }
}

/** Returns what a sequence begins with: the board's own device, or mostly a device or two, now and then nothing. */
function startOf(
  draw: Draw,
  { devices: maker, own, exclusions }: Subject,
  inventory: Inventory,
): Pick<Generated, "netns" | "devices" | "own"> {
  const netns = NETNS_NAMES.slice(0, draw.weighted([[4, 0], [4, 1], [2, 2]]))
    .filter((name) => objectionTo({ kind: "netns.add", name }, inventory, exclusions) === undefined);
  if (!maker) return { netns, devices: [], own: own! };
  const ids = maker.ids.slice(0, draw.weighted([[1, 0], [12, 1], [6, 2], [1, 3]]));
  const devices = ids.map((id): StartDevice => ({
    id,
    ports: draw.weighted([[2, 0], [8, 1], [5, 2], [1, 3]]),
    ...(netns.length > 0 && draw.chance(35) ? { netns: draw.pick(netns) } : {}),
  }));
  return { netns, devices };
}

/** How much more often the rows of a theme are drawn from than others. */
const EMPHASIS = 4;

/** Returns what a sequence is made of: some of the rows, each sequence others, so that what it has comes often. */
function swarmOf(draw: Draw, { rows }: Subject): readonly NamedRow[] {
  // In one of ten all of them
  if (draw.chance(10)) return rows;
  const share = draw.pick([15, 30, 50]);
  const swarm = rows.filter(({ always }) => always || draw.chance(share));
  if (!draw.chance(20)) return swarm;
  const theme = draw.pick(THEMES);
  return [
    ...swarm.filter((row) => row.theme !== theme),
    ...rows.filter((row) => row.theme === theme).map((row) => ({
      ...row,
      weight: (world: World) => EMPHASIS * row.weight(world),
    })),
  ];
}

function next(
  machine: Machine,
  { handles, own, exclusions }: Subject,
  swarm: readonly NamedRow[],
  draw: Draw,
): Operation | undefined {
  const inventory = machine.inventory();
  const world = new World(inventory, machine.era, draw, handles, own !== undefined);
  if (swarm.length === 0) return undefined;
  const weighted = swarm.map((row) => [row.weight(world), row] as const);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const op = draw.weighted(weighted).draw(world);
    if (op && objectionTo(op, inventory, exclusions) === undefined) return op;
  }
  return undefined;
}

/** Smaller sequences, the smallest first: without some operations, from less to begin with, by simpler operations. */
function* smaller(generated: Generated): Generator<Generated> {
  const { operations, devices, netns } = generated;
  const { length } = operations;
  for (let size = length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = length - size; from >= 0; from -= size) {
      yield { ...generated, operations: operations.filter((_, i) => i < from || i >= from + size) };
    }
  }
  for (const name of netns) {
    yield {
      ...generated,
      netns: netns.filter((other) => other !== name),
      devices: devices.filter((device) => device.netns !== name),
    };
  }
  for (const device of devices) {
    const others = (changed?: StartDevice) => ({
      ...generated,
      devices: devices.flatMap((each) => each === device ? changed ? [changed] : [] : [each]),
    });
    yield others();
    if (device.ports > 0) yield others({ ...device, ports: device.ports - 1 });
    const { netns: _, ...here } = device;
    if (device.netns !== undefined) yield others(here);
  }
  for (const [i, op] of operations.entries()) {
    for (const simpler of simplerThan(op)) yield { ...generated, operations: operations.with(i, simpler) };
  }
}

/** Returns the operation without what it may be without. */
function* simplerThan(op: Operation): Generator<Operation> {
  const fields = isDevlink(op)
    ? COMMAND_FORMS[op.kind].options.flatMap(({ field, required }) => required ? [] : [field])
    : [];
  for (const field of ["netns", ...fields]) {
    if (!Object.hasOwn(op, field)) continue;
    const { [field]: _, ...rest } = op as unknown as Record<string, unknown>;
    yield rest as unknown as Operation;
  }
}

/** Returns a number that depends on both, so that the sequences of one run have nothing to do with the sequences of the next. */
function mixed(seed: number, index: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) | 0;
}

/**
 * Returns a sequence by the seed of its run and its number in it: the same whenever it is asked for, without those before it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sequenceOf } from "./sequence.ts";
 *
 * assertEquals(sequenceOf(1, 7, { era: "6.12" }), sequenceOf(1, 7, { era: "6.12" }));
 * ```
 */
export function sequenceOf(seed: number, index: number, options: GenerateOptions): Generated {
  return fc.sample(new SequenceArbitrary(options), { seed: mixed(seed, index), numRuns: 1 })[0]!;
}
