/**
 * The kernels that can be booted, derived from the eras: where Debian keeps them and how their packages are cut.
 *
 * @module
 */

import { BOOTED_ERAS, type BootedEraId, DEBIAN_KERNELS, ERA_FILES } from "./list.ts";

/** A kernel of Debian's that this project builds once more, with KASAN and lockdep. */
export type DebugKernelId = {
  [K in BootedEraId]: (typeof ERA_FILES)[K] extends { readonly debugBuild: true } ? `${K}-debug` : never;
}[BootedEraId];

/** A kernel: the kernel of a booted era as Debian has it, or one of these built here with what finds faults. */
export type KernelId = BootedEraId | DebugKernelId;

/** Where a kernel comes from. */
export interface KernelRecipe {
  /** Debian suites that carry it; the newest version in them is taken */
  suites: string[];
  /** Packages that hold the bootable kernel and its modules, before `-ABI-amd64` */
  binaries: string[];
  /** The kernel whose source it is built from, by `deno task debug-kernel` only; a stock kernel has none */
  builtFrom?: BootedEraId;
}

const hasDebugBuild = (id: BootedEraId) => (ERA_FILES[id] as { debugBuild?: boolean }).debugBuild === true;

/** The kernels by their id: the stock kernels, oldest first, then those that are built here. */
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
