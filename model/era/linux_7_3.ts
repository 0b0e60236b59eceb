/** Linux 7.3: the core and the locks are the same as in 7.2. */

import type { EraFile } from "./file.ts";

export default {
  parent: "7.2",
  since: [7, 3],
  booted: true,
  debian: { suites: ["sid", "trixie-backports", "experimental"] },
  programs: {
    release: "7.3.4+deb13-amd64",
    version: "#1 SMP PREEMPT_DYNAMIC Debian 7.3.4-1~bpo13+1 (2026-11-15)",
  },
  differs: {},
} as const satisfies EraFile;
