/**
 * The wire protocol between the host and the board. The line may carry other text as well (a console, a login banner,
 * kernel messages) and may lose or alter bytes. What is described here is the host's half; agent_wire.sh is the board's.
 *
 * - A request is a line `@` SUM DIGIT WORDS, without blanks, the board's answer to it a line `=` SUM DIGIT WORDS. Requests are
 *   done in their order, so that a digit tells which one it is: 1 to 9 and again 1; 0 is of those that may be done twice.
 * - A record travels as `\n@tl1 SEQ LENGTH CKSUM\n`, then LENGTH bytes, then a line feed. After CKSUM, where the bytes are a
 *   code of the record (`z`: gzip and base64, `x`: hexadecimal), the code; after it, where they are a part of that, where the
 *   part begins and how long the whole is. Where lines that the host has are left out of it, the code is `g`: known_lines.ts.
 *
 * - While a plan runs, each second a line `@~` reports that the board is alive, wherever it comes.
 *
 * What does not fit is noise; a record whose checksum does not fit is damaged, and the host asks for its parts. Of what a
 * kernel printed into the middle of a record on its console, the record is freed first: the checksum tells whether that made
 * it whole.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
import { CONSOLE_LINE, CONSOLE_LINE_POSSIBLY_BEGUN } from "../../diff/console_line.ts";
import { SHARED } from "./constants.ts";
import { cksum, fits, sumOf, sumOnLine } from "./sums.ts";

export { cksum, fits, md5, sumOf } from "./sums.ts";

/** Returns the digit that stands for the number of a request. */
export function digitOf(number: number): number {
  return number === 0 ? 0 : (number - 1) % 9 + 1;
}

/** Returns a request as the board takes it: one line of printable characters. */
export function requestLine(number: number, words: string, checksum?: "cksum" | "md5"): string {
  const text = `${digitOf(number)}${words}`;
  return `${SHARED.REQUEST}${sumOnLine(text, checksum)}${text}\n`;
}

/**
 * Returns the line with which the agent reports that it begins a step: nobody else knows the number after the step's, which is
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

/** Returns a piece of a script as the board takes it, also one line of printable characters. */
export function pieceLine(number: string, text: string, checksum?: "cksum" | "md5"): string {
  return `${SHARED.PIECE}${number} ${sumOf(`${number} ${text}`, checksum)} ${text}\n`;
}

/** How many characters of a script go into one piece: a line of a terminal takes 4095. */
const PIECE = 1500;

/**
 * Returns a script as letters that every line carries, in pieces of one line each: compressed where the board can read that (`z`), else
 * with the escapes of printf (`p`).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { piecesOf } from "./wire.ts";
 *
 * assertEquals(piecesOf("it's\n", "p").pieces, ["it\\0047s\\0012"]);
 * ```
 */
export function piecesOf(content: string, code: "z" | "p"): { sent: string; pieces: string[] } {
  const sent = code === "z" ? gzipSync(content).toString("base64") : escaped(content);
  const pieces = sent.match(new RegExp(`[^]{1,${PIECE}}`, "g")) ?? [""];
  // A piece does not end within an escape.
  for (let i = 0; i + 1 < pieces.length; i++) {
    const cut = /\\0?\d{0,2}$/.exec(pieces[i]!)?.[0] ?? "";
    pieces[i] = pieces[i]!.slice(0, pieces[i]!.length - cut.length);
    pieces[i + 1] = cut + pieces[i + 1]!;
  }
  return { sent, pieces };
}

function escaped(content: string): string {
  return Array.from(new TextEncoder().encode(content), (byte) => {
    const plain = byte >= 32 && byte < 127 && byte !== 39 && byte !== 92;
    return plain ? String.fromCharCode(byte) : `\\0${byte.toString(8).padStart(3, "0")}`;
  }).join("");
}

/** What a {@linkcode FrameParser} finds on the line. */
export type Frame =
  /** A whole record: its checksum was right */
  | { kind: "record"; seq: number; bytes: Uint8Array }
  /** A part of a record in code: its checksum was right */
  | { kind: "part"; seq: number; code: Code; from: number; total: number; bytes: Uint8Array }
  /** A record without the lines that the host is expected to have, as {@linkcode KnownLines.whole} takes it */
  | { kind: "gapped"; seq: number; bytes: Uint8Array }
  /** A record, or a part of one, was announced and came damaged */
  | { kind: "damaged"; seq: number }
  /** A record was announced that is longer than any is taken */
  | { kind: "long"; seq: number; length: number }
  /** An answer: its sum was right */
  | { kind: "answer"; digit: number; words: string }
  /** A line that belongs to no record */
  | { kind: "noise"; text: string };

