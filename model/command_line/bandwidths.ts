/**
 * The bandwidths of traffic classes as devlink(8) reads them after `tc-bw`.
 *
 * @module
 */

import { Refusal } from "./refusals.ts";

/** The number of traffic classes of a rate object (DEVLINK_RATE_TCS_MAX). */
export const CLASSES = 8;

/**
 * Returns the bandwidth of each class, in the order of the classes; a {@linkcode Refusal} if devlink(8) refuses the words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseBandwidths } from "./bandwidths.ts";
 *
 * assertEquals(parseBandwidths("1:10 0:60 2:0 3:0 4:30 5:0 6:0 7:0".split(" ")), [60, 10, 0, 0, 30, 0, 0, 0]);
 * ```
 *
 * @param words One word a class, `CLASS:BANDWIDTH`
 */
export function parseBandwidths(words: readonly string[]): readonly number[] | Refusal {
  const bandwidths: number[] = [];
  for (let i = 0; i < CLASSES; i++) {
    const word = words[i];
    if (word === undefined) {
      return new Refusal(
        "String parameter expected",
        "Error parsing tc-bw: example usage: tc-bw 0:60 1:10 2:0 3:0 4:30 5:0 6:0 7:0",
      );
    }
    const colon = word.lastIndexOf(":");
    if (colon < 0) return new Refusal(`Invalid format in token: ${word}`);
    const [first, second] = [word.slice(0, colon), word.slice(colon + 1)];
    const [index, bandwidth] = [strtoul(first), strtoul(second)];
    if (index === undefined) return new Refusal(`Invalid traffic class index: ${first}`);
    if (bandwidth === undefined) return new Refusal(`Invalid bandwidth value: ${second}`);
    const at = Number(BigInt.asIntN(32, index));
    if (at < 0 || at >= CLASSES) {
      return new Refusal(`Error parsing tc-bw: invalid index: ${at}, use values between 0 and ${CLASSES - 1}`);
    }
    if (bandwidths[at] !== undefined) return new Refusal(`Error parsing tc-bw: duplicate index : ${at}`);
    bandwidths[at] = Number(BigInt.asUintN(32, bandwidth));
  }
  const more = words[CLASSES];
  return more === undefined ? bandwidths : new Refusal(`Unknown option "${more}"`);
}

/**
 * Returns a word as strtoul(3) reads it: 0 for an empty word, the largest number if it is too large; undefined if a part is left.
 */
function strtoul(text: string): bigint | undefined {
  if (text === "") return 0n;
  const [, sign, digits] = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const size = BigInt(digits);
  if (size >= 2n ** 64n) return 2n ** 64n - 1n;
  return sign === "-" ? -size : size;
}
