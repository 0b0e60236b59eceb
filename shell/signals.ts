/**
 * Signals, and what a shell reports of processes that they end.
 *
 * @module
 */

/** A signal that ends processes, by its name without `SIG`. */
export type Signal = "ABRT" | "SEGV" | "INT" | "TERM" | "KILL" | "HUP" | "PIPE" | "ALRM" | "QUIT" | "USR1" | "USR2";

/** The numbers of signals. */
export const SIGNALS: Readonly<Record<Signal, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ABRT: 6,
  KILL: 9,
  SEGV: 11,
  USR1: 10,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
};

/** Thrown inside a process that a signal ends. */
export class Signalled extends Error {
  override name = "Signalled";
  constructor(readonly signal: Signal) {
    super(signal);
  }
}

/** Returns the text that a shell prints of a process with an exit status; undefined where it prints none. */
export function deathNotice(status: number): string | undefined {
  const signal = Object.entries(SIGNALS).find(([, number]) => number === status - 128)?.[0];
  if (signal === "TERM") return "Terminated";
  if (signal === "KILL") return "Killed";
  return status === 134 ? "Aborted" : undefined;
}

/** Returns a signal by its name, with or without `SIG`, or by its number. */
export function signalOf(text: string): Signal | undefined {
  const name = text.toUpperCase().replace(/^SIG/, "");
  if (Object.hasOwn(SIGNALS, name)) return name as Signal;
  return (Object.entries(SIGNALS) as [Signal, number][]).find(([, number]) => String(number) === text)?.[0];
}
