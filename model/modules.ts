/**
 * The modules that a kernel of the model can load.
 *
 * @module
 */

import { fakemacModule } from "./fakemac.ts";
import { fakepcsModule } from "./fakepcs.ts";
import type { Kernel } from "./kernel.ts";
import type { ModuleSource } from "./module.ts";

/** The modules as they lie in the file system. */
export function modulesOf(kernel: Kernel): ModuleSource[] {
  const { source, list } = fakemacModule(kernel);
  return [source, fakepcsModule(kernel, list)];
}
