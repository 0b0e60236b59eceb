/**
 * A board over a serial line: wakes it, logs in, and leaves it as it was.
 *
 * @module
 */

import type { SerialPortStream } from "@serialport/stream";
import { type Console, INTERRUPT, type Login, LoginError, reachRawShell } from "./login.ts";
import { kernelLines } from "./plain_text.ts";
import { LineRule } from "./line_rule.ts";
import { within } from "./process.ts";
import { type Shell, TransportError } from "./shell.ts";
import type { BindingInterface } from "@serialport/bindings-interface";
import { TwinlinkBinding } from "./serial_binding.ts";

export type { Login } from "./login.ts";

/** Options of {@linkcode openSerial}. */
export interface SerialOptions {
  /** The line's device, for example `/dev/ttyUSB0` */
  path: string;
  /** Bits per second, 8N1; also the limit for sending on lines that have no speed of their own. @default {115200} */
  baudRate?: number;
  /** Flow control by the RTS and CTS wires. @default {false} */
  rtscts?: boolean;
  /** The opener of the line. @default {the line itself, for this shell only} */
  binding?: BindingInterface;
  /** The user and the password, if the board asks; without it a shell must already run */
  login?: Login;
  /** The longest time until the board's shell answers, in ms. @default {30000} */
  loginTimeoutMs?: number;
  /** Ends the opening; an open shell is ended by its `close` */
  signal?: AbortSignal;
}

/** The longest time until the board ends its shell, and until a write ends, in ms. */
const GRACE = 1_500;

/** The most characters of the line's output that are stored while only the login reads it. */
const SEEN_KEPT = 64 * 1024;

/**
 * Opens a raw `sh` on a board over a serial line: without prompts, echo and a line limit. All bytes pass unchanged, except for
 * the group separator (0x1d), which interrupts the shell. `readable` also has the lines of the kernel's console on the same
 * line.
 *
 * Writes are paced: never faster than `baudRate`, and in pieces of a few ms. Each piece is sent before the next, so that a
 * small FIFO does not overrun. `close` ends the shell. It restores the board's terminal and, if this shell logged in, logs out.
 *
 * @throws {TransportError} If the port cannot be opened, or the board does not answer, or rejects the login
 *
 * @example
 * ```ts ignore
 * const shell = await openSerial({ path: "/dev/ttyUSB0", login: { user: "root", password: () => "secret" } });
 * ```
 */
export async function openSerial(options: SerialOptions): Promise<Shell> {
  const { path, signal, login, loginTimeoutMs = 30_000 } = options;
  // deno-lint-ignore no-control-regex
  if (login && !/^[^\x00-\x20\x7f-]\P{Cc}*$/u.test(login.user)) {
    throw new TypeError(`Cannot log in on ${path} as ${JSON.stringify(login.user)}: it is not a user name`);
  }
  signal?.throwIfAborted();
  const line = await SerialLine.open(options);
  const abort = () => line.lose(signal!.reason);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  // A line that accepts no byte (flow control) would block the dialogue forever.
  const stuck = setTimeout(
    () => line.lose(new LoginError(`no answer within ${loginTimeoutMs / 1000} s; the line takes no bytes`)),
    loginTimeoutMs + GRACE,
  );
  try {
    const raw = await reachRawShell(line, login, loginTimeoutMs);
    return line.become(raw.rest, raw.farewell);
  } catch (error) {
    await line.close();
    if (!(error instanceof LoginError)) throw error;
    throw new TransportError(`Cannot log in on ${path}: ${error.message}`);
  } finally {
    clearTimeout(stuck);
    signal?.removeEventListener("abort", abort);
  }
}

type Port = SerialPortStream<typeof TwinlinkBinding>;

