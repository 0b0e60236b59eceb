/**
 * What there is on a machine at a moment: for whoever chooses the next operation by the present state, and for whoever
 * follows what states its objects have been in. Looking changes nothing and counts nothing.
 *
 * @module
 */

import type { Devlink, Resource } from "./devlink/devlink.ts";
import type { Kernel } from "./kernel.ts";
import { Netdevsim } from "./netdevsim/netdevsim.ts";
import { NetdevsimBus } from "./netdevsim/bus.ts";
import { linkFlags, type Netns } from "./netns.ts";
import type { Handle, NetnsName } from "./operation.ts";

/** A device on the bus of netdevsim. */
export interface InventoryDevice {
  /** The number that it was made with */
  id: number;
  /** Whether the driver is bound to it */
  bound: boolean;
  /** How many VFs it has */
  vfs: number;
  /** Whether the netns that it was made in still is: a driver that is bound anew goes there */
  homeAlive: boolean;
}

/** A port of an instance. */
export interface InventoryPort {
  /** Its index */
  index: number;
  /** `notset`, `eth` */
  type: string;
  /** Whether devlink knows of its netdev */
  netdev: boolean;
  /** Whether its netdev is up */
  up: boolean;
  /** The netns that its netdev is in; undefined where it has none, or where that netns has no name any more */
  netns: NetnsName | undefined;
}

/** A resource of an instance, by its path. */
export interface InventoryResource {
  /** For example `IPv4/fib` */
  path: string;
  /** The size that is in effect */
  size: bigint;
  /** The size that is wished for */
  wanted: bigint;
  /** Whether its children fit */
  valid: boolean;
}

/** An instance and its objects; each list is made when it is asked for. */
export interface InventoryInstance {
  /** `bus/device` */
  readonly handle: Handle;
  /** Where it is to be found; undefined where that netns has no name any more */
  readonly netns: NetnsName | undefined;
  /** Whether its last reload failed */
  readonly reloadFailed: boolean;
  /** Its ports */
  readonly ports: readonly InventoryPort[];
  /** Its traps */
  readonly traps: readonly { name: string; type: string; action: string; group: string }[];
  /** Its trap groups */
  readonly groups: readonly { name: string; policer: number | undefined }[];
  /** Its trap policers */
  readonly policers: readonly { id: number; rate: number; burst: number }[];
  /** Its params */
  readonly params: readonly { name: string; type: string; value: number | boolean | undefined; pending: boolean }[];
  /** Its resources, those below others too */
  readonly resources: readonly InventoryResource[];
  /** Its regions */
  readonly regions: readonly { name: string; snapshots: readonly number[]; max: number }[];
  /** Its health reporters */
  readonly reporters: readonly { name: string; healthy: boolean; dumped: boolean; autoRecover: boolean }[];
  /** The names of its rate nodes */
  readonly rateNodes: readonly string[];
  /** What the files of debugfs hold that change how the driver behaves, by path below the device's directory */
  readonly knobs: ReadonlyMap<string, number | boolean>;
}

/** What there is on a machine. */
export interface Inventory {
  /** The netns that have a name, `init` first */
  readonly netns: readonly NetnsName[];
  /** The devices of netdevsim */
  readonly devices: readonly InventoryDevice[];
  /** The registered instances, in the order of their index */
  readonly instances: readonly InventoryInstance[];
  /** The netdevs of a netns that are up, other than `lo` */
  upIn(netns: NetnsName): number;
}

const NO_KNOBS: ReadonlyMap<string, number | boolean> = new Map();

// Each list is made once: whoever chooses asks for the same ones again and again.
class Instance implements InventoryInstance {
  readonly #dl: Devlink;
  #ports: InventoryInstance["ports"] | undefined;
  #traps: InventoryInstance["traps"] | undefined;
  #groups: InventoryInstance["groups"] | undefined;
  #policers: InventoryInstance["policers"] | undefined;
  #params: InventoryInstance["params"] | undefined;
  #regions: InventoryInstance["regions"] | undefined;
  #reporters: InventoryInstance["reporters"] | undefined;
  #rateNodes: InventoryInstance["rateNodes"] | undefined;
  #resources: InventoryInstance["resources"] | undefined;
  readonly #nameOf: (netns: Netns) => NetnsName | undefined;

