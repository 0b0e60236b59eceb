/**
 * Small programs that read and write text, as busybox has them.
 *
 * @module
 */

import { errorText } from "./errno.ts";
import { byteLength } from "./files.ts";
import { readOptions } from "./options.ts";
import { setSource } from "./pattern.ts";
import type { Call, Program } from "./program.ts";
import type { Read, Run } from "./process.ts";
import { sed } from "./sed.ts";

/** Where a program reads from: a file by its name, or standard input. */
interface Input {
  name: string;
  read(most?: number): Run<Read>;
}

/** Opens files to read, or standard input where there are none; says so of those that are not there. */
function* inputs(
  call: Call,
  names: readonly string[],
  say: (name: string, why: string) => string,
): Run<(Input | undefined)[]> {
  if (names.length === 0) return [{ name: "-", read: (most) => call.process.read(0, most) }];
  const found: (Input | undefined)[] = [];
  for (const name of names) {
    if (name === "-") {
      found.push({ name, read: (most) => call.process.read(0, most) });
      continue;
    }
    const opened = call.system.files.open(call.path(name), "r", call.process.netns);
    if ("errno" in opened) {
      yield* call.err(`${say(name, errorText(opened.errno))}\n`);
      found.push(undefined);
    } else found.push({ name, read: (most) => opened.file.read(most) });
  }
  return found;
}

/** All that an input holds; says so where it cannot be read. */
function* whole(call: Call, input: Input, say: (why: string) => string): Run<string | undefined> {
  let text = "";
  for (;;) {
    const piece = yield* input.read();
    if ("errno" in piece) {
      yield* call.err(`${say(errorText(piece.errno))}\n`);
      return undefined;
    }
    if (!("text" in piece)) return text;
    text += piece.text;
  }
}

const plainly = (program: string) => (name: string, why: string) => `${program}: ${name}: ${why}`;
const cannot = (program: string) => (name: string, why: string) => `${program}: can't open '${name}': ${why}`;

/** The lines of a text; the last one without a newline is one, too. */
export function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

const joined = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

/** A program that makes of the text of its inputs another one. */
function filter(
  name: string,
  letters: string,
  make: (
    text: string,
    given: ReadonlyMap<string, string>,
    operands: string[],
  ) => string | { text: string; status: number },
): Program {
  return function* (call) {
    const { given, operands, unknown } = readOptions(call.args, letters);
    if (unknown !== undefined) {
      yield* call.err(`${name}: invalid option -- '${unknown}'\n`);
      return 1;
    }
    const operandCount = OPERANDS[name] ?? 0;
    const own = operands.splice(0, operandCount);
    let text = "";
    let status = 0;
    for (const input of yield* inputs(call, operands, name === "sort" ? plainly(name) : cannot(name))) {
      const content = input ? yield* whole(call, input, (why) => `${name}: read error: ${why}`) : undefined;
      if (content === undefined) status = 1;
      else text += content;
    }
    const made = make(text, given, own);
    yield* call.out(typeof made === "string" ? made : made.text);
    return status || (typeof made === "string" ? 0 : made.status);
  };
}

/** How many operands are no files. */
const OPERANDS: Readonly<Record<string, number>> = { tr: 2 };

const cat: Program = function* (call) {
  const { operands } = readOptions(call.args, "nuevAET");
  let status = 0;
  for (const input of yield* inputs(call, operands, cannot("cat"))) {
    if (!input) {
      status = 1;
      continue;
    }
    for (;;) {
      const piece = yield* input.read();
      if ("errno" in piece) {
        yield* call.err(`cat: read error: ${errorText(piece.errno)}\n`);
        status = 1;
        break;
      }
      if (!("text" in piece)) break;
      const written = yield* call.out(piece.text);
      if (written !== "ok") {
        yield* call.err(`cat: write error: ${errorText(written)}\n`);
        return 1;
      }
    }
  }
  return status;
};

