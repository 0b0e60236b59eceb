/**
 * What a running awk program has, and how it takes values: each is a text and a number.
 *
 * @module
 */

import { regularExpression } from "./regular_expression.ts";

/** What a variable or a field holds. */
export type Value = string | number;
/** A parsed expression. */
export type Expression = (run: Runtime) => Value;
/** A parsed statement. One that can take long is a generator, which stops where others are to run. */
export type Statement = (run: Runtime) => void | Steps;
/** A statement at work: see {@linkcode Runtime.turn}. */
export type Steps = Generator<void, void, void>;
/** What can be assigned to: a variable, an element of an array, a field. */
export type Lvalue = { get: Expression; set: (run: Runtime, value: Value) => void };

/** A pattern and its action. */
export interface Rule {
  kind: "begin" | "end" | "main";
  from?: Expression;
  to?: Expression;
  active: boolean;
  body: Statement | undefined;
}

/** Leaves what runs: a loop, the rules of a record, the program. */
export class Flow extends Error {
  constructor(readonly kind: "next" | "exit" | "break" | "continue", readonly status = 0) {
    super(kind);
  }
}

/** So many turns of a loop are made at once. */
const TURNS = 100;

/** So many characters of output are held back. */
const BUFFER = 4096;

/** What a running program has. */
export class Runtime {
  readonly variables = new Map<string, Value>([["FS", " "], ["OFS", " "], ["ORS", "\n"], ["RS", "\n"], [
    "SUBSEP",
    "\x1c",
  ]]);
  readonly arrays = new Map<string, Map<string, Value>>();
  fields: string[] = [""];
  out = "";
  #turns = 0;

  /** Counts a turn of a loop; true now and then: the loop then stops, by `yield`, until it may go on. */
  turn(): boolean {
    return ++this.#turns % TURNS === 0 || this.out.length > BUFFER;
  }

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
    if (separator.length === 1) return line.split(separator);
    return line.split(regularExpression(separator, { extended: true }));
  }
}

/** A value as a number: what it begins with, else 0. */
export const number = (value: Value): number =>
  typeof value === "number" ? value : Number(/^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(value)?.[0] ?? 0);

/** A value as a text. */
export const text = (value: Value): string =>
  typeof value === "string" ? value : Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));

const looksNumeric = (value: Value) =>
  typeof value === "number" || /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/.test(value);

/** Whether a value holds. */
export const truth = (value: Value) =>
  typeof value === "number" ? value !== 0 : looksNumeric(value) ? Number(value) !== 0 : value !== "";

/** What finds a regular expression in a text. */
export const matcher = (pattern: Value) => new RegExp(regularExpression(text(pattern), { extended: true }).source);

/** What an operator of two numbers makes of them. */
export function calculate(operator: string, a: number, b: number): number {
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

/** Whether a comparison holds: of numbers where both look like one, else of texts. */
export function compares(operator: string, left: Value, right: Value): boolean {
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
