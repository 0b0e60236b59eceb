/**
 * The interface between a transport and a runner.
 *
 * @module
 */

import type { BindingInterface } from "@serialport/bindings-interface";
import type { Board } from "../../boards/mod.ts";
import type { Guest } from "../../fixtures/mod.ts";
import type { Shell } from "./shell.ts";

/** Options of an opener, in addition to the board. */
export interface OpenOptions {
  /** The opener of the line, if the transport is a serial line that a run records */
  binding?: BindingInterface | undefined;
  /** Ends the opening */
  signal?: AbortSignal | undefined;
}

/** A program that shows a login shell of a board on a terminal. */
export interface TerminalProgram {
  program: string;
  args: string[];
  /** Its additional environment */
  env: Record<string, string>;
  /** For messages, for example `ssh root@127.0.0.1 port 2222` */
  description: string;
}

/** The runner's side of a transport. */
export interface Transport {
  /**
   * Opens a shell on a board whose file has the transport's table.
   *
   * @throws {TransportError} If the board cannot be reached
   */
  open(board: Board, options: OpenOptions): Promise<Shell>;
  /** Opens a shell on a guest; missing if guests have no such line */
  openGuest?(guest: Guest, options: OpenOptions): Promise<Shell>;
  /** Returns the program for a console; missing if the transport is a serial line, which is the console itself */
  terminal?(board: Board, options: OpenOptions): Promise<TerminalProgram>;
}
