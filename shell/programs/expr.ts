/**
 * expr(1)
 *
 * @module
 */

import { regularExpression } from "./regular_expression.ts";
import type { Program } from "../program.ts";

/** expr(1) */
export const expr: Program = function* (call) {
  const args = [...call.args];
  const or = (): string => {
    let left = and();
    while (args[0] === "|") {
      args.shift();
      const right = and();
      if (left === "" || left === "0") left = right;
    }
    return left;
  };
  const and = (): string => {
    let left = compare();
    while (args[0] === "&") {
      args.shift();
      const right = compare();
      if (left === "" || left === "0" || right === "" || right === "0") left = "0";
    }
    return left;
  };
  const compare = (): string => {
    let left = sum();
    while (/^(?:=|==|!=|<|<=|>|>=)$/.test(args[0] ?? "")) {
      const operator = args.shift()!;
      const right = sum();
      const [a, b] = /^-?\d+$/.test(left) && /^-?\d+$/.test(right) ? [Number(left), Number(right)] : [left, right];
      const holds = { "=": a === b, "==": a === b, "!=": a !== b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b };
      left = holds[operator as keyof typeof holds] ? "1" : "0";
    }
    return left;
  };
  const sum = (): string => {
    let left = product();
    while (args[0] === "+" || args[0] === "-") {
      const operator = args.shift();
      const right = Number(product());
      left = String(operator === "+" ? Number(left) + right : Number(left) - right);
    }
    return left;
  };
  const product = (): string => {
    let left = args.shift() ?? "";
    while (/^[*/%:]$/.test(args[0] ?? "")) {
      const operator = args.shift();
      const right = args.shift() ?? "";
      if (operator === ":") {
        const expression = regularExpression(right, { extended: false });
        const match = new RegExp(`^(?:${expression.source})`).exec(left);
        left = match?.[1] ?? String(match?.[0].length ?? 0);
      } else {
        const [a, b] = [Number(left), Number(right)];
        left = String(operator === "*" ? a * b : operator === "/" ? Math.trunc(a / b) : a % b);
      }
    }
    return left;
  };
  const value = or();
  yield* call.out(`${value}\n`);
  return value === "" || value === "0" ? 1 : 0;
};
