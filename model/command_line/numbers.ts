/**
 * Reads numbers, and operations with numbers, as devlink(8) does.
 *
 * @module
 */

import type { Operation } from "../operation.ts";
import { COMMAND_FORMS, isDevlink, type Parameters } from "./forms.ts";

/**
 * Returns a number as devlink(8) reads it with strtoull(3): after blanks and a sign; a negative number is added to 2^64.
 * Undefined if the text is not a number, or has more bits.
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

/** True if the value is a plain number of at most `bits` bits. */
const isPlain = (value: unknown, bits: number) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < 2 ** bits;

/**
 * Returns an operation with its numbers as devlink(8) reads them. Undefined if devlink(8) sends no request, because it cannot read
 * a
 * number or takes a word for a global option.
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
  // devlink(8) also looks up the netdev of a port
  if ("port" in op && op.port !== undefined && !isPlain(op.port, 32)) return undefined;
  if (!isDevlink(op)) return op;
  let read: Record<string, unknown> | undefined;
  for (const { field, value, bits = 32 } of COMMAND_FORMS[op.kind].options) {
    const given = (op as unknown as Parameters)[field];
    // getopt(3) takes such a word for a global option of devlink(8), at any place
    for (const word of [given].flat()) {
      if (typeof word === "number" ? word < 0 : typeof word === "string" && /^-./.test(word)) return undefined;
    }
    if (value !== "number") continue;
    if (given === undefined || given === null || isPlain(given, bits)) continue;
    // A word that begins with `-` is a global option of devlink(8), at any place
    const number = String(given).startsWith("-") ? undefined : numberOf(String(given), bits);
    if (number === undefined) return undefined;
    read ??= { ...op };
    read[field] = typeof given === "number" ? Number(number) : String(number);
  }
  return (read ?? op) as Operation;
}
