/** Bounds the trap counters on a board, for a driver that makes packets by itself. */

import { madeBy, ownerOf } from "../model/drivers/mod.ts";
import type { MadePackets } from "../model/drivers/driver.ts";
import type { Json } from "../model/observation.ts";
import type { Handle, Operation } from "../model/operation.ts";
import type { StepTrace } from "./trace.ts";

/** The relative tolerance for a board's timer, and for ticks at the bounds of a step. */
const TOLERANCE = 0.3;
const SLACK = 3;

/** Returns the device that an operation recreates, and its counters; undefined if it recreates no device. */
function restarted(op: Operation): Handle | undefined {
  if (op.kind === "during") return restarted(op.operation);
  if (op.kind === "dev.reload") return op.handle;
  if (op.kind !== "file.write") return undefined;
  const bus = /^\/sys\/bus\/([^/]+)\/drivers\/[^/]+\/(?:bind|unbind)$/.exec(op.path)?.[1];
  return bus === undefined ? madeBy(op) : `${bus}/${op.value}`;
}

/** Which ports of a device are up, and since when. */
class Counting {
  // A port that went down again stays in the set, since it has counted: this only widens the bounds.
  readonly counted: Set<number> = new Set();
  readonly up: Set<number> = new Set();
  /** True once a drop trap was set to another action: from then on each drop trap may have counted */
  set = false;
  modelMs = 0;
  boardSince: number | undefined;
  boardMs: number | undefined;

  constructor(readonly packets: MadePackets) {}

  /** Ports that are or were up since the counters began. */
  get ports(): number {
    return Math.max(1, this.counted.size);
  }
  /** Ticks on the model's clock since the first port came up. */
  get expected(): number {
    return this.modelMs / this.packets.interval;
  }
  /** Ticks on the board's clock since then; undefined if the trace has no times. */
  get passed(): number | undefined {
    return this.boardMs === undefined ? undefined : this.boardMs / this.packets.interval;
  }
}

/** Follows a sequence, to bound the counters of each device. */
export class Ticks {
  readonly #devices = new Map<Handle, Counting>();
  #restarted: Handle | undefined;

  /**
   * Returns the known counting of a device.
   *
   * @internal
   */
  of(handle: Handle): Counting | undefined {
    const counting = this.#devices.get(handle);
    const packets = ownerOf(handle)?.packets;
    if (counting || !packets) return counting;
    const begun = new Counting(packets);
    this.#devices.set(handle, begun);
    return begun;
  }

  /** Notes a step, before it is compared. */
  pass({ op, observation }: StepTrace, observed: StepTrace): void {
    // The step that ends a device still shows its old counters.
    if (this.#restarted !== undefined) this.#devices.delete(this.#restarted);
    this.#restarted = observation?.result === "ok" ? restarted(op) : undefined;
    // A port that goes up and down in rounds has also counted.
    for (const one of op.kind === "rounds" ? op.operations : [op]) {
      if (one.kind === "link.set" && one.up) this.#up(this.of(one.handle), one.port, observed);
    }
    if (op.kind === "netdev.set" && op.up) {
      // The operation does not show whose port it is, so every device counts
      for (const device of this.#devices.values()) this.#up(device, UNKNOWN_PORT, observed);
    }
    if ((op.kind === "trap.set" || op.kind === "trap.group.set") && op.action !== "drop") {
      const counting = this.of(op.handle);
      if (counting) counting.set = true;
    }
    for (const device of this.#devices.values()) {
      if (op.kind === "wait") device.modelMs += op.ms;
      if (device.boardSince !== undefined && observed.board && device.up.size > 0) {
        device.boardMs = observed.board.end - device.boardSince;
      }
    }
    if (op.kind === "link.set" && !op.up) this.of(op.handle)?.up.delete(op.port);
  }

  #up(device: Counting | undefined, port: number, observed: StepTrace): void {
    if (!device) return;
    if (device.counted.size === 0) {
      device.modelMs = 0;
      device.boardSince = observed.board?.start;
    }
    device.counted.add(port);
    device.up.add(port);
  }
}

/** Stands for the port of a netdev that an operation names. */
const UNKNOWN_PORT = -1;

/**
 * True if a trap or a group for which the model has counted nothing may have counted on a board: a port was up on the board, for a
 * time that did not pass on the model.
 */
export function mayCount(trap: { [key: string]: Json }, ticks: Counting, ofGroup: boolean): boolean {
  if (ticks.counted.size === 0 || ticks.expected >= 1) return false;
  return ticks.set || (ofGroup ? ticks.packets.countingGroups.has(String(trap.name)) : trap.type !== "drop");
}

/** Returns the least and the most packets that a board may have counted where the model has counted `want`. */
export function counterBounds(want: number, ticks: Counting, ofGroup: boolean): [least: number, most: number] {
  const rate = Math.max(ticks.ports, want / Math.max(1, ticks.expected));
  const least = Math.max(ticks.expected >= 2 ? 1 : 0, Math.ceil((1 - TOLERANCE) * want - SLACK * rate));
  // Between the steps a board takes time that the model does not; all of it may have been counted.
  const passed = ticks.passed === undefined
    ? 0
    : ticks.passed * ticks.ports * (ofGroup ? ticks.packets.largestGroup : 1);
  const most = Math.floor(Math.max((1 + TOLERANCE) * want, passed) + SLACK * rate);
  return [least, most];
}
