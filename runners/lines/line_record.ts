/**
 * The record of a line: every byte that the board sent, and when.
 *
 * @module
 */

import { jsonLine, visible } from "../../boards/visible.ts";

/** Ends a path that {@linkcode LineRecord} writes to. */
export const RECORD_ENDINGS = { bytes: ".log", times: ".cast" } as const;

/**
 * Writes what a line reports into two files beside each other: `.log` is the bytes as they came, all of them. `.cast` is the
 * text with its times as asciicast v2, which asciinema replays (a byte that is no UTF-8 is U+FFFD there). Each is written
 * before anybody else gets to see the bytes, so a reader of the files is never late.
 *
 * What is typed is in neither: a password may be among it, and what a terminal echoes is there anyway.
 */
export class LineRecord implements Disposable {
  /** The file of bytes */
  readonly path: string;
  readonly #bytes: Deno.FsFile;
  readonly #times: Deno.FsFile;
  readonly #decoder = new TextDecoder();
  readonly #started = performance.now();
  #open = true;

  /**
   * Begins a record.
   *
   * @param base The path of both files without their endings; their folder must be there
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
    // The size that consoles have when nobody tells them of another.
    const size = { width: 80, height: 24 };
    const timestamp = Math.floor(Date.now() / 1000);
    this.#line(jsonLine({ version: 2, ...size, timestamp, title: visible(options.title) }));
  }

  /** Takes what came. Throws the errors of the disk. */
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
