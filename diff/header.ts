/**
 * The era that a trace is compared with, in its header.
 *
 * @module
 */

import { type EraId, eraNote } from "../model/mod.ts";
import type { TraceHeader } from "./trace.ts";

/**
 * Returns a header with the era to compare with, and with a note if that era was not taken from the kernel of the header.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withEra } from "./header.ts";
 *
 * const header = withEra({ board: "b", transport: "ssh", kernel: "6.18.3", iproute2: "" }, "6.12");
 * assertEquals(header.eraNote, "kernel 6.18.3 judged by the model of 6.12 (nearest; never run)");
 * ```
 */
export function withEra<T extends Omit<TraceHeader, "era">>(
  header: T,
  era: EraId,
): T & { era: EraId; eraNote?: string } {
  const { eraNote: _, ...rest } = header;
  const note = eraNote(era, header.kernel);
  return { ...rest, era, ...(note === undefined ? {} : { eraNote: note }) } as T & { era: EraId; eraNote?: string };
}
