/**
 * Runs a program on a pseudo terminal; the caller answers its questions.
 *
 * @module
 */

import { withoutControls } from "./plain_text.ts";
import { Keyboard } from "./keyboard.ts";

/** Options of {@linkcode startOnTerminal}. */
export interface TerminalOptions {
  /** The environment of the program, instead of this process's own */
  env?: Record<string, string>;
  /**
   * Called for each question: an unfinished line that ends in `:` or `?`, without control characters. The returned text is
   * typed with Enter; null leaves the question open
   */
  onPrompt?: (prompt: string) => Promise<string | null>;
}

/** A program on a terminal. */
export interface TerminalProcess {
  readonly pid: number;
  /** The output so far, without control characters; it does not include the answers to questions */
  readonly output: string;
  /** The exit status; rejects with an error of `onPrompt`, which ends the program */
  readonly exited: Promise<number>;
  /** Types text */
  type(text: string): Promise<void>;
  /** Hangs up the terminal and ends the program */
  kill(): void;
}

/** The part of node-pty that this module uses; node-pty's own types declare a module of another name. */
interface Pty {
  readonly pid: number;
  kill(signal: string): void;
  onData(listener: (data: string) => void): void;
  onExit(listener: (end: { exitCode: number; signal?: number }) => void): void;
}

/** How long a program may take to end, in ms. */
const GRACE = 500;

const OUTPUT_KEPT = 64 * 1024;

/**
 * Starts a program on a pseudo terminal. Its arguments never pass a shell.
 *
 * @example
 * ```ts ignore
 * const process = await startOnTerminal("ssh", ["-N", "--", "board"], { onPrompt: askUser });
 * await process.exited;
 * ```
 */
export async function startOnTerminal(
  command: string,
  args: string[],
  options: TerminalOptions = {},
): Promise<TerminalProcess> {
  // Imported only here: it needs --allow-ffi, and most runs have no question.
  const { spawn } = await import("node-pty");
  const env = options.env ?? Deno.env.toObject();
  const pty: Pty = spawn(command, args, { env, cols: 200, rows: 24, name: "dumb" });
  const keyboard = new Keyboard(pty);
  let output = "";
  let unanswered = "";
  let ended = false;
  let failure: { error: unknown } | undefined;
  let late: ReturnType<typeof setTimeout> | undefined;
  const { promise: exited, resolve, reject } = Promise.withResolvers<number>();
  // Only callers that wait for the end get a rejection.
  exited.catch(() => {});

  const type = (text: string) => keyboard.write(new TextEncoder().encode(text));

  const kill = () => {
    if (ended) return;
    pty.kill("SIGTERM");
    // A program that was about to wait for an answer loses the first signal (readpassphrase of OpenSSH does).
    late ??= setTimeout(() => pty.kill("SIGKILL"), GRACE);
  };

  pty.onData((data) => {
    output = (output + withoutControls(data)).slice(-OUTPUT_KEPT);
    unanswered = (unanswered + data).slice(-OUTPUT_KEPT);
    const prompt = withoutControls(unanswered).split("\n").at(-1)!.trim();
    if (!/[:?]$/.test(prompt)) return;
    unanswered = "";
    options.onPrompt?.(prompt).then((answer) => answer === null ? undefined : type(answer + "\n")).catch((error) => {
      failure = { error };
      kill();
    });
  });
  pty.onExit(({ exitCode, signal }) => {
    ended = true;
    keyboard.close();
    clearTimeout(late);
    if (failure) reject(failure.error);
    else resolve(signal ? 128 + signal : exitCode);
  });

  return {
    pid: pty.pid,
    get output() {
      return output;
    },
    exited,
    type,
    kill,
  };
}
