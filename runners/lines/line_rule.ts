/**
 * What a line does by rule to the bytes that a board sends: terminal servers and old serial drivers turn line feeds into
 * carriage returns and line feeds, pad them, or use the eighth bit for parity. What is known of it is undone.
 *
 * @module
 */

const NEWLINE = 10;
/** How many bytes must have come until their eighth bits tell what they are for. */
const ENOUGH = 16;
/** More bytes than any line adds to a line feed. */
const LONGEST = 32;

/** What the eighth bit may be for, and which share of the bytes must agree to that: some may be damaged. */
const EIGHTH = {
  "even parity": [(byte: number) => ones(byte) % 2 === 0, 0.95],
  "odd parity": [(byte: number) => ones(byte) % 2 === 1, 0.95],
  // Text in a non-Latin alphabet also sets the eighth bit, but not in every byte.
  "always set": [(byte: number) => byte >= 128, 1],
} as const;

type Eighth = keyof typeof EIGHTH;

function ones(byte: number): number {
  let count = 0;
  for (; byte > 0; byte >>= 1) count += byte & 1;
  return count;
}

const hex = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

/**
 * The rule of a line. It is learned: the eighth bit from what comes, the rest from what a line feed of the board became.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LineRule } from "./line_rule.ts";
 *
 * const rule = new LineRule();
 * assertEquals(rule.newlineIs("\r\n\0"), true);
 * assertEquals(rule.undo(Uint8Array.of(104, 105, 13, 10, 0, 104)), Uint8Array.of(104, 105, 10, 104));
 * assertEquals(rule.words, "a line feed comes as 0d 0a 00");
 * ```
 */
export class LineRule {
  #heard = 0;
  #high = 0;
  readonly #fits: Record<Eighth, number> = { "even parity": 0, "odd parity": 0, "always set": 0 };
  #eighth: Eighth | undefined;
  /** The bytes that a line feed becomes */
  #newline: number[] = [NEWLINE];
  /** The byte of them that stands for it */
  #end = NEWLINE;
  /** Those before it: they are nowhere else in what is sent as text */
  #before = new Set<number>();
  /** Those after it, and how many of them have come after the last one */
  #behind: number[] = [];
  #skipped = Infinity;

  /** What the line does, in words; empty if it does nothing. */
  get words(): string {
    return [
      ...this.#eighth === undefined ? [] : [`the eighth bit is ${this.#eighth}`],
      ...this.#newline.length === 1 && this.#end === NEWLINE ? [] : [`a line feed comes as ${hex(this.#newline)}`],
    ].join(", ");
  }

  /** Takes in bytes as they come; true where they show for the first time that the eighth bit is no part of the text. */
  hear(bytes: Uint8Array): boolean {
    if (this.#eighth !== undefined) return false;
    for (const byte of bytes) {
      this.#heard++;
      if (byte >= 128) this.#high++;
      for (const [kind, [fits]] of Object.entries(EIGHTH)) if (fits(byte)) this.#fits[kind as Eighth]++;
    }
    if (this.#heard < ENOUGH || this.#high * 10 < this.#heard) return false;
    const kinds = Object.keys(EIGHTH) as Eighth[];
    this.#eighth = kinds.find((kind) => this.#fits[kind] >= this.#heard * EIGHTH[kind][1]);
    return this.#eighth !== undefined;
  }

  /**
   * Learns what a line feed becomes; false where that cannot be undone. Before it there may be control characters, after
   * it anything.
   *
   * @param text One character a byte
   */
  newlineIs(text: string): boolean {
    const bytes = Array.from(text, (character) => character.charCodeAt(0));
    const at = Math.max(bytes.indexOf(NEWLINE), bytes.includes(NEWLINE) ? 0 : bytes.indexOf(13));
    const before = bytes.slice(0, at);
    const controls = before.every((byte) => byte < 32 || byte >= 127);
    if (at < 0 || bytes.length > LONGEST || !controls) return false;
    this.#newline = bytes;
    this.#end = bytes[at]!;
    this.#before = new Set(before);
    this.#behind = bytes.slice(at + 1);
    return true;
  }

  /** Gives the bytes as the board sent them, if the rule is known. Pieces are to come in their order. */
  undo(bytes: Uint8Array): Uint8Array {
    if (this.words === "") return bytes;
    const out: number[] = [];
    for (const came of bytes) {
      const byte = this.#eighth === undefined ? came : came & 127;
      if (this.#skipped < this.#behind.length && byte === this.#behind[this.#skipped]) {
        this.#skipped++;
        continue;
      }
      this.#skipped = Infinity;
      if (byte === this.#end) {
        out.push(NEWLINE);
        this.#skipped = 0;
      } else if (!this.#before.has(byte)) out.push(byte);
    }
    return Uint8Array.from(out);
  }
}
