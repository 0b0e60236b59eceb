/**
 * A shell that is a child process of this process: a local shell, or the ssh client.
 *
 * @module
 */

import { type Shell, TransportError } from "./shell.ts";
import { withoutControls } from "./plain_text.ts";

/** How to start the process, and its words for messages. */
export interface ProcessOptions {
  command: string;
  args: string[];
  /** Variables in addition to this process's own environment */
  env?: Record<string, string>;
  description: string;
  /** Returns why the shell was lost, from an exit status; undefined for a normal end */
  lost?: (status: Deno.CommandStatus, stderr: string) => string | undefined;
  /** Called once by `close`, after the process has ended */
  afterClose?: () => Promise<void>;
}

/** How long a process may take to end by itself before SIGTERM, and then before SIGKILL, in ms. */
const GRACE = 500;

/** The most characters of the end of standard error that are stored. */
const STDERR_KEPT = 8192;

/**
 * A child process with its streams. It leads its own session, so it has no terminal to ask on, and Ctrl-C does not reach it. So
 * the board can still be cleaned up through it.
 */
export class ProcessShell implements Shell {
  readonly description: string;
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** How the process ended */
  readonly status: Promise<Deno.CommandStatus>;
  #child: Deno.ChildProcess;
  #stderr = "";
  #stderrDone: Promise<void>;
  #ended = false;
  #closing: Promise<void> | undefined;
  #afterClose: (() => Promise<void>) | undefined;
  #unread: Uint8Array | undefined;
  #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBufferLike>>;
  #stdout: ReadableStreamDefaultReader<Uint8Array<ArrayBufferLike>>;

  /** Starts the process; throws Deno.errors.NotFound if the command is not installed. */
  constructor(options: ProcessOptions) {
    this.description = options.description;
    this.#child = new Deno.Command(options.command, {
      args: options.args,
      ...(options.env ? { env: options.env } : {}),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    this.#afterClose = options.afterClose;
    this.#stdin = this.#child.stdin.getWriter();
    this.#stdin.closed.catch(() => {});
    this.#stdout = this.#child.stdout.getReader();
    this.#stderrDone = this.#collectStderr();
    this.status = this.#child.status;
    this.status.then(() => this.#ended = true);
    const closed = () => new TransportError(`Cannot use ${this.description}: it was closed`);
    this.readable = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const value = await this.read();
        if (value !== undefined) return controller.enqueue(value);
        const why = this.#closing ? undefined : options.lost?.(await this.status, await this.stderr());
        if (why === undefined) controller.close();
        else controller.error(new TransportError(`Lost ${this.description}: ${why}`));
      },
      cancel: () => this.#drain(),
    }, { highWaterMark: 0 });
    this.writable = new WritableStream<Uint8Array>({
      write: async (chunk) => {
        if (this.#closing) throw closed();
        try {
          await this.#stdin.write(chunk);
        } catch (cause) {
          if (this.#closing) throw closed();
          const why = options.lost?.(await this.status, await this.stderr()) ?? "its shell has ended";
          throw new TransportError(`Lost ${this.description}: ${why}`, { cause });
        }
      },
      close: () => this.#stdin.close().catch(() => {}),
      abort: () => this.#stdin.abort().catch(() => {}),
    });
  }

  /** Returns the end of the process's standard error; resolves when the process has closed it. */
  async stderr(): Promise<string> {
    await this.#stderrDone;
    return this.#stderr;
  }

  /** Returns the next bytes of the process's standard output, undefined at the end; only before `readable` is used. */
  async read(): Promise<Uint8Array | undefined> {
    const unread = this.#unread;
    this.#unread = undefined;
    return unread?.length ? unread : (await this.#stdout.read()).value;
  }

  /** Puts back bytes that were read too far: `readable` yields them next. */
  unread(bytes: Uint8Array): void {
    this.#unread = bytes;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // The end of input ends a shell that reads it. A blocked write, or a running command, needs the signals.
    const ended = Promise.race([this.#stdin.close().then(() => this.status), this.status]).catch(() => {});
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      if (await within(GRACE, Promise.race([ended, this.status]))) break;
      this.#kill(signal);
    }
    await this.status;
    await this.#drain();
    await within(GRACE, this.#stderrDone) || await this.#child.stderr.cancel().catch(() => {});
    await this.#afterClose?.();
  }

  /** Sends a signal to the process group, so that its children end, too. */
  #kill(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      Deno.kill(-this.#child.pid, signal);
    } catch { /* the process has just ended */ }
  }

  async #drain(): Promise<void> {
    await this.#stdout.cancel().catch(() => {});
  }

  async #collectStderr(): Promise<void> {
    const text = this.#child.stderr.pipeThrough(new TextDecoderStream());
    for await (const chunk of text) {
      this.#stderr = (this.#stderr + withoutControls(chunk)).slice(-STDERR_KEPT);
    }
  }
}

/** True if the promise settled within this many ms. */
export async function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), milliseconds));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
