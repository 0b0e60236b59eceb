/**
 * Handles the signals that stop a program: Ctrl-C, SIGTERM and SIGHUP. The first signal stops the work in good order and
 * the second one ends the process. Unhandled errors stop the work, too.
 *
 * A thread of its own listens (`interrupt_thread.ts`): a listener in the main thread would hear nothing while that thread
 * computes, but would keep the signal from ending the process.
 *
 * @module
 */

import { say } from "./output.ts";

/** The index of each number in the memory that both threads share. */
export const AT = {
  /** The first signal that asks to stop, by its place in {@linkcode SIGNALS} */
  first: 0,
  /** 1 once the main thread knows of the first signal */
  seen: 1,
  /** 1 while Ctrl-C is for the command that runs in the shell */
  taken: 2,
  /** How often Ctrl-C was pressed since the last query */
  pressed: 3,
  /** 1 if the process can end at any time and leave nothing behind */
  harmless: 4,
} as const;

/** Signals by their number in the shared memory; 0 means no signal. */
export const SIGNALS = [undefined, "SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A message of the thread: it listens; a signal asks to stop; Ctrl-C was pressed; the process must end at once. */
export type ThreadMessage = "ready" | "stop" | "pressed" | "end";

/** Reports that a signal stopped the work; by its name it is an `AbortError` like any other. */
export class StoppedError extends DOMException {
  /** The exit status that the signal asks for */
  readonly status: number;

  /** Makes the error of a signal, for example `SIGINT`. */
  constructor(signal: keyof typeof STATUS) {
    super(`stopped by ${signal}`, "AbortError");
    this.status = STATUS[signal];
  }
}

/** The result of {@linkcode catchSignals}. */
export interface Interrupts extends Disposable {
  /** Aborted by the first signal, once the event loop runs or {@linkcode stopped} is called */
  readonly signal: AbortSignal;
  /** The exit status that the signal asks for; undefined if there was no signal */
  readonly status: number | undefined;
  /** The first error that nothing handled; it stops the work as a signal does */
  readonly unhandled: { error: unknown } | undefined;
  /** Rejects on the first signal if nothing is left behind: see {@linkcode harmless} */
  readonly given: Promise<never>;
  /** True if a signal has asked to stop. Long computations call this now and then: it needs no event loop. */
  stopped(): boolean;
  /** States that the process can end at any time and leave nothing behind: a signal then waits for nothing. */
  harmless(): void;
  /** Takes Ctrl-C over until the result is disposed of: SIGINT alone then stops nothing. */
  takeCtrlC(): CtrlC;
}

/** Ctrl-C, where it does not stop the whole program. */
export interface CtrlC extends Disposable {
  /** True once for each Ctrl-C; needs no event loop. */
  pressed(): boolean;
  /** Called if the event loop learns of a Ctrl-C before the listening thread does. */
  onPress: () => void;
}

/** Exit statuses by signal: 128 plus the signal's number, as in shells. */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

// The live display hides the cursor and turns wrapping off.
export const RESTORE_TERMINAL = "\x1b[?25h\x1b[?7h";

/** True if `deno task` or npm started this process: they pass on the signals of the terminal, so that each comes twice. */
function isTask(): boolean {
  const granted = Deno.permissions.querySync({ name: "env", variable: "INIT_CWD" }).state === "granted";
  return !granted || Boolean(Deno.env.get("INIT_CWD"));
}

/** Catches the signals that end a program, until it is disposed of. */
export async function catchSignals(): Promise<Interrupts> {
  const controller = new AbortController();
  const shared = new Int32Array(new SharedArrayBuffer(4 * Object.keys(AT).length));
  const thread = new Worker(new URL("./interrupt_thread.ts", import.meta.url), { type: "module" });
  const task = isTask();
  let ctrlC: CtrlC | undefined;
  const isHarmless = () => Atomics.load(shared, AT.harmless) === 1;
  const given = Promise.withResolvers<never>();
  given.promise.catch(() => {});
  const stopped = () => {
    const name = SIGNALS[Atomics.load(shared, AT.first)];
    if (name === undefined) return false;
    Atomics.store(shared, AT.seen, 1);
    if (controller.signal.aborted) return true;
    controller.abort(new StoppedError(name));
    if (isHarmless()) given.reject(controller.signal.reason);
    // A terminal that hung up shows no text
    else if (name !== "SIGHUP") {
      say(`\n${name}: stopping, and leaving the board as it was (once more to end at once)`);
    }
    return true;
  };
  const endAtOnce = () => {
    if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(RESTORE_TERMINAL));
    Deno.exit(STATUS[SIGNALS[Atomics.load(shared, AT.first)] ?? "SIGINT"]);
  };
  const pressed = () => Atomics.exchange(shared, AT.pressed, 0) > 0;
  const ready = Promise.withResolvers<void>();
  thread.onmessage = ({ data }: MessageEvent<ThreadMessage>) => {
    if (data === "ready") ready.resolve();
    else if (data === "stop") stopped();
    else if (data === "end") endAtOnce();
    // If no command runs, the terminal's Ctrl-C is a key press; a SIGINT from a task repeats the signal that ended a command
    else if (ctrlC && pressed() && !task) ctrlC.onPress();
  };
  thread.onerror = (event) => {
    event.preventDefault();
    ready.reject(new Error(`Cannot listen to signals: ${event.message}`));
  };
  thread.postMessage({ shared, task });
  await ready.promise;
  let unhandled: { error: unknown } | undefined;
  const onUnhandled = (event: PromiseRejectionEvent | ErrorEvent) => {
    event.preventDefault();
    unhandled ??= { error: "reason" in event ? event.reason : event.error };
    controller.abort(unhandled.error);
  };
  const events = ["unhandledrejection", "error"] as const;
  for (const name of events) addEventListener(name, onUnhandled);
  return {
    signal: controller.signal,
    get unhandled() {
      return unhandled;
    },
    get status() {
      const name = SIGNALS[Atomics.load(shared, AT.first)];
      return name && STATUS[name];
    },
    given: given.promise,
    stopped,
    harmless: () => void Atomics.store(shared, AT.harmless, 1),
    takeCtrlC() {
      Atomics.store(shared, AT.taken, 1);
      return ctrlC = {
        pressed,
        onPress: () => {},
        [Symbol.dispose]: () => {
          ctrlC = undefined;
          Atomics.store(shared, AT.taken, 0);
        },
      };
    },
    [Symbol.dispose]: () => {
      thread.terminate();
      for (const name of events) removeEventListener(name, onUnhandled);
    },
  };
}
