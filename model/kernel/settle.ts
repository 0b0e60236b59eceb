/**
 * Waits for the background effects of an operation.
 *
 * @module
 */

import type { Kernel } from "./kernel.ts";

/** The longest wait for the operational state of netdevs to follow their carrier, in ms. */
const BOUND = 2500;
const STEP = 50;

/** Lets `ms` pass, and then waits, up to a bound, until the operational state of each netdev has followed its carrier. */
export function settle(kernel: Kernel, ms: number): void {
  kernel.runWorkers();
  kernel.advance(ms);
  const end = kernel.now + BOUND;
  while (kernel.linkwatch.pending && kernel.now < end) kernel.advance(STEP);
}
