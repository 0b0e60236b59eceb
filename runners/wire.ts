/**
 * The wire protocol between the host and the agent on the board: records, each with its number, its length and its
 * checksum (that of POSIX cksum, or MD5), on a line that may carry other text as well (a console, a login banner, kernel messages).
 *
 * A record travels as `\n@tl1 SEQ LENGTH CKSUM\n`, then LENGTH bytes, then a newline. What does not fit is noise; a
 * record whose checksum does not fit is damaged, and the host asks for it again. Of what a kernel printed into the middle of a
 * record on its console, the record is freed first: the checksum tells whether that made it whole.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000_0000 ? 0x04c1_1db7 : 0);
  return crc >>> 0;
});

/**
 * The checksum of POSIX cksum(1): a CRC-32 over the bytes and their number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cksum } from "./wire.ts";
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

/** The MD5 digest in hexadecimal: the checksum where a board has no cksum(1). It guards against noise, not against malice. */
export function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/**
 * The line with which the agent says that it begins a step: nobody else knows the number behind that of the step, which is
 * of this pushing of the plan. With its line feeds it fits into the FIFO of a UART, which still sends it where the kernel
 * breaks at once.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { announcement } from "./wire.ts";
 *
 * assertEquals(announcement("a1", 12), "@12 dfc1ea75");
 * ```
 */
export function announcement(plan: string, step: number): string {
  return `@${step} ${cksum(new TextEncoder().encode(`${plan} ${step}`)).toString(16).padStart(8, "0")}`;
}

/** What a {@linkcode FrameParser} finds on the line. */
export type Frame =
  /** A whole record: its checksum was right */
  | { kind: "record"; seq: number; bytes: Uint8Array }
  /** A record was announced and came damaged */
  | { kind: "damaged"; seq: number }
  /** A line that belongs to no record */
  | { kind: "noise"; text: string };

/** A line that a kernel printed with a time stamp, to its end; without an end, the rest of the text. */
const KERNEL_LINE = /\[ *\d+\.\d{6}\](?:\[ *[CT]\d+\])? [^\n]*(?:\n|$)/g;
/** What may be the beginning of one. */
const KERNEL_BEGIN = /\[ *\d*(?:\.\d*)?(?:\][^\n]*)?$/;

/**
 * The first `length` bytes without the kernel's lines in between; `"more"` where the line has not brought them all yet,
 * undefined where nothing can be left out.
 */
function withoutKernel(bytes: Uint8Array, length: number): { clean: Uint8Array; taken: number } | "more" | undefined {
  const text = Buffer.from(bytes).toString("latin1");
  let clean = "";
  let at = 0;
  for (const line of text.matchAll(KERNEL_LINE)) {
    if (clean.length + line.index - at > length) break;
    clean += text.slice(at, line.index);
    at = line.index + line[0].length;
  }
  const rest = text.slice(at, at + length - clean.length);
  const begun = KERNEL_BEGIN.exec(text);
  if (clean.length + rest.length < length || (begun && begun.index < at + rest.length)) return "more";
  if (at === 0) return undefined;
  return { clean: new Uint8Array(Buffer.from(clean + rest, "latin1")), taken: at + rest.length };
}

const NEWLINE = 10;
const MAX_RECORD = 64 * 1024 * 1024;
const MD5_DIGITS = 32;
const HEADER = /@tl1 (\d{1,9}) (\d{1,9}) (\d{1,10}|[0-9a-f]{32})\r?$/;

/**
 * Finds records in a stream of bytes that may come in any pieces.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FrameParser } from "./wire.ts";
 *
 * const parser = new FrameParser();
 * const frames = parser.push(new TextEncoder().encode("login: \n@tl1 1 9 930766865\n123456789\n"));
 * assertEquals(frames.map((frame) => frame.kind), ["noise", "record"]);
 * ```
 */
export class FrameParser {
  #buffer = new Uint8Array(0);
  #pending: { seq: number; length: number; sum: string } | undefined;
  #decoder = new TextDecoder();
  /** The beginning of a line that a kernel wrote into */
  #cut = "";

  /** Takes the next bytes of the line and gives what they completed, in order. */
  push(chunk: Uint8Array): Frame[] {
    const joined = new Uint8Array(this.#buffer.length + chunk.length);
    joined.set(this.#buffer);
    joined.set(chunk, this.#buffer.length);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      if (this.#pending) {
        const { seq, length, sum } = this.#pending;
        if (joined.length - at < length) break;
        const fits = (bytes: Uint8Array) => sum === (sum.length === MD5_DIGITS ? md5(bytes) : String(cksum(bytes)));
        const bytes = joined.slice(at, at + length);
        const freed = fits(bytes) ? undefined : withoutKernel(joined.subarray(at), length);
        if (freed === "more") break;
        this.#pending = undefined;
        if (!freed && fits(bytes)) {
          frames.push({ kind: "record", seq, bytes });
          at += length;
        } else if (freed && fits(freed.clean)) {
          frames.push({ kind: "record", seq, bytes: freed.clean });
          at += freed.taken;
        } else {
          // The length itself may be wrong: look for the next record right behind the header.
          frames.push({ kind: "damaged", seq });
        }
        continue;
      }
      const end = joined.indexOf(NEWLINE, at);
      if (end < 0) break;
      let line = this.#decoder.decode(joined.subarray(at, end));
      at = end + 1;
      // A line that a kernel wrote into goes on behind the kernel's.
      const kernel = line.search(KERNEL_LINE);
      if (kernel > 0) {
        frames.push({ kind: "noise", text: line.slice(kernel).replace(/\r$/, "") });
        this.#cut += line.slice(0, kernel);
        continue;
      }
      if (kernel < 0) {
        line = this.#cut + line;
        this.#cut = "";
      }
      const header = HEADER.exec(line);
      if (header && Number(header[2]) <= MAX_RECORD) {
        this.#pending = { seq: Number(header[1]), length: Number(header[2]), sum: header[3]! };
      } else if (line.trim() !== "") {
        frames.push({ kind: "noise", text: line.replace(/\r$/, "") });
      }
    }
    this.#buffer = joined.slice(at);
    return frames;
  }

  /** The seq of a record whose end has not come yet, after which the line fell silent; forgets it. */
  giveUp(): number | undefined {
    const seq = this.#pending?.seq;
    if (!this.#pending) return undefined;
    this.#pending = undefined;
    return seq;
  }
}
