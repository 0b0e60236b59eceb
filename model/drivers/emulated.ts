/**
 * Common parts of the driver models for a device that a test can operate (`fixtures/devices`): its faults, and the answer of an
 * operation.
 *
 * @module
 */

import type { Device } from "../kernel/device.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { STATE } from "../kernel/state.ts";
import type { Steps, Task } from "../kernel/task.ts";
import type { Json, Result } from "../observation.ts";
import type { Handle } from "../operation.ts";

/** The requests that fail by a fault: `times` requests from the `nth` on, counted from the moment when the test set the fault. */
export interface Times {
  readonly nth: number;
  readonly times: number;
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1;

/** Returns the times in an operation; undefined if they are not counts of requests. */
export function timesOf({ nth = 1, times = 1 }: Readonly<Record<string, unknown>>): Times | undefined {
  return isCount(nth) && isCount(times) ? { nth, times } : undefined;
}

/** The armed faults of a device: those that have requests left to fail. */
export class Faults<F extends Times> {
  #armed: { readonly fault: F; seen: number }[] = [];

  [STATE](): readonly unknown[] {
    return [this.#armed];
  }

  /** True if there are faults. */
  get any(): boolean {
    return this.#armed.length > 0;
  }

  /** Adds a fault. */
  add(fault: F): void {
    this.#armed.push({ fault, seen: 0 });
  }

  /** Removes all faults, and returns them. */
  clear(): F[] {
    return this.#armed.splice(0).map(({ fault }) => fault);
  }

  /**
   * Returns the fault by which a request fails: each fault for this kind of request counts it. If several apply, the first that was
   * added decides.
   */
  meet(isMeant: (fault: F) => boolean): F | undefined {
    let met: F | undefined;
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (!isMeant(fault)) continue;
      armed.seen++;
      if (armed.seen >= fault.nth) met ??= fault;
    }
    this.#armed = this.#armed.filter(({ fault, seen }) => seen < fault.nth + fault.times - 1);
    return met;
  }

  /**
   * Returns the number of requests up to the next one that fails: 1 if it is the next; undefined if no fault is meant for such a
   * request.
   */
  failsAfter(isMeant: (fault: F) => boolean): number | undefined {
    const left = this.#armed.flatMap(({ fault, seen }) => isMeant(fault) ? [Math.max(1, fault.nth - seen)] : []);
    return left.length > 0 ? Math.min(...left) : undefined;
  }
}

/** Returns the device of a handle, or undefined. */
export function deviceAt(kernel: Kernel, handle: Handle): Device | undefined {
  const [bus, name] = handle.split("/") as [string, string];
  return kernel.core.find(bus, name);
}

/** Operates a device at once; `does` returns the device's answer. */
// deno-lint-ignore require-yield
export function* operated(task: Task, does: () => Json): Steps<Result> {
  task.observation.reply = does();
  return "ok";
}
