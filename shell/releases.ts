/**
 * What programs show of a kernel beside what the model has of it: how it names itself, what ip(8) and ethtool(8) tell.
 *
 * @module
 */

import { type EthtoolFacts, netdevsimEra } from "../model/drivers/netdevsim/era.ts";
import { type Era, type EraId, ERAS, PROGRAMS, type ProgramsEra } from "../model/mod.ts";
import type { Qdiscs } from "./link_states.ts";

export type { EthtoolFacts };

/** The properties of a kernel that programs show. */
export interface KernelFacts extends Omit<ProgramsEra, "modules" | "qdisc"> {
  /** The modules that are loaded, the latest first: name, size, users */
  readonly modules: readonly (readonly [name: string, size: number, ...users: string[]])[];
  readonly qdiscs: Qdiscs;
  readonly ethtool: EthtoolFacts;
}

/** Returns what programs show of a kernel as Debian built it, with netdevsim loaded. */
function factsOf({ nearest }: Era): KernelFacts {
  const { modules, qdisc, ...facts } = PROGRAMS[nearest];
  const { ethtool, lacks, moduleSize, qdisc: own } = netdevsimEra(ERAS[nearest]);
  const users = (name: string) => lacks.has(name) ? [] : ["netdevsim"];
  return {
    ...facts,
    modules: [
      ["netdevsim", moduleSize],
      ...Object.entries(modules).map(([name, size]) => [name, size, ...users(name)] as const),
    ],
    qdiscs: { board: qdisc, netdevsim: own },
    ethtool,
  };
}

/**
 * How a kernel was configured: `debian`, or `debug`, which is small, has netdevsim built in, and one table of routes: the debug
 * kernel (fixtures/qemu/debug_kernel.config).
 */
export type BuildName = "debian" | "debug";

/** Returns the era and the facts of a kernel as it was configured. */
export function buildOf(id: EraId, build: BuildName): { era: Era; facts: KernelFacts } {
  const era = ERAS[id];
  const facts = factsOf(era);
  if (build === "debian") return { era, facts };
  return {
    era: {
      ...era,
      configuredOut: ["ipsec", "power", "module"],
      fibEntries: { ...era.fibEntries, rules: [0, 0] },
    },
    facts: {
      ...facts,
      release: /^[\d.]+/.exec(facts.release)![0],
      version: "#1 SMP PREEMPT",
      modules: [],
      linkLacks: [...facts.linkLacks, "num_rx_queues"],
      qdiscs: { ...facts.qdiscs, board: "pfifo_fast" },
    },
  };
}
