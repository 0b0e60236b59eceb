/**
 * Connects the serial line of a guest to an emulated line that has a baud rate and can be broken.
 *
 * @module
 */

import type { Guest } from "../fixtures/qemu/mod.ts";
import { type Line, type LineOptions, openLine } from "../runners/lines/pty_line.ts";

const BRIDGE = 'stty raw -echo; stty raw -echo < "$0"; cat < "$0" & exec cat > "$0"';

/** Opens an emulated line to a guest. */
export function openGuestLine(guest: Guest, options: Omit<LineOptions, "board">): Promise<Line> {
  return openLine({ board: ["sh", "-c", BRIDGE, guest.serial.protocol], ...options });
}
