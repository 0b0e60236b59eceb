/**
 * The serial line of a guest, behind one that has a speed and can be broken.
 *
 * @module
 */

import type { Guest } from "../fixtures/qemu/mod.ts";
import { type Line, type LineOptions, openLine } from "../runners/lines/pty_line.ts";

const BRIDGE = 'stty raw -echo; stty raw -echo < "$0"; cat < "$0" & exec cat > "$0"';

/** Lays a line to a guest. */
export function openGuestLine(guest: Guest, options: Omit<LineOptions, "board">): Promise<Line> {
  return openLine({ board: ["sh", "-c", BRIDGE, guest.serial.protocol], ...options });
}
