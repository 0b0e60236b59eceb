/**
 * Starting states of sequences: what exists when a body begins, and what removes it.
 *
 * @module
 */

import type { Handle, Operation } from "./operation.ts";

/** The starting state of a sequence, with its set-up and its tear-down, which always runs. */
export interface StartingState {
  /** For messages */
  name: string;
  /** The devlink instance under test */
  handle: Handle;
  /** Capabilities that a board must have for it (see the board file's `capabilities`) */
  requires: readonly string[];
  /** Performed before the body, in this order; each must succeed */
  setup: readonly Operation[];
  /** Performed after the body, in this order; each may fail */
  teardown: readonly Operation[];
}
