/**
 * The era that a trace is compared with, and the board's contradictions to the model of its driver, in a header.
 *
 * @module
 */

import { contradictionsOf } from "../model/drivers/mod.ts";
import { type EraId, eraNote, ERAS } from "../model/mod.ts";
import type { TraceHeader } from "./trace.ts";

/**
 * Returns a header with the era to compare with. It has a note if that era was not taken from the kernel of the header. It has
 * a line for each contradiction between the facts in it and the model of the driver.
 *
 * @param driver The driver that the board's file names. @default {the driver that the facts name}
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
  driver: string | undefined = header.facts?.driver,
): T & Pick<TraceHeader, "eraNote" | "contradictions"> & { era: EraId } {
  const { eraNote: _, contradictions: __, ...rest } = header;
  const { facts, kernel } = header;
  const note = eraNote(era, kernel);
  const differing = facts && driver !== undefined ? contradictionsOf(driver, ERAS[era], facts) : [];
  const notes: Pick<TraceHeader, "eraNote" | "contradictions"> = {
    ...(note === undefined ? {} : { eraNote: note }),
    ...(differing.length > 0 ? { contradictions: differing } : {}),
  };
  return { ...rest, era, ...notes } as T & typeof notes & { era: EraId };
}

/** Returns the notes on a board: how well its era fits, and how many facts contradict the model. */
export function headerNotes({ eraNote, contradictions = [] }: Partial<TraceHeader>): string[] {
  const { length } = contradictions;
  const times = length === 1 ? "1 fact of the board contradicts" : `${length} facts of the board contradict`;
  return [...eraNote === undefined ? [] : [eraNote], ...length === 0 ? [] : [`${times} the model of its driver`]];
}
