/**
 * What programs show of a kernel beside what the model has of it: how it names itself, what ip(8) and ethtool(8) tell.
 *
 * @module
 */

import { type BootedEraId, type Era, type EraId, ERAS } from "../model/mod.ts";
import type { Qdiscs } from "./link_states.ts";

/** What netdevsim of a kernel tells ethtool(8) of its netdevs. */
export interface EthtoolFacts {
  /** Whether it has coalescing, rings and FEC */
  readonly settings: boolean;
  /** How packets are gathered for sending: `n/a` or `0` */
  readonly aggregation: string;
  readonly completion: string;
  readonly push: string;
  readonly headerSplit: readonly [maximum: string, current: string, split: string];
  readonly rings: number;
  /** Whether the checksum of any protocol can be turned off */
  readonly fixedChecksum: boolean;
}

/** What programs show of a kernel. */
export interface KernelFacts {
  /** `uname -r` and `uname -v` */
  readonly release: string;
  readonly version: string;
  /** The modules that are loaded, the latest first: name, size, users */
  readonly modules: readonly (readonly [name: string, size: number, ...users: string[]])[];
  /** What `ip -d link` does not tell */
  readonly linkLacks: readonly string[];
  /** Whether `ip -d link` tells that lo cannot be moved */
  readonly immutableLo: boolean;
  readonly qdiscs: Qdiscs;
  /** Whether an address tells where it comes from (IFA_PROTO) */
  readonly addressOrigin: boolean;
  /** Whether an answer in several parts ends with an errno of 0, which devlink(8) prints */
  readonly tellsParts: boolean;
  readonly ethtool: EthtoolFacts;
}

const ethtool61: EthtoolFacts = {
  settings: true,
  aggregation: "n/a",
  completion: "n/a",
  push: "n/a",
  headerSplit: ["n/a", "n/a", "n/a"],
  rings: 0,
  fixedChecksum: true,
};
const ethtool612: EthtoolFacts = { ...ethtool61, aggregation: "0", push: "off" };
const ethtool7: EthtoolFacts = {
  ...ethtool612,
  completion: "0",
  headerSplit: ["1024", "0", "on"],
  rings: 512,
  fixedChecksum: false,
};

const GSO_IPV4 = ["gso_ipv4_max_size", "gro_ipv4_max_size"];

const facts612: KernelFacts = {
  release: "6.12.117+deb13-amd64",
  version: "#1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1 (2026-11-12)",
  modules: [["netdevsim", 135168], ["psample", 16384, "netdevsim"]],
  linkLacks: [],
  immutableLo: false,
  qdiscs: { board: "fq_codel", netdevsim: "noqueue" },
  addressOrigin: true,
  tellsParts: true,
  ethtool: ethtool612,
};
const facts61: KernelFacts = {
  ...facts612,
  release: "6.1.0-56-amd64",
  version: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)",
  modules: [["netdevsim", 98304], ["psample", 20480, "netdevsim"]],
  linkLacks: GSO_IPV4,
  ethtool: ethtool61,
};
const facts72: KernelFacts = {
  ...facts612,
  release: "7.2.13+deb14-amd64",
  version: "#1 SMP PREEMPT_DYNAMIC Debian 7.2.13-1 (2026-10-28)",
  modules: [["netdevsim", 159744], ["psample", 16384, "netdevsim"]],
  immutableLo: true,
  qdiscs: { board: "fq_codel", netdevsim: "fq_codel" },
  ethtool: ethtool7,
};

/** The facts by era, of the kernels that were booted. */
const KERNEL_FACTS: Readonly<Record<BootedEraId, KernelFacts>> = {
  "5.10": {
    ...facts61,
    release: "5.10.0-46-amd64",
    version: "#1 SMP Debian 5.10.262-1 (2026-07-31)",
    modules: [["netdevsim", 69632], ["psample", 20480]],
    linkLacks: ["allmulti", "tso_max_size", "tso_max_segs", "gro_max_size", "parentbus", "parentdev", ...GSO_IPV4],
    qdiscs: { board: "pfifo_fast", netdevsim: "noqueue" },
    addressOrigin: false,
    tellsParts: false,
    ethtool: { ...ethtool61, settings: false },
  },
  "6.1": facts61,
  "6.12": facts612,
  "7.2": facts72,
  "7.3": {
    ...facts72,
    release: "7.3.4+deb13-amd64",
    version: "#1 SMP PREEMPT_DYNAMIC Debian 7.3.4-1~bpo13+1 (2026-11-15)",
  },
};

/**
 * How a kernel was configured: `debian`, or `debug`, which is small, has netdevsim built in, and one table of routes (the debug
 * kernel of this project, fixtures/qemu/debug_kernel.config).
 */
export type BuildName = "debian" | "debug";

/** The era and the facts of a kernel as it was configured. */
export function buildOf(id: EraId, build: BuildName): { era: Era; facts: KernelFacts } {
  const era = ERAS[id];
  const facts = KERNEL_FACTS[era.nearest];
  if (build === "debian") return { era, facts };
  const lacks = new Set([...era.netdevsim.lacks, "ipsec", "power", "module"]);
  return {
    era: { ...era, netdevsim: { ...era.netdevsim, lacks }, fibEntries: { ...era.fibEntries, rules: [0, 0] } },
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
