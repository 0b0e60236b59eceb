/**
 * Linux 5.16: `devlink_register()` is the last step of probe and announces all objects together; unregistering waits for an
 * instance's users.
 */

import type { EraFile } from "./file.ts";

export default {
  parent: "5.15",
  since: [5, 16],
  booted: false,
  nearest: "6.1",
  differs: {
    reloadWithheldBy: "feature",
    registers: "last",
    locks: { holdsReloadsOff: false, unregister: "users", compat: "referenced" },
    phylib: { triggerLock: false },
  },
} as const satisfies EraFile;
