/** Linux 6.1: the lock of each instance replaces the global mutex, also during reloads. Selftests exist. */

import type { EraFile } from "./file.ts";
import { REGIMES } from "./regime.ts";

export default {
  parent: "5.18",
  since: [6, 0],
  booted: true,
  debian: { suites: ["bookworm", "bookworm-security"] },
  programs: {
    release: "6.1.0-56-amd64",
    version: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)",
    linkLacks: ["gso_ipv4_max_size", "gro_ipv4_max_size"],
    qdisc: "fq_codel",
    addressOrigin: true,
    tellsParts: true,
  },
  differs: {
    corePrefix: "leftover",
    regionMax: true,
    reloadLocks: ["instance"],
    devlinkMutex: false,
    locks: REGIMES.instance,
    objects: { lacks: [], health: { reportLocks: "recovery" } },
  },
} as const satisfies EraFile;
