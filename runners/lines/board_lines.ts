/**
 * The serial lines of a real board during a run. Each line stays open and is recorded for the whole run, also while the board
 * reboots.
 *
 * @module
 */

import type { BindingInterface } from "@serialport/bindings-interface";
import { type Board, type TransportName } from "../../boards/mod.ts";
import { isLine, type LineTable } from "../../boards/transports/mod.ts";
import { LineOwner } from "./line_owner.ts";

/** The lines that are open. */
export interface BoardLines {
  /** Opens the serial port of the transport; undefined if the transport is not a serial line */
  readonly line: BindingInterface | undefined;
  /** The record of the separate console, `[console]`; undefined if the board has none */
  readonly console: string | undefined;
  /** Releases the lines, and ends their records */
  close(): Promise<void>;
}

/**
 * Opens the lines of a board that a run needs: the transport's line, if it is a serial line, and the board's console.
 *
 * @param log The console's record, `.log`; by default one in the state directory
 * @throws {TransportError} If another process uses a line, or it cannot be opened
 */
export async function openBoardLines(
  board: Board,
  transport: TransportName,
  log: string | undefined,
): Promise<BoardLines> {
  const spoken = isLine(transport) ? board[transport] as LineTable : undefined;
  const own = board.console?.path === spoken?.path ? undefined : board.console;
  const owners: LineOwner[] = [];
  const open = async ({ path, baud, rtscts }: LineTable, name: string, logged: boolean) => {
    const owner = await LineOwner.open({
      path,
      baudRate: baud,
      rtscts,
      purpose: "run",
      title: name,
      ...(logged && log !== undefined ? { record: log.replace(/\.log$/, "") } : {}),
    });
    owners.push(owner);
    return owner;
  };
  const close = async () => {
    await Promise.all(owners.map((owner) => owner.close()));
  };
  try {
    const console = own && await open(own, `${board.name}, console`, true);
    const line = spoken && await open(spoken, `${board.name}, ${transport}`, !own);
    return { line: line?.binding, console: console?.record, close };
  } catch (error) {
    await close();
    throw error;
  }
}
