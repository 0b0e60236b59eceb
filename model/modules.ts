/**
 * The modules that a kernel of the model can load.
 *
 * @module
 */

import { fakemacModule } from "./pcs/fakemac.ts";
import { fakepcsModule } from "./pcs/fakepcs.ts";
import type { Kernel } from "./kernel.ts";
import type { LoadedModule, Modules, ModuleSource } from "./module.ts";
import { NetdevsimBus } from "./netdevsim/bus.ts";

/** The modules as they lie in the file system. */
export function modulesOf(kernel: Kernel): ModuleSource[] {
  const { source, list } = fakemacModule(kernel);
  return [source, fakepcsModule(kernel, list), {
    name: "netdevsim",
    uses: [],
    // deno-lint-ignore require-yield
    *init() {
      const bus = new NetdevsimBus(kernel);
      kernel.owners.push(bus);
      return netdevsimModule(kernel, bus);
    },
  }];
}

/** Takes note of netdevsim, which every machine has loaded when it boots. */
export function adoptNetdevsim(kernel: Kernel, modules: Modules): void {
  const bus = kernel.owners.find((owner) => owner instanceof NetdevsimBus);
  if (bus) modules.adopt("netdevsim", netdevsimModule(kernel, bus));
}

function netdevsimModule(kernel: Kernel, bus: NetdevsimBus): LoadedModule {
  return {
    *exit(task) {
      yield* bus.deleteAll(task);
      kernel.owners.splice(kernel.owners.indexOf(bus), 1);
    },
  };
}
