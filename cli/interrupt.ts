/**
 * Ctrl-C and SIGTERM: the first one stops the work in good order, the second one ends the process.
 *
 * @module
 */

import { say } from "./output.ts";

/** Exit statuses by signal: 128 and its number, as shells have it. */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** A signal that comes again within this time, in ms, is the same one. */
const ECHO_MS = 400;

// The live display hides the cursor and turns wrapping off.
const RESTORE_TERMINAL = new TextEncoder().encode("\x1b[?25h\x1b[?7h");

/** What {@linkcode catchSignals} gives. */
export interface Interrupts extends Disposable {
  /** Aborted by the first signal */
  readonly signal: AbortSignal;
  /** The exit status that the signal asks for; undefined while there was none */
  readonly status: number | undefined;
}

/** Catches the signals that end a program, until it is disposed of. */
export function catchSignals(): Interrupts {
  const controller = new AbortController();
  let status: number | undefined;
  let first = 0;
  const listeners = (Object.keys(STATUS) as (keyof typeof STATUS)[]).map((name) => {
    const listener = () => {
      // Fixtures that outlive us are ended by the kernel: see PR_SET_PDEATHSIG in fixtures/qemu.
      if (status !== undefined) {
        // `deno task` passes the terminal's Ctrl-C on, so that one comes twice.
        if (Date.now() - first < ECHO_MS) return;
        if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(RESTORE_TERMINAL);
        Deno.exit(STATUS[name]);
      }
      first = Date.now();
      status = STATUS[name];
      // A terminal that hung up takes no words.
      if (name !== "SIGHUP") say(`\n${name}: stopping, and leaving the board as it was (once more to end at once)`);
      controller.abort(new DOMException(`Stopped by ${name}`, "AbortError"));
    };
    Deno.addSignalListener(name, listener);
    return [name, listener] as const;
  });
  return {
    signal: controller.signal,
    get status() {
      return status;
    },
    [Symbol.dispose]: () => listeners.forEach(([name, listener]) => Deno.removeSignalListener(name, listener)),
  };
}
