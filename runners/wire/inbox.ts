/**
 * The received data of a connection: the answer to the last request, and records that are whole, in parts or damaged.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { KnownLines } from "../agent/known_lines.ts";
import { SHARED } from "./constants.ts";
import { type Code, decoded, digitOf, type Frame } from "./wire.ts";

const text = new TextDecoder();

const { PART } = SHARED;

/** A record that arrives in parts. */
interface Parts {
  code: Code;
  total: number;
  have: Map<number, Uint8Array>;
}

function missing({ total, have }: Parts): number[] {
  return Array.from({ length: Math.ceil(total / PART) }, (_, i) => i).filter((i) => !have.has(i));
}

/**
 * Stores frames. The stored parts of a record do not depend on the order of the frames.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Inbox } from "./inbox.ts";
 *
 * const inbox = new Inbox();
 * inbox.request(1);
 * inbox.take({ kind: "answer", digit: 1, words: "0" });
 * inbox.take({ kind: "damaged", seq: 7 });
 * assertEquals([inbox.answer, inbox.damaged, inbox.record(7)], ["0", 7, undefined]);
 * inbox.take({ kind: "record", seq: 7, bytes: new TextEncoder().encode("7 and what it tells\n") });
 * assertEquals([inbox.damaged, inbox.record(7)], [undefined, "7 and what it tells\n"]);
 * ```
 */
export class Inbox {
  readonly #known: KnownLines | undefined;
  /** The number of the last request */
  #asked = 0;
  /** The beginning of a record that also answers the last request */
  #begins: RegExp | undefined;
  #answer: string | undefined;
  #greeting: string | undefined;
  #again = 0;
  #highest = 0;
  readonly #records = new Map<number, string>();
  readonly #parts = new Map<number, Parts>();
  /** The lengths of records that are too long, by number */
  readonly #long = new Map<number, number>();
  /** How often a record arrived damaged, by number */
  readonly #damage = new Map<number, number>();

  /** @param known Lines that the board has sent before */
  constructor(known?: KnownLines) {
    this.#known = known;
  }

  /** Begins a request: the next answer is the answer to this number. A record that begins like `begins` also is an answer. */
  request(number: number, begins?: RegExp): void {
    this.#asked = number;
    this.#begins = begins;
    this.#answer = undefined;
    this.#damage.clear();
  }

  /** The answer to the last request. */
  get answer(): string | undefined {
    return this.#answer;
  }

  /** The first line of the board's half, after it started. */
  get greeting(): string | undefined {
    return this.#greeting;
  }

  /** How often the board has reported a damaged request. */
  get again(): number {
    return this.#again;
  }

  /** The highest number of a record that has arrived, whole or not. */
  get highest(): number {
    return this.#highest;
  }

  /** Returns a record if it has arrived whole. */
  record(seq: number): string | undefined {
    return this.#records.get(seq);
  }

  /** Returns the length of a record that is too long, in bytes; undefined for any other record. */
  tooLong(seq: number): number | undefined {
    return this.#long.get(seq);
  }

  /** The number of a record that arrived damaged, and never whole. */
  get damaged(): number | undefined {
    return this.#damage.keys().find((seq) => !this.#records.has(seq));
  }

  /** Returns how often a record arrived damaged. */
  damage(seq: number): number {
    return this.#damage.get(seq) ?? 0;
  }

  /** Returns how many parts of a record have arrived. */
  parts(seq: number): number {
    return this.#parts.get(seq)?.have.size ?? 0;
  }

  /** Returns the first and the last of the next missing parts of a record; 0 and 0 if no part is known. */
  wanted(seq: number): [number, number] {
    const parts = this.#parts.get(seq);
    const [first = 0, ...rest] = parts ? missing(parts) : [];
    return [first, rest.reduce((last, number) => number === last + 1 ? number : last, first)];
  }

  /** Stores a frame. */
  take(frame: Exclude<Frame, { kind: "noise" }>): void {
    if (frame.kind === "answer") {
      if (frame.digit === 0 && frame.words === SHARED.AGAIN) this.#again++;
      else if (frame.digit === 0) this.#greeting = frame.words;
      else if (frame.digit === digitOf(this.#asked)) this.#answer = frame.words;
      return;
    }
    const { seq } = frame;
    this.#highest = Math.max(this.#highest, seq);
    if (frame.kind === "record") return this.#keep(seq, frame.bytes);
    if (frame.kind === "part") return this.#takePart(frame);
    // The length may be damaged, so it is only noted.
    if (frame.kind === "long") this.#long.set(seq, frame.length);
    const whole = frame.kind === "gapped" ? this.#known?.whole(frame.bytes) : undefined;
    if (whole) this.#keep(seq, whole);
    else this.#damage.set(seq, this.damage(seq) + 1);
  }

  #takePart({ seq, code, total, from, bytes }: Extract<Frame, { kind: "part" }>): void {
    let parts = this.#parts.get(seq);
    if (parts?.code !== code || parts.total !== total) this.#parts.set(seq, parts = { code, total, have: new Map() });
    if (from % PART === 0) parts.have.set(from / PART, bytes);
    if (missing(parts).length > 0) return;
    const coded = Buffer.concat(Array.from({ length: Math.ceil(total / PART) }, (_, i) => parts.have.get(i)!));
    this.#parts.delete(seq);
    const whole = coded.length === total ? decoded(code, coded) : undefined;
    if (whole) this.#keep(seq, whole);
  }

  #keep(seq: number, bytes: Uint8Array): void {
    const body = text.decode(bytes);
    // The record itself begins with its number, which its checksum covers.
    if (Number.parseInt(body) !== seq) return;
    this.#records.set(seq, body);
    this.#known?.learn(bytes);
    const answer = /^\d+ answer (\d+) (\d+)\n/.exec(body);
    if (answer && Number(answer[1]) === this.#asked) this.#answer = `${answer[2]} @${seq}`;
    const begun = this.#begins?.exec(body);
    if (begun) this.#answer = `${SHARED.BEGUN} ${begun[1]}`;
  }

  /** Forgets that a record arrived damaged. */
  forgive(seq: number): void {
    this.#damage.delete(seq);
  }

  /** Drops the records up to a number. */
  drop(last: number): void {
    for (const kept of [this.#records, this.#parts, this.#long]) {
      for (const seq of kept.keys()) if (seq <= last) kept.delete(seq);
    }
    this.#damage.delete(last);
  }

  /** Drops all records. */
  clear(): void {
    for (const kept of [this.#records, this.#parts, this.#long, this.#damage]) kept.clear();
  }
}
