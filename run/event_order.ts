/**
 * The order of a run's events: boards run side by side, and are reported one after the other.
 *
 * @module
 */

import type { RunEvent } from "./run_events.ts";

/** Keeps the events of boards that come out of turn until it is their turn, and ends every run the same way. */
export class EventOrder {
  readonly #runs: readonly { board: string; transport: string }[];
  readonly #onEvent: (event: RunEvent) => void;
  readonly #kept: RunEvent[][];
  readonly #over = new Set<number>();
  /** When each board reported something first */
  readonly #began: number[] = [];
  #turn = 0;
  #closed = false;

  /** The order of the events of some boards, over a line each. */
  constructor(runs: readonly { board: string; transport: string }[], onEvent: (event: RunEvent) => void) {
    this.#runs = runs;
    this.#onEvent = onEvent;
    this.#kept = runs.map(() => []);
  }

  /** Something happened on a board. */
  emit(index: number, event: RunEvent): void {
    if (this.#closed) return;
    this.#began[index] ??= Date.now();
    if (index === this.#turn) this.#onEvent(event);
    else this.#kept[index]!.push(event);
  }

  /** A board is done. */
  ended(index: number): void {
    if (this.#closed) return;
    this.#over.add(index);
    for (; this.#over.has(this.#turn); this.#turn++) this.#flush((event) => this.#onEvent(event));
    this.#flush((event) => this.#onEvent(event));
  }

  /** Tells what the board whose turn it is has reported so far. */
  #flush(tell: (event: RunEvent) => void): void {
    const kept = this.#kept[this.#turn] ?? [];
    for (let event = kept.shift(); event; event = kept.shift()) tell(event);
  }

  /**
   * Ends the run; whatever comes later is not reported. Each board that is not done is reported to have ended by `error`.
   *
   * @throws {Error} The first error of the listener, once all of it was reported
   */
  close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    const errors: unknown[] = [];
    const tell = (event: RunEvent) => {
      try {
        this.#onEvent(event);
      } catch (thrown) {
        errors.push(thrown);
      }
    };
    let cause = error;
    for (; this.#turn < this.#runs.length; this.#turn++) {
      this.#flush(tell);
      if (this.#over.has(this.#turn)) continue;
      cause ??= new Error("it was not run");
      tell({ type: "infra", ...this.#runs[this.#turn]!, error: cause });
      const ms = Date.now() - (this.#began[this.#turn] ?? Date.now());
      tell({ type: "board-end", ...this.#runs[this.#turn]!, ms });
    }
    tell({ type: "run-end", boards: this.#runs.length, ...(cause ? { error: cause } : {}) });
    if (errors.length > 0) throw errors[0];
  }
}
