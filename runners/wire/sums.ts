/**
 * The checksums of the wire, as a shell on the board computes them.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { SHARED } from "./constants.ts";

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000_0000 ? 0x04c1_1db7 : 0);
  return crc >>> 0;
});

/**
 * Returns the checksum of POSIX cksum(1): a CRC-32 over the bytes and their count.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cksum } from "./sums.ts";
 *
 * assertEquals(cksum(new TextEncoder().encode("123456789")), 930766865);
 * ```
 */
export function cksum(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = (crc << 8) ^ TABLE[(crc >>> 24) ^ byte]!;
  for (let n = bytes.length; n > 0; n = Math.floor(n / 256)) crc = (crc << 8) ^ TABLE[(crc >>> 24) ^ (n & 255)]!;
  return ~crc >>> 0;
}

/**
 * Returns the MD5 digest in hexadecimal: the checksum for boards without cksum(1). It guards against noise, not against malice.
 */
export function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** True if the bytes have this checksum: cksum(1)'s, or MD5 if the board lacks cksum. */
export function fits(bytes: Uint8Array, sum: string): boolean {
  return sum === (sum.length === MD5_DIGITS ? md5(bytes) : String(cksum(bytes)));
}

/** The number of printable characters, in the order of agent_wire.sh. */
const PRINTABLE = 95;
const MD5_DIGITS = 32;
const { FEW, SUM_DIGITS, LONG_SUM_DIGITS } = SHARED;

/**
 * Returns the sum of a piece of a script, a request or an answer. For a short text it is a sum that a shell computes by
 * arithmetic, for a long text the checksum.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sumOf } from "./sums.ts";
 *
 * assertEquals(sumOf("7!true"), "4905204");
 * ```
 */
export function sumOf(words: string, checksum: "cksum" | "md5" = "cksum"): string {
  if (words.length > FEW) {
    const bytes = new TextEncoder().encode(words);
    return checksum === "md5" ? md5(bytes) : String(cksum(bytes));
  }
  let sum = words.length;
  for (const character of words) {
    const at = character.charCodeAt(0) - 32;
    sum = (sum * SHARED.SUM_FACTOR + (at >= 0 && at < PRINTABLE ? at : PRINTABLE)) % SHARED.SUM_MODULUS;
  }
  return String(sum);
}

/** Returns the sum as it stands on the line, in hexadecimal digits; their number depends only on the length of the text. */
export function sumOnLine(text: string, checksum?: "cksum" | "md5"): string {
  const sum = sumOf(text, checksum);
  return sum.length === MD5_DIGITS
    ? sum.slice(0, LONG_SUM_DIGITS)
    : Number(sum).toString(16).padStart(text.length > FEW ? LONG_SUM_DIGITS : SUM_DIGITS, "0");
}
