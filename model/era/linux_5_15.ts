/** Linux 5.15: ports can be added, rate objects exist, traps have drop counters. */

import type { EraFile } from "./file.ts";

export default {
  parent: "5.10",
  since: [5, 15],
  booted: false,
  nearest: "5.10",
  differs: {
    trapDropCounter: true,
    fibRefusal: "EPERM",
    fibEntries: { lab: [7, 7] },
    loopbackRoutes: 3,
    bindErrno: "own",
    bindLooksFirst: false,
    ports: {
      findPort: ["split", "unsplit"],
      additions: true,
      paramsRefusal: "Port params are not supported",
      functionSettings: ["hwAddr", "state"],
      rates: true,
    },
    objects: { flash: { by: "core" } },
    phylink: { rereads: true },
  },
} as const satisfies EraFile;