/** How a record may be coded: as gzip in base64, or hexadecimal. */
export type Code = "z" | "x";

/**
 * Returns a record from its code; undefined where it is not a record, or one that is far too long.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decoded } from "./wire.ts";
 *
 * assertEquals(decoded("x", new TextEncoder().encode("6869")), new TextEncoder().encode("hi"));
 * ```
 */
export function decoded(code: Code, bytes: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(bytes).toString("latin1");
  try {
    return code === "z"
      ? new Uint8Array(gunzipSync(Buffer.from(text, "base64"), { maxOutputLength: MAX_RECORD }))
      : new Uint8Array(Buffer.from(text, "hex"));
  } catch {
    return undefined;
  }
}

const { BEAT } = SHARED;
/** A line that a kernel printed with a time stamp, to its end; without an end, the rest of the text. Or a beat. */
const KERNEL_LINE = new RegExp(String.raw`\n${BEAT}\r?\n|${CONSOLE_LINE}`, "g");
/** What may be the beginning of one. */
const BEAT_BEGUN = [...BEAT].reduceRight((rest, character) => `(?:${character}${rest})?`, "\\r?");
const KERNEL_BEGIN = new RegExp(String.raw`${CONSOLE_LINE_POSSIBLY_BEGUN}|\n${BEAT_BEGUN}$`);

/**
 * Returns the first `length` bytes without the kernel's lines in between, and those. `"more"` where the line has not brought them all
 * yet, undefined where nothing can be left out.
 */
function withoutKernel(
  bytes: Uint8Array,
  length: number,
): { clean: Uint8Array; lines: string[]; taken: number } | "more" | undefined {
  const text = Buffer.from(bytes).toString("latin1");
  let clean = "";
  let at = 0;
  const lines: string[] = [];
  for (const line of text.matchAll(KERNEL_LINE)) {
    if (clean.length + line.index - at > length) break;
    clean += text.slice(at, line.index);
    at = line.index + line[0].length;
    lines.push(Buffer.from(line[0], "latin1").toString().trim());
  }
  const rest = text.slice(at, at + length - clean.length);
  const begun = KERNEL_BEGIN.exec(text);
  if (clean.length + rest.length < length || (begun && begun.index < at + rest.length)) return "more";
  if (at === 0) return undefined;
  return { clean: new Uint8Array(Buffer.from(clean + rest, "latin1")), lines, taken: at + rest.length };
}

const NEWLINE = 10;
/** How many bytes a record may have. */
const MAX_RECORD = 16 * 1024 * 1024;
/** How many characters of a line that is of no record are stored, and of one whose end has not come. */
const MAX_NOISE = 4096, MAX_LINE = 64 * 1024;
const HEADER = new RegExp(
  String
    .raw`${SHARED.RECORD} (\d{1,9}) (\d{1,9}) (\d{1,10}|[0-9a-f]{32})(?: (g|([zx])(?: (\d{1,9}) (\d{1,9}))?))? ?\r?$`,
);

/** What a header announces. */
interface Announced {
  seq: number;
  length: number;
  sum: string;
  code?: Code | "g";
  part?: { from: number; total: number };
}

function headerOf(line: string): Announced | undefined {
  const match = HEADER.exec(line);
  if (!match) return undefined;
  const [, seq, length, sum, , plain, from, total] = match;
  const code = match[4] === "g" ? "g" : plain;
  return {
    seq: Number(seq),
    length: Number(length),
    sum: sum!,
    ...(code ? { code: code as Code | "g" } : {}),
    ...(from === undefined ? {} : { part: { from: Number(from), total: Number(total) } }),
  };
}

function answerOf(line: string): Frame | undefined {
  for (
    const [digits, checksum] of [[SHARED.SUM_DIGITS, undefined], [SHARED.LONG_SUM_DIGITS, "cksum"], [
      SHARED.LONG_SUM_DIGITS,
      "md5",
    ]] as const
  ) {
    const text = line.slice(1 + digits);
    if (!line.startsWith(SHARED.ANSWER) || !/^[0-9a-f]+$/.test(line.slice(1, 1 + digits)) || !/^\d/.test(text)) {
      continue;
    }
    if (line === `${SHARED.ANSWER}${sumOnLine(text, checksum)}${text}`) {
      return { kind: "answer", digit: Number(text[0]), words: text.slice(1) };
    }
  }
  return undefined;
}

