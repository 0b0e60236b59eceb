/**
 * Prepares a board's output for the pattern of a prompt, or for a person who reads a message.
 *
 * @module
 */

import { withoutActive } from "../../boards/visible.ts";
import { CONSOLE_LINE, CONSOLE_LINE_BEGUN } from "../../diff/console_line.ts";

// deno-lint-ignore no-control-regex
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g;

const KERNEL_LINE = new RegExp(CONSOLE_LINE, "g");
const KERNEL_BEGUN = new RegExp(CONSOLE_LINE_BEGUN);

/** Returns the text without terminal escape sequences and without characters that act on a terminal; newlines stay. */
export function withoutControls(text: string): string {
  return withoutActive(text.replace(ESCAPES, ""));
}

/**
 * Returns the text without the lines that the kernel's console put into it. A kernel line stays whole, `[   12.345678] text`,
 * but may begin between any two bytes of other output; without it, these bytes are joined again. An incomplete kernel line at
 * the end is removed, too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withoutKernelLines } from "./plain_text.ts";
 *
 * assertEquals(withoutKernelLines("board lo[   12.345678] eth0: link up\r\ngin: [   12.4"), "board login: ");
 * ```
 */
export function withoutKernelLines(text: string): string {
  return text.replace(KERNEL_LINE, "").replace(KERNEL_BEGUN, "");
}

/** Returns the lines that {@linkcode withoutKernelLines} removes: the whole lines, and an incomplete line at the end. */
export function kernelLines(text: string): { whole: string; begun: string } {
  const lines = text.match(KERNEL_LINE) ?? [];
  const cut = KERNEL_BEGUN.exec(text.replace(KERNEL_LINE, ""))?.[0] ?? "";
  return {
    whole: lines.filter((line) => line.endsWith("\n")).join(""),
    begun: lines.find((line) => !line.endsWith("\n")) ?? cut,
  };
}

/** Returns the last line that is not empty, at most 120 characters of it, for a message. */
export function lastLine(text: string): string {
  const lines = withoutControls(text).split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return (lines.at(-1) ?? "").slice(0, 120);
}
