/**
 * awk(1), as far as scripts use it: patterns and actions, fields, variables, arrays, the usual functions.
 *
 * @module
 */

import { errorText } from "../errno.ts";
import type { Program } from "../program.ts";
import { parseAwk } from "./awk_parser.ts";
import { Flow, type Rule, Runtime, truth } from "./awk_runtime.ts";
import { readFile } from "./input.ts";

/** Runs a program over the lines of a text. */
function perform(rules: readonly Rule[], run: Runtime, lines: readonly string[]): number {
  const all = (kind: Rule["kind"]) => rules.filter((rule) => rule.kind === kind);
  let status = 0;
  const guarded = (body: () => void): boolean => {
    try {
      body();
    } catch (error) {
      if (!(error instanceof Flow)) throw error;
      if (error.kind === "exit") {
        status = error.status;
        return false;
      }
    }
    return true;
  };
  const begun = guarded(() => all("begin").forEach((rule) => rule.body?.(run)));
  if (begun && rules.some(({ kind }) => kind !== "begin")) {
    for (const [i, line] of lines.entries()) {
      run.set("NR", i + 1);
      run.set("FNR", i + 1);
      run.record(line);
      const goesOn = guarded(() => {
        for (const rule of all("main")) {
          if (!applies(rule, run)) continue;
          if (rule.body) rule.body(run);
          else run.out += `${run.fields[0]}\n`;
        }
      });
      if (!goesOn) break;
    }
  }
  guarded(() => all("end").forEach((rule) => rule.body?.(run)));
  return status;
}

function applies(rule: Rule, run: Runtime): boolean {
  if (!rule.from) return true;
  if (!rule.to) return truth(rule.from(run));
  if (!rule.active && !truth(rule.from(run))) return false;
  rule.active = !truth(rule.to(run));
  return true;
}

/** awk(1) */
export const awk: Program = function* (call) {
  const args = [...call.args];
  const run = new Runtime();
  while (/^-[Fv]/.test(args[0] ?? "")) {
    const option = args.shift()!;
    const value = option.slice(2) || args.shift() || "";
    if (option[1] === "F") run.set("FS", value === "\\t" ? "\t" : value);
    else run.set(value.slice(0, value.indexOf("=")), value.slice(value.indexOf("=") + 1));
  }
  let rules: Rule[];
  try {
    rules = parseAwk(args.shift() ?? "");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    yield* call.err(`awk: cmd. line:1: ${error.message}\n`);
    return 1;
  }
  let input = "";
  let status = 0;
  if (rules.some(({ kind }) => kind !== "begin")) {
    if (args.length === 0) input = yield* call.process.readAll(0);
    for (const name of args) {
      const content = yield* readFile(call, call.path(name));
      if ("text" in content) input += content.text;
      else {
        yield* call.err(`awk: ${name}: ${errorText(content.errno)}\n`);
        status = 1;
      }
    }
  }
  const lines = input === "" ? [] : input.replace(/\n$/, "").split("\n");
  const done = perform(rules, run, lines);
  yield* call.out(run.out);
  return done || status;
};
