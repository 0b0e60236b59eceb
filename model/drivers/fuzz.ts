/**
 * What a driver brings to generated sequences: how operations on its own files are drawn, which devices sequences make, and which
 * operations are left out. What any driver has (traps, params, reloads) is drawn by the fuzzer itself.
 *
 * @module
 */

import type { Era } from "../era/mod.ts";
import type { Inventory, InventoryInstance } from "../inventory.ts";
import type { Handle, NetnsName, Operation, OperationKind } from "../operation.ts";

/** Texts to draw from: lists, each with its weight beside the others; `upTo` stands for the numbers from 0 up to this one. */
export type Texts = readonly {
  readonly weight: number;
  readonly of: readonly string[] | { readonly upTo: number };
}[];

/** Draws at random; all that is drawn depends on the seed alone. */
export interface FuzzDraw {
  /** Returns true in `percent` of 100 */
  chance(percent: number): boolean;
  /** Returns one entry of a list that is not empty */
  pick<T>(list: readonly T[]): T;
  /** Returns one value of a list by the weights, some of which are above 0 */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T;
  /** Returns one of the texts */
  text(texts: Texts): string;
}

/** The present state of the machine that a sequence is generated on. */
export interface FuzzWorld {
  /** What there is */
  readonly inventory: Inventory;
  /** The kernel's era */
  readonly era: Era;
  /** What choices are drawn from */
  readonly draw: FuzzDraw;
  /** The instances that can be found */
  readonly instances: readonly InventoryInstance[];
  /** Returns true if `of` is true for an instance */
  some(of: (instance: InventoryInstance) => boolean): boolean;
  /** Returns an instance, mostly one for which `of` is true; undefined where there is no instance */
  instance(of?: (instance: InventoryInstance) => boolean): InventoryInstance | undefined;
  /** Returns a netns, mostly one that exists */
  netns(): NetnsName;
  /** Returns one of the names; in `wrong` percent, another word. @default {8} */
  name(names: readonly string[], wrong?: number): string;
}

/** A subject of entries that only has an effect if several of them are in one sequence. */
export type FuzzTheme = "rates" | "health";

/** One entry of a vocabulary: how an operation is drawn. */
export interface FuzzRow<K extends OperationKind = OperationKind, W = FuzzWorld> {
  /** How often, beside the others; 0 is never */
  readonly weight: number | ((world: W) => number);
  /** Draws an operation from the present state; undefined where there is nothing to draw from */
  draw(world: W): Operation<K> | undefined;
  /** The theme that it belongs to. @default {none} */
  readonly theme?: FuzzTheme;
  /** True if every sequence may have it; by default, a sequence has only some of the entries */
  readonly always?: boolean;
}

/** A device that a generated sequence begins with. */
export interface StartDevice {
  /** Its number */
  id: number;
  /** How many ports it has */
  ports: number;
  /** The netns that it is made in. @default {"init"} */
  netns?: NetnsName;
}

/** The devices that sequences make. */
export interface FuzzDevices {
  /** The numbers that devices are made with; a sequence begins with some of the first */
  readonly ids: readonly number[];
  /** Handles that no instance has */
  readonly absent: readonly Handle[];
  /** What a board must have for it, as in `requires` of a fixture */
  readonly requires: readonly string[];
  /** Returns the handle of the device with this number */
  handle(id: number): Handle;
  /** Returns the operation that makes a device */
  make(device: StartDevice): Operation;
  /** Returns the operation that removes the device with this number */
  remove(id: number): Operation;
  /** Returns the number of the device that an operation makes if it succeeds; undefined where it makes none */
  madeBy(op: Operation): number | undefined;
}

/** Operations that are not generated. */
export interface FuzzExclusion {
  /** Why: a board's answer is chance or time, or it ends the board */
  readonly reason: string;
  /** Returns true for an operation that is left out in this state */
  when(op: Operation, inventory: Inventory): boolean;
}

/** What a driver brings to generated sequences. */
export interface FuzzVocabulary {
  /** The devices that sequences make; left out where the board has its own device */
  readonly devices?: FuzzDevices;
  /** How its own operations are drawn, by the kind and what each is about: `file.write new_device` */
  readonly rows: Readonly<Record<string, FuzzRow>>;
  /** What is not generated. @default {nothing but what holds for any driver} */
  readonly exclusions?: readonly FuzzExclusion[];
  /** Returns true for an operation after which dumps and messages may lack traps or policers. @default {for none} */
  hides?(op: Operation): boolean;
}

/** Returns the weight of what is done with an object: `weight` where there is such an object, else a tenth, to see it refused. */
export function ifAny(
  weight: number,
  of: (instance: InventoryInstance) => boolean,
): (world: Pick<FuzzWorld, "some">) => number {
  return (world) => world.some(of) ? weight : weight / 10;
}
