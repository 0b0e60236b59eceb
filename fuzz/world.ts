/**
 * The world as a row of the vocabulary sees it: what there is on the machine now, and the choice of what to speak of.
 *
 * @module
 */

import type * as fc from "fast-check";
import type { FuzzWorld } from "../model/drivers/fuzz.ts";
import type { Era, Handle, Inventory, InventoryInstance, NetnsName } from "../model/mod.ts";
import type { Draw } from "./draw.ts";

/** The names that netns are made with. */
export const NETNS_NAMES: readonly NetnsName[] = ["t1", "t2", "t3"];

/** What an operation speaks of: a handle, and the netns that it is asked in. */
export interface Target {
  /** The handle, of an instance or of none */
  handle: Handle;
  /** Left out where it is `init` */
  netns?: NetnsName;
}

/** Handles for operations on an instance that does not exist. */
export interface Handles {
  /** Handles of devices that may be there, and may be gone or elsewhere */
  readonly possible: readonly Handle[];
  /** Handles that no instance has */
  readonly absent: readonly Handle[];
}

/** The present state of a machine, and what is drawn of it. One is made for each operation. */
export class World implements FuzzWorld {
  /** What there is */
  readonly inventory: Inventory;
  /** The kernel's era */
  readonly era: Era;
  /** What choices are drawn from */
  readonly draw: Draw;
  /** True if there is the board's own device alone: what is drawn for it follows its facts */
  readonly own: boolean;
  readonly #handles: Handles;
  #instances: readonly InventoryInstance[] | undefined;

  /** The state of a machine of `era`, to draw from. */
  constructor(inventory: Inventory, era: Era, draw: Draw, handles: Handles, own: boolean) {
    this.own = own;
    this.#handles = handles;
    this.inventory = inventory;
    this.era = era;
    this.draw = draw;
  }

  /** The instances that can be found. */
  get instances(): readonly InventoryInstance[] {
    return this.#instances ??= this.inventory.instances.filter(({ netns }) => netns !== undefined);
  }

  /** True if `of` is true for an instance. */
  some(of: (instance: InventoryInstance) => boolean): boolean {
    return this.instances.some(of);
  }

  /** Returns one of the instances, preferably one for which `of` is true; undefined if there is no instance. */
  instance(of?: (instance: InventoryInstance) => boolean): InventoryInstance | undefined {
    const { instances, draw } = this;
    if (instances.length === 0) return undefined;
    const wanted = of ? instances.filter(of) : instances;
    return draw.pick(wanted.length > 0 && !draw.chance(5) ? wanted : instances);
  }

  /** Returns how an instance is asked for: mostly right, sometimes in another netns or by a handle that nobody has. */
  target(instance: InventoryInstance | undefined): Target {
    const { draw } = this;
    if (!instance || draw.chance(3)) {
      const { possible, absent } = this.#handles;
      return at(draw.pick(draw.chance(70) ? possible : absent), draw.chance(80) ? "init" : this.netns());
    }
    return at(instance.handle, draw.chance(97) ? instance.netns! : this.netns());
  }

  /** Returns a netns, mostly one that there is. */
  netns(): NetnsName {
    const { inventory, draw } = this;
    return draw.chance(92) ? draw.pick(inventory.netns) : draw.pick([...NETNS_NAMES, "nosuch"]);
  }

  /** Returns a number as text: often one near a value of the board's own device, else one of `others`. */
  near(has: readonly (number | bigint)[], others: fc.Arbitrary<string>): string {
    const { draw, own } = this;
    return own && has.length > 0 && draw.chance(60) ? String(draw.pick(has)) : draw.of(others);
  }

  /** Returns one of some names, or a word that is not among them: another spelling, a part, something else. */
  name(names: readonly string[], wrong = 8): string {
    const { draw } = this;
    if (names.length > 0 && !draw.chance(wrong)) return draw.pick(names);
    const model = names.length > 0 ? draw.pick(names) : "dummy";
    return draw.pick(["nosuch", model.toUpperCase(), model.slice(0, -1), `${model}x`, "0"]);
  }
}

/** Returns a target, without the netns where that is `init`. */
export function at(handle: Handle, netns: NetnsName): Target {
  return netns === "init" ? { handle } : { handle, netns };
}
