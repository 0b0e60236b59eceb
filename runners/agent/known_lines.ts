/**
 * Lines that a board has sent before need not travel again: the long lines in the records of a plan, named by their MD5. With
 * the plan the host sends the list of lines that it knows. A record has the MD5 instead of such a line, and the host puts the
 * line back. The host takes the result only if it has the length and the checksum of the whole record. Otherwise it asks for
 * the whole record.
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { SHARED } from "../wire/constants.ts";
import { fits } from "../wire/wire.ts";

/** The most known lines that the board gets with a plan; and the most lines of other plans, for a plan that was never run. */
const TOLD = 64, TOLD_UNKNOWN = 8;
/** The most characters that are stored, and the most plans. */
const MOST = 4_000_000, MOST_PLANS = 2000;

/** If more records than this could not be restored, the board gets no more known lines. */
const MOST_FAILED = 3;

/** Returns bytes as a text with one character for each byte. */
const characters = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

const sumOf = (line: string) => createHash("md5").update(`${line}\n`, "latin1").digest("hex");

/** The lines that a board has sent before. */
export class KnownLines {
  /** Lines by their MD5; the newest is last */
  readonly #lines = new Map<string, string>();
  /** The MD5s of the lines in a plan's records, newest first, by the name of the plan; the newest plan is last */
  readonly #plans = new Map<string, string[]>();
  #plan: string | undefined;
  #size = 0;
  /** How many records could not be restored */
  #failed = 0;

  /**
   * Loads the lines that an earlier run saved. Their MD5s are computed again, so an altered file does no harm.
   *
   * @param path The file; if it is missing or cannot be read, no lines are known
   */
  static async load(path: string): Promise<KnownLines> {
    const known = new KnownLines();
    try {
      const text = gunzipSync(await Deno.readFile(path), { maxOutputLength: 4 * MOST }).toString();
      const { lines, plans } = JSON.parse(text) as { lines: string[]; plans: Record<string, string[]> };
      for (const line of lines) known.#keep(String(line));
      for (const [plan, sums] of Object.entries(plans)) {
        known.#plans.set(plan, sums.filter((sum) => known.#lines.has(sum)));
      }
    } catch { /* known lines only save time */ }
    return known;
  }

  /** Saves the lines for the next run. */
  async save(path: string): Promise<void> {
    const content = JSON.stringify({ lines: [...this.#lines.values()], plans: Object.fromEntries(this.#plans) });
    try {
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const part = `${path}.${Deno.pid}.part`;
      await Deno.writeFile(part, gzipSync(content), { mode: 0o600 });
      await Deno.rename(part, path);
    } catch { /* known lines only save time */ }
  }

  #keep(line: string): string {
    const sum = sumOf(line);
    if (!this.#lines.delete(sum)) this.#size += line.length;
    this.#lines.set(sum, line);
    for (const [oldest, text] of this.#lines) {
      if (this.#size <= MOST) break;
      this.#lines.delete(oldest);
      this.#size -= text.length;
    }
    return sum;
  }

  /** Begins a plan: returns the first digits of the MD5s of the lines that its records may leave out. */
  begin(plan: string): string[] {
    this.#plan = plan;
    const before = this.#plans.get(plan)?.filter((sum) => this.#lines.has(sum));
    this.#plans.delete(plan);
    this.#plans.set(plan, before ?? []);
    for (const oldest of this.#plans.keys()) {
      if (this.#plans.size <= MOST_PLANS) break;
      this.#plans.delete(oldest);
    }
    if (this.#failed > MOST_FAILED) return [];
    const told = before?.length ? before.slice(0, TOLD) : [...this.#lines.keys()].slice(-TOLD_UNKNOWN);
    return told.map((sum) => sum.slice(0, SHARED.KNOWN_DIGITS));
  }

  /** Stores the long lines of a record of the plan. */
  learn(record: Uint8Array): void {
    if (this.#plan === undefined) return;
    const long = characters(record).split("\n").filter((line) => line.length >= SHARED.LONG);
    const sums = long.map((line) => this.#keep(line));
    const before = this.#plans.get(this.#plan) ?? [];
    this.#plans.set(this.#plan, [...new Set([...sums, ...before])].slice(0, TOLD));
  }

  /**
   * Returns a record with its lines put back; undefined if a line is not known, or the checksum of the result is wrong.
   *
   * @param gapped A line `LENGTH CKSUM`, followed by the number and the MD5 of each line that is left out; then the other lines
   */
  whole(gapped: Uint8Array): Uint8Array | undefined {
    const whole = this.#whole(gapped);
    if (!whole) this.#failed++;
    return whole;
  }

  #whole(gapped: Uint8Array): Uint8Array | undefined {
    const [head = "", ...lines] = characters(gapped).split("\n");
    const [length, sum = "", ...left] = head.trim().split(/ +/);
    const gaps: [number, string][] = [];
    for (let i = 0; i + 1 < left.length; i += 2) {
      const line = this.#lines.get(left[i + 1]!);
      if (line === undefined) return undefined;
      gaps.push([Number(left[i]), line]);
    }
    for (const [number, line] of gaps.toSorted(([a], [b]) => a - b)) lines.splice(number - 1, 0, line);
    const bytes = new Uint8Array(Buffer.from(lines.join("\n"), "latin1"));
    return bytes.length === Number(length) && fits(bytes, sum) ? bytes : undefined;
  }
}
