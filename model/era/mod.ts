/**
 * Eras: the families of kernel releases that behave alike. All differences by kernel are data here; the rest of the model
 * reads its era and never checks a version.
 *
 * @module
 */

export { FUNCTION_SETTINGS } from "./era.ts";
export type {
  DevlinkEra,
  DriverEra,
  EraBehaviour,
  FibEntries,
  FunctionSetting,
  KernelEra,
  LockingEra,
  NetEra,
  PhylibEra,
  PhylinkEra,
  PortEra,
  Refusal,
  ReloadCheck,
  ReloadEra,
} from "./era.ts";
export type { DebianKernel, ProgramsEra } from "./file.ts";
export { type DebugKernelId, isKernelId, KERNEL_IDS, type KernelId, type KernelRecipe, KERNELS } from "./kernels.ts";
export {
  BOOTED_ERAS,
  type BootedEraId,
  DEBIAN_KERNELS,
  DISTINCT_ERAS,
  type Era,
  ERA_FILES,
  ERA_IDS,
  type EraId,
  ERAS,
  NEWEST_ERA,
  PROGRAMS,
} from "./list.ts";
export type { FlashEra, HealthEra, ObjectsEra, RegionEra } from "./objects.ts";
export { eraNote, eraOf, nearestEra } from "./releases.ts";
