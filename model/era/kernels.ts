/**
 * The kernels that can be booted, derived from the eras: where Debian publishes them, and in which packages.
 *
 * @module
 */

import { BOOTED_ERAS, type BootedEraId, DEBIAN_KERNELS, ERA_FILES } from "./list.ts";

/** The id of a Debian kernel that this project also builds with KASAN and lockdep. */
export type DebugKernelId = {
  [K in BootedEraId]: (typeof ERA_FILES)[K] extends { readonly debugBuild: true } ? `${K}-debug` : never;
}[BootedEraId];

/** The id of a kernel: Debian's kernel of a booted era, or a debug build of it. */
export type KernelId = BootedEraId | DebugKernelId;

/** Where a kernel comes from. */
export interface KernelRecipe {
  /** The Debian suites that have the kernel; the newest version in them is used */
  suites: string[];
  /** Packages that hold the bootable kernel and its modules, before `-ABI-amd64` */
  binaries: string[];
  /** The stock kernel whose source `deno task debug-kernel` builds; left out for a stock kernel */
  builtFrom?: BootedEraId;
}

const hasDebugBuild = (id: BootedEraId) => (ERA_FILES[id] as { debugBuild?: boolean }).debugBuild === true;

/** The kernels by their id: the stock kernels, oldest first, then the debug builds. */
export const KERNELS: Readonly<Record<KernelId, KernelRecipe>> = Object.fromEntries([
  ...BOOTED_ERAS.map((id) => {
    const { suites, packages } = DEBIAN_KERNELS[id];
    return [id, { suites: [...suites], binaries: [...packages] }];
  }),
  ...BOOTED_ERAS.filter(hasDebugBuild).map((id) => [
    `${id}-debug`,
    { suites: [...DEBIAN_KERNELS[id].suites], binaries: [], builtFrom: id },
  ]),
]);

/** The ids of all kernels, in the order of {@linkcode KERNELS}. */
export const KERNEL_IDS: readonly KernelId[] = Object.keys(KERNELS) as KernelId[];

/** True if a text is the id of a kernel of {@linkcode KERNELS}. */
export function isKernelId(text: string): text is KernelId {
  return Object.hasOwn(KERNELS, text);
}
