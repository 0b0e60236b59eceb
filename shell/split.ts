/**
 * A script in pieces that can be run one after the other: a line each, or as many as belong together.
 *
 * @module
 */

import { forEachChild, type SyntaxNode } from "unbash";
import { parseScript } from "./expand.ts";

/** True if a text is a complete command line: no quote, compound command or here document is left open. */
export function isComplete(text: string): boolean {
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(text)) return false;
  if (/(?:\|\|?|&&)\s*$/.test(text)) return false;
  const script = parseScript(text);
  return !script.errors?.length && !hasOpenDocument(script);
}

/** True if a here document has no end. */
function hasOpenDocument(node: SyntaxNode): boolean {
  let open = node.type === "HereDoc" && node.closing === undefined;
  forEachChild(node, (child) => {
    open ||= hasOpenDocument(child);
  });
  return open;
}

/**
 * Splits a script into command lines. Lines that only hold a comment, or nothing, are left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { splitCommands } from "./split.ts";
 *
 * assertEquals(splitCommands("# two commands\nuname\nfor i in 1 2; do\n  echo $i\ndone\n"), [
 *   "uname",
 *   "for i in 1 2; do\n  echo $i\ndone",
 * ]);
 * ```
 */
export function splitCommands(script: string): string[] {
  const commands: string[] = [];
  const lines = script.split("\n");
  for (let at = 0; at < lines.length;) {
    if (/^\s*(?:#.*)?$/.test(lines[at]!)) {
      at++;
      continue;
    }
    let end = at + 1;
    while (end <= lines.length && !isComplete(lines.slice(at, end).join("\n"))) end++;
    // A text that never becomes complete is a syntax error
    if (end > lines.length) end = at + 1;
    commands.push(lines.slice(at, end).join("\n"));
    at = end;
  }
  return commands;
}
