/**
 * `$((...))`.
 *
 * @module
 */

import type { ArithmeticExpression } from "unbash";
import { ShellError, type ShellState } from "./state.ts";

const BINARY: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / nonzero(b),
  "%": (a, b) => a % nonzero(b),
  "**": power,
  // Shifts by the count modulo 64, as the CPU does: a bigint shift by a huge count would need that many bits of memory
  "<<": (a, b) => a << (b & 63n),
  ">>": (a, b) => a >> (b & 63n),
  "&": (a, b) => a & b,
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
  "<": (a, b) => truth(a < b),
  ">": (a, b) => truth(a > b),
  "<=": (a, b) => truth(a <= b),
  ">=": (a, b) => truth(a >= b),
  "==": (a, b) => truth(a === b),
  "!=": (a, b) => truth(a !== b),
  ",": (_, b) => b,
};

const truth = (value: boolean) => value ? 1n : 0n;

function nonzero(value: bigint): bigint {
  if (value === 0n) throw new ShellError("arithmetic expression: division by zero");
  return value;
}

/** Returns a power in 64 bits. */
function power(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) throw new ShellError("arithmetic expression: exponent must be positive");
  let result = 1n;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asIntN(64, result * base);
    base = BigInt.asIntN(64, base * base);
  }
  return result;
}

function numberOf(text: string, state: ShellState, depth = 0): bigint {
  const trimmed = text.trim();
  if (trimmed === "") return 0n;
  if (/^0[0-7]+$/.test(trimmed)) return BigInt(`0o${trimmed.slice(1)}`);
  if (/^(?:0[xX][0-9a-fA-F]+|\d+)$/.test(trimmed)) return BigInt(trimmed);
  if (/^-\d+$/.test(trimmed)) return BigInt(trimmed);
  if (/^[A-Za-z_]\w*$/.test(trimmed) && depth < 8) return numberOf(state.get(trimmed) ?? "0", state, depth + 1);
  throw new ShellError(`Illegal number: ${text}`);
}

/** Returns the value of an expression, in 64 bits; `word` expands operands that contain expansions. */
export function evaluate(expression: ArithmeticExpression, state: ShellState, word: (text: string) => string): bigint {
  const of = (each: ArithmeticExpression): bigint => BigInt.asIntN(64, evaluate(each, state, word));
  const assign = (target: ArithmeticExpression, value: bigint): bigint => {
    if (target.type === "ArithmeticWord") state.variables.set(target.value, String(value));
    return value;
  };
  switch (expression.type) {
    case "ArithmeticWord":
      return numberOf(expression.value.includes("$") ? word(expression.value) : expression.value, state);
    case "ArithmeticGroup":
      return of(expression.expression);
    case "ArithmeticTernary":
      return of(expression.test) !== 0n ? of(expression.consequent) : of(expression.alternate);
    case "ArithmeticUnary": {
      if (expression.operator === "++" || expression.operator === "--") {
        const before = of(expression.operand);
        const after = assign(expression.operand, expression.operator === "++" ? before + 1n : before - 1n);
        return expression.prefix ? after : before;
      }
      const value = of(expression.operand);
      if (expression.operator === "-") return -value;
      if (expression.operator === "!") return truth(value === 0n);
      return expression.operator === "~" ? ~value : value;
    }
    case "ArithmeticBinary": {
      const { operator, left, right } = expression;
      if (operator === "&&") return truth(of(left) !== 0n && of(right) !== 0n);
      if (operator === "||") return truth(of(left) !== 0n || of(right) !== 0n);
      if (operator === "=") return assign(left, of(right));
      const compound = /^(.+)=$/.exec(operator);
      if (compound && BINARY[compound[1]!] && !BINARY[operator]) {
        return assign(left, BigInt.asIntN(64, BINARY[compound[1]!]!(of(left), of(right))));
      }
      const apply = BINARY[operator];
      if (!apply) throw new ShellError(`arithmetic expression: expecting primary`);
      return BigInt.asIntN(64, apply(of(left), of(right)));
    }
    default:
      throw new ShellError("arithmetic expression: expecting primary");
  }
}