/** The line in its three states: a console for the login, a shell for its user, and a console again while it closes. */
class SerialLine implements Console, Shell {
  readonly rule: LineRule = new LineRule();
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly lossy: { bytesPerMs: number };
  seen = "";
  exitStatus: number | undefined;
  /** All text until the end of the login */
  #dialogue = "";
  readonly #name: string;
  #port: Port;
  #baudRate: number;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #arrived = Promise.withResolvers<void>();
  #lost: unknown;
  #gone = Promise.withResolvers<void>();
  #farewell: string | undefined;
  #ended = false;
  #writing: Promise<void> = Promise.resolve();
  #cut = false;
  #closing: Promise<void> | undefined;
  /** The time when the line is free again, on the clock of performance.now() */
  #free = 0;

  static async open(options: SerialOptions): Promise<SerialLine> {
    const { path, baudRate = 115_200, rtscts = false, binding = TwinlinkBinding } = options;
    // Imported only here: most runs have no serial line.
    const { SerialPortStream } = await import("@serialport/stream");
    const port = await new Promise<Port>((resolve, reject) => {
      const settings = { binding, path, baudRate, rtscts, hupcl: false };
      const port: Port = new SerialPortStream(settings, (error) => {
        if (!error) resolve(port);
        else reject(error instanceof RangeError ? error : new TransportError(error.message, { cause: error }));
      });
    });
    return new SerialLine(port, `serial ${path} at ${baudRate}`, baudRate);
  }

  get description(): string {
    return this.rule.words === "" ? this.#name : `${this.#name} (${this.rule.words})`;
  }

