/**
 * Takes the inventory of a kernel.
 *
 * @module
 */

import { type Devlink, instancesOf, type Resource } from "./devlink/devlink.ts";
import { DRIVERS } from "./drivers/mod.ts";
import type { Inventory, InventoryInstance, InventoryResource } from "./inventory.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { linkFlags, type Netns } from "./net/netns.ts";
import type { Handle, NetnsName } from "./operation.ts";

const NO_KNOBS: ReadonlyMap<string, number | boolean> = new Map();

// Each list is made once: callers ask for the same lists again and again.
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
  get reloadActions(): readonly string[] {
    return this.#dl.driver.reloadActions;
  }
  get reloadLimits(): readonly string[] {
    return this.#dl.driver.reloadLimits;
  }
  get eswitch(): boolean {
    return this.#dl.driver.eswitch !== undefined;
  }
  get ports(): InventoryInstance["ports"] {
    return this.#ports ??= this.#dl.ports.map(({ index, type, flavour, netdev }) => ({
      index,
      type,
      flavour: String(flavour["flavour"] ?? ""),
      netdev: netdev !== null,
      ifname: netdev?.name,
      up: netdev !== null && linkFlags(netdev).includes("UP"),
      netns: netdev ? this.#nameOf(netdev.netns) : undefined,
    }));
  }
  get traps(): InventoryInstance["traps"] {
    return this.#traps ??= this.#dl.traps.map(({ spec, action }) => ({
      name: spec.name,
      type: spec.type,
      generic: spec.generic,
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
      cmode: spec.cmode,
      generic: spec.generic,
      value: pending ?? value ?? this.#dl.driver.paramGet?.(spec),
      pending: pending !== undefined,
    }));
  }
  get resources(): InventoryInstance["resources"] {
    const walk = (list: readonly Resource[], above: string): InventoryResource[] =>
      list.flatMap((each) => [
        {
          path: above + each.name,
          size: each.size,
          wanted: each.sizeNew,
          valid: each.sizeValid,
          min: each.min,
          max: each.max,
          granularity: each.granularity,
          leaf: each.children.length === 0,
        },
        ...walk(each.children, `${above}${each.name}/`),
      ]);
    return this.#resources ??= walk(this.#dl.resources, "");
  }
  get regions(): InventoryInstance["regions"] {
    return this.#regions ??= this.#dl.regions.map(({ name, size, snapshots, max }) => ({
      name,
      size,
      snapshots: [...snapshots],
      max,
    }));
  }
  get reporters(): InventoryInstance["reporters"] {
    return this.#reporters ??= this.#dl.reporters.map((reporter) => ({
      name: reporter.name,
      healthy: reporter.healthy,
      dumped: reporter.dumpedAt !== undefined,
      recovers: reporter.recover !== undefined,
      dumps: reporter.dump !== undefined,
      gracePeriod: reporter.gracePeriod,
      autoRecover: reporter.autoRecover,
      autoDump: reporter.autoDump,
    }));
  }
  get rateNodes(): InventoryInstance["rateNodes"] {
    return this.#rateNodes ??= this.#dl.rates.filter(({ type }) => type === "node").map(({ name }) => name);
  }
  get knobs(): ReadonlyMap<string, number | boolean> {
    return this.#dl.driver.knobs ?? NO_KNOBS;
  }
}

/** Returns the inventory of a kernel. This changes no state and no counter. */
export function takeInventory(kernel: Kernel): Inventory {
  const nameOf = (netns: Netns) => kernel.netns.get(netns.name) === netns ? netns.name : undefined;
  return {
    get netns() {
      return [...kernel.netns.keys()];
    },
    get devices() {
      return DRIVERS.flatMap((driver) => [...driver.devices?.(kernel) ?? []]);
    },
    get instances() {
      return instancesOf(kernel).filter((dl) => dl.registered).map((dl) => new Instance(dl, nameOf));
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
