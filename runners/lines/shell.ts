/**
 * What a transport gives: a POSIX shell on the board that reads its script from `writable`, not interactive, without
 * echo and without prompts. ssh, serial and local differ only in how they get there.
 *
 * @module
 */

/** A non-interactive POSIX `sh` on a board. */
export interface Shell {
  /** For messages, for example `ssh root@127.0.0.1 port 2222` */
  readonly description: string;
  /** The shell's standard output (on a serial line: everything that comes over the line) */
  readonly readable: ReadableStream<Uint8Array>;
  /** The shell's script */
  readonly writable: WritableStream<Uint8Array>;
  /** Of a line that may lose or alter bytes, or carry other text: what is sent over it is checked, and how fast it is */
  readonly lossy?: { bytesPerMs: number };
  /** The exit status of the board's shell, if the line has reported it by the end of `readable` */
  readonly exitStatus?: number | undefined;
  /** Ends the shell and gives the line back; safe to call twice */
  close(): Promise<void>;
}

/** A board that could not be reached or that was lost: the verdict is `infra`, the exit status 3. */
export class TransportError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "TransportError";
}
