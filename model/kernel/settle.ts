/**
 * What an operation set going is waited for.
 *
 * @module
 */

import type { Kernel } from "./kernel.ts";

/** The longest that netdevs get for their operational state to follow their carrier, in ms. */
const BOUND = 2500;
const STEP = 50;

/** Lets `ms` pass, and then waits until the operational state of every netdev has followed its carrier, within bounds. */
export function settle(kernel: Kernel, ms: number): void {
  kernel.runWorkers();
  kernel.advance(ms);
  const end = kernel.now + BOUND;
  while (kernel.linkwatch.pending && kernel.now < end) kernel.advance(STEP);
}