const head: Program = function* (call) {
  const args = call.args.map((arg) => /^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg);
  const { given, operands } = readOptions(args, "n:c:qv");
  let status = 0;
  const found = yield* inputs(call, operands, plainly("head"));
  for (const [i, input] of found.entries()) {
    if (!input) {
      status = 1;
      continue;
    }
    if (found.length > 1) yield* call.out(`${i > 0 ? "\n" : ""}==> ${input.name} <==\n`);
    const bytes = given.get("c");
    let left = Number(bytes ?? given.get("n") ?? 10);
    let text = "";
    while (left > 0) {
      const piece = yield* input.read(bytes === undefined ? 1024 : left);
      if ("errno" in piece) {
        // Whatever the errno was
        yield* call.err(`head: ${input.name}: ${errorText("EIO")}\n`);
        status = 1;
        break;
      }
      if (!("text" in piece)) break;
      text += piece.text;
      if (bytes !== undefined) left -= piece.text.length;
      else if (text.split("\n").length > left) break;
    }
    yield* call.out(bytes === undefined ? text.split(/(?<=\n)/).slice(0, Number(given.get("n") ?? 10)).join("") : text);
  }
  return status;
};

const tail: Program = function* (call) {
  const args = call.args.map((arg) => /^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg);
  const { given, operands } = readOptions(args, "n:c:qvf");
  let status = 0;
  const found = yield* inputs(call, operands, cannot("tail"));
  if (found.length > 0 && found.every((input) => !input)) yield* call.err("tail: no files\n");
  for (const [i, input] of found.entries()) {
    const text = input ? yield* whole(call, input, (why) => `tail: read error: ${why}`) : undefined;
    if (text === undefined) {
      status = 1;
      continue;
    }
    if (found.length > 1) yield* call.out(`${i > 0 ? "\n" : ""}==> ${input!.name} <==\n`);
    const count = given.get("c") ?? given.get("n") ?? "10";
    const parts = given.has("c") ? [...text] : text.split(/(?<=\n)/).filter((line) => line !== "");
    const number = Number(count.replace(/^[+-]/, ""));
    const kept = count.startsWith("+")
      ? parts.slice(Math.max(0, number - 1))
      : number === 0
      ? []
      : parts.slice(-number);
    yield* call.out(kept.join(""));
  }
  return status;
};

const wc: Program = function* (call) {
  const { given, operands } = readOptions(call.args, "clmwL");
  const rows: [number[], string][] = [];
  let status = 0;
  for (const input of yield* inputs(call, operands, plainly("wc"))) {
    const text = input ? yield* whole(call, input, (why) => `wc: read error: ${why}`) : undefined;
    if (text === undefined) {
      status = 1;
      continue;
    }
    const all: [string, number][] = [
      ["l", text.split("\n").length - 1],
      ["w", text.split(/\s+/).filter((word) => word !== "").length],
      ["c", byteLength(text)],
    ];
    const wanted = all.filter(([letter]) =>
      given.size === 0 || given.has(letter) || (letter === "c" && given.has("m"))
    );
    rows.push([wanted.map(([, count]) => count), input!.name]);
  }
  if (rows.length > 1) {
    rows.push([rows[0]![0].map((_, i) => rows.reduce((sum, [counts]) => sum + counts[i]!, 0)), "total"]);
  }
  for (const [counts, name] of rows) {
    const text = counts.length === 1 ? String(counts[0]) : counts.map((count) => String(count).padStart(9)).join(" ");
    yield* call.out(`${text}${operands.length > 0 ? ` ${name}` : ""}\n`);
  }
  return status;
};

/** A basic regular expression of POSIX as one of JavaScript. */
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

