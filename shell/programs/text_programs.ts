/**
 * Programs that read and write text as it is, or in part: cat(1), head(1), tail(1), wc(1), tee(1), seq(1), xargs(1), yes(1).
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { errorText } from "../errno.ts";
import { byteLength } from "../files.ts";
import { held } from "../process.ts";
import type { Program } from "../program.ts";
import { cannot, inputs, linesOf, plainly, whole } from "./input.ts";
import { readOptions } from "./options.ts";

/** So much is written at once, in characters. */
const BUFFER = 4096;

const cat: Program = function* (call) {
  const { operands } = readOptions(call, "u");
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

/** How many lines or bytes: numbers without a unit. */
function counted(program: string, given: ReadonlyMap<string, string>, form: RegExp): void {
  for (const [letter, value] of given) {
    if (letter !== "q" && !form.test(value)) throw new ModelGap(`${program} -${letter} ${value}`, "how many that is");
  }
}

const head: Program = function* (call) {
  const args = call.args.map((arg) => /^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg);
  const { given, operands } = readOptions(call, "n:c:q", args);
  let status = 0;
  counted("head", given, /^\d+$/);
  const found = yield* inputs(call, operands, plainly("head"));
  for (const [i, input] of found.entries()) {
    if (!input) {
      status = 1;
      continue;
    }
    if (found.length > 1 && !given.has("q")) yield* call.out(`${i > 0 ? "\n" : ""}==> ${input.name} <==\n`);
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
      text = held(text + piece.text);
      if (bytes !== undefined) left -= piece.text.length;
      else if (text.split("\n").length > left) break;
    }
    yield* call.out(bytes === undefined ? text.split(/(?<=\n)/).slice(0, Number(given.get("n") ?? 10)).join("") : text);
  }
  return status;
};

const tail: Program = function* (call) {
  const args = call.args.map((arg) => /^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg);
  const { given, operands } = readOptions(call, "n:c:q", args);
  let status = 0;
  counted("tail", given, /^[+-]?\d+$/);
  const found = yield* inputs(call, operands, cannot("tail"));
  if (found.length > 0 && found.every((input) => !input)) yield* call.err("tail: no files\n");
  for (const [i, input] of found.entries()) {
    const text = input ? yield* whole(call, input, (why) => `tail: read error: ${why}`) : undefined;
    if (text === undefined) {
      status = 1;
      continue;
    }
    if (found.length > 1 && !given.has("q")) yield* call.out(`${i > 0 ? "\n" : ""}==> ${input!.name} <==\n`);
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
  const { given, operands } = readOptions(call, "clw");
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
    const wanted = all.filter(([letter]) => given.size === 0 || given.has(letter));
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

const tee: Program = function* (call) {
  const { given, operands } = readOptions(call, "ai");
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
  const other = call.args.find((arg) => !/^-?\d+$/.test(arg));
  if (other !== undefined) throw new ModelGap(`seq ${other}`, "options, and numbers that are no integers");
  const numbers = call.args.map(Number);
  const [from, step, to] = numbers.length === 1
    ? [1, 1, numbers[0]!]
    : numbers.length === 2
    ? [numbers[0]!, 1, numbers[1]!]
    : [numbers[0]!, numbers[1]!, numbers[2]!];
  let text = "";
  for (let i = from; step > 0 ? i <= to : i >= to; i += step) {
    text += `${i}\n`;
    if (text.length < BUFFER) continue;
    yield* call.out(text);
    text = "";
  }
  yield* call.out(text);
  return 0;
};

const yes: Program = function* (call) {
  const { operands } = readOptions(call, "");
  const line = `${operands.length > 0 ? operands.join(" ") : "y"}\n`;
  const text = line.repeat(Math.ceil(BUFFER / line.length));
  for (;;) {
    const written = yield* call.out(text);
    if (written === "ok") continue;
    yield* call.err(`yes: write error: ${errorText(written)}\n`);
    return 1;
  }
};

const xargs: Program = function* (call) {
  let args = [...call.args];
  let most = Infinity;
  let replace: string | undefined;
  let least = 0;
  while (args[0]?.startsWith("-")) {
    const option = args.shift()!;
    if (option.startsWith("-n")) most = Number(option.slice(2) || args.shift());
    else if (option.startsWith("-I")) replace = option.slice(2) || args.shift();
    else if (option === "-r") least = 1;
    else throw new ModelGap(`xargs ${option}`, "an option of the program");
  }
  if (args.length === 0) args = ["echo"];
  const text = yield* call.process.readAll(0);
  if (/["'\\]/.test(text)) throw new ModelGap("xargs", "quotes in what it reads");
  const words = replace === undefined ? text.split(/\s+/).filter((word) => word !== "") : linesOf(text);
  const batches: string[][] = [];
  if (replace !== undefined) {
    for (const word of words) {
      batches.push(args.map((arg) => arg.replaceAll(replace!, word)));
    }
  } else if (words.length === 0) batches.push(...least === 0 ? [args] : []);
  else for (let i = 0; i < words.length; i += most) batches.push([...args, ...words.slice(i, i + most)]);
  let status = 0;
  for (const batch of batches) if ((yield* call.exec(batch)) !== 0) status = 123;
  return status;
};

/** The programs by name. */
export const TEXT_PROGRAMS: Readonly<Record<string, Program>> = { cat, head, tail, wc, tee, seq, xargs, yes };
