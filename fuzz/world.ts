/**
 * The world as a row of the vocabulary sees it: what there is on the machine now, and the choice of what to speak of.
 *
 * @module
 */

import type { Era, Handle, Inventory, InventoryInstance, NetnsName } from "../model/mod.ts";
import type { Draw } from "./draw.ts";

/** The ids that devices are made with; a sequence uses some of them. */
export const DEVICE_IDS: readonly number[] = [10, 11, 12];
/** The names that netns are made with. */
export const NETNS_NAMES: readonly NetnsName[] = ["t1", "t2", "t3"];

/** What an operation speaks of: a handle, and the netns that it is asked in. */
export interface Target {
  /** The handle, of an instance or of none */
  handle: Handle;
  /** Left out where it is `init` */
  netns?: NetnsName;
}

/** The present state of a machine, and what is drawn of it. One is made for each operation. */
export class World {
  /** What there is */
  readonly inventory: Inventory;
  /** The kernel's era */
  readonly era: Era;
  /** What choices are drawn from */
  readonly draw: Draw;
  #instances: readonly InventoryInstance[] | undefined;

  /** The state of a machine of `era`, to draw from. */
  constructor(inventory: Inventory, era: Era, draw: Draw) {
    this.inventory = inventory;
    this.era = era;
    this.draw = draw;
  }

  /** The instances that can be found. */
  get instances(): readonly InventoryInstance[] {
    return this.#instances ??= this.inventory.instances.filter(({ netns }) => netns !== undefined);
  }

  /** Whether there is an instance of which `of` is true. */
  some(of: (instance: InventoryInstance) => boolean): boolean {
    return this.instances.some(of);
  }

  /** One of the instances, one of which `of` is true where there is such a one; undefined where there is none at all. */
  instance(of?: (instance: InventoryInstance) => boolean): InventoryInstance | undefined {
    const { instances, draw } = this;
    if (instances.length === 0) return undefined;
    const wanted = of ? instances.filter(of) : instances;
    return draw.pick(wanted.length > 0 && !draw.chance(5) ? wanted : instances);
  }

  /** How an instance is asked for: mostly right, sometimes in another netns or by a handle that nobody has. */
  target(instance: InventoryInstance | undefined): Target {
    const { draw } = this;
    if (!instance || draw.chance(3)) {
      const handle = draw.chance(70) ? `netdevsim/netdevsim${draw.pick([...DEVICE_IDS, 99])}` : draw.pick(NO_HANDLES);
      return at(handle, draw.chance(80) ? "init" : this.netns());
    }
    return at(instance.handle, draw.chance(97) ? instance.netns! : this.netns());
  }

  /** A netns, mostly one that there is. */
  netns(): NetnsName {
    const { inventory, draw } = this;
    return draw.chance(92) ? draw.pick(inventory.netns) : draw.pick([...NETNS_NAMES, "nosuch"]);
  }

  /** One of some names, or one that is none of them: another spelling, a part, something else. */
  name(names: readonly string[], wrong = 8): string {
    const { draw } = this;
    if (names.length > 0 && !draw.chance(wrong)) return draw.pick(names);
    const model = names.length > 0 ? draw.pick(names) : "dummy";
    return draw.pick(["nosuch", model.toUpperCase(), model.slice(0, -1), `${model}x`, "0"]);
  }
}

/** Handles that no instance has. */
const NO_HANDLES: readonly Handle[] = ["netdevsim/nosuch", "pci/0000:00:1f.7", "nosuch/netdevsim10"];

/** A target, without the netns where that is `init`. */
export function at(handle: Handle, netns: NetnsName): Target {
  return netns === "init" ? { handle } : { handle, netns };
}
