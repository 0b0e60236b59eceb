/**
 * Text that came from elsewhere (a board file, a board's reply, a kernel log), made safe to print.
 *
 * @module
 */

// Control characters of C0 and C1 and DEL act on a terminal; the bidirectional ones show a line in another order than it
// has; U+2028 and U+2029 break lines.
// deno-lint-ignore no-control-regex
const ACTIVE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const NAMED: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/**
 * The text with each character that would act on a terminal written as an escape.
 *
 * ```ts
 * import { visible } from "./visible.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(visible("\u001b[2Jgone\n"), "\\e[2Jgone\\n");
 * ```
 */
export function visible(text: string): string {
  return text.replace(ACTIVE, (c) => NAMED[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
