/**
 * The common base of the methods of a device under test; each subject (ports, health, ...) has its own file.
 *
 * @module
 */

import type { Json, Observation } from "../model/observation.ts";
import type { InventoryInstance } from "../model/mod.ts";
import type { Handle, Operation, OperationOptions } from "../model/operation.ts";
import type { Step } from "./step.ts";

/** How long a step waits for the work that it started; see `settle` in the vocabulary. */
export type Settling = Pick<OperationOptions, "settle">;

/** The device under test, as the methods of one subject need it. */
export interface Subject {
  /** The handle of the device; known once the device exists */
  handle(): Handle;
  /** The device as it is now on the model, for roles */
  inventory(): InventoryInstance;
  /** Performs an operation, notes it in the plan, and makes the step's value from the observation */
  step<T>(op: Operation, value: (observation: Observation) => T): Step<T>;
}

/** Returns the reply: the value of a step that shows something. */
export const reply = ({ reply }: Observation): Json => reply;
/** Returns undefined: the value of a step that shows nothing. */
export const nothing = (): void => {};
