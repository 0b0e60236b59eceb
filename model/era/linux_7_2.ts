/** Linux 7.2: instances show their index, params their default; resources can be dumped. */

import type { EraFile } from "./file.ts";

export default {
  parent: "6.12",
  since: [7, 0],
  booted: true,
  debian: { suites: ["sid", "trixie-backports"], packages: ["linux-binary", "linux-modules"] },
  programs: {
    release: "7.2.13+deb14-amd64",
    version: "#1 SMP PREEMPT_DYNAMIC Debian 7.2.13-1 (2026-10-28)",
    immutableLo: true,
  },
  differs: {
    showsIndex: true,
    dumpsResources: true,
    paramDefaults: true,
    burstPeriod: true,
    looksUpUnderRtnl: false,
    locks: { nestedOrder: "nested first" },
    drivers: { nestedOrder: "nested first" },
    scanOverflow: "saturates",
    ports: { inactiveMode: true, rateClasses: "taken", resources: true, moveChecksFirst: false },
    objects: { unknownInDump: "Unsupported attribute" },
    phylink: {
      noAnswer: "drops",
      asksInband: true,
      failureKeepsDown: true,
      modeFrom: "configuration",
      phydevMutex: true,
    },
    phylib: { pollingAsksDriver: true },
  },
} as const satisfies EraFile;
