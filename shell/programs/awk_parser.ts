/**
 * Reads an awk program: rules, statements and expressions become functions that are called with what the program has.
 *
 * @module
 */

import { formatPrintf } from "../printf.ts";
import { functionCall } from "./awk_functions.ts";
import {
  calculate,
  compares,
  type Expression,
  Flow,
  type Lvalue,
  matcher,
  number,
  type Rule,
  type Runtime,
  type Statement,
  type Steps,
  text,
  truth,
} from "./awk_runtime.ts";
import { type Token, tokenize } from "./awk_tokens.ts";

/** Reads a program; throws a SyntaxError where it is none. */
export function parseAwk(source: string): Rule[] {
  return new Parser(tokenize(source)).program();
}

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
    return function* (run) {
      for (const statement of statements) yield* steps(statement(run));
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
        return (run) => truth(test(run)) ? then(run) : undefined;
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
      return function* (run) {
        if (yield* turn(run, body)) yield* steps(loop(test, body)(run));
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
      return function* (run) {
        for (const key of [...run.array(array).keys()]) {
          run.set(name.value, key);
          if (!(yield* turn(run, body))) return;
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
    return function* (run) {
      for (yield* steps(first(run)); truth(test(run)); yield* steps(next(run))) if (!(yield* turn(run, body))) return;
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
    const names = starts.map((at) => this.tokens[at]!.value);
    return functionCall(name, { args, targets, names });
  }
}

function raise(flow: Flow): never {
  throw flow;
}

/** One turn of a loop; says whether it goes on. */
function* turn(run: Runtime, body: Statement): Generator<void, boolean, void> {
  if (run.turn()) yield;
  try {
    yield* steps(body(run));
  } catch (error) {
    if (!(error instanceof Flow) || error.kind === "next" || error.kind === "exit") throw error;
    return error.kind === "continue";
  }
  return true;
}

const loop = (test: Expression, body: Statement): Statement =>
  function* (run) {
    while (truth(test(run))) if (!(yield* turn(run, body))) return;
  };

/** What is left to do of a statement. */
const steps = (left: void | Steps): Iterable<void> => left ?? [];
