/**
 * The reference model of devlink: a machine of an era that performs operations and predicts what a real kernel would show.
 *
 * @module
 */

export * from "./era/mod.ts";
export { type Disrupting, type Disruption, DISRUPTIONS } from "./disruption.ts";
export type { FileGap } from "./drivers/driver.ts";
export { FILE_GAPS } from "./file_gaps.ts";
export type { StartOptions } from "./drivers/driver.ts";
export type { Facts, ParamFact, PortFact, ReporterFact, ResourceFact, TrapFact } from "./facts.ts";
export type { StartingState } from "./starting_state.ts";
export { ModelGap } from "./gap.ts";
export { type FlashProgress, foldProgress, unfoldProgress } from "./devlink/flash.ts";
export { type HardwareId, hardwareIn } from "./drivers/hardware.ts";
export type {
  Inventory,
  InventoryDevice,
  InventoryInstance,
  InventoryParam,
  InventoryPort,
  InventoryRegion,
  InventoryReporter,
  InventoryResource,
} from "./inventory.ts";
export type { NetdevShown } from "./net/netns.ts";
export type { Design } from "./era/design.ts";
export {
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
export type { MachineOptions } from "./machine.ts";
export { Machine as BareMachine } from "./machine.ts";
export { RacingMachine as Machine } from "./race/machine.ts";
export type { TaskStack } from "./race/outcome.ts";
export {
  type Channel,
  CHANNELS,
  emptyObservation,
  type Extack,
  type FreedMemory,
  isNotKnown,
  type Json,
  type JsonObject,
  type KernelLine,
  type KernelLineClass,
  type LinkEvent,
  NOT_KNOWN,
  type Notification,
  type Observation,
  type Result,
  type Unknown,
} from "./observation.ts";
export type {
  DeviceOperation,
  Handle,
  NetnsName,
  Operation,
  OperationKind,
  OperationOptions,
  OperationParameters,
  RacingOperations,
  RateParameters,
} from "./operation.ts";
export type { SchedulingPoint, Steps } from "./kernel/task.ts";
export type { TreeDirectory, TreeFile, TreeLink, TreeNode } from "./kernel/tree.ts";
