/**
 * Regular expressions of POSIX.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { setSource } from "../pattern.ts";

/** Returns a regular expression of POSIX, basic or extended, as one of JavaScript. */
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
  try {
    return new RegExp(flags.ignoreCase ? bothCases(source) : source, "g");
  } catch {
    throw new ModelGap(`the regular expression ${pattern}`, "what a program reports of it, or makes of it");
  }
}

/**
 * Lets each letter stand for both of its cases. The flag `i` does the same, but V8's engine that does not backtrack (see
 * the task in deno.json) has no such flag.
 */
function bothCases(source: string): string {
  const swapped = (letter: string) => letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  const letters = /\\x..|\\.|[a-zA-Z]/g;
  return source.replace(
    /\\.|\[(\^?)((?:\\.|[^\]])*)\]|[a-zA-Z]/g,
    (all, negated: string | undefined, set: string = "") => {
      if (all.startsWith("\\")) return all;
      if (negated === undefined) return `[${all}${swapped(all)}]`;
      return `[${negated}${set}${set.replace(letters, (each) => each.length > 1 ? each : swapped(each))}]`;
    },
  );
}
