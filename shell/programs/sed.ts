/**
 * sed(1): the commands s, d, p and q with their addresses.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { errorText } from "../errno.ts";
import { readOptions } from "./options.ts";
import type { Program } from "../program.ts";
import { linesOf, readFile } from "./input.ts";
import { regularExpression } from "./regular_expression.ts";

type Address = { line: number } | { last: true } | { pattern: RegExp };

interface Command {
  from: Address | undefined;
  to: Address | undefined;
  negated: boolean;
  /** True while the current line is in the range of the command's addresses */
  active: boolean;
  name: string;
  pattern?: RegExp;
  replacement?: string;
  flags?: string;
}

function parse(script: string, extended: boolean): Command[] {
  const commands: Command[] = [];
  let at = 0;
  const fail = (what: string): never => {
    throw new ModelGap(`sed ${script}`, what);
  };
  const until = (end: string): string => {
    let text = "";
    while (at < script.length && script[at] !== end) {
      if (script[at] === "\\" && script[at + 1] === end) at++;
      else if (script[at] === "\\") text += script[at++];
      text += script[at++] ?? "";
    }
    if (at >= script.length) fail("unmatched '/'");
    at++;
    return text;
  };
  const address = (): Address | undefined => {
    const number = /^\d+/.exec(script.slice(at));
    if (number) {
      at += number[0].length;
      return { line: Number(number[0]) };
    }
    if (script[at] === "$") {
      at++;
      return { last: true };
    }
    if (script[at] === "/") {
      at++;
      return { pattern: regularExpression(until("/"), { extended }) };
    }
    return undefined;
  };
  while (at < script.length) {
    if (/[\s;]/.test(script[at]!)) {
      at++;
      continue;
    }
    const from = address();
    let to: Address | undefined;
    if (script[at] === ",") {
      at++;
      to = address();
    }
    while (script[at] === " ") at++;
    const negated = script[at] === "!";
    if (negated) at++;
    const name = script[at++] ?? "";
    const command: Command = { from, to, negated, active: false, name };
    if (name === "s") {
      const delimiter = script[at++] ?? fail("bad option in substitution expression");
      const pattern = until(delimiter);
      command.replacement = until(delimiter);
      command.flags = /^[gipI0-9]*/.exec(script.slice(at))![0];
      at += command.flags.length;
      command.pattern = regularExpression(pattern, { extended, ignoreCase: /i/i.test(command.flags) });
    } else if (!/[dpq]/.test(name)) throw new ModelGap(`sed ${name}`, "a command of sed(1)");
    commands.push(command);
  }
  return commands;
}

function substitute(line: string, { pattern, replacement, flags }: Command): { line: string; done: boolean } {
  let done = false;
  const nth = Number(/\d+/.exec(flags!)?.[0] ?? 1);
  let count = 0;
  const result = line.replace(pattern!, (...args) => {
    count++;
    const groups = args.slice(0, args.findIndex((arg) => typeof arg === "number")) as (string | undefined)[];
    if (count < nth || (count > nth && !flags!.includes("g"))) return groups[0]!;
    done = true;
    return replacement!.replace(
      /\\(\d|n|t|[^])|&/g,
      (all, escaped: string | undefined) =>
        all === "&"
          ? groups[0]!
          : /\d/.test(escaped!)
          ? groups[Number(escaped)] ?? ""
          : escaped === "n"
          ? "\n"
          : escaped === "t"
          ? "\t"
          : escaped!,
    );
  });
  return { line: result, done };
}

/** sed(1) */
export const sed: Program = function* (call) {
  const { given, operands } = readOptions(call, "nrEe:");
  const script = given.get("e") ?? operands.shift() ?? "";
  const commands = parse(script, given.has("r") || given.has("E"));
  let text = "";
  let status = 0;
  if (operands.length === 0) text = yield* call.process.readAll(0);
  for (const name of operands) {
    const content = yield* readFile(call, call.path(name));
    if ("text" in content) text += content.text;
    else {
      yield* call.err(`sed: ${name}: ${errorText(content.errno)}\n`);
      status = 1;
    }
  }
  const edited = edit(linesOf(text), commands, given.has("n"));
  // A last line without a newline stays without one
  yield* call.out(text.endsWith("\n") ? edited : edited.replace(/\n$/, ""));
  return status;
};

function edit(lines: readonly string[], commands: readonly Command[], quiet: boolean): string {
  let out = "";
  const hit = (address: Address, number: number, line: string) => {
    if ("line" in address) return number === address.line;
    if ("last" in address) return number === lines.length;
    address.pattern.lastIndex = 0;
    return address.pattern.test(line);
  };
  const applies = (command: Command, number: number, line: string): boolean => {
    const { from, to } = command;
    if (!from) return true;
    if (!to) return hit(from, number, line);
    if (!command.active) {
      if (!hit(from, number, line)) return false;
      command.active = !("line" in to && to.line <= number);
      return true;
    }
    if (hit(to, number, line) || ("line" in to && number > to.line)) command.active = false;
    return true;
  };
  for (const [i, original] of lines.entries()) {
    let line = original;
    let deleted = false;
    let quits = false;
    for (const command of commands) {
      if (applies(command, i + 1, line) === command.negated) continue;
      if (command.name === "d") {
        deleted = true;
        break;
      }
      if (command.name === "p") out += `${line}\n`;
      else if (command.name === "s") {
        const made = substitute(line, command);
        line = made.line;
        if (made.done && command.flags!.includes("p")) out += `${line}\n`;
      } else if (command.name === "q") {
        quits = true;
        break;
      }
    }
    if (!deleted && !quiet) out += `${line}\n`;
    if (quits) break;
  }
  return out;
}
