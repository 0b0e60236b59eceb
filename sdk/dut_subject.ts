/**
 * What the methods of a device under test are made with, a file a subject.
 *
 * @module
 */

import type { Json, Observation } from "../model/observation.ts";
import type { InventoryInstance } from "../model/mod.ts";
import type { Handle, Operation, OperationOptions } from "../model/operation.ts";
import type { Step } from "./step.ts";

/** How long a step waits for what it set going; see `settle` in the vocabulary. */
export type Settling = Pick<OperationOptions, "settle">;

/** The device under test, as the methods of one subject need it. */
export interface Subject {
  /** The handle of the device, which is known once that is there */
  handle(): Handle;
  /** The device as it is now on the model, for roles */
  inventory(): InventoryInstance;
  /** Performs an operation, notes it in the plan, and takes the step's value of what it showed */
  step<T>(op: Operation, value: (observation: Observation) => T): Step<T>;
}

/** Returns the value of a step that shows something. */
export const reply = ({ reply }: Observation): Json => reply;
/** The value of a step that shows nothing. */
export const nothing = (): void => {};
