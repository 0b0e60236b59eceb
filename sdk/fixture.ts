/**
 * Fixtures: the starting states of sequences.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import type { Facts, Operation, StartingState } from "../model/mod.ts";

/** The properties of a board that are known when a sequence is compiled for it. */
export interface BoardContext extends Partial<Pick<Board, "pcs" | "driver">> {
  /** The facts of the board's own device; missing if the board has no device before a sequence makes one */
  facts?: Facts;
}

/** The starting state on one board. */
export interface BoardState extends StartingState {
  /** The facts of the board's own device, if that is the device under test; the device is restored after the sequence */
  facts?: Facts;
  /** Why the board cannot have this starting state: what it lacks, in words */
  reason?: string;
}

/** The starting state of a sequence, with its set-up and its tear-down, which always runs. */
export interface Fixture extends StartingState {
  /**
   * Operations on the model alone, before the set-up: they bring the model to the state of a board that exists before any test.
   * @default the board is empty
   */
  given?(board: Pick<BoardContext, "pcs">): readonly Operation[];
  /**
   * Returns the starting state on a board, or the reason why the board cannot have it.
   * @default {it is the same on each board}
   */
  on?(board: BoardContext): BoardState;
}
