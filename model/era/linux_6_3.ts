/** Linux 6.3: the instance lock also covers the registration, and the core listens to netdev events. */

import type { EraFile } from "./file.ts";
import { REQUESTS_63 } from "./regime.ts";

export default {
  parent: "6.1",
  since: [6, 3],
  booted: false,
  nearest: "6.1",
  differs: {
    driverinit: "promoted",
    unregisterParams: "ascending",
    reloadWithheldBy: "driver",
    netnsMove: "between",
    portFillTakesRtnl: false,
    locks: { unregister: "lock", compat: "looks again", requests: REQUESTS_63 },
    registers: "first",
    portType: "netdev-events",
    notifierScope: "dev_net",
    ports: {
      order: "index",
      taken: "EBUSY",
      functionSettings: ["hwAddr", "state", "roce", "migratable"],
      // These three changes came with 6.2
      ratePriority: true,
      reparents: true,
      renamesUp: true,
    },
  },
} as const satisfies EraFile;
