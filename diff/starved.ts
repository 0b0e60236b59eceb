/**
 * Boards that had no time: a guest whose host is busy or stopped, a board whose CPU others have. What such a board did late, or
 * not within a bound, shows nothing of its kernel.
 *
 * @module
 */

import type { KernelLine } from "../model/observation.ts";
import type { StepTrace } from "./trace.ts";

/** A board was starved if the agent's ticks came late for this share of a step's time, and for so many ms. */
const [SHARE, LEAST_MS] = [0.1, 300];
/** From this share on, even a bound decides nothing, although a bound counts the board's own time. */
const STUCK_SHARE = 1 / 3;

/**
 * Returns how a board was starved in a step, in words; undefined where it was not, or where that is not known.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { starved } from "./starved.ts";
 *
 * const step = { id: 1, phase: "body" as const, op: { kind: "dev.reload" as const, handle: "pci/0000:03:00.0" } };
 * assertEquals(
 *   starved({ ...step, board: { start: 10_000, end: 22_500, late: 8000 } }),
 *   "the board was starved of CPU time for 8.0 s of the 12.5 s of the step",
 * );
 * assertEquals(starved({ ...step, board: { start: 10_000, end: 22_500, late: 200 } }), undefined);
 * ```
 */
export function starved({ board }: StepTrace, share = SHARE): string | undefined {
  if (board?.late === undefined) return undefined;
  const ms = board.end - board.start;
  if (board.late < LEAST_MS || board.late < share * ms) return undefined;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return `the board was starved of CPU time for ${seconds(board.late)} of the ${seconds(ms)} of the step`;
}

/**
 * How a board was starved in a step that was not done within its bound, or during which its kernel reports that something is stuck: the
 * same is seen of any starved board. Undefined where the step shows neither, or the board was not starved.
 */
export function starvedNotStuck(step: StepTrace, findings: readonly KernelLine[]): string | undefined {
  const stuck = findings.length > 0
    ? findings.every((line) => line.class === "hung")
    : step.observation?.time === "hang";
  return stuck ? starved(step, STUCK_SHARE) : undefined;
}
