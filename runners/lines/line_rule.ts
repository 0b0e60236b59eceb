/**
 * The regular changes that a line makes to a board's bytes. Terminal servers and old serial drivers turn line feeds into
 * carriage returns and line feeds, pad them, or use the eighth bit for parity. Known changes are undone.
 *
 * @module
 */

const NEWLINE = 10;
/** How many bytes must arrive until their eighth bits show what these are used for. */
const ENOUGH = 16;
/** More bytes than any line adds to a line feed. */
const LONGEST = 32;

/** Possible uses of the eighth bit, and the share of bytes that must fit: some may be damaged. */
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
 * The rule of a line. It is learned: the eighth bit from received bytes, the rest from the bytes that a line feed of the board
 * became.
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
  /** The byte of these that becomes the line feed again */
  #end = NEWLINE;
  /** The bytes before that byte: they do not occur elsewhere in text */
  #before = new Set<number>();
  /** The bytes after that byte; and how many of them have arrived after the last one */
  #behind: number[] = [];
  #skipped = Infinity;

  /** Describes the changes that the line makes; empty if it makes none. */
  get words(): string {
    return [
      ...this.#eighth === undefined ? [] : [`the eighth bit is ${this.#eighth}`],
      ...this.#newline.length === 1 && this.#end === NEWLINE ? [] : [`a line feed comes as ${hex(this.#newline)}`],
    ].join(", ");
  }

  /** Counts received bytes; returns true when they show for the first time that the eighth bit is not part of the text. */
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
   * Learns which bytes a line feed becomes; returns false if that cannot be undone. Control characters may come before the line
   * feed, any bytes after it.
   *
   * @param text One character for each byte
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

  /** Returns the bytes as the board sent them, if the rule is known. The pieces must come in order. */
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
