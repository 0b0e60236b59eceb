/**
 * The openers of the transports in `boards/transports`. A new transport needs a file here and an entry in the list.
 *
 * @module
 */

import { type Board, BoardError, type TransportName } from "../../boards/mod.ts";
import type { Guest } from "../../fixtures/mod.ts";
import type { Shell } from "./shell.ts";
import type { OpenOptions, TerminalProgram, Transport } from "./transport.ts";
import { serial } from "./transport_serial.ts";
import { ssh } from "./transport_ssh.ts";

/** The list of openers. */
const OPENERS: Readonly<Record<TransportName, Transport>> = { ssh, serial };

const known = new Map<string, Transport>(Object.entries(OPENERS));

/** Adds a transport that does not ship, until the returned value is disposed of. */
export function registerTransport(name: string, transport: Transport): Disposable {
  if (known.has(name)) throw new BoardError([`Cannot register transport "${name}": there is one of this name`]);
  known.set(name, transport);
  return { [Symbol.dispose]: () => void known.delete(name) };
}

function transportNamed(name: string): Transport {
  const transport = known.get(name);
  if (!transport) throw new BoardError([`Cannot find transport "${name}": there are ${[...known.keys()].join(", ")}`]);
  return transport;
}

/**
 * Checks that a board can be reached over a transport.
 *
 * @throws {BoardError} If the board's file has no table for the transport
 */
export function checkTransport(board: Board, name: TransportName): void {
  if (board[name] !== undefined) return;
  throw new BoardError([`Cannot open board "${board.name}" over ${name}: its file has no [${name}]`]);
}

/**
 * Opens a shell on a board.
 *
 * @throws {BoardError} If the board's file has no table for the transport
 * @throws {TransportError} If the board cannot be reached
 */
export async function openTransport(board: Board, name: TransportName, options: OpenOptions = {}): Promise<Shell> {
  checkTransport(board, name);
  return await transportNamed(name).open(board, options);
}

/**
 * Opens a shell on a guest.
 *
 * @throws {BoardError} If guests cannot be reached over this transport
 * @throws {TransportError} If the guest does not answer
 */
export async function openGuestTransport(guest: Guest, name: TransportName, options: OpenOptions = {}): Promise<Shell> {
  const { openGuest } = transportNamed(name);
  if (!openGuest) throw new BoardError([`Cannot reach a guest over ${name}: it has no such line`]);
  return await openGuest(guest, options);
}

/**
 * Returns the program that shows a login shell of a board on a terminal.
 *
 * @throws {BoardError} If the board's file has no table for the transport, or the transport has no terminal
 */
export async function terminalOf(board: Board, name: TransportName, options: OpenOptions): Promise<TerminalProgram> {
  checkTransport(board, name);
  const { terminal } = transportNamed(name);
  if (!terminal) {
    throw new BoardError([`Cannot open a console of board "${board.name}" over ${name}: it has no terminal`]);
  }
  return await terminal(board, options);
}
