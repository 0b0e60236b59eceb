/**
 * A driver's own part of generated sequences: how operations on its files are drawn, which devices sequences make, and which
 * operations are left out. The fuzzer itself draws operations that any driver has (traps, params, reloads).
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
  /** Returns true with a chance of `percent` in 100 */
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
  /** The objects that exist */
  readonly inventory: Inventory;
  /** The kernel's era */
  readonly era: Era;
  /** The random choices */
  readonly draw: FuzzDraw;
  /** The instances that a lookup finds */
  readonly instances: readonly InventoryInstance[];
  /** Returns true if `of` is true for an instance */
  some(of: (instance: InventoryInstance) => boolean): boolean;
  /** Returns an instance, mostly one for which `of` is true; undefined if there is no instance */
  instance(of?: (instance: InventoryInstance) => boolean): InventoryInstance | undefined;
  /** Returns a netns, mostly one that exists */
  netns(): NetnsName;
  /** Returns one of the names; in `wrong` percent, another word. @default {8} */
  name(names: readonly string[], wrong?: number): string;
}

/** A theme: its entries have an effect only if several of them are in one sequence. */
export type FuzzTheme = "rates" | "health";

/** One entry of a vocabulary: how an operation is drawn. */
export interface FuzzRow<K extends OperationKind = OperationKind, W = FuzzWorld> {
  /** The weight of the entry relative to the others; 0 is never */
  readonly weight: number | ((world: W) => number);
  /** Draws an operation from the present state; undefined if there is nothing to draw from */
  draw(world: W): Operation<K> | undefined;
  /** The theme of the entry. @default {none} */
  readonly theme?: FuzzTheme;
  /** True if each sequence may use the entry; by default, a sequence uses only some of the entries */
  readonly always?: boolean;
}

/** A device that a generated sequence begins with. */
export interface StartDevice {
  /** Its number */
  id: number;
  /** The number of ports */
  ports: number;
  /** The netns in which the device is made. @default {"init"} */
  netns?: NetnsName;
}

/** The devices that sequences make. */
export interface FuzzDevices {
  /** The numbers that devices are made with; a sequence begins with some of the first */
  readonly ids: readonly number[];
  /** Handles that no instance has */
  readonly absent: readonly Handle[];
  /** The capabilities that a board must have, as in `requires` of a fixture */
  readonly requires: readonly string[];
  /** Returns the handle of the device with this number */
  handle(id: number): Handle;
  /** Returns the operation that makes a device */
  make(device: StartDevice): Operation;
  /** Returns the operation that removes the device with this number */
  remove(id: number): Operation;
  /** Returns the number of the device that an operation makes if it succeeds; undefined if it makes none */
  madeBy(op: Operation): number | undefined;
}

/** Operations that are not generated. */
export interface FuzzExclusion {
  /** The reason: the board's answer depends on chance or time, or the operation breaks the board */
  readonly reason: string;
  /** Returns true for an operation that is left out in this state */
  when(op: Operation, inventory: Inventory): boolean;
}

/** A driver's own part of generated sequences. */
export interface FuzzVocabulary {
  /** The devices that sequences make; left out if the board has its own device */
  readonly devices?: FuzzDevices;
  /** How the driver's own operations are drawn, by kind and subject: `file.write new_device` */
  readonly rows: Readonly<Record<string, FuzzRow>>;
  /** Operations that are not generated. @default {only those that hold for any driver} */
  readonly exclusions?: readonly FuzzExclusion[];
  /** Returns true for an operation after which dumps and messages may lack traps or policers. @default {for none} */
  hides?(op: Operation): boolean;
}

/** Returns the weight of an operation on an object: `weight` if such an object exists, else a tenth, to see the refusal. */
export function ifAny(
  weight: number,
  of: (instance: InventoryInstance) => boolean,
): (world: Pick<FuzzWorld, "some">) => number {
  return (world) => world.some(of) ? weight : weight / 10;
}
