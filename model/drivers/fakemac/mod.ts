/**
 * The model of fakemac and fakepcs, the kernel modules of `fixtures/pcs`: a MAC and the PCS that it uses.
 *
 * @module
 */

import type { DriverModel } from "../driver.ts";
import { fakemacModule } from "./fakemac.ts";
import { fakepcsModule } from "./fakepcs.ts";

/** fakemac and fakepcs. */
export const fakemac: DriverModel = {
  name: "fakemac",
  drivers: ["fakemac"],
  // Other directories of these modules exist only while the modules are loaded
  tree: () => ({
    "bus/platform/drivers": () => ({ fakemac: undefined, fakepcs: undefined }),
    "kernel/debug": () => ({ fakemac: undefined }),
  }),
  log: [/^(fakemac|fakepcs)[ :]/],
  modules(kernel) {
    const { source, list } = fakemacModule(kernel);
    return [source, fakepcsModule(kernel, list)];
  },
};
