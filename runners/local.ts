/**
 * This host as the board.
 *
 * @module
 */

import { ProcessShell } from "./lines/process.ts";
import type { Shell } from "./lines/shell.ts";

/** Options of {@linkcode openLocal}. */
export interface LocalOptions {
  /** Ends the opening; a shell that is open is ended by its `close` */
  signal?: AbortSignal;
}

/**
 * Opens this host's `sh`. The shell leads its own session, so that Ctrl-C does not end it before the tear-down of the fixture.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openLocal } from "./local.ts";
 *
 * const shell = await openLocal();
 * const writer = shell.writable.getWriter();
 * await writer.write(new TextEncoder().encode("echo $((6 * 7)); exit\n"));
 * assertEquals(await new Response(shell.readable).text(), "42\n");
 * await shell.close();
 * ```
 */
export function openLocal(options: LocalOptions = {}): Promise<Shell> {
  try {
    options.signal?.throwIfAborted();
    return Promise.resolve(
      new ProcessShell({
        command: "sh",
        args: [],
        env: { LC_ALL: "C", TERM: "dumb", ENV: "" },
        description: "the shell of this host",
        lost: ({ signal }) => signal === null ? undefined : `it was ended by ${signal}`,
      }),
    );
  } catch (error) {
    return Promise.reject(error);
  }
}
