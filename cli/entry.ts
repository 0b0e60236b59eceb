/** What programs of this folder have in common: signals, and errors as one line and an exit status. */

import { visible } from "../boards/visible.ts";
import { STATUS_OF } from "./error_status.ts";
import { catchSignals, type Interrupts } from "./interrupt.ts";
import { OutputClosedError, say } from "./output.ts";

/** Runs a program and gives its exit status, whatever happens. */
export async function statusOf(
  program: (signal: AbortSignal, interrupts: Interrupts) => Promise<number>,
): Promise<number> {
  using interrupts = await catchSignals();
  try {
    const status = await Promise.race([program(interrupts.signal, interrupts), interrupts.given]);
    return interrupts.status ?? status;
  } catch (error) {
    if (interrupts.status !== undefined) return interrupts.status;
    // As a shell has it for a program that SIGPIPE ended.
    if (error instanceof OutputClosedError) return 141;
    if (!(error instanceof Error)) throw error;
    const status = STATUS_OF[error.name];
    if (status === undefined) {
      const stack = (error.stack ?? error.message).split("\n").map(visible).join("\n");
      say(`twinlink: this is a bug of twinlink, not of the board:\n${stack}`);
      return 3;
    }
    for (const line of error.message.split("\n")) say(`twinlink: ${visible(line)}`);
    return status;
  }
}

/** Runs a program and ends the process with its exit status. */
export async function runAsMain(
  program: (signal: AbortSignal, interrupts: Interrupts) => Promise<number>,
): Promise<never> {
  Deno.exit(await statusOf(program));
}
