/**
 * The wire protocol between the host and the board. The line may carry other text as well (a console, a login banner,
 * kernel messages) and may lose or alter bytes. This file is the host's half; agent_wire.sh is the board's half.
 *
 * - A request is a line `@` SUM DIGIT WORDS, without blanks between them. The answer is a line `=` SUM DIGIT WORDS. Requests
 *   are done in order, and a digit names each request: 1 to 9, then 1 again; 0 is for requests that may be done twice.
 * - A record travels as `\n@tl1 SEQ LENGTH CKSUM\n`, then LENGTH bytes, then a line feed. If the bytes are a code of the record
 *   (`z`: gzip and base64, `x`: hexadecimal), the code follows CKSUM. If they are a part of the coded record, its offset and
 *   the total length follow the code. The code is `g` if lines that the host has are left out, see known_lines.ts.
 *
 * - While a plan runs, a line `@~` reports each second that the board is alive; it may come anywhere.
 *
 * All other lines are noise. A record whose checksum is wrong is damaged, and the host requests its parts. If a kernel printed
 * lines into a record on its console, the parser first removes them; then the checksum shows if the record is whole.
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

/** Returns a request as a line for the board: printable characters only. */
export function requestLine(number: number, words: string, checksum?: "cksum" | "md5"): string {
  const text = `${digitOf(number)}${words}`;
  return `${SHARED.REQUEST}${sumOnLine(text, checksum)}${text}\n`;
}

/**
 * Returns the line with which the agent announces a step. Only the agent and the host know the number after the step's number,
 * and it differs for each push of the plan. With its line feeds the line fits into the FIFO of a UART, which still sends it if
 * the kernel breaks at once.
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

/** Returns a piece of a script as a line for the board: printable characters only. */
export function pieceLine(number: string, text: string, checksum?: "cksum" | "md5"): string {
  return `${SHARED.PIECE}${number} ${sumOf(`${number} ${text}`, checksum)} ${text}\n`;
}

/** How many characters of a script are in one piece: a line of a terminal may have up to 4095. */
const PIECE = 1500;

/**
 * Returns a script as letters that every line can carry, in pieces of one line each: compressed (`z`) if the board can
 * decompress it, otherwise with the escapes of printf (`p`).
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

/** An item that a {@linkcode FrameParser} finds on the line. */
export type Frame =
  /** A whole record: its checksum was right */
  | { kind: "record"; seq: number; bytes: Uint8Array }
  /** A part of a record in code: its checksum was right */
  | { kind: "part"; seq: number; code: Code; from: number; total: number; bytes: Uint8Array }
  /** A record without the lines that the host should have, as {@linkcode KnownLines.whole} reads it */
  | { kind: "gapped"; seq: number; bytes: Uint8Array }
  /** A record, or a part of one, was announced and is damaged */
  | { kind: "damaged"; seq: number }
  /** A record was announced that is longer than the bound */
  | { kind: "long"; seq: number; length: number }
  /** An answer: its sum was right */
  | { kind: "answer"; digit: number; words: string }
  /** A line that belongs to no record */
  | { kind: "noise"; text: string };

/** The code of a record: gzip in base64, or hexadecimal. */
export type Code = "z" | "x";

/**
 * Returns a record from its code; undefined if the code is invalid or the record is far too long.
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
/** A line of a kernel, with a time stamp; an incomplete line ends with the text. Or a report that the board is alive. */
const KERNEL_LINE = new RegExp(String.raw`\n${BEAT}\r?\n|${CONSOLE_LINE}`, "g");
/** The possible beginning of such a line. */
const BEAT_BEGUN = [...BEAT].reduceRight((rest, character) => `(?:${character}${rest})?`, "\\r?");
const KERNEL_BEGIN = new RegExp(String.raw`${CONSOLE_LINE_POSSIBLY_BEGUN}|\n${BEAT_BEGUN}$`);

/**
 * Returns the first `length` bytes without the kernel's lines in between, and those lines. Returns `"more"` if not all bytes
 * have arrived yet, undefined if there is no line to remove.
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
/** The most bytes of a record. */
const MAX_RECORD = 16 * 1024 * 1024;
/** The most characters of a line that belongs to no record, and of a line whose end has not arrived. */
const MAX_NOISE = 4096, MAX_LINE = 64 * 1024;
const HEADER = new RegExp(
  String
    .raw`${SHARED.RECORD} (\d{1,9}) (\d{1,9}) (\d{1,10}|[0-9a-f]{32})(?: (g|([zx])(?: (\d{1,9}) (\d{1,9}))?))? ?\r?$`,
);

/** The contents of a record's header. */
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

/** Returns the frame of an announced record from its bytes; undefined if the bytes are damaged. */
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
  /** The beginning of a line into which a kernel wrote */
  #cut = "";
  /** How many of the next bytes may belong to a damaged record */
  #doubtful = 0;

  /** How often the board has reported that it is alive */
  beats = 0;

  #beat(line: string): boolean {
    const is = line.trim() === BEAT;
    if (is) this.beats++;
    return is;
  }

  /** The number of the record that is arriving, if its header has arrived */
  get pending(): number | undefined {
    return this.#pending?.seq;
  }

  /** Takes the next bytes of the line and returns the frames that they complete, in order. */
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
      // A line into which a kernel wrote continues after the kernel's line.
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
      // The rest of a damaged record is not reported.
      else if (line.trim() !== "" && (!doubtful || kernel >= 0 || line.startsWith("@"))) {
        frames.push({ kind: "noise", text: line.slice(0, MAX_NOISE).replace(/\r$/, "") });
      }
    }
    // A line without an end belongs to no record.
    if (!this.#pending && joined.length - at > MAX_LINE) {
      frames.push({ kind: "noise", text: this.#decoder.decode(joined.subarray(at, at + MAX_NOISE)) });
      at = joined.length;
    }
    this.#buffer = joined.slice(at);
    return frames;
  }

  /** Returns the number of a record whose end had not arrived when the line fell silent, and forgets the record. */
  giveUp(): number | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending) this.#doubtful = pending.length;
    return pending?.seq;
  }
}
