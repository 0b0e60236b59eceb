/**
 * The thread that listens to signals, also while the main thread computes. It does nothing else. This thread and the main thread
 * share a few numbers, by {@linkcode AT}.
 *
 * @module
 */

import process from "node:process";
import { AT, RESTORE_TERMINAL, SIGNALS, type ThreadMessage } from "./interrupt.ts";

type Name = NonNullable<typeof SIGNALS[number]>;

/** Under a task that passes signals on, a second signal within this time, in ms, is a copy of the first. A third signal is not. */
const ECHO_MS = 1000;

/** The same for a Ctrl-C that stops nothing: a short time, since the user may press Ctrl-C again soon. */
const CTRL_C_ECHO_MS = 50;

/**
 * How much CPU time the process may take until its main thread notes a signal, in ms: it may have to restore a board. On a
 * busy machine the process gets little CPU time.
 */
const PATIENCE_MS = 10_000;

/** The longest time until the main thread notes a signal, in ms: the thread may wait for something that never comes. */
const LONGEST_MS = 60_000;

/** The interval between two checks of the CPU time, in ms. */
const LOOK_MS = 500;

/** The same as {@linkcode PATIENCE_MS} where nothing is left behind, and for a Ctrl-C that stops nothing. */
const SHORT_PATIENCE_MS = 1000;

/** How long the main thread may take to end the process in order, in ms: it removes incomplete files in this time. */
const END_MS = 500;

/** How long a terminal may take for {@linkcode RESTORE_TERMINAL}, in ms. */
const RESTORE_MS = 200;

/** Listens until the thread is ended; `task`: the parent passes signals on, so that they may come twice. */
function listen({ shared, task }: { shared: Int32Array; task: boolean }, tell: (message: ThreadMessage) => void): void {
  const listeners = new Map<Name, () => void>();
  // Without waiting: a terminal that Ctrl-S has stopped accepts no output
  const write = (text: string) => Deno.stderr.write(new TextEncoder().encode(text)).catch(() => {});
  let count = 0;
  let firstAt = 0;
  let pressedAt = -Infinity;

  /** Ends the process: by its main thread, else by the signal, after its listener is removed. */
  const end = async (name: Name) => {
    tell("end");
    await new Promise((resolve) => setTimeout(resolve, END_MS));
    for (const [each, listener] of listeners) Deno.removeSignalListener(each, listener);
    if (Deno.stderr.isTerminal()) {
      await Promise.race([write(RESTORE_TERMINAL), new Promise((resolve) => setTimeout(resolve, RESTORE_MS))]);
    }
    // Without the permission one more signal is needed. The kernel ends fixtures that outlive this process: see
    // PR_SET_PDEATHSIG in fixtures/qemu.
    if (Deno.permissions.querySync({ name: "run" }).state === "granted") Deno.kill(Deno.pid, name);
  };

  const press = () => {
    const now = performance.now();
    if (task && now - pressedAt < CTRL_C_ECHO_MS) return;
    pressedAt = now;
    Atomics.add(shared, AT.pressed, 1);
    tell("pressed");
    setTimeout(() => {
      if (Atomics.load(shared, AT.pressed) === 0) return;
      write("\ntwinlink: this command cannot be interrupted; Ctrl-\\ ends twinlink\n");
    }, SHORT_PATIENCE_MS);
  };

  const hear = (name: Name) => {
    if (name === "SIGINT" && Atomics.load(shared, AT.taken) === 1) return press();
    count++;
    if (count === 1) {
      firstAt = performance.now();
      Atomics.store(shared, AT.first, SIGNALS.indexOf(name));
      tell("stop");
      const patience = Atomics.load(shared, AT.harmless) === 1 ? SHORT_PATIENCE_MS : PATIENCE_MS;
      const before = process.cpuUsage();
      const look = setInterval(() => {
        const seen = Atomics.load(shared, AT.seen) === 1;
        const { user, system } = process.cpuUsage(before);
        const patient = (user + system) / 1000 < patience && performance.now() - firstAt < LONGEST_MS;
        if (!seen && patient) return;
        clearInterval(look);
        if (!seen) end(name);
      }, Math.min(patience, LOOK_MS));
    } else if (!task || count > 2 || performance.now() - firstAt > ECHO_MS) end(name);
  };

  for (const name of SIGNALS) {
    if (name === undefined) continue;
    const listener = () => hear(name);
    listeners.set(name, listener);
    Deno.addSignalListener(name, listener);
  }
  tell("ready");
}

const thread = self as unknown as {
  onmessage: (event: MessageEvent<Parameters<typeof listen>[0]>) => void;
  postMessage(message: ThreadMessage): void;
};
thread.onmessage = ({ data }) => listen(data, (message) => thread.postMessage(message));
