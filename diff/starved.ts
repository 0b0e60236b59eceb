/**
 * Boards that had no time: a guest whose host is busy or stopped, a board whose CPU others have. What such a board did late, or
 * not within a bound, says nothing of its kernel.
 *
 * @module
 */

import type { KernelLine, Observation } from "../model/observation.ts";
import type { StepTrace } from "./trace.ts";

/** From this share of a step's time on, and so many ms of it, in which the agent's ticks came late, the board was starved. */
const [SHARE, LEAST_MS] = [0.1, 300];

/**
 * How a board was starved in a step, in words; undefined where it was not, or where that is not known.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { starved } from "./starved.ts";
 *
 * const step = { id: 1, phase: "body" as const, op: { kind: "dev.reload" as const, handle: "netdevsim/netdevsim10" } };
 * assertEquals(
 *   starved({ ...step, board: { start: 10_000, end: 22_500, late: 8000 } }),
 *   "the board was starved of CPU time for 8.0 s of the 12.5 s of the step",
 * );
 * assertEquals(starved({ ...step, board: { start: 10_000, end: 22_500, late: 200 } }), undefined);
 * ```
 */
export function starved({ board }: StepTrace): string | undefined {
  if (board?.late === undefined) return undefined;
  const ms = board.end - board.start;
  if (board.late < LEAST_MS || board.late < SHARE * ms) return undefined;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return `the board was starved of CPU time for ${seconds(board.late)} of the ${seconds(ms)} of the step`;
}

/** True if a step was not done within its bound, or is said by the kernel to be stuck: the same is seen of a starved board. */
export function looksStuck({ time }: Observation, findings: readonly KernelLine[]): boolean {
  return findings.length > 0 ? findings.every((line) => line.class === "hung") : time === "hang";
}
