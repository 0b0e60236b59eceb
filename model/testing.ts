/** For tests: facts of devices. */

import type { Facts } from "./facts.ts";

/** Returns the facts of a device with only the given objects. */
export function factsWith(given: Partial<Facts>): Facts {
  return {
    handle: "pci/0000:01:00.0",
    driver: "",
    kernel: "",
    versions: {},
    reloadActions: [],
    reloadLimits: [],
    reloadFailed: false,
    nested: [],
    ports: [],
    traps: [],
    groups: [],
    policers: [],
    params: [],
    resources: [],
    reporters: [],
    regions: [],
    refused: {},
    ...given,
  };
}
