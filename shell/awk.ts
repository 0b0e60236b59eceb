/**
 * awk(1), as far as scripts use it: patterns and actions, fields, variables, arrays, the usual functions.
 *
 * @module
 */

import { errorText } from "./errno.ts";
import type { Program } from "./program.ts";
import { formatPrintf } from "./printf.ts";
import { regularExpression } from "./text_programs.ts";

type Value = string | number;
type Expression = (run: Runtime) => Value;
type Statement = (run: Runtime) => void;

interface Rule {
  kind: "begin" | "end" | "main";
  from?: Expression;
  to?: Expression;
  active: boolean;
  body: Statement | undefined;
}

class Flow extends Error {
  constructor(readonly kind: "next" | "exit" | "break" | "continue", readonly status = 0) {
    super(kind);
  }
}

/** What a running program has. */
class Runtime {
  readonly variables = new Map<string, Value>([["FS", " "], ["OFS", " "], ["ORS", "\n"], ["RS", "\n"], [
    "SUBSEP",
    "\x1c",
  ]]);
  readonly arrays = new Map<string, Map<string, Value>>();
  fields: string[] = [""];
  out = "";

  get(name: string): Value {
    if (name === "NF") return this.fields.length - 1;
    return this.variables.get(name) ?? "";
  }

  set(name: string, value: Value): void {
    if (name === "NF") {
      this.fields.length = Math.min(this.fields.length, Number(value) + 1);
      while (this.fields.length <= Number(value)) this.fields.push("");
      this.#join();
    } else this.variables.set(name, value);
  }

  array(name: string): Map<string, Value> {
    let array = this.arrays.get(name);
    if (!array) this.arrays.set(name, array = new Map());
    return array;
  }

  record(line: string): void {
    this.fields = [line, ...this.split(line, text(this.get("FS")))];
  }

  setField(index: number, value: Value): void {
    if (index === 0) return this.record(text(value));
    while (this.fields.length <= index) this.fields.push("");
    this.fields[index] = text(value);
    this.#join();
  }

  #join(): void {
    this.fields[0] = this.fields.slice(1).join(text(this.get("OFS")));
  }

  split(line: string, separator: string): string[] {
    if (line === "") return [];
    if (separator === " ") return line.trim().split(/\s+/).filter((field) => field !== "");
    if (separator.length === 1) return line.split(separator === "|" ? "|" : separator);
    return line.split(regularExpression(separator, { extended: true }));
  }
}

const number = (value: Value): number =>
  typeof value === "number" ? value : Number(/^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(value)?.[0] ?? 0);
const text = (value: Value): string =>
  typeof value === "string" ? value : Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
const looksNumeric = (value: Value) =>
  typeof value === "number" || /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/.test(value);
const truth = (value: Value) =>
  typeof value === "number" ? value !== 0 : looksNumeric(value) ? Number(value) !== 0 : value !== "";

interface Token {
  type: "number" | "string" | "regex" | "name" | "function" | "punctuation" | "newline" | "end";
  value: string;
}

const OPERATORS = /^(?:\|\||&&|\+\+|--|[-+*/%^]=|[=!<>]=|!~|[-+*/%^=!<>~?:;,(){}[\]$|])/;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const escaped = (body: string) =>
    body.replace(
      /\\([^])/g,
      (_all, char: string) => ({ n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "/": "/" })[char] ?? `\\${char}`,
    );
  while (at < source.length) {
    const rest = source.slice(at);
    const space = /^(?:[ \t\r]+|\\\n|#[^\n]*)/.exec(rest);
    if (space) {
      at += space[0].length;
      continue;
    }
    const take = (type: Token["type"], length: number, value = rest.slice(0, length)) => {
      tokens.push({ type, value });
      at += length;
    };
    if (rest[0] === "\n") {
      take("newline", 1);
      continue;
    }
    const string = /^"((?:[^"\\]|\\[^])*)"/.exec(rest);
    if (string) {
      take("string", string[0].length, escaped(string[1]!));
      continue;
    }
    const last = tokens.at(-1);
    const operand = last && (/^(?:number|string|regex|name)$/.test(last.type) || /^[)\]]$/.test(last.value));
    const regex = operand ? null : /^\/((?:[^/\\\n]|\\.)+)\//.exec(rest);
    if (regex) {
      take("regex", regex[0].length, regex[1]!);
      continue;
    }
    const figure = /^(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(rest);
    if (figure) {
      take("number", figure[0].length);
      continue;
    }
    const name = /^[A-Za-z_]\w*/.exec(rest);
    if (name) {
      take(rest[name[0].length] === "(" ? "function" : "name", name[0].length);
      continue;
    }
    const operator = OPERATORS.exec(rest);
    if (!operator) throw new SyntaxError(`unexpected character '${rest[0]}'`);
    take("punctuation", operator[0].length);
  }
  tokens.push({ type: "end", value: "" });
  return tokens;
}

