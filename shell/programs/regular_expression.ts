/**
 * Regular expressions of POSIX.
 *
 * @module
 */

import { setSource } from "../pattern.ts";

/** A regular expression of POSIX, basic or extended, as one of JavaScript. */
export function regularExpression(
  pattern: string,
  flags: { extended: boolean; fixed?: boolean; ignoreCase?: boolean },
): RegExp {
  let source = "";
  if (flags.fixed) source = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  else {
    for (let i = 0; i < pattern.length; i++) {
      const char = pattern[i]!;
      if (char === "[") {
        const set = /^\[(\^?)(\]?(?:\[:\w+:\]|[^\]])*)\]/.exec(pattern.slice(i));
        if (set) {
          source += `[${set[1]}${setSource(set[2]!.replaceAll("\\", "\\\\"))}]`;
          i += set[0].length - 1;
          continue;
        }
        source += "\\[";
      } else if (char === "\\" && i + 1 < pattern.length) {
        const next = pattern[++i]!;
        if (!flags.extended && /[(){}|+?]/.test(next)) source += next;
        else if (next === "<" || next === ">") source += "\\b";
        else source += `\\${next}`;
      } else if (!flags.extended && /[(){}|+?]/.test(char)) source += `\\${char}`;
      else if (char === "*" && (i === 0 || (i === 1 && pattern[0] === "^"))) source += "\\*";
      else source += char === "/" ? "\\/" : char;
    }
  }
  return new RegExp(source, flags.ignoreCase ? "gi" : "g");
}
