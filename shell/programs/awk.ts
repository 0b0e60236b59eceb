/**
 * awk(1), as far as scripts use it: patterns and actions, fields, variables, arrays, the usual functions.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import { errorText } from "../errno.ts";
import { SPENT } from "../process.ts";
import type { Program } from "../program.ts";
import { parseAwk } from "./awk_parser.ts";
import { Flow, type Rule, Runtime, type Steps, truth } from "./awk_runtime.ts";
import { readFile } from "./input.ts";

/** Runs a program over the lines of a text; stops now and then, see {@linkcode Runtime.turn}. */
function* perform(rules: readonly Rule[], run: Runtime, lines: readonly string[]): Generator<void, number, void> {
  const all = (kind: Rule["kind"]) => rules.filter((rule) => rule.kind === kind);
  let status = 0;
  /** Says whether the program goes on. */
  function* guarded(bodies: () => Steps): Generator<void, boolean, void> {
    try {
      yield* bodies();
    } catch (error) {
      if (!(error instanceof Flow)) throw error;
      if (error.kind === "exit") {
        status = error.status;
        return false;
      }
    }
    return true;
  }
  function* each(kind: "begin" | "end"): Steps {
    for (const rule of all(kind)) yield* rule.body?.(run) ?? [];
  }
  const begun = yield* guarded(() => each("begin"));
  if (begun && rules.some(({ kind }) => kind !== "begin")) {
    const main = all("main");
    for (const [i, line] of lines.entries()) {
      if (run.turn()) yield;
      run.set("NR", i + 1);
      run.set("FNR", i + 1);
      run.record(line);
      const goesOn = yield* guarded(function* () {
        for (const rule of main) {
          if (!applies(rule, run)) continue;
          if (rule.body) yield* rule.body(run) ?? [];
          else run.out += `${run.fields[0]}\n`;
        }
      });
      if (!goesOn) break;
    }
  }
  yield* guarded(() => each("end"));
  return status;
}

function applies(rule: Rule, run: Runtime): boolean {
  if (!rule.from) return true;
  if (!rule.to) return truth(rule.from(run));
  if (!rule.active && !truth(rule.from(run))) return false;
  rule.active = !truth(rule.to(run));
  return true;
}

/** What {@linkcode perform} does at once, in commands of a shell. */
const AWK_TURN = 10;

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
    throw new ModelGap(`awk: ${error.message}`, "what awk(1) makes of such a program");
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
  const steps = perform(rules, run, lines);
  for (;;) {
    const { done, value } = steps.next();
    yield* call.out(run.out);
    run.out = "";
    if (done) return value || status;
    if (call.process.spend(AWK_TURN)) yield SPENT;
  }
};
