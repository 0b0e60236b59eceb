/**
 * Programs that copy, cut or count text: cat(1), head(1), tail(1), wc(1).
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { errorText } from "../errno.ts";
import { byteLength } from "../files.ts";
import { held } from "../memory.ts";
import type { Program } from "../program.ts";
import { cannot, inputs, plainly, whole } from "./input.ts";
import { readOptions } from "./options.ts";

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

/** Checks that the numbers of lines or bytes are without a unit. */
function counted(program: string, given: ReadonlyMap<string, string>, form: RegExp): void {
  for (const [letter, value] of given) {
    if (!form.test(value)) throw new ModelGap(`${program} -${letter} ${value}`, "how many that is");
  }
}

const head: Program = function* (call) {
  const args = call.args.map((arg) => /^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg);
  const { given, operands } = readOptions(call, "n:c:", args);
  let status = 0;
  counted("head", given, /^\d+$/);
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
  const { given, operands } = readOptions(call, "n:c:", args);
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
  if (operands.length > 1) {
    const wanted = given.size === 0 ? 3 : given.size;
    rows.push([Array.from({ length: wanted }, (_, i) => rows.reduce((sum, [row]) => sum + row[i]!, 0)), "total"]);
  }
  for (const [counts, name] of rows) {
    const text = counts.length === 1 && operands.length < 2
      ? String(counts[0])
      : counts.map((count) => String(count).padStart(9)).join(" ");
    yield* call.out(`${text}${operands.length > 0 ? ` ${name}` : ""}\n`);
  }
  return status;
};

/** The programs by name. */
export const TEXT_PROGRAMS: Readonly<Record<string, Program>> = { cat, head, tail, wc };
