/**
 * Finds waivers in board files that name no existing sequence.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import type { Suite } from "../sdk/suite.ts";
import { suggestion } from "../boards/suggestion.ts";
import { BOARD_SUITES, loadSuites, SHIPPED_SUITES } from "./load_suites.ts";

/** A waiver that names no sequence. */
export interface StrayWaiver {
  /** The key of the board's file that is wrong, for example `waivers[0].sequence` */
  key: string;
  /** The wrong name, and the name that was probably meant */
  message: string;
}

/** Sequences by suite. */
type Known = ReadonlyMap<string, readonly string[]>;

const knownOf = (suites: readonly Suite[]): Known =>
  new Map(suites.map(({ name, sequences }) => [name, sequences.map(({ name }) => name)]));

function strayIn(waivers: Board["waivers"], known: Known): StrayWaiver[] {
  return waivers.flatMap(({ suite, sequence }, i): StrayWaiver[] => {
    // A waiver without a suite applies to every sequence.
    if (suite === undefined) return [];
    const sequences = known.get(suite);
    if (sequences && (sequence === undefined || sequences.includes(sequence))) return [];
    const [key, word, names] = sequences ? ["sequence", sequence!, sequences] : ["suite", suite, [...known.keys()]];
    const where = sequences
      ? `suite "${suite}" has no sequence of this name`
      : "no suite of this name ships or is named";
    return [{
      key: `waivers[${i}].${key}`,
      message: `is ${JSON.stringify(word)}, but ${where}${suggestion(word, names)}`,
    }];
  });
}

/**
 * Lists the waivers of a board that name no sequence of any suite that ships, or of `suites`.
 *
 * @param suites Suites that do not ship
 */
export async function strayWaivers({ waivers }: Board, suites: readonly Suite[] = []): Promise<StrayWaiver[]> {
  const named = knownOf(suites);
  if (strayIn(waivers, named).length === 0) return [];
  const shipped = await loadSuites([...SHIPPED_SUITES, ...BOARD_SUITES]);
  return strayIn(waivers, new Map([...knownOf(shipped), ...named]));
}
