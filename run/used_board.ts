/**
 * One board while a run uses it: opens its line, and reboots the board if needed.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { boardStateFolder } from "../boards/state.ts";
import type { Plan } from "../diff/trace.ts";
import { RefusedError } from "../runners/guard/guard.ts";
import type { Progress, Runner } from "../runners/runner.ts";
import { TransportError } from "../runners/lines/shell.ts";
import type { BoardState, Dirt } from "./board_state.ts";

/** The options of a {@linkcode UsedBoard}. */
export interface UsedBoardOptions {
  /** Opens the line */
  open: () => Promise<Runner>;
  /** Saves the changes that could not be undone on the board; undefined for a guest that ends with the run */
  dirt: Dirt | undefined;
  onProgress: (progress: Progress) => void;
}

/** A board, and the line to it. */
export class UsedBoard {
  readonly #board: Board;
  readonly #options: UsedBoardOptions;
  #runner: Runner | undefined;

  /** Takes a board; its line is opened later. */
  constructor(board: Board, options: UsedBoardOptions) {
    this.#board = board;
    this.#options = options;
  }

  /** The line, if it is open. */
  get runner(): Runner | undefined {
    return this.#runner;
  }

  /** Opens the line. */
  async open(): Promise<Runner> {
    return this.#runner = await this.#options.open();
  }

  /**
   * Checks the plans, and then reboots a board on which an earlier run left something: so a run that is refused
   * has done nothing to its board. Only the board knows what carries its filesystems and its connection, so this is done after
   * the opening of the line. A dirty board that does not answer is rebooted before it is asked again.
   *
   * @throws {RefusedError} If a plan would take away what the board needs
   * @throws {TransportError} If the board is dirty and cannot be rebooted
   */
  async admit(plans: readonly Plan[]): Promise<void> {
    const runner = this.#runner!;
    const { name } = this.#board;
    const dirty = await this.#options.dirt?.of(name);
    if (!dirty) return await runner.guard?.(plans);
    if (!runner.renew) {
      throw new TransportError(
        `Cannot use board "${name}": it is dirty (${dirty.reason}), and nothing reboots it; do it, and remove ${
          boardStateFolder(name)
        }/dirty.json`,
      );
    }
    try {
      await runner.guard?.(plans);
    } catch (error) {
      const unanswered = error instanceof RefusedError ? !error.answered : error instanceof TransportError;
      if (!unanswered) throw error;
    }
    this.#options.onProgress({ phase: "reboot", detail: `dirty: ${dirty.reason}` });
    await runner.renew();
    await this.#options.dirt?.clear(name);
    await runner.guard?.(plans);
  }

  /**
   * Makes a board fit for the next sequence.
   *
   * @param last True if no plan follows
   * @throws {TransportError} If the board cannot be reached again
   */
  async renew(state: Exclude<BoardState, "sound">, last: boolean): Promise<void> {
    const runner = this.#runner!;
    const { name, power } = this.#board;
    if (state === "lost" && this.#board.runner !== "qemu") {
      await runner.close();
      try {
        await this.open();
        // The agent that lost its line has run its tear-down by now, or ended with the reboot.
        return await this.#options.dirt?.clear(name);
      } catch (error) {
        // A board with a power control is not given up.
        if (!runner.renew || !power || (error as Error).name !== "TransportError") throw error;
      }
    }
    if (runner.renew) {
      await runner.renew();
      await this.#options.dirt?.clear(name);
    } else if (state === "broken" && !last) {
      throw new TransportError(`Cannot continue with board "${name}": its kernel broke, and nothing reboots it`);
    }
  }

  /** Saves why the board is dirty. */
  async mark(reason: string): Promise<void> {
    await this.#options.dirt?.mark(this.#board.name, reason);
  }

  /** Returns what is left on the board; undefined if the board is clean. */
  async dirty(): Promise<string | undefined> {
    return (await this.#options.dirt?.of(this.#board.name))?.reason;
  }

  /** Closes the line; safe to call twice. */
  async close(): Promise<void> {
    await this.#runner?.close();
  }
}
