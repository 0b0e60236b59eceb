/**
 * The kernels that the eras were taken from, as they name themselves.
 *
 * @module
 */

import type { BootedEraId } from "../model/mod.ts";

/** How a kernel names itself, and which modules are loaded: name, size, users; the latest first. */
export interface Release {
  readonly release: string;
  readonly version: string;
  readonly modules: readonly (readonly [name: string, size: number, ...users: string[]])[];
}

/** The kernels by era. */
export const RELEASES: Readonly<Record<BootedEraId, Release>> = {
  "5.10": {
    release: "5.10.0-46-amd64",
    version: "#1 SMP Debian 5.10.262-1 (2026-07-31)",
    modules: [["netdevsim", 69632], ["psample", 20480]],
  },
  "6.1": {
    release: "6.1.0-56-amd64",
    version: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)",
    modules: [["netdevsim", 98304], ["psample", 20480, "netdevsim"]],
  },
  "6.12": {
    release: "6.12.117+deb13-amd64",
    version: "#1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1 (2026-11-12)",
    modules: [["netdevsim", 135168], ["psample", 16384, "netdevsim"]],
  },
  "7.2": {
    release: "7.2.13+deb14-amd64",
    version: "#1 SMP PREEMPT_DYNAMIC Debian 7.2.13-1 (2026-10-28)",
    modules: [["netdevsim", 159744], ["psample", 16384, "netdevsim"]],
  },
  "7.3": {
    release: "7.3.4+deb13-amd64",
    version: "#1 SMP PREEMPT_DYNAMIC Debian 7.3.4-1~bpo13+1 (2026-11-15)",
    modules: [["netdevsim", 159744], ["psample", 16384, "netdevsim"]],
  },
};

/** What `ip -d link` of a kernel does not tell, and whether it tells that lo cannot be moved. */
export const LINK_DETAILS: Readonly<Record<BootedEraId, { lacks: readonly string[]; immutable: boolean }>> = (() => {
  const gsoIpv4 = ["gso_ipv4_max_size", "gro_ipv4_max_size"];
  const older = ["allmulti", "tso_max_size", "tso_max_segs", "gro_max_size", "parentbus", "parentdev", ...gsoIpv4];
  return {
    "5.10": { lacks: older, immutable: false },
    "6.1": { lacks: gsoIpv4, immutable: false },
    "6.12": { lacks: [], immutable: false },
    "7.2": { lacks: [], immutable: true },
    "7.3": { lacks: [], immutable: true },
  };
})();

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

const facts61: EthtoolFacts = {
  settings: true,
  aggregation: "n/a",
  completion: "n/a",
  push: "n/a",
  headerSplit: ["n/a", "n/a", "n/a"],
  rings: 0,
  fixedChecksum: true,
};
const facts612: EthtoolFacts = { ...facts61, aggregation: "0", push: "off" };
const facts7: EthtoolFacts = {
  ...facts612,
  completion: "0",
  headerSplit: ["1024", "0", "on"],
  rings: 512,
  fixedChecksum: false,
};

/** What netdevsim tells ethtool(8), by era. */
export const ETHTOOL: Readonly<Record<BootedEraId, EthtoolFacts>> = {
  "5.10": { ...facts61, settings: false },
  "6.1": facts61,
  "6.12": facts612,
  "7.2": facts7,
  "7.3": facts7,
};
