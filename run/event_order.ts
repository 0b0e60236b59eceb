/**
 * The order of a run's events: boards run side by side, and are reported one after the other.
 *
 * @module
 */

import type { RunEvent } from "./run_events.ts";

/** Holds back the events of a board until its turn comes, and ends every run the same way. */
export class EventOrder {
  readonly #runs: readonly { board: string; transport: string }[];
  readonly #onEvent: (event: RunEvent) => void;
  readonly #kept: RunEvent[][];
  readonly #over = new Set<number>();
  /** The time of the first event of each board */
  readonly #began: number[] = [];
  #turn = 0;
  #closed = false;

  /** Takes the boards in their order, each with its line. */
  constructor(runs: readonly { board: string; transport: string }[], onEvent: (event: RunEvent) => void) {
    this.#runs = runs;
    this.#onEvent = onEvent;
    this.#kept = runs.map(() => []);
  }

  /** Takes an event of a board. */
  emit(index: number, event: RunEvent): void {
    if (this.#closed) return;
    this.#began[index] ??= Date.now();
    if (index === this.#turn) this.#onEvent(event);
    else this.#kept[index]!.push(event);
  }

  /** Notes that a board is done. */
  ended(index: number): void {
    if (this.#closed) return;
    this.#over.add(index);
    for (; this.#over.has(this.#turn); this.#turn++) this.#flush((event) => this.#onEvent(event));
    this.#flush((event) => this.#onEvent(event));
  }

  /** Passes on the events so far of the board whose turn it is. */
  #flush(tell: (event: RunEvent) => void): void {
    const kept = this.#kept[this.#turn] ?? [];
    for (let event = kept.shift(); event; event = kept.shift()) tell(event);
  }

  /**
   * Ends the run; later events are not reported. Each board that is not done is reported to have ended by `error`.
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
