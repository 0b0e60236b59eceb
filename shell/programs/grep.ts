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
  const { given, operands } = readOptions(call, "EFivcqlnoe:");
  const pattern = given.get("e") ?? operands.shift();
  if (pattern === undefined) return 2;
  const flags = { extended: given.has("E"), fixed: given.has("F"), ignoreCase: given.has("i") };
  const expressions = pattern.split("\n").map((each) => regularExpression(each, flags));
  let hits = 0;
  let failed = false;
  const found = yield* inputs(call, operands, plainly("grep"));
  for (const input of found) {
    const text = input ? yield* whole(call, input, (why) => `grep: ${input.name}: ${why}`) : undefined;
    if (text === undefined) {
      failed = true;
      continue;
    }
    const prefix = found.length > 1 ? `${input!.name}:` : "";
    let count = 0;
    for (const [i, line] of linesOf(text).entries()) {
      const matches = expressions.flatMap((each) => [...line.matchAll(each)]);
      if ((matches.length > 0) === given.has("v")) continue;
      count++;
      hits++;
      if (given.has("q")) return 0;
      if (given.has("c") || given.has("l")) continue;
      const number = given.has("n") ? `${i + 1}:` : "";
      const shown = given.has("o") ? matches.map(([match]) => match).filter((match) => match !== "") : [line];
      for (const each of shown) yield* call.out(`${prefix}${number}${each}\n`);
    }
    if (given.has("c")) yield* call.out(`${prefix}${count}\n`);
    if (given.has("l") && count > 0) yield* call.out(`${input!.name}\n`);
  }
  if (failed) return 2;
  return hits > 0 ? 0 : 1;
};
