/**
 * Types on a terminal of node-pty. node-pty's own `write` silently loses bytes that the terminal does not accept at once.
 *
 * @module
 */

import { closeFd, dupFd, errno, LibcError, writeFd } from "./tty.ts";

/** The pause before a new attempt, if a terminal accepts nothing, in ms. */
const PAUSE = 5;

/** Types on a terminal, until `close`. */
export class Keyboard {
  // A duplicate: node-pty closes its own descriptor before it reports the end, and its number may then name another file.
  #fd: number;

  /** @param pty a terminal of node-pty that has just been started; its types do not show `fd` */
  constructor(pty: object) {
    this.#fd = dupFd((pty as { fd: number }).fd);
  }

  /** Resolves when the terminal has accepted all bytes, or has hung up. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < bytes.length && this.#fd >= 0;) {
      const taken = this.#take(bytes.subarray(at));
      if (taken === undefined) return;
      at += taken;
      if (taken === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** Closes the keyboard; call it when the program on the terminal has ended. */
  close(): void {
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
  }

  /** Returns how many bytes the terminal accepted; undefined if it has hung up. */
  #take(bytes: Uint8Array<ArrayBuffer>): number | undefined {
    try {
      return writeFd(this.#fd, bytes) ?? 0;
    } catch (error) {
      if (error instanceof LibcError && error.errno === errno.EIO) return undefined;
      throw error;
    }
  }
}