  private constructor(port: Port, name: string, baudRate: number) {
    this.#name = name;
    this.#port = port;
    this.#baudRate = baudRate;
    this.lossy = { bytesPerMs: baudRate / 10_000 };
    port.on("data", (chunk: Uint8Array) => this.#receive(new Uint8Array(chunk)));
    // Each write fails with this error, too, and reports it.
    port.on("error", () => {});
    port.on("close", (error: Error | null) => {
      if (error) this.lose(new TransportError(`Lost ${name}: ${error.message}`));
    });
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        port.resume();
      },
      cancel: () => {
        this.#ended = true;
        port.resume();
      },
    }, { highWaterMark: 64 * 1024, size: (chunk) => chunk.byteLength });
    this.writable = new WritableStream<Uint8Array>({
      write: async (chunk) => {
        if (this.#closing) throw new TransportError(`Cannot use ${name}: it was closed`);
        await this.#write(chunk);
      },
      close: () => this.#write(bytesOf("exit\n")),
    });
  }

  async send(text: string): Promise<void> {
    this.seen = "";
    await this.#write(new TextEncoder().encode(text));
  }

  async more(milliseconds: number): Promise<boolean> {
    if (this.#lost !== undefined) throw this.#lost;
    const came = await within(milliseconds, this.#arrived.promise);
    if (this.#lost !== undefined) throw this.#lost;
    return came;
  }

  /** Ends the login: from here on, text belongs to the user, and so do the kernel's lines until now. */
  become(rest: string, farewell: string): Shell {
    this.#farewell = farewell;
    this.seen = "";
    const { whole, begun } = kernelLines(this.#dialogue);
    this.#dialogue = "";
    const given = whole + rest + begun;
    if (given !== "") this.#deliver(bytesOf(given));
    return this;
  }

  /** Ends the line: waiting callers get the reason. */
  lose(reason: unknown): void {
    if (this.#lost !== undefined || this.#closing) return;
    this.#lost = reason;
    this.#gone.resolve();
    this.#wakeUp();
    this.#end(reason);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#port.resume();
    if (this.#farewell !== undefined && !this.#ended && this.#lost === undefined) await this.#leave(this.#farewell);
    this.#end();
    if (this.#port.isOpen) await new Promise<void>((resolve) => this.#port.close(() => resolve()));
    await this.#writing.catch(() => {});
  }

  /** Ends the raw shell, and waits until the board's terminal is restored. */
  async #leave(farewell: string): Promise<void> {
    // If a write does not end, the shell is interrupted: a newline would turn half of a command into another command.
    this.#cut = !await within(GRACE, this.#writing);
    // An agent ends only at the second interrupt in a row.
    for (const word of [...this.#cut ? [] : ["\nexit\n"], INTERRUPT, INTERRUPT]) {
      const deadline = performance.now() + GRACE;
      const left = () => Math.max(0, deadline - performance.now());
      await within(left(), this.#transmit(bytesOf(word), true).catch(() => {}));
      while (!this.seen.includes(farewell) && left() > 0) await within(left(), this.#arrived.promise);
      if (this.seen.includes(farewell)) return;
    }
  }

  #receive(came: Uint8Array): void {
    if (this.#farewell === undefined && this.rule.hear(came)) {
      this.seen = withoutEighth(this.seen);
      this.#dialogue = withoutEighth(this.#dialogue);
    }
    const chunk = this.rule.undo(came);
    const text = charactersOf(chunk);
    this.seen = (this.seen + text).slice(-SEEN_KEPT);
    if (this.#farewell === undefined) this.#dialogue = (this.#dialogue + text).slice(-SEEN_KEPT);
    if (this.#farewell !== undefined && !this.#closing) {
      const farewell = this.seen.lastIndexOf(this.#farewell);
      const [, status] = farewell < 0 ? [] : /^\S+ (\d+)\s/.exec(this.seen.slice(farewell)) ?? [];
      // Keep enough text to find a farewell that arrives in two pieces.
      if (farewell < 0) this.seen = this.seen.slice(-this.#farewell.length);
      this.#deliver(chunk);
      if (status !== undefined) {
        this.exitStatus = Number(status);
        this.#end();
      }
    }
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  #deliver(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#controller.enqueue(chunk);
    if ((this.#controller.desiredSize ?? 1) <= 0) this.#port.pause();
  }

  #end(reason?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (reason === undefined) this.#controller.close();
    else this.#controller.error(reason);
  }

  #write(bytes: Uint8Array): Promise<void> {
    const write = this.#writing.then(() => this.#transmit(bytes));
    this.#writing = write.catch(() => {});
    return write;
  }

  /** Calls the port once; a closed port would never answer the call. */
  #perform(call: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = async () => {
        // A port that hung up first closes, and then reports why.
        if (!this.#closing) await within(GRACE, this.#gone.promise);
        reject(this.#lost ?? new TransportError(`Cannot use ${this.description}: it was closed`));
      };
      if (!this.#port.isOpen) void failed();
      else call((error) => error ? void failed() : resolve());
    });
  }

  /** Sends bytes in pieces of a few ms; a line without a speed of its own is paced by the clock. */
  async #transmit(bytes: Uint8Array, leaving = false): Promise<void> {
    const bytesPerMs = this.#baudRate / 10_000;
    const piece = Math.max(16, Math.ceil(bytesPerMs * 5));
    for (let at = 0; at < bytes.byteLength; at += piece) {
      if (this.#lost !== undefined) throw this.#lost;
      if (this.#cut && !leaving) throw new TransportError(`Cannot use ${this.description}: it was closed`);
      const part = bytes.subarray(at, at + piece);
      await this.#perform((done) => this.#port.write(part, done));
      await this.#perform((done) => this.#port.drain(done));
      const now = performance.now();
      // Timers are late by one or two ms: at most this much may be caught up.
      this.#free = Math.max(this.#free, now - 3) + part.byteLength / bytesPerMs;
      if (this.#free - now > 1) await new Promise((resolve) => setTimeout(resolve, this.#free - now));
    }
  }
}

const charactersOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

const withoutEighth = (characters: string) =>
  Array.from(characters, (character) => String.fromCharCode(character.charCodeAt(0) & 127)).join("");

const bytesOf = (characters: string) => Uint8Array.from(characters, (character) => character.charCodeAt(0));
