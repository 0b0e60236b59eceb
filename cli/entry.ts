/** Common code of this folder's programs: handles signals, and turns errors into one line and an exit status. */

import { visible } from "../boards/visible.ts";
import { STATUS_OF } from "../run/error_status.ts";
import { catchSignals, type Interrupts, StoppedError } from "../run/interrupt.ts";
import { OutputClosedError, say } from "../run/output.ts";

/** Returns the exit status of a program that an error ended; never 0. */
export function statusOfError(error: unknown): number {
  if (error instanceof StoppedError) return error.status;
  // As in a shell, for a program that SIGPIPE ended.
  if (error instanceof OutputClosedError) return 141;
  return error instanceof Error ? STATUS_OF[error.name] ?? 3 : 3;
}

/** Prints why an error ended a program, and returns its exit status. */
export function statusOfEnd(error: unknown): number {
  const status = statusOfError(error);
  if (error instanceof OutputClosedError) return status;
  if (error instanceof Error && STATUS_OF[error.name] !== undefined) {
    for (const line of error.message.split("\n")) say(`twinlink: ${visible(line)}`);
  } else {
    const text = error instanceof Error ? error.stack ?? error.message : `it throws ${String(error)}`;
    say(`twinlink: this is a bug of twinlink, not of the board:\n${text.split("\n").map(visible).join("\n")}`);
  }
  return status;
}

/** Runs a program and gives its exit status, whatever happens. */
export async function statusOf(
  program: (signal: AbortSignal, interrupts: Interrupts) => Promise<number>,
): Promise<number> {
  using interrupts = await catchSignals();
  try {
    const status = await Promise.race([program(interrupts.signal, interrupts), interrupts.given]);
    // The runtime reports the last rejected promise in the next turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve));
    if (interrupts.unhandled) throw interrupts.unhandled.error;
    return interrupts.status ?? status;
  } catch (caught) {
    return interrupts.status ?? statusOfEnd(interrupts.unhandled ? interrupts.unhandled.error : caught);
  }
}

/** Runs a program and ends the process with its exit status. */
export async function runAsMain(
  program: (signal: AbortSignal, interrupts: Interrupts) => Promise<number>,
): Promise<never> {
  Deno.exit(await statusOf(program));
}
