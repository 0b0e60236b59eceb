/** Reports of lockdep, which only a kernel with lockdep makes: no stock kernel of a distribution has it. */

import type { SequenceTrace } from "./trace.ts";

/**
 * Returns a sequence of the model as a board can show it: without reports of lockdep if the board's agent did not find lockdep.
 *
 * @param has The capabilities that the board's agent found; undefined for the model and for recordings without it
 */
export function asReported(expected: SequenceTrace, has: readonly string[] | undefined): SequenceTrace {
  if (has === undefined || has.includes("lockdep")) return expected;
  const steps = expected.steps.map((step) => {
    const { observation } = step;
    if (!observation?.kmsg.some((line) => line.class === "lockdep")) return step;
    const kmsg = observation.kmsg.filter((line) => line.class !== "lockdep");
    return { ...step, observation: { ...observation, kmsg } };
  });
  return { ...expected, steps };
}
