/**
 * Follows if a board that reports each second that it is alive still does.
 *
 * @module
 */

import { DURATIONS } from "../wire/states.ts";

const DEAD_MS = DURATIONS.dead.ms, SLICE_MS = DURATIONS.slice.ms;
/** A board that was silent before, and came back, may be silent for so many times as long. */
const LATE = 4;

/**
 * What is known of the life of a board while a plan runs. Of one that has not said yet that it is alive, nothing is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Liveness } from "./liveness.ts";
 *
 * const liveness = new Liveness();
 * liveness.sign(true);
 * for (let i = 0; i < 8; i++) liveness.waited(liveness.slice(5000));
 * assertEquals(liveness.dead, "no sign of life for 8 s");
 * ```
 */
export class Liveness {
  #beats = false;
  #livedAt = 0;
  #quietMs = 0;
  #longestMs = 0;
  /** When it last reported that it is alive */
  beatAt = 0;

  /** A plan begins. */
  begin(now: number = Date.now()): void {
    this.#beats = false;
    this.#quietMs = this.#longestMs = 0;
    this.#livedAt = now;
  }

  /** Something came that only a live board sends; `beat` if it was sent for that. */
  sign(beat: boolean, now: number = Date.now()): void {
    if (this.#beats) this.#longestMs = Math.max(this.#longestMs, now - this.#livedAt);
    if (beat) {
      this.#beats = true;
      this.beatAt = now;
    }
    this.#livedAt = now;
    this.#quietMs = 0;
  }

  /** Returns how long of `ms` is to be waited at once. */
  slice(ms: number): number {
    return this.#beats ? Math.min(ms, SLICE_MS) : ms;
  }

  /** Notes that nothing came for `ms` milliseconds. */
  waited(ms: number): void {
    this.#quietMs += ms;
  }

  /** How many ms there may still be no sign until the board is lost. */
  get left(): number {
    return this.#beats ? Math.max(DEAD_MS, LATE * this.#longestMs) - this.#quietMs : Infinity;
  }

  /** Why the board is lost; undefined where it is not. */
  get dead(): string | undefined {
    return this.left <= 0 ? `no sign of life for ${Math.round(this.#quietMs / 1000)} s` : undefined;
  }
}
