/**
 * "Did you mean": finds the nearest known word.
 *
 * @module
 */

import { closest, distance } from "fastest-levenshtein";

/**
 * Returns a hint at the known word that is nearest to `found`, to append to a message; empty if no word is near.
 *
 * @example
 * ```ts
 * import { suggestion } from "./suggestion.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(suggestion("rnu", ["run", "check"]), '; did you mean "run"?');
 * assertEquals(suggestion("zzzzzz", ["run"]), "");
 * ```
 */
export function suggestion(found: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const near = closest(found, known);
  return distance(found, near) <= Math.max(2, Math.floor(found.length / 3)) ? `; did you mean "${near}"?` : "";
}
