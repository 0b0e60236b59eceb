/**
 * A POSIX shell on a board, which every transport provides: it reads its script from `writable`, and is not interactive,
 * without echo and without prompts. ssh, serial and local differ only in the way to the board.
 *
 * @module
 */

/** A non-interactive POSIX `sh` on a board. */
export interface Shell {
  /** For messages, for example `ssh root@127.0.0.1 port 2222` */
  readonly description: string;
  /** The shell's standard output (on a serial line: all bytes of the line) */
  readonly readable: ReadableStream<Uint8Array>;
  /** The shell's script */
  readonly writable: WritableStream<Uint8Array>;
  /**
   * Set if the line may lose or alter bytes, or carry other text: then all data on it is checked. Its value is the line's speed
   */
  readonly lossy?: { bytesPerMs: number };
  /** The exit status of the board's shell, if the line has reported it by the end of `readable` */
  readonly exitStatus?: number | undefined;
  /** Ends the shell and releases the line; safe to call twice */
  close(): Promise<void>;
}

/** A board could not be reached, or was lost: the verdict is `infra`, the exit status 3. */
export class TransportError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "TransportError";
}
