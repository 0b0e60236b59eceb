/** For tests: the command on a terminal, a real pty, as a user has it. */

import { Buffer } from "node:buffer";
import { spawn } from "node-pty";
import { within } from "../runners/lines/process.ts";
import { commandLine } from "./child.ts";

/** A command on a terminal. */
export interface OnTerminal extends AsyncDisposable {
  /** All that it showed so far, a character a byte */
  readonly shown: string;
  /** Types */
  type(keys: string): void;
  /** Sends it a signal */
  kill(signal: Deno.Signal): void;
  /** Waits until a text has been shown, behind what earlier waits have found */
  see(text: string): Promise<void>;
  /** Its exit status */
  readonly exited: Promise<number>;
}

/** The part of node-pty that is used; its own types do not know of bytes. */
interface Pty {
  write(data: string): void;
  kill(signal: string): void;
  onData(listener: (data: Buffer) => void): void;
  onExit(listener: (end: { exitCode: number; signal?: number }) => void): void;
}

/** A terminal on which nothing changes for so long, in milliseconds, does not change any more. */
const PATIENCE = 120_000;

/** Starts the command on a terminal of 100 columns and 30 rows. */
export function startOnTerminal(args: readonly string[], env: Record<string, string> = {}): OnTerminal {
  return startProgramOnTerminal(commandLine(args), env);
}

/** Returns the environment without the word of a task: the tests may run under one, and the program does not. */
function environment(): Record<string, string> {
  const { INIT_CWD: _, ...rest } = Deno.env.toObject();
  return rest;
}

/** Starts any program on such a terminal. */
export function startProgramOnTerminal(line: readonly string[], env: Record<string, string> = {}): OnTerminal {
  const [program, ...rest] = line;
  const pty: Pty = spawn(program!, rest, {
    env: { ...environment(), NO_COLOR: "1", ...env },
    cols: 100,
    rows: 30,
    name: "dumb",
    encoding: null as unknown as string,
  });
  let shown = "";
  let seen = 0;
  let ended = false;
  let wake = () => {};
  pty.onData((bytes) => {
    shown += bytes.toString("latin1");
    wake();
  });
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  pty.onExit(({ exitCode, signal }) => {
    ended = true;
    resolve(signal ? 128 + signal : exitCode);
    wake();
  });
  return {
    get shown() {
      return shown;
    },
    exited,
    type: (keys) => pty.write(keys),
    kill: (signal) => pty.kill(signal),
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
      if (!ended) pty.kill("SIGKILL");
      await exited;
    },
  };
}
