/**
 * What has come from the board over a connection: the answer to the last request, and records, each whole, in parts or damaged.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { KnownLines } from "../agent/known_lines.ts";
import { SHARED } from "./constants.ts";
import { type Code, decoded, digitOf, type Frame } from "./wire.ts";

const text = new TextDecoder();

const { PART } = SHARED;

/** A record that comes in parts. */
interface Parts {
  code: Code;
  total: number;
  have: Map<number, Uint8Array>;
}

function missing({ total, have }: Parts): number[] {
  return Array.from({ length: Math.ceil(total / PART) }, (_, i) => i).filter((i) => !have.has(i));
}

/**
 * Takes frames in. What it holds of one record does not depend on the order in which they come.
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
  /** The beginning of an answer to the last request */
  #begins: RegExp | undefined;
  #answer: string | undefined;
  #greeting: string | undefined;
  #again = 0;
  #highest = 0;
  readonly #records = new Map<number, string>();
  readonly #parts = new Map<number, Parts>();
  /** By record, how long one is that is too long */
  readonly #long = new Map<number, number>();
  /** By record, how often it came damaged */
  readonly #damage = new Map<number, number>();

  /** @param known What the board has said before */
  constructor(known?: KnownLines) {
    this.#known = known;
  }

  /** From here on the answer is that to the request of this number; a record that begins like that is one as well. */
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

  /** What the board's half said of itself when it began. */
  get greeting(): string | undefined {
    return this.#greeting;
  }

  /** How often the board has said that a request came damaged. */
  get again(): number {
    return this.#again;
  }

  /** The highest record that has come, whole or not. */
  get highest(): number {
    return this.#highest;
  }

  /** Returns a record, if it has come whole. */
  record(seq: number): string | undefined {
    return this.#records.get(seq);
  }

  /** Returns how many bytes a record has that is too long to be taken; undefined of any other. */
  tooLong(seq: number): number | undefined {
    return this.#long.get(seq);
  }

  /** A record that came damaged, and not whole. */
  get damaged(): number | undefined {
    return this.#damage.keys().find((seq) => !this.#records.has(seq));
  }

  /** Returns how often a record came damaged. */
  damage(seq: number): number {
    return this.#damage.get(seq) ?? 0;
  }

  /** Returns how many parts of a record have come. */
  parts(seq: number): number {
    return this.#parts.get(seq)?.have.size ?? 0;
  }

  /** Returns the first and the last of the next parts of a record that are missing; 0 and 0 where nothing is known of it. */
  wanted(seq: number): [number, number] {
    const parts = this.#parts.get(seq);
    const [first = 0, ...rest] = parts ? missing(parts) : [];
    return [first, rest.reduce((last, number) => number === last + 1 ? number : last, first)];
  }

  /** Takes a frame in. */
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
    // Its length may be damaged.
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
    // The number stands in the record as well, under its checksum.
    if (Number.parseInt(body) !== seq) return;
    this.#records.set(seq, body);
    this.#known?.learn(bytes);
    const answer = /^\d+ answer (\d+) (\d+)\n/.exec(body);
    if (answer && Number(answer[1]) === this.#asked) this.#answer = `${answer[2]} @${seq}`;
    const begun = this.#begins?.exec(body);
    if (begun) this.#answer = `${SHARED.BEGUN} ${begun[1]}`;
  }

  /** Forgets how often a record came damaged. */
  forgive(seq: number): void {
    this.#damage.delete(seq);
  }

  /** Drops the records up to one. */
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
