/** Linux 6.12: a reload takes the lock of the device first; sockets filter messages; a dump can be limited to one instance. */

import { FUNCTION_SETTINGS } from "./era.ts";
import type { EraFile } from "./file.ts";
import { REGIMES } from "./regime.ts";

export default {
  parent: "6.3",
  since: [6, 8],
  booted: true,
  debian: { suites: ["trixie", "trixie-security"] },
  debugBuild: true,
  programs: {
    release: "6.12.117+deb13-amd64",
    version: "#1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1 (2026-11-12)",
    modules: { psample: 16384 },
    linkLacks: [],
  },
  differs: {
    corePrefix: undefined,
    unheard: "skipped",
    notifyFilter: true,
    filteredDumps: true,
    limitRefusedBy: "policy",
    reloadLocks: ["device", "instance"],
    locks: REGIMES.instance_plus_device,
    drivers: { nestedOrder: "parent first" },
    downLosesCarrier: true,
    linkwatchSync: true,
    deadWorker: "alone",
    ports: {
      // The netlink policies of these requests are no longer strict
      rateClasses: "ignored",
      findPort: ["split", "unsplit", "del"],
      functionSettings: FUNCTION_SETTINGS,
      functionChecks: "support",
      reloadWarns: true,
      moveCollision: "An interface with the same name exists in the target netns",
      moveImmutable: "The interface netns is immutable",
    },
    objects: {
      unknownInDump: "Unknown attribute type",
      region: {
        readTells: true,
        withoutSnapshot: { errno: "EOPNOTSUPP", text: "Requested region does not support direct read" },
      },
      health: { reportLocks: "both" },
    },
    phylink: { enables: true },
  },
} as const satisfies EraFile;
