/**
 * The record of a line: every byte from the board, with its time.
 *
 * @module
 */

import { jsonLine, visible } from "../../boards/visible.ts";

/** The extensions of the files that {@linkcode LineRecord} writes. */
export const RECORD_ENDINGS = { bytes: ".log", times: ".cast" } as const;

/**
 * Writes the output of a line into two files. `.log` has all bytes unchanged. `.cast` has the text with its times as asciicast
 * v2, which asciinema replays; there an invalid UTF-8 byte is U+FFFD. Each piece is written before any user of the line gets
 * it, so a reader of the files is never late.
 *
 * Typed text is in neither file, since it may be a password; text that the terminal echoes is in both.
 */
export class LineRecord implements Disposable {
  /** The path of the file of bytes */
  readonly path: string;
  readonly #bytes: Deno.FsFile;
  readonly #times: Deno.FsFile;
  readonly #decoder = new TextDecoder();
  readonly #started = performance.now();
  #open = true;

  /**
   * Begins a record.
   *
   * @param base The path of both files without their extensions; their folder must exist
   */
  constructor(base: string, options: { title: string }) {
    this.path = base + RECORD_ENDINGS.bytes;
    const make = (path: string) => Deno.openSync(path, { write: true, create: true, truncate: true, mode: 0o600 });
    this.#bytes = make(this.path);
    try {
      this.#times = make(base + RECORD_ENDINGS.times);
    } catch (error) {
      this.#bytes.close();
      throw error;
    }
    // The size of a console if nothing sets another one.
    const size = { width: 80, height: 24 };
    const timestamp = Math.floor(Date.now() / 1000);
    this.#line(jsonLine({ version: 2, ...size, timestamp, title: visible(options.title) }));
  }

  /** Writes received bytes. Throws the errors of the disk. */
  received(bytes: Uint8Array): void {
    if (!this.#open) return;
    writeAll(this.#bytes, bytes);
    this.#event(this.#decoder.decode(bytes, { stream: true }));
  }

  #event(text: string): void {
    if (text === "") return;
    const seconds = Number(((performance.now() - this.#started) / 1000).toFixed(6));
    this.#line(jsonLine([seconds, "o", text]));
  }

  #line(line: string): void {
    writeAll(this.#times, new TextEncoder().encode(line));
  }

  /** Ends the record; safe to call twice. */
  close(): void {
    if (!this.#open) return;
    this.#event(this.#decoder.decode());
    this.#open = false;
    this.#bytes.close();
    this.#times.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
