/**
 * The expressions of test(1).
 *
 * @module
 */

import { ModelGap } from "../model/gap.ts";
import { type FileSystem, resolvePath } from "./files.ts";
import type { Process } from "./process.ts";

/**
 * True if an expression is true.
 *
 * @throws {SyntaxError} If it is not an expression
 */
export function testExpression(args: readonly string[], files: FileSystem, process: Process): boolean {
  let at = 0;
  const stat = (path: string, follow = true) => files.stat(resolvePath(process.cwd, path), process.netns, follow);
  const unary: Record<string, (operand: string) => boolean> = {
    "-n": (text) => text !== "",
    "-z": (text) => text === "",
    "-e": (path) => stat(path) !== undefined,
    "-f": (path) => stat(path)?.type === "file",
    "-d": (path) => stat(path)?.type === "dir",
    "-L": (path) => stat(path, false)?.type === "link",
    "-h": (path) => stat(path, false)?.type === "link",
    "-s": (path) => (stat(path)?.size ?? 0) > 0,
    "-r": (path) => stat(path) !== undefined,
    "-w": (path) => stat(path) !== undefined,
    "-x": (path) => stat(path)?.type === "dir" || ((stat(path)?.mode ?? 0) & 0o111) !== 0,
    "-c": (path) => stat(path)?.type === "char",
    "-p": (path) => (stat(path), false),
  };
  const other = ["-b", "-S", "-t", "-u", "-g", "-k", "-O", "-G", "-N", "-nt", "-ot", "-ef"];
  const integer = (text: string): number => {
    if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new SyntaxError(`Illegal number: ${text}`);
    return Number(text);
  };
  const binary: Record<string, (left: string, right: string) => boolean> = {
    "=": (a, b) => a === b,
    "==": (a, b) => a === b,
    "!=": (a, b) => a !== b,
    "<": (a, b) => a < b,
    ">": (a, b) => a > b,
    "-eq": (a, b) => integer(a) === integer(b),
    "-ne": (a, b) => integer(a) !== integer(b),
    "-lt": (a, b) => integer(a) < integer(b),
    "-le": (a, b) => integer(a) <= integer(b),
    "-gt": (a, b) => integer(a) > integer(b),
    "-ge": (a, b) => integer(a) >= integer(b),
  };
  const or = (): boolean => {
    let value = and();
    while (args[at] === "-o") {
      at++;
      value = and() || value;
    }
    return value;
  };
  const and = (): boolean => {
    let value = not();
    while (args[at] === "-a") {
      at++;
      value = not() && value;
    }
    return value;
  };
  const not = (): boolean => {
    if (args[at] === "!" && at + 1 < args.length && !(args[at + 1]! in binary && args.length - at > 2)) {
      at++;
      return !not();
    }
    return primary();
  };
  const primary = (): boolean => {
    const word = args[at];
    if (word === undefined) throw new SyntaxError("argument expected");
    const operator = args[at + 1];
    if (operator !== undefined && Object.hasOwn(binary, operator) && at + 2 < args.length) {
      at += 3;
      return binary[operator]!(word, args[at - 1]!);
    }
    if (word === "(" && args.length - at > 1) {
      at++;
      const value = or();
      if (args[at++] !== ")") throw new SyntaxError("closing paren expected");
      return value;
    }
    if (Object.hasOwn(unary, word) && at + 1 < args.length) {
      at += 2;
      return unary[word]!(args[at - 1]!);
    }
    if (args.length - at > 1 && other.includes(word)) throw new ModelGap(`test ${word}`, "an expression of test(1)");
    if (operator !== undefined && other.includes(operator) && args.length - at > 2) {
      throw new ModelGap(`test ${operator}`, "an expression of test(1)");
    }
    at++;
    return word !== "";
  };
  if (args.length === 0) return false;
  const value = or();
  if (at < args.length) throw new SyntaxError(`${args[at]}: unexpected operator`);
  return value;
}
