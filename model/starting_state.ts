/**
 * Starting states of sequences: the operations before the body of a sequence and after it.
 *
 * @module
 */

import type { Handle, Operation } from "./operation.ts";

/** The starting state of a sequence, with its set-up and its tear-down, which always runs. */
export interface StartingState {
  /** The name for messages */
  name: string;
  /** The devlink instance under test */
  handle: Handle;
  /** Capabilities that the board must have (see the board file's `capabilities`) */
  requires: readonly string[];
  /** Performed before the body, in this order; each must succeed */
  setup: readonly Operation[];
  /** Performed after the body, in this order; each may fail */
  teardown: readonly Operation[];
}
