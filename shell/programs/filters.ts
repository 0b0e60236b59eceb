/**
 * Programs that turn their input into another text: tr(1), sort(1), cut(1).
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import type { Program } from "../program.ts";
import { inputs, joined, linesOf, plainly, whole } from "./input.ts";
import { readOptions } from "./options.ts";

/** Returns a program that converts the text of its inputs to another text. */
function filter(
  name: string,
  letters: string,
  make: (
    text: string,
    given: ReadonlyMap<string, string>,
    operands: string[],
  ) => string,
): Program {
  return function* (call) {
    const { given, operands } = readOptions(call, letters);
    const operandCount = OPERANDS[name] ?? 0;
    const own = operands.splice(0, operandCount);
    let text = "";
    let status = 0;
    for (const input of yield* inputs(call, operands, plainly(name))) {
      const content = input ? yield* whole(call, input, (why) => `${name}: read error: ${why}`) : undefined;
      if (content === undefined) status = 1;
      else text += content;
    }
    // sort(1) reads all of its input before it writes
    if (status !== 0 && name === "sort") return 2;
    yield* call.out(make(text, given, own));
    return status;
  };
}

/** The number of operands that are not files. */
const OPERANDS: Readonly<Record<string, number>> = { tr: 2 };

function noClass(name: string): never {
  throw new ModelGap(`tr [:${name}:]`, "a class of characters");
}

/** Returns the characters of a set of tr(1). */
function setOf(text: string): string[] {
  const escaped: Record<string, string> = { n: "\n", t: "\t", r: "\r", "\\": "\\", "0": "\0" };
  const classes: Record<string, string> = {
    lower: "abcdefghijklmnopqrstuvwxyz",
    upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    digit: "0123456789",
    space: " \t\n\v\f\r",
    blank: " \t",
  };
  const plain = text.replace(
    /\[:(\w+):\]/g,
    (_all, name: string) =>
      name === "alpha"
        ? classes["upper"]! + classes["lower"]!
        : name === "alnum"
        ? classes["upper"]! + classes["lower"]! + classes["digit"]!
        : classes[name] ?? noClass(name),
  );
  const chars: string[] = [];
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] === "\\" && i + 1 < plain.length) {
      const octal = /^[0-7]{1,3}/.exec(plain.slice(i + 1));
      if (octal) {
        chars.push(String.fromCharCode(Number.parseInt(octal[0], 8)));
        i += octal[0].length;
      } else chars.push(escaped[plain[++i]!] ?? plain[i]!);
    } else if (plain[i + 1] === "-" && plain[i + 2] !== undefined && plain[i + 2] !== "]") {
      for (let code = plain.charCodeAt(i); code <= plain.charCodeAt(i + 2); code++) {
        chars.push(String.fromCharCode(code));
      }
      i += 2;
    } else chars.push(plain[i]!);
  }
  return chars;
}

function translate(text: string, given: ReadonlyMap<string, string>, [from = "", to]: string[]): string {
  const set = setOf(from);
  const has = (char: string) => set.includes(char) !== (given.has("c") || given.has("C"));
  let result = text;
  if (given.has("d")) result = [...result].filter((char) => !has(char)).join("");
  else if (to !== undefined) {
    const target = setOf(to);
    result = [...result].map((char) => {
      if (!has(char)) return char;
      return given.has("c") ? target.at(-1)! : target[Math.min(set.indexOf(char), target.length - 1)]!;
    }).join("");
  }
  if (given.has("s")) {
    const squeezed = to !== undefined && !given.has("d") ? setOf(to) : set;
    result = [...result].filter((char, i, all) => i === 0 || char !== all[i - 1] || !squeezed.includes(char)).join("");
  }
  return result;
}

function sortLines(text: string, given: ReadonlyMap<string, string>): string {
  let lines = linesOf(text);
  const wanted = given.get("k") ?? "";
  if (!/^(?:\d+n?)?$/.test(wanted)) {
    throw new ModelGap(`sort -k ${wanted}`, "keys other than a field and what follows it");
  }
  const key = /^(\d+)/.exec(wanted)?.[1];
  const separator = given.get("t");
  const of = (line: string) => {
    if (key === undefined) return line;
    const fields = separator === undefined ? line.trimStart().split(/\s+/) : line.split(separator);
    return fields.slice(Number(key) - 1).join(separator ?? " ");
  };
  const numeric = given.has("n") || (given.get("k") ?? "").includes("n");
  const order = (a: string, b: string): number => {
    const [left, right] = [of(a), of(b)];
    if (numeric) {
      const difference = (Number.parseFloat(left) || 0) - (Number.parseFloat(right) || 0);
      if (difference !== 0) return difference;
    } else if (left !== right) return left < right ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  };
  lines.sort(order);
  if (given.has("r")) lines.reverse();
  if (given.has("u")) lines = lines.filter((line, i) => i === 0 || of(line) !== of(lines[i - 1]!));
  return joined(lines);
}

function cutLines(text: string, given: ReadonlyMap<string, string>): string {
  const ranges = (given.get("c") ?? given.get("f") ?? "").split(",").map((range) => {
    const [from, to] = range.split("-");
    return [Number(from || 1), range.includes("-") ? Number(to || Infinity) : Number(from)] as const;
  });
  const takes = (i: number) => ranges.some(([from, to]) => i >= from && i <= to);
  const delimiter = given.get("d") ?? "\t";
  return joined(
    linesOf(text).flatMap((line) => {
      if (!given.has("f")) return [[...line].filter((_, i) => takes(i + 1)).join("")];
      if (!line.includes(delimiter)) return given.has("s") ? [] : [line];
      return [line.split(delimiter).filter((_, i) => takes(i + 1)).join(delimiter)];
    }),
  );
}

/** The programs by name. */
export const FILTERS: Readonly<Record<string, Program>> = {
  tr: filter("tr", "cCds", translate),
  sort: filter("sort", "nruk:t:", sortLines),
  cut: filter("cut", "c:d:f:s", cutLines),
};
