/**
 * The serial lines of a real board for the length of a run: each open and recorded from its beginning to its end, also
 * while the board is rebooted.
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
  /** The record of a console of its own, `[console]`; undefined where the board has none */
  readonly console: string | undefined;
  /** Gives them back, and ends their records */
  close(): Promise<void>;
}

/**
 * Opens the lines of a board that a run needs: the line of the transport if it is one, and the board's console.
 *
 * @param log The console's record, `.log`; by default one in the state directory
 * @throws {TransportError} If somebody else has one, or it cannot be opened
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