  constructor(dl: Devlink, nameOf: (netns: Netns) => NetnsName | undefined) {
    this.#dl = dl;
    this.#nameOf = nameOf;
  }
  get handle(): Handle {
    return this.#dl.handle;
  }
  get netns(): NetnsName | undefined {
    return this.#nameOf(this.#dl.netns);
  }
  get reloadFailed(): boolean {
    return this.#dl.reloadFailed;
  }
  get ports(): InventoryInstance["ports"] {
    return this.#ports ??= this.#dl.ports.map(({ index, type, netdev }) => ({
      index,
      type,
      netdev: netdev !== null,
      up: netdev !== null && linkFlags(netdev).includes("UP"),
      netns: netdev ? this.#nameOf(netdev.netns) : undefined,
    }));
  }
  get traps(): InventoryInstance["traps"] {
    return this.#traps ??= this.#dl.traps.map(({ spec, action }) => ({
      name: spec.name,
      type: spec.type,
      action,
      group: spec.group,
    }));
  }
  get groups(): InventoryInstance["groups"] {
    return this.#groups ??= this.#dl.groups.map(({ spec, policer }) => ({
      name: spec.name,
      policer: policer?.spec.id,
    }));
  }
  get policers(): InventoryInstance["policers"] {
    return this.#policers ??= this.#dl.policers.map(({ spec, rate, burst }) => ({ id: spec.id, rate, burst }));
  }
  get params(): InventoryInstance["params"] {
    return this.#params ??= this.#dl.params.map(({ spec, value, pending }) => ({
      name: spec.name,
      type: spec.type,
      value: pending ?? value,
      pending: pending !== undefined,
    }));
  }
  get resources(): InventoryInstance["resources"] {
    const walk = (list: readonly Resource[], above: string): InventoryResource[] =>
      list.flatMap((each) => [
        { path: above + each.name, size: each.size, wanted: each.sizeNew, valid: each.sizeValid },
        ...walk(each.children, `${above}${each.name}/`),
      ]);
    return this.#resources ??= walk(this.#dl.resources, "");
  }
  get regions(): InventoryInstance["regions"] {
    return this.#regions ??= this.#dl.regions.map(({ name, snapshots, max }) => ({
      name,
      snapshots: [...snapshots],
      max,
    }));
  }
  get reporters(): InventoryInstance["reporters"] {
    return this.#reporters ??= this.#dl.reporters.map(({ name, healthy, dumpedAt, autoRecover }) => ({
      name,
      healthy,
      dumped: dumpedAt !== undefined,
      autoRecover,
    }));
  }
  get rateNodes(): InventoryInstance["rateNodes"] {
    return this.#rateNodes ??= this.#dl.rates.filter(({ type }) => type === "node").map(({ name }) => name);
  }
  get knobs(): ReadonlyMap<string, number | boolean> {
    return this.#dl.driver instanceof Netdevsim ? this.#dl.driver.knobs : NO_KNOBS;
  }
}

/** What there is on the machine of a kernel. */
export function inventory(kernel: Kernel): Inventory {
  const nameOf = (netns: Netns) => kernel.netns.get(netns.name) === netns ? netns.name : undefined;
  const bus = kernel.owners.find((owner) => owner instanceof NetdevsimBus);
  return {
    get netns() {
      return [...kernel.netns.keys()];
    },
    get devices() {
      return [...bus?.devices.values() ?? []].map(({ id, driver, numVfs, creator }) => ({
        id,
        bound: driver !== undefined,
        vfs: numVfs,
        homeAlive: creator.alive,
      }));
    },
    get instances() {
      return kernel.instances.filter((dl) => dl.registered).map((dl) => new Instance(dl, nameOf));
    },
    upIn: (name) => {
      let up = 0;
      for (const netdev of kernel.netns.get(name)?.netdevs.values() ?? []) {
        if (netdev.up && netdev.name !== "lo") up++;
      }
      return up;
    },
  };
}
