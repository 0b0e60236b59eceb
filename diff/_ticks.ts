/** How far the trap counters of netdevsim may have come on a board (drivers/net/netdevsim/dev.c: its work runs each 100 ms). */

import type { Operation } from "../model/operation.ts";
import type { StepTrace } from "./trace.ts";

const TICK_MS = 100;
/** Share that a board's timer may be off by, and ticks that may fall on either side of a step's bounds. */
const TOLERANCE = 0.3;
const SLACK = 3;
/** The traps of netdevsim's largest group, `l2_drops`. */
const LARGEST_GROUP = 7;

/** Operations that make the device, and with it the counters, anew. */
function restarts(op: Operation): boolean {
  if (op.kind === "during") return restarts(op.operation);
  return op.kind === "dev.reload" ||
    (op.kind === "file.write" && /\/(new_device|del_device|bind|unbind)$/.test(op.path));
}

/** Follows a sequence: which ports are up, and since when. */
export class Ticks {
  // A port that went down again has counted: it stays in, which only widens the bounds.
  #counted = new Set<string>();
  #up = new Set<string>();
  #modelMs = 0;
  #boardSince: number | undefined;
  #boardMs: number | undefined;
  #restarted = false;

  /** Takes note of a step, before it is compared. */
  pass({ op }: StepTrace, observed: StepTrace): void {
    // The step that ends a device still tells of its counters as they were.
    if (this.#restarted) {
      this.#counted.clear();
      this.#up.clear();
      this.#modelMs = 0;
      this.#boardSince = this.#boardMs = undefined;
    }
    this.#restarted = restarts(op);
    if (op.kind === "link.set" && op.up) {
      if (this.#counted.size === 0) {
        this.#modelMs = 0;
        this.#boardSince = observed.board?.start;
      }
      this.#counted.add(`${op.handle}/${op.port}`);
      this.#up.add(`${op.handle}/${op.port}`);
    }
    if (op.kind === "wait") this.#modelMs += op.ms;
    if (this.#boardSince !== undefined && observed.board && this.#up.size > 0) {
      this.#boardMs = observed.board.end - this.#boardSince;
    }
    if (op.kind === "link.set" && !op.up) this.#up.delete(`${op.handle}/${op.port}`);
  }

  /** Ports that are or were up since the counters began. */
  get ports(): number {
    return Math.max(1, this.#counted.size);
  }
  /** Ticks on the model's clock since the first port came up. */
  get expected(): number {
    return this.#modelMs / TICK_MS;
  }
  /** The same on the board's clock; undefined where the trace has no times. */
  get passed(): number | undefined {
    return this.#boardMs === undefined ? undefined : this.#boardMs / TICK_MS;
  }
}

/** The least and the most packets that a board may have counted where the model has counted `want`, which is not 0. */
export function counterBounds(want: number, ticks: Ticks, ofGroup: boolean): [least: number, most: number] {
  const rate = Math.max(ticks.ports, want / Math.max(1, ticks.expected));
  const least = Math.max(ticks.expected >= 2 ? 1 : 0, Math.ceil((1 - TOLERANCE) * want - SLACK * rate));
  // Between the steps a board takes time that the model does not; all of it may have been counted.
  const passed = ticks.passed === undefined ? 0 : ticks.passed * ticks.ports * (ofGroup ? LARGEST_GROUP : 1);
  const most = Math.floor(Math.max((1 + TOLERANCE) * want, passed) + SLACK * rate);
  return [least, most];
}
