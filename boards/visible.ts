/**
 * Makes text from elsewhere (a board file, a board's reply, a kernel log) safe to print.
 *
 * @module
 */

// Control characters of C0, C1 and DEL act on a terminal. Format characters (Cf) change the order in which a line is shown.
// U+2028 and U+2029 break lines. Ignorable characters are invisible, so that two different texts look the same. Lone surrogates
// and noncharacters are not text.
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}\p{NChar}]/gu;

const NAMED: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/** Returns the JSON escapes of a character: one for each of its UTF-16 units. */
const unicodeEscape = (character: string) =>
  character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

/**
 * Returns the text with an escape for each character that would act on a terminal, or would be invisible there.
 *
 * ```ts
 * import { visible } from "./visible.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(visible("\u001b[2Jgone\n"), "\\e[2Jgone\\n");
 * ```
 */
export function visible(text: string): string {
  return text.replace(ACTIVE, (character) => NAMED[character] ?? unicodeEscape(character));
}

/** Returns the text without the characters that {@linkcode visible} escapes; line feeds stay. */
export function withoutActive(text: string): string {
  return text.replace(ACTIVE, (character) => character === "\n" ? character : "");
}

/**
 * Returns a value as one line of JSON, with its line feed. The line is safe to print, and parses to the same value.
 *
 * ```ts
 * import { jsonLine } from "./visible.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(jsonLine(["\u009b2J"]), '["\\u009b2J"]\n');
 * assertEquals(JSON.parse(jsonLine(["\u009b2J"])), ["\u009b2J"]);
 * ```
 */
export function jsonLine(value: unknown): string {
  // JSON itself escapes C0 only. Outside of strings it has none of these characters.
  return JSON.stringify(value).replace(ACTIVE, unicodeEscape) + "\n";
}
