/**
 * Parses numbers as the kernel does.
 *
 * @module
 */

import type { Era } from "../../era/mod.ts";

const U64 = 0xffff_ffff_ffff_ffffn;

/** Parses like `sscanf("%u %u %u")`: returns the unsigned numbers up to `most`, cut to 32 bits. */
export function scan({ scanOverflow }: Era, text: string, most: number): number[] {
  const result: number[] = [];
  let rest = text;
  while (result.length < most) {
    const match = /^\s*(\d+)/.exec(rest);
    if (!match) break;
    const value = BigInt(match[1]!);
    const kept = scanOverflow === "saturates" && value > U64 ? U64 : value;
    result.push(Number(BigInt.asUintN(32, kept)));
    rest = rest.slice(match[0].length);
  }
  return result;
}

/** Parses like `kstrtouint(..., 0, ...)`: returns a number, or an errno. */
export function uint(text: string): number | "EINVAL" | "ERANGE" {
  const value = unsigned(text);
  if (typeof value === "string") return value;
  return value > 0xffff_ffffn ? "ERANGE" : Number(value);
}

/** Parses like `kstrtoull(..., 0, ...)`: returns a number, or an errno. */
export function unsigned(text: string): bigint | "EINVAL" | "ERANGE" {
  const match = /^\+?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.exec(text);
  if (!match) return "EINVAL";
  const digits = match[1]!;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return value > 0xffff_ffff_ffff_ffffn ? "ERANGE" : value;
}

/** Parses like `kstrtobool()`; returns undefined if the text is not a bool. */
export function kstrtobool(text: string, { readsTrueFalse }: Pick<Era, "readsTrueFalse">): boolean | undefined {
  if (/^(?:[yY1]|[oO][nN])/.test(text)) return true;
  if (/^(?:[nN0]|[oO][fF])/.test(text)) return false;
  if (readsTrueFalse && /^[tTfF]/.test(text)) return /^t/i.test(text);
  return undefined;
}
