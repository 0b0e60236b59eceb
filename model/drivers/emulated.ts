/**
 * What models of drivers have in common about a device that a test can operate (`fixtures/devices`): its faults, and the answer of an
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

/** Which requests a fault meets: `times` of them from the `nth` on, counted from when the test asked for the fault. */
export interface Times {
  readonly nth: number;
  readonly times: number;
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1;

/** Returns the times that an operation asks for; undefined if they are no numbers of requests. */
export function timesOf({ nth = 1, times = 1 }: Readonly<Record<string, unknown>>): Times | undefined {
  return isCount(nth) && isCount(times) ? { nth, times } : undefined;
}

/** The faults of a device that have more requests to meet. */
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
   * Returns the fault that a request meets: each fault that is meant for the request counts the request, and of several the first
   * that was added decides.
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

  /** Returns after how many requests the next one fails: 1 if it is the next; undefined if no fault is meant for it. */
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