const grep: Program = function* (call) {
  const { given, operands, unknown } = readOptions(call.args, "EFGivcqlLnosxwhHe:m:rA:B:C:");
  if (unknown !== undefined) {
    yield* call.err(`grep: invalid option -- '${unknown}'\n`);
    return 2;
  }
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

/** The characters of a set of tr(1). */
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
        : classes[name] ?? "",
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
  const key = /^(\d+)/.exec(given.get("k") ?? "")?.[1];
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

function unique(text: string, given: ReadonlyMap<string, string>): string {
  const groups: { line: string; count: number }[] = [];
  for (const line of linesOf(text)) {
    const last = groups.at(-1);
    if (last?.line === line) last.count++;
    else groups.push({ line, count: 1 });
  }
  return groups.filter(({ count }) => (!given.has("d") || count > 1) && (!given.has("u") || count === 1))
    .map(({ line, count }) => given.has("c") ? `${String(count).padStart(7)} ${line}\n` : `${line}\n`).join("");
}

function cutLines(text: string, given: ReadonlyMap<string, string>): string {
  const ranges = (given.get("c") ?? given.get("b") ?? given.get("f") ?? "").split(",").map((range) => {
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

const tee: Program = function* (call) {
  const { given, operands } = readOptions(call.args, "ai");
  let status = 0;
  const files = [];
  for (const name of operands) {
    const opened = call.system.files.open(call.path(name), given.has("a") ? "a" : "w", call.process.netns);
    if ("errno" in opened) {
      yield* call.err(`tee: ${name}: ${errorText(opened.errno)}\n`);
      status = 1;
    } else files.push({ name, file: opened.file });
  }
  for (;;) {
    const piece = yield* call.process.read(0);
    if (!("text" in piece)) return status;
    yield* call.out(piece.text);
    for (const { name, file } of files) {
      if ((yield* file.write(piece.text)) === "ok") continue;
      yield* call.err(`tee: ${name}: I/O error\n`);
      status = 1;
    }
  }
};

const seq: Program = function* (call) {
  const numbers = call.args.filter((arg) => /^-?\d/.test(arg)).map(Number);
  const [from, step, to] = numbers.length === 1
    ? [1, 1, numbers[0]!]
    : numbers.length === 2
    ? [numbers[0]!, 1, numbers[1]!]
    : [numbers[0]!, numbers[1]!, numbers[2]!];
  let text = "";
  for (let i = from; step > 0 ? i <= to : i >= to; i += step) text += `${i}\n`;
  yield* call.out(text);
  return 0;
};

const xargs: Program = function* (call) {
  let args = [...call.args];
  let most = Infinity;
  let replace: string | undefined;
  while (args[0]?.startsWith("-")) {
    const option = args.shift()!;
    if (option.startsWith("-n")) most = Number(option.slice(2) || args.shift());
    else if (option.startsWith("-I")) replace = option.slice(2) || args.shift();
  }
  if (args.length === 0) args = ["echo"];
  const text = yield* call.process.readAll(0);
  const words = replace === undefined ? text.split(/\s+/).filter((word) => word !== "") : linesOf(text);
  const batches: string[][] = [];
  if (replace !== undefined) {
    for (const word of words) {
      batches.push(args.map((arg) => arg.replaceAll(replace!, word)));
    }
  } else if (words.length === 0) batches.push(args);
  else for (let i = 0; i < words.length; i += most) batches.push([...args, ...words.slice(i, i + most)]);
  let status = 0;
  for (const batch of batches) if ((yield* call.exec(batch)) !== 0) status = 123;
  return status;
};

/** The programs by name. */
export const TEXT_PROGRAMS: Readonly<Record<string, Program>> = {
  cat,
  head,
  tail,
  wc,
  grep,
  egrep: grep,
  fgrep: grep,
  sed,
  tee,
  seq,
  xargs,
  tr: filter("tr", "cCds", translate),
  sort: filter("sort", "nruk:t:fb", sortLines),
  uniq: filter("uniq", "cdu", unique),
  cut: filter("cut", "b:c:d:f:sn", cutLines),
  tac: filter("tac", "", (text) => joined(linesOf(text).reverse())),
  rev: filter("rev", "", (text) => joined(linesOf(text).map((line) => [...line].reverse().join("")))),
  nl: filter("nl", "", (text) => joined(linesOf(text).map((line, i) => `${String(i + 1).padStart(6)}\t${line}`))),
  paste: filter("paste", "sd:", (text, given) => {
    if (!given.has("s")) return text;
    return `${linesOf(text).join((given.get("d") ?? "\t")[0])}\n`;
  }),
  fold: filter("fold", "w:", (text, given) => {
    const width = Number(given.get("w") ?? 80);
    return joined(linesOf(text).flatMap((line) => line.match(new RegExp(`.{1,${width}}`, "g")) ?? [""]));
  }),
};
