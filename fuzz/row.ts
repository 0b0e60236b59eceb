/**
 * The type of a row of the vocabulary, and the kinds of operations that have no row.
 *
 * @module
 */

import * as fc from "fast-check";
import type { FuzzRow } from "../model/drivers/fuzz.ts";
import type { InventoryInstance, Operation, OperationKind } from "../model/mod.ts";
import type { World } from "./world.ts";

/** The kinds that are not generated, with the reason. */
export const NOT_GENERATED = {
  "netdev.set": "speaks of netdevs that belong to no port, such as the netdevs of a MAC with its PCS: suite pcs",
  "netdev.show": "the same",
  "ethtool.show": "the same",
  "ethtool.restart": "the same",
  "module.load": "the same; the driver itself stays loaded, since without it nothing else of a sequence has a meaning",
  "module.unload": "the same",
  "device": "operates an emulated device: what a driver does then is for suites of that driver",
  "during": "what is seen meanwhile is chance: its evidence is a set of answers, which suites choose with care",
  "listen": "the same messages as the monitor's, in a listener that not every board has",
  "rounds": "what is done side by side has any order: its only evidence is findings",
  "race": "its outcomes are explored, which takes its time: twinlink race --all-pairs",
} as const satisfies { readonly [K in OperationKind]?: string };

/** The kinds that only the vocabulary of a driver has rows for: files are the driver's. */
export type FileKind = Extract<OperationKind, `file.${string}`>;

/** A kind that is generated for any driver. */
export type GeneratedKind = Exclude<OperationKind, keyof typeof NOT_GENERATED | FileKind>;

/** How operations of one kind are drawn. */
export type Row<K extends OperationKind = OperationKind> = FuzzRow<K, World>;

/** A number where devlink(8) takes one of 32 bits: small ones, the bounds, and what is not a number. */
export const uint32: fc.Arbitrary<number> = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 127, 128, 4294967295, 4294967296, -1) },
);

/**
 * A number where devlink(8) takes one of 64 bits, up to the largest number of JavaScript. Not the greatest, nor a greater one:
 * whether devlink(8) takes the greatest depends on what went wrong before in the same process (its errno is ERANGE, or not).
 */
export const uint64: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 100_000 }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 2, 7, 8, 9, 15, 16, 17, 8000, 8001, 65535, 65536, 65537) },
  { weight: 1, arbitrary: fc.constantFrom(4294967295, 4294967296, 9007199254740991, -2) },
);

/** Returns the index of a port, mostly of a port that exists. */
export function portOf(world: World, instance: InventoryInstance | undefined): number {
  const ports = instance?.ports ?? [];
  if (ports.length > 0 && !world.draw.chance(10)) return world.draw.pick(ports).index;
  return world.draw.of(uint32);
}

/** Returns a field of an operation with a probability of `percent` per cent. */
export function maybe<F extends string, T>(
  world: World,
  percent: number,
  field: F,
  value: () => T,
): { [Name in F]?: T } {
  return world.draw.chance(percent) ? { [field]: value() } as { [Name in F]?: T } : {};
}

/** Returns an operation whose parameters were put together for its kind. */
export function operation<K extends OperationKind>(kind: K, parameters: object): Operation<K> {
  return { kind, ...parameters } as unknown as Operation<K>;
}

/** Draws a command on a port, with more that is drawn. */
export function onPort<K extends OperationKind>(
  kind: K,
  more: (world: World) => object = () => ({}),
): (world: World) => Operation<K> {
  return (world) => {
    const instance = world.instance(({ ports }) => ports.length > 0);
    return operation(kind, { ...world.target(instance), port: portOf(world, instance), ...more(world) });
  };
}

/** Draws an operation that lists something: of all instances, of one, or of one object of it. */
export function listing<K extends OperationKind>(
  kind: K,
  one?: (world: World, instance: InventoryInstance | undefined) => object,
): (world: World) => Operation<K> {
  return (world) => {
    const { draw } = world;
    if (draw.chance(35)) {
      const netns = world.netns();
      return operation(kind, netns === "init" ? {} : { netns });
    }
    const instance = world.instance();
    const object = one && draw.chance(70) ? one(world, instance) : {};
    return operation(kind, { ...world.target(instance), ...object });
  };
}
