/**
 * grep(1)
 *
 * @module
 */

import type { Program } from "../program.ts";
import { inputs, linesOf, plainly, whole } from "./input.ts";
import { readOptions } from "./options.ts";
import { regularExpression } from "./regular_expression.ts";

/** grep(1) */
export const grep: Program = function* (call) {
  const { given, operands } = readOptions(call, "EFGivcqlnosxwhHe:m:A:B:C:");
  const pattern = given.get("e") ?? operands.shift();
  if (pattern === undefined) return 2;
  const extended = given.has("E") || call.argv[0] === "egrep";
  const fixed = given.has("F") || call.argv[0] === "fgrep";
  const expressions = pattern.split("\n").map((each) =>
    regularExpression(each, { extended, fixed, ignoreCase: given.has("i") })
  );
  const whole1 = (line: string, from: RegExp): RegExpMatchArray[] =>
    [...line.matchAll(from)].filter((match) => {
      if (given.has("x")) return match[0].length === line.length;
      if (!given.has("w")) return true;
      const before = line[match.index - 1] ?? " ";
      const after = line[match.index + match[0].length] ?? " ";
      return !/\w/.test(before) && !/\w/.test(after);
    });
  let hits = 0;
  let failed = false;
  const found = yield* inputs(call, operands, given.has("s") ? () => "" : plainly("grep"));
  for (const input of found) {
    const text = input ? yield* whole(call, input, (why) => `grep: ${input.name}: ${why}`) : undefined;
    if (text === undefined) {
      failed = true;
      continue;
    }
    const prefix = (found.length > 1 || given.has("H")) && !given.has("h") ? `${input!.name}:` : "";
    const lines = linesOf(text);
    const before = Number(given.get("B") ?? given.get("C") ?? 0);
    const after = Number(given.get("A") ?? given.get("C") ?? 0);
    let count = 0;
    let until = -1;
    let printed = -1;
    for (const [i, line] of lines.entries()) {
      const matches = expressions.flatMap((each) => whole1(line, each));
      const hit = (matches.length > 0) !== given.has("v");
      if (!hit && i > until) continue;
      if (hit) {
        count++;
        hits++;
        until = i + after;
        if (given.has("q")) return 0;
      }
      if (given.has("c") || given.has("l")) continue;
      if (given.has("o")) {
        for (const match of matches) if (match[0] !== "") yield* call.out(`${prefix}${match[0]}\n`);
      } else {
        for (let at = hit ? Math.max(printed + 1, i - before) : i; at <= i; at++) {
          if (printed >= 0 && at > printed + 1 && before + after > 0) yield* call.out("--\n");
          const number = given.has("n") ? `${at + 1}${at === i && hit ? ":" : "-"}` : "";
          yield* call.out(`${prefix}${number}${lines[at]}\n`);
          printed = at;
        }
      }
      if (count >= Number(given.get("m") ?? Infinity)) break;
    }
    if (given.has("c")) yield* call.out(`${prefix}${count}\n`);
    if (given.has("l") && count > 0) yield* call.out(`${input!.name}\n`);
  }
  if (hits > 0) return 0;
  return failed ? 2 : 1;
};
