/** For tests: a shell of this host on a line that alters bytes. */

import { openLocal } from "../local.ts";
import type { Shell } from "../lines/shell.ts";

/** The changes that a line makes to bytes, in each direction. */
export interface Fault {
  /** Alters what the board sends. @default {unchanged} */
  toHost?: (bytes: Uint8Array) => Uint8Array;
  /** Alters what the host sends. @default {unchanged} */
  toBoard?: (bytes: Uint8Array) => Uint8Array;
  /** True if the board's terminal echoes its input */
  echo?: boolean;
}

/** Returns a stream that changes all bytes that pass through it. */
export const through = (change: (bytes: Uint8Array) => Uint8Array) =>
  new TransformStream<Uint8Array, Uint8Array>({ transform: (bytes, to) => to.enqueue(change(bytes)) });

/** Returns a shell of this host on a line that alters bytes. */
export async function faulty({ toHost = (bytes) => bytes, toBoard = (bytes) => bytes, echo }: Fault): Promise<Shell> {
  const shell = await openLocal();
  let repeat: TransformStreamDefaultController<Uint8Array> | undefined;
  const incoming = new TransformStream<Uint8Array, Uint8Array>({
    start: (to) => void (repeat = to),
    transform: (bytes, to) => to.enqueue(toHost(bytes)),
  });
  shell.readable.pipeTo(incoming.writable).catch(() => {});
  const outgoing = through((bytes) => {
    if (echo) repeat?.enqueue(bytes);
    return toBoard(bytes);
  });
  outgoing.readable.pipeTo(shell.writable).catch(() => {});
  return {
    description: "a faulty line",
    readable: incoming.readable,
    writable: outgoing.writable,
    lossy: { bytesPerMs: 100 },
    close: () => shell.close(),
  };
}
