/** For tests: runs the command on a real pty. */

import { within } from "../runners/lines/process.ts";
import { closeFd, errno, LibcError, openPty, openTty, poller, readFd, writeFd } from "../runners/lines/tty.ts";
import { commandLine } from "./child.ts";

/** A command on a terminal. */
export interface OnTerminal extends AsyncDisposable {
  /** All output so far, one character for each byte */
  readonly shown: string;
  /** Types keys */
  type(keys: string): void;
  /** Sends the command a signal */
  kill(signal: Deno.Signal): void;
  /** Waits until a text has been shown, after what earlier waits have found */
  see(text: string): Promise<void>;
  /** The exit status of the command */
  readonly exited: Promise<number>;
}

/** After this time without output, in ms, a wait for a text fails. */
const PATIENCE = 120_000;

/** Starts the command on a terminal of 100 columns and 30 rows. */
export function startOnTerminal(args: readonly string[], env: Record<string, string> = {}): OnTerminal {
  return startProgramOnTerminal(commandLine(args), env);
}

/** Returns the environment without the variable that marks a task: tests may run under a task, but the program does not. */
function environment(): Record<string, string> {
  const { INIT_CWD: _, ...rest } = Deno.env.toObject();
  return rest;
}

/** Calls `onBytes` for a terminal's output, until the terminal has hung up and all output was read. */
async function read(fd: number, onBytes: (bytes: Uint8Array) => void): Promise<void> {
  const buffer = new Uint8Array(4096);
  try {
    for (;;) {
      const count = readFd(fd, buffer);
      if (count === null) await poller.wait(fd, "read");
      else onBytes(buffer.subarray(0, count));
    }
  } catch (error) {
    if (!(error instanceof LibcError && error.errno === errno.EIO)) throw error;
  }
}

/**
 * Starts any program on such a terminal. The pty is not from node-pty, which closes its pty 200 ms after the program ends. On a
 * busy machine some output was not read by then.
 */
export function startProgramOnTerminal(line: readonly string[], env: Record<string, string> = {}): OnTerminal {
  const { fd, path } = openPty();
  // Held open: a pty that no process has open hangs up.
  const held = openTty(path);
  poller.add(fd);
  const child = new Deno.Command("sh", {
    args: ["-c", 'stty rows 30 cols 100 < "$0" && exec setsid -c "$@" < "$0" > "$0" 2>&1', path, ...line],
    env: { ...environment(), NO_COLOR: "1", TERM: "dumb", ...env },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let shown = "";
  let seen = 0;
  let ended = false;
  let wake = () => {};
  const reading = read(fd, (bytes) => {
    shown += String.fromCharCode(...bytes);
    wake();
  });
  const end = async () => {
    const { code } = await child.status;
    closeFd(held);
    await reading;
    await poller.remove(fd, new Error("the program has ended"));
    closeFd(fd);
    ended = true;
    wake();
    return code;
  };
  const exited = end();
  let typing = Promise.resolve();
  const type = async (bytes: Uint8Array<ArrayBuffer>) => {
    for (let at = 0; at < bytes.length && !ended;) {
      const count = writeFd(fd, bytes.subarray(at));
      if (count === null) await poller.wait(fd, "write");
      else at += count;
    }
  };
  return {
    get shown() {
      return shown;
    },
    exited,
    type: (keys) => void (typing = typing.then(() => type(new TextEncoder().encode(keys))).catch(() => {})),
    kill: (signal) => child.kill(signal),
    see: async (text) => {
      for (;;) {
        const at = shown.indexOf(text, seen);
        if (at >= 0) {
          seen = at + text.length;
          return;
        }
        const last = () => JSON.stringify(shown.slice(-2000));
        if (ended) throw new Error(`it ended without ${JSON.stringify(text)}: ${last()}`);
        const more = new Promise<void>((resolve) => wake = resolve);
        if (!await within(PATIENCE, more)) throw new Error(`no ${JSON.stringify(text)} in ${last()}`);
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (!ended) child.kill("SIGKILL");
      await exited;
    },
  };
}
