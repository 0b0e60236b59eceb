/**
 * What is typed on a terminal of node-pty, whose own `write` loses without a word what the terminal does not take at once.
 *
 * @module
 */

import { closeFd, dupFd, errno, LibcError, writeFd } from "./tty.ts";

/** How long a terminal that takes nothing is left alone, in milliseconds. */
const PAUSE = 5;

/** Types on a terminal, until `close`. */
export class Keyboard {
  // Of our own: node-pty closes its descriptor before it reports that, and the number may be another file's by then.
  #fd: number;

  /** @param pty a terminal of node-pty, which has just been started; its types keep `fd` to themselves */
  constructor(pty: object) {
    this.#fd = dupFd((pty as { fd: number }).fd);
  }

  /** Resolves when the terminal has taken all of it, or nobody is there to take it. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < bytes.length && this.#fd >= 0;) {
      const taken = this.#take(bytes.subarray(at));
      if (taken === undefined) return;
      at += taken;
      if (taken === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** To be called when the program on the terminal has ended. */
  close(): void {
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
  }

  /** Returns how many bytes the terminal took; undefined where it has hung up. */
  #take(bytes: Uint8Array<ArrayBuffer>): number | undefined {
    try {
      return writeFd(this.#fd, bytes) ?? 0;
    } catch (error) {
      if (error instanceof LibcError && error.errno === errno.EIO) return undefined;
      throw error;
    }
  }
}
