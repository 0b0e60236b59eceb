/** What programs of this folder have in common: signals, and errors as one line and an exit status. */

import { visible } from "../boards/visible.ts";
import { catchSignals, type Interrupts } from "./interrupt.ts";
import { OutputClosedError, say } from "./output.ts";

/** Errors that are the user's to mend, by class name, and their exit status; any other error is a bug of twinlink. */
const STATUS_OF: Readonly<Record<string, 2 | 3>> = {
  UsageError: 2,
  BoardError: 2,
  SuiteError: 2,
  RefusedError: 2,
  // A trace that cannot be read, by its file and line.
  SyntaxError: 2,
  // A permission that was not given to Deno; the message names the flag.
  NotCapable: 2,
  TransportError: 3,
  UnfitBoardError: 3,
  BoardInUseError: 3,
  FixtureUnavailable: 3,
  // What the model does not have, asked for outside of a sequence.
  ModelGap: 3,
};

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
