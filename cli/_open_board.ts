/** Opens a board for a command that only looks at it. */

import { type Board, type TransportName, visible } from "../boards/mod.ts";
import { leaseBoard } from "../run/lease.ts";
import { say } from "../run/output.ts";
import type { Runner } from "../runners/runner.ts";

/** Options for opening a board. */
export interface LookOptions {
  /** The name of the command, shown to others while it has the board: `twinlink boards facts` */
  doing: string;
  /** The line to a board that has several */
  transport?: TransportName | undefined;
  /** Waits for a board that another process has. @default {false} */
  wait?: boolean;
  signal: AbortSignal;
}

/**
 * Opens a board for this command alone, and closes it after `look`.
 *
 * @throws {BoardInUseError} If another process has the board and `wait` is not set
 * @throws {TransportError} If the board cannot be reached
 * @throws {UnfitBoardError} If it cannot run plans
 */
export async function lookAt<T>(board: Board, options: LookOptions, look: (runner: Runner) => Promise<T>): Promise<T> {
  const { doing, transport, wait = false, signal } = options;
  // Imported only if needed: the module imports every transport.
  const { openRunner } = await import("../runners/mod.ts");
  await using _lease = await leaseBoard(board, {
    doing,
    wait,
    signal,
    onWait: (holder) => say(`${visible(board.name)}: wait: ${holder} has it`),
  });
  const runner = await openRunner(board, { ...(transport ? { transport } : {}), doing, wait, signal });
  try {
    return await look(runner);
  } finally {
    await runner.close();
  }
}
