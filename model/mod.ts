/**
 * The reference model of devlink: a machine of an era that performs operations and says what a real kernel would show.
 *
 * @module
 */

export {
  type BootedEraId,
  type Era,
  type EraId,
  eraNote,
  eraOf,
  ERAS,
  type FunctionSetting,
  nearestEra,
  type NetdevsimEra,
  type PhylinkEra,
  type PortEra,
} from "./era/era.ts";
export type { FlashEra, HealthEra, ObjectsEra, RegionEra } from "./era/objects.ts";
export { FILE_GAPS, type FileGap } from "./file_gaps.ts";
export { ModelGap } from "./gap.ts";
export { type FlashProgress, foldProgress, unfoldProgress } from "./devlink/flash.ts";
export { type HardwareId, hardwareIn } from "./pcs/hardware.ts";
export type { Inventory, InventoryDevice, InventoryInstance, InventoryPort, InventoryResource } from "./inventory.ts";
export type { FibEntries, NetdevShown } from "./netns.ts";
export {
  type Design,
  type DriverLocks,
  LOCK_REGIMES,
  type LockEra,
  type LockRegime,
  type NotifierScope,
  type OpsMode,
  type RequestLock,
  type RequestLocks,
  type TrapLifetime,
} from "./era/regime.ts";
export { Machine, type MachineOptions } from "./machine.ts";
export {
  type Channel,
  emptyObservation,
  type Extack,
  type FreedMemory,
  type Json,
  type JsonObject,
  type KernelLine,
  type KernelLineClass,
  type LinkEvent,
  type Notification,
  type Observation,
  type Result,
} from "./observation.ts";
export type {
  Handle,
  NetnsName,
  Operation,
  OperationKind,
  OperationOptions,
  OperationParameters,
  RacingOperations,
  RateParameters,
} from "./operation.ts";
export type { SchedulingPoint, Steps } from "./task.ts";
export type { TreeDirectory, TreeFile, TreeLink, TreeNode } from "./tree.ts";
