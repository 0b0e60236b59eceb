/**
 * The grammar of a line that a kernel prints on its console, in one place:
 *
 * ```text
 * ["<" PRIORITY ">"] "[" SECONDS "." MICROSECONDS "]" ["[" CALLER "]"] " " TEXT ["\r"] "\n"
 * ```
 *
 * Source: print_syslog(), print_time() and print_caller() in kernel/printk/printk.c. SECONDS is padded with blanks, MICROSECONDS
 * has six digits. CALLER, `T` and a task or `C` and a processor, is present with CONFIG_PRINTK_CALLER.
 *
 * @module
 */

const PRIORITY = String.raw`(?:<\d+>)?`;
const CALLER = String.raw`(?:\[ *[CT]\d+\])?`;

/** The prefix of a line. People who write a log by hand use fewer digits. */
const PREFIX = new RegExp(String.raw`^${PRIORITY}\[\s*\d+\.\d+\]${CALLER} ?`);

/**
 * Matches a console line wherever it begins, up to its line feed or the end of the text; the source of a regular expression.
 * Exactly six digits follow the point: `[1.5] ` in the middle of other text may be JSON.
 */
export const CONSOLE_LINE: string = String.raw`${PRIORITY}\[ *\d+\.\d{6}\]${CALLER} [^\n]*(?:\n|$)`;

/** Matches the beginning of a console line at the end of the text: at least a bracket and a digit. */
export const CONSOLE_LINE_BEGUN: string = String.raw`${PRIORITY}\[ *\d+(?:\.\d*\]?)?$`;

/** Matches any text that may be the beginning of a console line, at the end of the text. */
export const CONSOLE_LINE_POSSIBLY_BEGUN: string = String
  .raw`<\d*>?$|${PRIORITY}\[ *\d*(?:\.\d*)?(?:\][^\n]*)?$`;

/** The line with which a kernel begins its log. Output of a boot loader may precede its prefix. */
const BOOT = new RegExp(String.raw`\[\s*\d+\.\d+\]${CALLER} ?Linux version `);

/**
 * Returns the text of a console line without its prefix and its line end; undefined if the line does not begin with a prefix.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { consoleText } from "./console_line.ts";
 *
 * assertEquals(consoleText("[   12.345678] eth0: link up\r\n"), "eth0: link up");
 * assertEquals(consoleText("<6>[   12.345678][    T1] eth0: link up"), "eth0: link up");
 * assertEquals(consoleText("login: [   12.345678] eth0: link up"), undefined);
 * ```
 */
export function consoleText(line: string): string | undefined {
  return PREFIX.test(line) ? line.replace(PREFIX, "").replace(/\r?\n?$/, "") : undefined;
}

/** Returns true if the kernel prints this line first when it boots. */
export function beginsBoot(line: string): boolean {
  return BOOT.test(line);
}