/** Returns the frame of a record that was announced, from its bytes; undefined where they are not whole. */
function frameOf({ seq, sum, code, part }: Announced, bytes: Uint8Array): Frame | undefined {
  if (!fits(bytes, sum)) return undefined;
  if (code === "g") {
    const gapped = decoded("z", bytes);
    return gapped && { kind: "gapped", seq, bytes: gapped };
  }
  if (code && part) return { kind: "part", seq, code, ...part, bytes };
  const plain = code ? decoded(code, bytes) : bytes;
  return plain && { kind: "record", seq, bytes: plain };
}

/**
 * Finds records and answers in a stream of bytes that may come in any pieces.
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
  #pending: Announced | undefined;
  #decoder = new TextDecoder();
  /** The beginning of a line that a kernel wrote into */
  #cut = "";
  /** How many bytes from here may be of a record that came damaged */
  #doubtful = 0;

  /** How often the board has reported that it is alive */
  beats = 0;

  #beat(line: string): boolean {
    const is = line.trim() === BEAT;
    if (is) this.beats++;
    return is;
  }

  /** The record that is coming, if its header has come */
  get pending(): number | undefined {
    return this.#pending?.seq;
  }

  /** Takes the next bytes of the line and gives what they completed, in order. */
  push(chunk: Uint8Array): Frame[] {
    const joined = new Uint8Array(this.#buffer.length + chunk.length);
    joined.set(this.#buffer);
    joined.set(chunk, this.#buffer.length);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      if (this.#pending) {
        const { seq, length } = this.#pending;
        if (joined.length - at < length) break;
        const bytes = joined.slice(at, at + length);
        const whole = frameOf(this.#pending, bytes);
        const freed = whole ? undefined : withoutKernel(joined.subarray(at), length);
        if (freed === "more") break;
        const clean = freed && frameOf(this.#pending, freed.clean);
        this.#pending = undefined;
        if (whole) {
          frames.push(whole);
          at += length;
        } else if (freed && clean) {
          const noise = freed.lines.filter((text) => !this.#beat(text));
          frames.push(...noise.map((text): Frame => ({ kind: "noise", text })), clean);
          at += freed.taken;
        } else {
          // The length itself may be wrong: look for the next record right after the header.
          frames.push({ kind: "damaged", seq });
          this.#doubtful = length;
        }
        continue;
      }
      const end = joined.indexOf(NEWLINE, at);
      if (end < 0) break;
      const doubtful = this.#doubtful > 0;
      this.#doubtful = Math.max(0, this.#doubtful - (end + 1 - at));
      let line = this.#decoder.decode(joined.subarray(at, end));
      at = end + 1;
      if (this.#beat(line)) continue;
      // A line that a kernel wrote into goes on after the kernel's.
      const kernel = line.search(KERNEL_LINE);
      if (kernel > 0) {
        frames.push({ kind: "noise", text: line.slice(kernel, kernel + MAX_NOISE).replace(/\r$/, "") });
        this.#cut = (this.#cut + line.slice(0, kernel)).slice(-MAX_LINE);
        continue;
      }
      if (kernel < 0) {
        line = this.#cut + line;
        this.#cut = "";
      }
      this.#pending = headerOf(line);
      if (this.#pending) {
        this.#doubtful = 0;
        const { seq, length, part } = this.#pending;
        const longest = Math.max(length, part?.total ?? 0);
        if (longest <= MAX_RECORD) continue;
        frames.push({ kind: "long", seq, length: longest });
        this.#pending = undefined;
        this.#doubtful = length;
        continue;
      }
      const answer = answerOf(line.replace(/\r$/, ""));
      if (answer) frames.push(answer);
      // What is left of a damaged record is no news.
      else if (line.trim() !== "" && (!doubtful || kernel >= 0 || line.startsWith("@"))) {
        frames.push({ kind: "noise", text: line.slice(0, MAX_NOISE).replace(/\r$/, "") });
      }
    }
    // A line without end is of no record.
    if (!this.#pending && joined.length - at > MAX_LINE) {
      frames.push({ kind: "noise", text: this.#decoder.decode(joined.subarray(at, at + MAX_NOISE)) });
      at = joined.length;
    }
    this.#buffer = joined.slice(at);
    return frames;
  }

  /** Returns the seq of a record whose end has not come yet, after which the line fell silent; forgets it. */
  giveUp(): number | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending) this.#doubtful = pending.length;
    return pending?.seq;
  }
}
