/**
 * What a board has said before need not travel again: the long lines of the records of a plan, by their MD5. With the plan the
 * board gets the list of known lines. Of those that come again a record has the MD5 in their place, and the host puts them
 * back. That is done where the whole has the length and the checksum that the record itself has; else it is asked for whole.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { SHARED } from "../wire/constants.ts";
import { fits } from "../wire/wire.ts";

/** How many known lines of a plan the board gets; and how many of any earlier plan, where this one was never run. */
const TOLD = 64, TOLD_UNKNOWN = 8;
/** How many characters are stored, and of how many plans. */
const MOST = 4_000_000, MOST_PLANS = 2000;

/** After so many records that could not be made whole, the board gets no more known lines. */
const MOST_FAILED = 3;

/** Bytes as characters, one each. */
const characters = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

const sumOf = (line: string) => createHash("md5").update(`${line}\n`, "latin1").digest("hex");

/** The lines that a board has said. */
export class KnownLines {
  /** By their MD5, the line that came last at the end */
  readonly #lines = new Map<string, string>();
  /** By its name, what the records of a plan held, the newest first; the plan that came last at the end */
  readonly #plans = new Map<string, string[]>();
  #plan: string | undefined;
  #size = 0;
  /** How often a record could not be made whole */
  #failed = 0;

  /**
   * Returns what an earlier run has kept. The lines' sums are recreated: a file that somebody altered tells no lies.
   *
   * @param path The file; where it is not there, or cannot be read, nothing is known
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
    } catch { /* it only saves time */ }
    return known;
  }

  /** Keeps them for the next run. */
  async save(path: string): Promise<void> {
    const content = JSON.stringify({ lines: [...this.#lines.values()], plans: Object.fromEntries(this.#plans) });
    try {
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const part = `${path}.${Deno.pid}.part`;
      await Deno.writeFile(part, gzipSync(content), { mode: 0o600 });
      await Deno.rename(part, path);
    } catch { /* it only saves time */ }
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

  /** A plan is next: gives the beginnings of the sums of the lines that its records may do without. */
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

  /** Takes in the content of a record of the plan. */
  learn(record: Uint8Array): void {
    if (this.#plan === undefined) return;
    const long = characters(record).split("\n").filter((line) => line.length >= SHARED.LONG);
    const sums = long.map((line) => this.#keep(line));
    const before = this.#plans.get(this.#plan) ?? [];
    this.#plans.set(this.#plan, [...new Set([...sums, ...before])].slice(0, TOLD));
  }

  /**
   * Returns a record with its lines put back; undefined where one is not known, or the whole is not what the board has.
   *
   * @param gapped A line `LENGTH CKSUM`, and after it the number and the MD5 of each line that is left out; then the others
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
