/**
 * Writing to the user: reports to standard output, everything else to standard error.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Thrown if the reader closed standard output (`twinlink ... | head`): the rest of the output is not needed. */
export class OutputClosedError extends Error {
  override name = "OutputClosedError";
}

function writeAll(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  let rest = encoder.encode(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(stream.writeSync(rest));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosedError("standard output is closed");
      // The pipe is full and another process made it non-blocking: wait for the reader.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** Writes a text to standard output. */
export function print(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Writes a line to standard error. */
export function say(line: string): void {
  writeAll(Deno.stderr, `${line}\n`);
}

/** Returns a number with its noun: `1 sequence`, `2 sequences`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
}

/** Returns a time in ms as `0.8 s`, `12 s` or `3 min 20 s`. */
export function duration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
