/**
 * How processes take turns: each is a generator that stops where it waits.
 *
 * @module
 */

/** What a process waits for: a point of virtual time in ms, something that others do, or nothing but its next turn. */
export type Wait = { until: number } | { ready: () => boolean } | { turn: true };

/** Where a process stops: it waits, or continues in what it calls, see {@linkcode called}. */
export type Pause = Wait | { call: Run<unknown> };

/** What a process waits for that has used up its share of the CPU: see {@linkcode Process.spend}. */
export const SPENT: Wait = { turn: true };

/** Something that runs in a process. */
export type Run<T = number> = Generator<Pause, T, void>;

/**
 * Runs something in the same process, with a stack of its own: `yield*` takes some of the stack of JavaScript, which a
 * recursion of the simulated machine must not use up.
 */
export function* called<T>(call: Run<T>): Run<T> {
  return (yield { call }) as unknown as T;
}

/** Returns the text that `time` prints of a command that waited so many ms and did not compute. */
export function timesText(ms: number): string {
  const figure = (seconds: number) => `${Math.floor(seconds / 60)}m ${(seconds % 60).toFixed(2)}s`;
  return `real\t${figure(ms / 1000)}\nuser\t${figure(0)}\nsys\t${figure(0)}\n`;
}
