/**
 * Open files: pipes, and texts that are read or written.
 *
 * @module
 */

import { held } from "./memory.ts";
import type { Run } from "./run.ts";
import { Signalled } from "./signals.ts";

/** Text that was read, `end` at the end of the file, or an errno. */
export type Read = { text: string } | { end: true } | { errno: string };

/** An open file: shared by all descriptors that were made from it. */
export interface OpenFile {
  /** Waits for something to read. */
  read(most?: number): Run<Read>;
  /** Writes as one `write(2)`; returns `ok` or an errno. */
  write(text: string): Run<string>;
  /** Counts one more descriptor of this open file. */
  retain(): void;
  /** Counts one descriptor less. */
  release(): void;
  /** The path of the file, if it has one */
  readonly path?: string;
}

/** A file that does nothing when it is closed. */
export abstract class Plain implements OpenFile {
  abstract read(most?: number): Run<Read>;
  abstract write(text: string): Run<string>;
  retain(): void {}
  release(): void {}
}

/** A file that passes written text to a function, and cannot be read. */
export class Sink extends Plain {
  constructor(readonly take: (text: string) => void) {
    super();
  }
  // deno-lint-ignore require-yield
  override *read(): Run<Read> {
    return { end: true };
  }
  // deno-lint-ignore require-yield
  override *write(text: string): Run<string> {
    this.take(text);
    return "ok";
  }
}

/** A text to read from its start. */
export class Source extends Plain {
  #at = 0;
  constructor(readonly text: string) {
    super();
  }
  // deno-lint-ignore require-yield
  override *read(most = Infinity): Run<Read> {
    if (this.#at >= this.text.length) return { end: true };
    const text = this.text.slice(this.#at, this.#at + most);
    this.#at += text.length;
    return { text };
  }
  // deno-lint-ignore require-yield
  override *write(): Run<string> {
    return "EBADF";
  }
}

/** Reads a file to its end: returns the text, and the errno that it ended with. */
export function* readWhole(file: Pick<OpenFile, "read">): Run<{ text: string; errno?: string }> {
  let text = "";
  for (;;) {
    const piece = yield* file.read();
    if ("errno" in piece) return { text, errno: piece.errno };
    if (!("text" in piece)) return { text };
    text = held(text + piece.text);
  }
}

/** The size of a pipe: its writers wait while it is full. */
const PIPE_SIZE = 65536;

/** The two ends of a pipe. */
export function pipe(): { reader: OpenFile; writer: OpenFile } {
  let held = "";
  let readers = 1;
  let writers = 1;
  return {
    reader: {
      *read(most = Infinity): Run<Read> {
        if (held === "" && writers > 0) yield { ready: () => held !== "" || writers === 0 };
        if (held === "") return { end: true };
        const text = held.slice(0, most);
        held = held.slice(text.length);
        return { text };
      },
      // deno-lint-ignore require-yield
      *write(): Run<string> {
        return "EBADF";
      },
      retain: () => void readers++,
      release: () => void readers--,
    },
    writer: {
      // deno-lint-ignore require-yield
      *read(): Run<Read> {
        return { errno: "EBADF" };
      },
      *write(text: string): Run<string> {
        if (held.length >= PIPE_SIZE) yield { ready: () => held.length < PIPE_SIZE || readers === 0 };
        if (readers === 0) throw new Signalled("PIPE");
        held += text;
        return "ok";
      },
      retain: () => void writers++,
      release: () => void writers--,
    },
  };
}
