/**
 * Numbers as devlink(8) reads them, and what it makes of an operation with them.
 *
 * @module
 */

import type { Operation } from "../operation.ts";
import { COMMAND_FORMS, isDevlink, type Parameters } from "./forms.ts";

/**
 * A number as devlink(8) reads it, which is as strtoull(3) does: blanks and a sign may stand in front, and what is negative counts
 * from the end of 64 bits. Undefined where it is not a number, or has more bits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { numberOf } from "./numbers.ts";
 *
 * assertEquals([" +5", "-2", "0x10", "4294967296"].map((text) => numberOf(text, 32)), [5n, undefined, undefined, undefined]);
 * assertEquals(numberOf("-2", 64), 18446744073709551614n);
 * ```
 */
export function numberOf(text: string, bits: 16 | 32 | 64): bigint | undefined {
  const [, sign, digits] = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const size = BigInt(digits);
  if (size >= 2n ** 64n) return undefined;
  const value = sign === "-" ? BigInt.asUintN(64, -size) : size;
  return value < 2n ** BigInt(bits) ? value : undefined;
}

/** True if a number is written as anybody would. */
const isPlain = (value: unknown, bits: number) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < 2 ** bits;

/**
 * An operation with its numbers as devlink(8) reads them. Undefined where it cannot, or takes a word for an option of its own, and asks
 * the kernel nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asRead } from "./numbers.ts";
 *
 * const handle = "netdevsim/netdevsim10";
 * assertEquals(asRead({ kind: "region.del", handle, region: "dummy", snapshot: 2 ** 32 }), undefined);
 * assertEquals(asRead({ kind: "resource.set", handle, path: "IPv4/fib", size: "-5" }), undefined);
 * ```
 */
export function asRead(op: Operation): Operation | undefined {
  // The netdev of a port is asked of devlink(8), too
  if ("port" in op && op.port !== undefined && !isPlain(op.port, 32)) return undefined;
  if (!isDevlink(op)) return op;
  let read: Record<string, unknown> | undefined;
  for (const { field, value, bits = 32 } of COMMAND_FORMS[op.kind].options) {
    const given = (op as unknown as Parameters)[field];
    // getopt(3) takes it for an option of devlink(8) itself, wherever it stands
    for (const word of [given].flat()) {
      if (typeof word === "number" ? word < 0 : typeof word === "string" && /^-./.test(word)) return undefined;
    }
    if (value !== "number") continue;
    if (given === undefined || given === null || isPlain(given, bits)) continue;
    // A word that begins so is an option of devlink(8) itself, wherever it stands
    const number = String(given).startsWith("-") ? undefined : numberOf(String(given), bits);
    if (number === undefined) return undefined;
    read ??= { ...op };
    read[field] = typeof given === "number" ? Number(number) : String(number);
  }
  return (read ?? op) as Operation;
}
