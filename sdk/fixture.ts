/**
 * What a fixture is: the starting state of a sequence.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import type { Facts, Operation, StartingState } from "../model/mod.ts";

/** What is known of a board when a sequence is compiled for it. */
export interface BoardContext extends Partial<Pick<Board, "pcs" | "driver">> {
  /** What the board's own device has; missing where there is none before a sequence makes one */
  facts?: Facts;
}

/** The starting state on one board. */
export interface BoardState extends StartingState {
  /** What the board's own device has, where that is the device under test; it is put back after the sequence */
  facts?: Facts;
  /** What the board lacks, in words: it has no such state */
  reason?: string;
}

/** The starting state of a sequence, with its set-up and its tear-down, which always runs. */
export interface Fixture extends StartingState {
  /**
   * How the board is found, where it was there before any test: performed on the model alone, before the set-up.
   * @default it is found with nothing on it
   */
  given?(board: Pick<BoardContext, "pcs">): readonly Operation[];
  /**
   * Returns the starting state on a board; the reason where the board has none.
   * @default {it is the same on each board}
   */
  on?(board: BoardContext): BoardState;
}
