/**
 * The resources of a switch: registered by its probe, they stay in a reload, which makes the set sizes effective
 * (spectrum.c: mlxsw_sp1_resources_register(), mlxsw_sp_kvd_sizes_get(); spectrum1_kvdl.c).
 *
 * @module
 */

import type { Devlink, Resource } from "../../devlink/devlink.ts";
import type { ShownObject } from "../../devlink/driver.ts";
import type { Attributes } from "../../devlink/message.ts";
import type { Facts, ResourceFact } from "../../facts.ts";
import { STATE } from "../../kernel/state.ts";
import { NOT_KNOWN } from "../../observation.ts";
import { resourceOf } from "../from_facts.ts";

/** The granularity of the KVD and of its parts (`MLXSW_SP_KVD_GRANULARITY`). */
const GRANULARITY = 128n;

/** The number of counter banks for router interfaces: a bank is the granularity of all counters (spectrum_cnt.c). */
const RIF_BANKS = 2n;

/** The parts of the KVD in which an entry is used if there are routes (spectrum_router.c: mlxsw_sp_adj_trap_entry_init()). */
const WITH_ROUTES: ReadonlySet<unknown> = new Set(["linear", "singles"]);

/** The initial sizes of the linear part of the KVD, and of its own parts. */
const LINEAR: Readonly<Record<string, bigint>> = {
  linear: 98304n,
  singles: 16384n,
  chunks: 49152n,
  large_chunks: 32768n,
};

/** The share of double-size entries among the other entries of the KVD, in percent; the rest is of single size. */
const DOUBLE_PARTS = 41n;

/** By resource name: the pipeline table that is shown with the resource (spectrum_dpipe.c). */
const TABLES: Readonly<Record<string, string>> = {
  linear: "mlxsw_adj",
  hash_double: "mlxsw_host6",
  hash_single: "mlxsw_host4",
};

/** Paths of the resources of every ASIC. */
export const RESOURCES: readonly string[] = [
  "kvd",
  "span_agents",
  "counters",
  "counters/rif",
  "counters/flow",
  "global_policers",
  "global_policers/single_rate_policers",
  "rif_mac_profiles",
  "rifs",
  "port_range_registers",
  "physical_ports",
];

/** Paths of the further resources of the first ASIC. */
export const KVD_PARTS: readonly string[] = [
  "kvd/linear",
  "kvd/linear/singles",
  "kvd/linear/chunks",
  "kvd/linear/large_chunks",
  "kvd/hash_double",
  "kvd/hash_single",
];

const each = (resources: readonly Resource[]): Resource[] =>
  resources.flatMap((resource) => [resource, ...each(resource.children)]);

/** Returns a resource with its granularity, which devlink(8) does not print if the size cannot change. */
function granular(resource: Resource): Resource {
  const { name, children } = resource;
  if (name === "kvd") return { ...resource, granularity: GRANULARITY };
  const rif = name === "counters" ? children.find((child) => child.name === "rif") : undefined;
  if (!rif) return resource;
  const granularity = rif.size / RIF_BANKS;
  return { ...resource, granularity, children: children.map((child) => ({ ...child, granularity })) };
}

const occupiedOf = (facts: readonly ResourceFact[], path = ""): [path: string, occupied: number | undefined][] =>
  facts.flatMap((
    { name, occupied, children },
  ) => [[path + name, occupied], ...occupiedOf(children, `${path}${name}/`)]);

/** The resources of one switch. */
export class Resources {
  readonly #dl: Devlink;
  readonly #facts: Facts;
  readonly #activePorts: () => number;
  #counting = false;

  [STATE](): readonly unknown[] {
    return [this.#counting];
  }

  /** Creates the resources; `activePorts` counts the ports of the front panel. */
  constructor(dl: Devlink, facts: Facts, activePorts: () => number) {
    this.#dl = dl;
    this.#facts = facts;
    this.#activePorts = activePorts;
  }

  /** Creates the resources from the facts; no occupancy is counted yet. */
  adopt(): void {
    this.#dl.resources = this.#facts.resources.map(resourceOf).map(granular);
    this.stopCounting();
  }

  /** Creates the resources with the driver's own sizes. */
  probe(): void {
    this.adopt();
    const kvd = this.#dl.resources.find(({ name }) => name === "kvd");
    const parts = kvd ? each(kvd.children) : [];
    const linear = parts.find(({ name }) => name === "linear");
    if (!kvd || !linear) return;
    const hash = kvd.size - LINEAR["linear"]!;
    const double = hash * DOUBLE_PARTS / 100n / GRANULARITY * GRANULARITY;
    const sizes = { ...LINEAR, hash_double: double, hash_single: hash - double } as Record<string, bigint>;
    for (const part of parts) part.size = part.sizeNew = sizes[part.name] ?? part.size;
  }

  /** Makes the sizes effective that were set (`devl_resource_size_get()`). */
  takeSizes(): void {
    for (const resource of each(this.#dl.resources)) resource.size = resource.sizeNew;
  }

  /** Starts the occupancies, which the parts of the driver report while they are up. */
  count(): void {
    this.#counting = true;
    const occupied = new Map(occupiedOf(this.#facts.resources));
    const set = (resources: readonly Resource[], path = "") => {
      for (const resource of resources) {
        const used = occupied.get(path + resource.name);
        const ports = resource.name === "physical_ports";
        resource.occupancy = ports ? this.#activePorts : used === undefined ? undefined : () => used;
        set(resource.children, `${path}${resource.name}/`);
      }
    };
    set(this.#dl.resources);
  }

  /**
   * Completes the shown attributes of a resource while the driver is up: adds the pipeline table that uses the resource, and
   * corrects
   * the occupancy in a netns without routes.
   */
  shown(object: ShownObject, attributes: Attributes): Attributes {
    if (object !== "resource" || !this.#counting) return attributes;
    const { name, occ } = attributes;
    const { netns, kernel } = this.#dl;
    const table = TABLES[String(name)];
    // The facts were read in the initial netns, which has routes
    const elsewhere = netns !== kernel.init && WITH_ROUTES.has(name) && occ !== undefined;
    const routes = netns.occupancy["IPv4/fib"] + netns.occupancy["IPv6/fib"];
    return {
      ...attributes,
      ...elsewhere ? { occ: occ === 1 && routes === 0 ? 0 : NOT_KNOWN } : {},
      ...table === undefined ? {} : { dpipe_tables: [{ table_name: table }] },
    };
  }

  /** Stops the occupancies, when the driver goes down. */
  stopCounting(): void {
    this.#counting = false;
    for (const resource of each(this.#dl.resources)) resource.occupancy = undefined;
  }
}