type Lvalue = { get: Expression; set: (run: Runtime, value: Value) => void };

class Parser {
  #at = 0;
  constructor(readonly tokens: readonly Token[]) {}

  get #token(): Token {
    return this.tokens[this.#at]!;
  }

  #is(value: string): boolean {
    const { type } = this.#token;
    return this.#token.value === value && type !== "string" && type !== "regex";
  }

  #accept(value: string): boolean {
    if (!this.#is(value)) return false;
    this.#at++;
    return true;
  }

  #expect(value: string): void {
    if (!this.#accept(value)) throw new SyntaxError(`unexpected token '${this.#token.value}', expected '${value}'`);
  }

  #newlines(): void {
    while (this.#token.type === "newline" || this.#is(";")) this.#at++;
  }

  program(): Rule[] {
    const rules: Rule[] = [];
    this.#newlines();
    while (this.#token.type !== "end") {
      const rule: Rule = { kind: "main", active: false, body: undefined };
      if (this.#accept("BEGIN")) rule.kind = "begin";
      else if (this.#accept("END")) rule.kind = "end";
      else if (!this.#is("{")) {
        rule.from = this.#expression();
        if (this.#accept(",")) rule.to = this.#expression();
      }
      if (this.#is("{")) rule.body = this.#block();
      rules.push(rule);
      this.#newlines();
    }
    return rules;
  }

  #block(): Statement {
    this.#expect("{");
    const statements: Statement[] = [];
    this.#newlines();
    while (!this.#is("}")) {
      statements.push(this.#statement());
      this.#newlines();
    }
    this.#expect("}");
    return (run) => {
      for (const statement of statements) statement(run);
    };
  }

  #body(): Statement {
    while (this.#token.type === "newline") this.#at++;
    if (this.#accept(";")) return () => {};
    return this.#statement();
  }

  #statement(): Statement {
    if (this.#is("{")) return this.#block();
    if (this.#accept("if")) {
      this.#expect("(");
      const test = this.#expression();
      this.#expect(")");
      const then = this.#body();
      const before = this.#at;
      this.#newlines();
      if (!this.#accept("else")) {
        this.#at = before;
        return (run) => void (truth(test(run)) && then(run));
      }
      const otherwise = this.#body();
      return (run) => truth(test(run)) ? then(run) : otherwise(run);
    }
    if (this.#accept("while")) {
      this.#expect("(");
      const test = this.#expression();
      this.#expect(")");
      return loop(test, this.#body());
    }
    if (this.#accept("do")) {
      const body = this.#body();
      this.#newlines();
      this.#expect("while");
      this.#expect("(");
      const test = this.#expression();
      this.#expect(")");
      return (run) => {
        if (turn(run, body)) loop(test, body)(run);
      };
    }
    if (this.#is("for")) return this.#for();
    if (this.#accept("next")) return () => raise(new Flow("next"));
    if (this.#accept("break")) return () => raise(new Flow("break"));
    if (this.#accept("continue")) return () => raise(new Flow("continue"));
    if (this.#accept("exit")) {
      const status = this.#ends() ? () => 0 : this.#expression();
      return (run) => raise(new Flow("exit", number(status(run))));
    }
    if (this.#accept("delete")) {
      const name = this.tokens[this.#at++]!.value;
      if (!this.#accept("[")) return (run) => run.array(name).clear();
      const key = this.#keys();
      return (run) => void run.array(name).delete(text(key(run)));
    }
    if (this.#accept("print")) {
      const args = this.#arguments();
      return (run) => {
        const words = args.length === 0 ? [run.fields[0]!] : args.map((arg) => text(arg(run)));
        run.out += words.join(text(run.get("OFS"))) + text(run.get("ORS"));
      };
    }
    if (this.#accept("printf")) {
      const args = this.#arguments();
      return (run) => {
        const [format = "", ...rest] = args.map((arg) => text(arg(run)));
        run.out += formatPrintf(format.replaceAll("\\", "\\\\"), rest).text;
      };
    }
    const expression = this.#expression();
    return (run) => void expression(run);
  }

  #for(): Statement {
    this.#expect("for");
    this.#expect("(");
    const [name, word] = [this.tokens[this.#at], this.tokens[this.#at + 1]];
    if (name?.type === "name" && word?.value === "in") {
      this.#at += 2;
      const array = this.tokens[this.#at++]!.value;
      this.#expect(")");
      const body = this.#body();
      return (run) => {
        for (const key of [...run.array(array).keys()]) {
          run.set(name.value, key);
          if (!turn(run, body)) return;
        }
      };
    }
    const first = this.#is(";") ? () => {} : this.#statement();
    this.#expect(";");
    const test = this.#is(";") ? () => 1 : this.#expression();
    this.#expect(";");
    const next = this.#is(")") ? () => {} : this.#statement();
    this.#expect(")");
    const body = this.#body();
    return (run) => {
      for (first(run); truth(test(run)); next(run)) if (!turn(run, body)) return;
    };
  }

  #ends(): boolean {
    return this.#token.type === "newline" || this.#token.type === "end" || this.#is(";") || this.#is("}");
  }

  #arguments(): Expression[] {
    if (this.#ends()) return [];
    // A list in brackets is that of a function
    const before = this.#at;
    if (this.#accept("(")) {
      const list = this.#list(")");
      if (this.#accept(")") && this.#ends()) return list;
      this.#at = before;
    }
    const list = [this.#ternary()];
    while (this.#accept(",")) list.push(this.#ternary());
    return list;
  }

  #list(end: string): Expression[] {
    const list: Expression[] = [];
    while (!this.#is(end) && this.#token.type !== "end") {
      list.push(this.#expression());
      if (!this.#accept(",")) break;
    }
    return list;
  }

  #keys(): Expression {
    const keys = this.#list("]");
    this.#expect("]");
    return (run) => keys.map((key) => text(key(run))).join(text(run.get("SUBSEP")));
  }

  #expression(): Expression {
    const before = this.#at;
    const target = this.#lvalue();
    const operator = this.#token.value;
    if (target && this.#token.type === "punctuation" && /^[-+*/%^]?=$/.test(operator)) {
      this.#at++;
      const value = this.#expression();
      return (run) => {
        const made = operator === "="
          ? value(run)
          : calculate(operator[0]!, number(target.get(run)), number(value(run)));
        target.set(run, made);
        return made;
      };
    }
    this.#at = before;
    return this.#ternary();
  }

  #ternary(): Expression {
    const test = this.#or();
    if (!this.#accept("?")) return test;
    const then = this.#expression();
    this.#expect(":");
    const otherwise = this.#expression();
    return (run) => truth(test(run)) ? then(run) : otherwise(run);
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#accept("||")) {
      const [a, b] = [left, this.#and()];
      left = (run) => Number(truth(a(run)) || truth(b(run)));
    }
    return left;
  }

  #and(): Expression {
    let left = this.#in();
    while (this.#accept("&&")) {
      const [a, b] = [left, this.#in()];
      left = (run) => Number(truth(a(run)) && truth(b(run)));
    }
    return left;
  }

  #in(): Expression {
    const left = this.#match();
    if (!this.#accept("in")) return left;
    const name = this.tokens[this.#at++]!.value;
    return (run) => Number(run.array(name).has(text(left(run))));
  }

  #match(): Expression {
    let left = this.#comparison();
    while (this.#is("~") || this.#is("!~")) {
      const negated = this.tokens[this.#at++]!.value === "!~";
      const pattern = this.#pattern();
      const a = left;
      left = (run) => Number(matcher(pattern(run)).test(text(a(run))) !== negated);
    }
    return left;
  }

  /** A regular expression as itself, not as a test of the record. */
  #pattern(): Expression {
    if (this.#token.type !== "regex") return this.#comparison();
    const { value } = this.tokens[this.#at++]!;
    return () => value;
  }

  #comparison(): Expression {
    const left = this.#concatenation();
    const operator = this.#token.value;
    if (this.#token.type !== "punctuation" || !/^(?:[<>]=?|==|!=)$/.test(operator)) return left;
    this.#at++;
    const right = this.#concatenation();
    return (run) => Number(compares(operator, left(run), right(run)));
  }

  #concatenation(): Expression {
    let left = this.#sum();
    while (
      /^(?:number|string|name|function)$/.test(this.#token.type) && !this.#is("in") || this.#is("$") || this.#is("(")
    ) {
      const [a, b] = [left, this.#sum()];
      left = (run) => text(a(run)) + text(b(run));
    }
    return left;
  }

  #sum(): Expression {
    let left = this.#product();
    while (this.#is("+") || this.#is("-")) {
      const operator = this.tokens[this.#at++]!.value;
      const [a, b] = [left, this.#product()];
      left = (run) => calculate(operator, number(a(run)), number(b(run)));
    }
    return left;
  }

  #product(): Expression {
    let left = this.#unary();
    while (this.#is("*") || this.#is("/") || this.#is("%")) {
      const operator = this.tokens[this.#at++]!.value;
      const [a, b] = [left, this.#unary()];
      left = (run) => calculate(operator, number(a(run)), number(b(run)));
    }
    return left;
  }

  #unary(): Expression {
    if (this.#accept("!")) {
      const value = this.#unary();
      return (run) => Number(!truth(value(run)));
    }
    if (this.#accept("-")) {
      const value = this.#unary();
      return (run) => -number(value(run));
    }
    if (this.#accept("+")) {
      const value = this.#unary();
      return (run) => number(value(run));
    }
    const base = this.#postfix();
    if (!this.#accept("^")) return base;
    const power = this.#unary();
    return (run) => number(base(run)) ** number(power(run));
  }

  #postfix(): Expression {
    if (this.#is("++") || this.#is("--")) {
      const step = this.tokens[this.#at++]!.value === "++" ? 1 : -1;
      const target = this.#lvalue();
      if (!target) throw new SyntaxError("unexpected token");
      return (run) => {
        const value = number(target.get(run)) + step;
        target.set(run, value);
        return value;
      };
    }
    const before = this.#at;
    const target = this.#lvalue();
    if (target && (this.#is("++") || this.#is("--"))) {
      const step = this.tokens[this.#at++]!.value === "++" ? 1 : -1;
      return (run) => {
        const value = number(target.get(run));
        target.set(run, value + step);
        return value;
      };
    }
    if (target) return target.get;
    this.#at = before;
    return this.#primary();
  }

  #lvalue(): Lvalue | undefined {
    const token = this.#token;
    if (this.#accept("$")) {
      const index = this.#is("++") || this.#is("--") || this.#is("-") ? this.#unary() : this.#fieldIndex();
      return {
        get: (run) => run.fields[number(index(run))] ?? "",
        set: (run, value) => run.setField(number(index(run)), value),
      };
    }
    if (token.type !== "name" || token.value === "in" || token.value === "getline") return undefined;
    this.#at++;
    const name = token.value;
    if (this.#accept("[")) {
      const key = this.#keys();
      return {
        get: (run) => run.array(name).get(text(key(run))) ?? "",
        set: (run, value) => void run.array(name).set(text(key(run)), value),
      };
    }
    if (name === "length") return { get: (run) => run.fields[0]!.length, set: () => {} };
    return { get: (run) => run.get(name), set: (run, value) => run.set(name, value) };
  }

  #fieldIndex(): Expression {
    const target = this.#lvalue();
    return target ? target.get : this.#primary();
  }

  #primary(): Expression {
    const token = this.tokens[this.#at++]!;
    if (token.type === "number") return () => Number(token.value);
    if (token.type === "string") return () => token.value;
    if (token.type === "regex") return (run) => Number(matcher(token.value).test(run.fields[0]!));
    if (token.value === "(" && token.type === "punctuation") {
      const list = this.#list(")");
      this.#expect(")");
      if (list.length === 1) return list[0]!;
      return (run) => list.map((each) => text(each(run))).join(text(run.get("SUBSEP")));
    }
    if (token.type === "function") return this.#call(token.value);
    throw new SyntaxError(`unexpected token '${token.value}'`);
  }

  #call(name: string): Expression {
    this.#expect("(");
    const starts: number[] = [];
    const args: Expression[] = [];
    const targets: (Lvalue | undefined)[] = [];
    while (!this.#is(")")) {
      starts.push(this.#at);
      const before = this.#at;
      const regex = this.#token.type === "regex" && /^[,)]$/.test(this.tokens[this.#at + 1]!.value);
      if (regex) {
        const { value } = this.tokens[this.#at++]!;
        args.push(() => value);
        targets.push(undefined);
      } else {
        const target = this.#lvalue();
        targets.push(target && (this.#is(",") || this.#is(")")) ? target : undefined);
        this.#at = before;
        args.push(this.#expression());
      }
      if (!this.#accept(",")) break;
    }
    this.#expect(")");
    const array = (i: number) => this.tokens[starts[i]!]!.value;
    const at = (run: Runtime, i: number, otherwise: Value = "") => args[i] ? args[i](run) : otherwise;
    switch (name) {
      case "length":
        return (run) =>
          args.length === 0 ? run.fields[0]!.length : run.arrays.get(array(0))?.size ?? text(at(run, 0)).length;
      case "substr":
        return (run) => {
          const [string, from] = [text(at(run, 0)), Math.round(number(at(run, 1)))];
          const end = args[2] ? from + Math.round(number(at(run, 2))) : Infinity;
          return string.slice(Math.max(0, from - 1), Math.max(0, end - 1));
        };
      case "index":
        return (run) => text(at(run, 0)).indexOf(text(at(run, 1))) + 1;
      case "split":
        return (run) => {
          const parts = run.split(text(at(run, 0)), text(at(run, 2, run.get("FS"))));
          const into = run.array(array(1));
          into.clear();
          for (const [i, part] of parts.entries()) into.set(String(i + 1), part);
          return parts.length;
        };
      case "sub":
      case "gsub":
        return (run) => {
          const target = targets[2];
          const string = target ? text(target.get(run)) : run.fields[0]!;
          let count = 0;
          const pattern = new RegExp(matcher(text(at(run, 0))).source, name === "gsub" ? "g" : "");
          const made = string.replace(pattern, (all) => {
            count++;
            return text(at(run, 1)).replace(/\\&|&/g, (mark) => mark === "&" ? all : "&");
          });
          if (count > 0) target ? target.set(run, made) : run.record(made);
          return count;
        };
      case "match":
        return (run) => {
          const found = new RegExp(matcher(text(at(run, 1))).source).exec(text(at(run, 0)));
          run.set("RSTART", found ? found.index + 1 : 0);
          run.set("RLENGTH", found ? found[0].length : -1);
          return found ? found.index + 1 : 0;
        };
      case "sprintf":
        return (run) => {
          const [format = "", ...rest] = args.map((arg) => text(arg(run)));
          return formatPrintf(format.replaceAll("\\", "\\\\"), rest).text;
        };
      case "tolower":
        return (run) => text(at(run, 0)).toLowerCase();
      case "toupper":
        return (run) => text(at(run, 0)).toUpperCase();
      case "int":
        return (run) => Math.trunc(number(at(run, 0)));
      default:
        throw new SyntaxError(`call to undefined function ${name}`);
    }
  }
}

function raise(flow: Flow): never {
  throw flow;
}

/** One turn of a loop; says whether it goes on. */
function turn(run: Runtime, body: Statement): boolean {
  try {
    body(run);
  } catch (error) {
    if (!(error instanceof Flow) || error.kind === "next" || error.kind === "exit") throw error;
    return error.kind === "continue";
  }
  return true;
}

const loop = (test: Expression, body: Statement): Statement => (run) => {
  while (truth(test(run))) if (!turn(run, body)) return;
};

const matcher = (pattern: Value) => new RegExp(regularExpression(text(pattern), { extended: true }).source);

function calculate(operator: string, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    default:
      return a ** b;
  }
}

function compares(operator: string, left: Value, right: Value): boolean {
  const [a, b] = looksNumeric(left) && looksNumeric(right) ? [number(left), number(right)] : [text(left), text(right)];
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "==":
      return a === b;
    default:
      return a !== b;
  }
}

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
    rules = new Parser(tokenize(args.shift() ?? "")).program();
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
      const opened = call.system.files.open(call.path(name), "r", call.process.netns);
      if ("errno" in opened) {
        yield* call.err(`awk: ${name}: ${errorText(opened.errno)}\n`);
        status = 1;
        continue;
      }
      for (;;) {
        const piece = yield* opened.file.read();
        if (!("text" in piece)) break;
        input += piece.text;
      }
    }
  }
  const lines = input === "" ? [] : input.replace(/\n$/, "").split("\n");
  const done = perform(rules, run, lines);
  yield* call.out(run.out);
  return done || status;
};
