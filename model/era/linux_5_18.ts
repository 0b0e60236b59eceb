/**
 * Linux 5.18: drivers lock the instance themselves; reloads and health commands still run without the instance's lock. Line cards
 * exist.
 */

import type { EraFile } from "./file.ts";
import { REGIMES } from "./regime.ts";

export default {
  parent: "5.16",
  since: [5, 18],
  booted: false,
  nearest: "6.1",
  differs: {
    locks: REGIMES.global_plus_devl,
    driverLocksInstance: true,
    readsTrueFalse: true,
    objects: { lacks: ["selftests"] },
    phylink: { selects: true, pollsFrom: "configuration" },
  },
} as const satisfies EraFile;
