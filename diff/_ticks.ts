/** How far the trap counters of netdevsim may have come on a board (drivers/net/netdevsim/dev.c: its work runs each 100 ms). */

import type { Json } from "../model/observation.ts";
import type { Handle, Operation } from "../model/operation.ts";
import type { StepTrace } from "./trace.ts";

const TICK_MS = 100;
/** Share that a board's timer may be off by, and ticks that may fall on either side of a step's bounds. */
const TOLERANCE = 0.3;
const SLACK = 3;
/** The traps of netdevsim's largest group, `l2_drops`. */
const LARGEST_GROUP = 7;

/** The device that an operation makes anew, and with it its counters; undefined where it makes none. */
function restarted(op: Operation): Handle | undefined {
  if (op.kind === "during") return restarted(op.operation);
  if (op.kind === "dev.reload") return op.handle;
  if (op.kind !== "file.write") return undefined;
  if (/\/(bind|unbind)$/.test(op.path)) return `netdevsim/${op.value}`;
  if (/\/(new_device|del_device)$/.test(op.path)) return `netdevsim/netdevsim${parseInt(op.value)}`;
  return undefined;
}

/** Which ports of a device are up, and since when. */
class Counting {
  // A port that went down again has counted: it stays in, which only widens the bounds.
  readonly counted = new Set<number>();
  readonly up = new Set<number>();
  /** Whether a trap of type drop was set to anything else: from then on each of them may have counted */
  set = false;
  modelMs = 0;
  boardSince: number | undefined;
  boardMs: number | undefined;

  /** Ports that are or were up since the counters began. */
  get ports(): number {
    return Math.max(1, this.counted.size);
  }
  /** Ticks on the model's clock since the first port came up. */
  get expected(): number {
    return this.modelMs / TICK_MS;
  }
  /** The same on the board's clock; undefined where the trace has no times. */
  get passed(): number | undefined {
    return this.boardMs === undefined ? undefined : this.boardMs / TICK_MS;
  }
}

/** Follows a sequence: how far the counters of each device may have come. */
export class Ticks {
  readonly #devices = new Map<Handle, Counting>();
  #restarted: Handle | undefined;

  /**
   * What is known of a device.
   *
   * @internal
   */
  of(handle: Handle): Counting {
    let counting = this.#devices.get(handle);
    if (!counting) this.#devices.set(handle, counting = new Counting());
    return counting;
  }

  /** Takes note of a step, before it is compared. */
  pass({ op, observation }: StepTrace, observed: StepTrace): void {
    // The step that ends a device still tells of its counters as they were.
    if (this.#restarted !== undefined) this.#devices.set(this.#restarted, new Counting());
    this.#restarted = observation?.result === "ok" ? restarted(op) : undefined;
    // A port that comes and goes in rounds has counted, too.
    for (const one of op.kind === "rounds" ? op.operations : [op]) {
      if (one.kind === "link.set" && one.up) this.#up(this.of(one.handle), one.port, observed);
    }
    if (op.kind === "netdev.set" && op.up) {
      // Whose port it is, if any's, is not said
      for (const device of this.#devices.values()) this.#up(device, UNKNOWN_PORT, observed);
    }
    if ((op.kind === "trap.set" || op.kind === "trap.group.set") && op.action !== "drop") this.of(op.handle).set = true;
    for (const device of this.#devices.values()) {
      if (op.kind === "wait") device.modelMs += op.ms;
      if (device.boardSince !== undefined && observed.board && device.up.size > 0) {
        device.boardMs = observed.board.end - device.boardSince;
      }
    }
    if (op.kind === "link.set" && !op.up) this.of(op.handle).up.delete(op.port);
  }

  #up(device: Counting, port: number, observed: StepTrace): void {
    if (device.counted.size === 0) {
      device.modelMs = 0;
      device.boardSince = observed.board?.start;
    }
    device.counted.add(port);
    device.up.add(port);
  }
}

/** Stands for the port of a netdev that was called by its name. */
const UNKNOWN_PORT = -1;
/** The groups in which there is a trap that is not of type drop, and so counts without being set. */
const COUNTING_GROUPS: ReadonlySet<Json | undefined> = new Set(["l2_drops", "l3_exceptions", "mc_snooping"]);

/**
 * Whether a trap or a group of which the model has counted nothing may have counted on a board: a port was up there, for a
 * time of which none passed on the model.
 */
export function mayCount(trap: { [key: string]: Json }, ticks: Counting, ofGroup: boolean): boolean {
  if (ticks.counted.size === 0 || ticks.expected >= 1) return false;
  return ticks.set || (ofGroup ? COUNTING_GROUPS.has(trap.name) : trap.type !== "drop");
}

/** The least and the most packets that a board may have counted where the model has counted `want`. */
export function counterBounds(want: number, ticks: Counting, ofGroup: boolean): [least: number, most: number] {
  const rate = Math.max(ticks.ports, want / Math.max(1, ticks.expected));
  const least = Math.max(ticks.expected >= 2 ? 1 : 0, Math.ceil((1 - TOLERANCE) * want - SLACK * rate));
  // Between the steps a board takes time that the model does not; all of it may have been counted.
  const passed = ticks.passed === undefined ? 0 : ticks.passed * ticks.ports * (ofGroup ? LARGEST_GROUP : 1);
  const most = Math.floor(Math.max((1 + TOLERANCE) * want, passed) + SLACK * rate);
  return [least, most];
}
