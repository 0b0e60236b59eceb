/**
 * Tracks if a board that reports each second that it is alive still does so.
 *
 * @module
 */

import { DURATIONS } from "../wire/states.ts";

const DEAD_MS = DURATIONS.dead.ms, SLICE_MS = DURATIONS.slice.ms;
/** A board that was silent and came back may next be silent for this many times as long. */
const LATE = 4;

/**
 * The signs of life of a board while a plan runs. Silence counts only after the first report that the board is alive.
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
  /** When the board last reported that it is alive */
  beatAt = 0;

  /** Begins a plan. */
  begin(now: number = Date.now()): void {
    this.#beats = false;
    this.#quietMs = this.#longestMs = 0;
    this.#livedAt = now;
  }

  /** Notes bytes that only a live board sends; `beat` if they are the report that it is alive. */
  sign(beat: boolean, now: number = Date.now()): void {
    if (this.#beats) this.#longestMs = Math.max(this.#longestMs, now - this.#livedAt);
    if (beat) {
      this.#beats = true;
      this.beatAt = now;
    }
    this.#livedAt = now;
    this.#quietMs = 0;
  }

  /** Returns how much of `ms` to wait in one go. */
  slice(ms: number): number {
    return this.#beats ? Math.min(ms, SLICE_MS) : ms;
  }

  /** Notes that nothing came for `ms` milliseconds. */
  waited(ms: number): void {
    this.#quietMs += ms;
  }

  /** How many ms of further silence the board may have until it is lost. */
  get left(): number {
    return this.#beats ? Math.max(DEAD_MS, LATE * this.#longestMs) - this.#quietMs : Infinity;
  }

  /** The reason why the board is lost; undefined if it is not lost. */
  get dead(): string | undefined {
    return this.left <= 0 ? `no sign of life for ${Math.round(this.#quietMs / 1000)} s` : undefined;
  }
}
