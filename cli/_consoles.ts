/**
 * Opens the console of `twinlink console`, by the kind of board: a serial line, a run's record of it, a shell over ssh, or the
 * console of a guest. Each is a record that grows, and a way to type.
 */

import { Buffer } from "node:buffer";
import { type Board, type TransportName } from "../boards/mod.ts";
import { lineOf, type LineTable } from "../boards/transports/mod.ts";
import { Keyboard } from "../runners/lines/keyboard.ts";
import { LineOwner } from "../runners/lines/line_owner.ts";
import { LineRecord } from "../runners/lines/line_record.ts";
import { holderOf, type LineHolder, recordFor, wordsOf } from "../runners/lines/line_state.ts";
import { bootBoard } from "../runners/boot_board.ts";
import { TransportError } from "../runners/lines/shell.ts";
import { TwinlinkBinding } from "../runners/lines/serial_binding.ts";
import { terminalOf } from "../runners/lines/transports.ts";

/** A console that is open. */
export interface OpenConsole {
  /** A description for the user */
  readonly words: string;
  /** The file with all output of the console, as raw bytes */
  readonly record: string;
  /** The offset in the record at which to begin */
  readonly from: number;
  /** Types bytes; undefined if typing is not possible */
  write?(bytes: Uint8Array): Promise<void>;
  /** Sends a break, which the kernel takes for SysRq; undefined if the console has no break */
  sendBreak?(): Promise<void>;
  /** Passes on the size of the user's terminal; undefined if the console cannot use it */
  resize?(columns: number, rows: number): void;
  /** Registers a callback for growth of the record; undefined if the record must be polled */
  listen?(wake: () => void): void;
  /** Resolves with the reason for the end; rejects if the connection was lost */
  readonly ended: Promise<string>;
  close(): Promise<void>;
}

/** Options for opening a console. */
export interface ConsoleOptions {
  /** The size of the user's terminal, columns and rows */
  size: [number, number];
  signal: AbortSignal;
  /** Called as a guest is prepared */
  onProgress: (phase: string) => void;
}

/** Returns the line of a board that its console is on. */
export const consoleLineOf = (board: Board): LineTable | undefined => board.console ?? lineOf(board);

/** Returns the console on a serial line that this process opens and records. */
export async function openLineConsole(board: Board): Promise<OpenConsole> {
  const { path, baud, rtscts } = consoleLineOf(board)!;
  const owner = await LineOwner.open({ path, baudRate: baud, rtscts, purpose: "console", title: board.name });
  const port = await owner.binding.open({ path, baudRate: baud });
  const { promise: ended, reject } = Promise.withResolvers<string>();
  owner.listen(() => {
    if (owner.lost) reject(new TransportError(`Lost serial ${path}: ${owner.lost.message}`));
  });
  return {
    words: `serial ${path} at ${baud}`,
    record: owner.record,
    from: 0,
    write: (bytes) => port.write(Buffer.from(bytes)),
    sendBreak: async () => {
      await port.set({ brk: true });
      // At least one character time of the slowest line: the kernel needs no longer break.
      await new Promise((resolve) => setTimeout(resolve, 250));
      await port.set({ brk: false });
    },
    listen: (wake) => void owner.listen(wake),
    ended,
    close: () => owner.close(),
  };
}

/** For a record that another process writes, only its last bytes are shown first: a screen or two. */
const TAIL = 4096;
/** The interval of the check that the holder still has the line, in ms. */
const LOOK_MS = 250;

/** Returns the console on a line that another process has, from the record of that process. */
export async function followConsole(line: string, holder: LineHolder): Promise<OpenConsole> {
  const { size } = await Deno.stat(holder.record);
  let closed = false;
  const ended = (async () => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (closed) return "";
      const now = await holderOf(line);
      if (now?.record !== holder.record) return `${wordsOf(holder)} has ended`;
    }
  })();
  return {
    words: `${line} is used by ${wordsOf(holder)}: read-only`,
    record: holder.record,
    from: await lineStart(holder.record, Math.max(0, size - TAIL)),
    ended,
    close: async () => {
      closed = true;
      await ended;
    },
  };
}

/** Returns the offset after the next newline; `from` itself if no newline follows. */
async function lineStart(path: string, from: number): Promise<number> {
  if (from === 0) return 0;
  using file = await Deno.open(path);
  await file.seek(from, Deno.SeekMode.Start);
  const buffer = new Uint8Array(TAIL);
  const count = await file.read(buffer) ?? 0;
  const newline = buffer.subarray(0, count).indexOf(0x0a);
  return newline < 0 ? from : from + newline + 1;
}

/** The part of node-pty that is used; node-pty's own types have no bytes. */
interface Pty {
  kill(signal: string): void;
  resize(columns: number, rows: number): void;
  onData(listener: (data: Uint8Array) => void): void;
  onExit(listener: (end: { exitCode: number; signal?: number }) => void): void;
}

/** Returns a shell on a pty of its own; the transport's program also asks its questions (a password) there. */
export async function openTerminalConsole(
  board: Board,
  transport: TransportName,
  { size, signal }: ConsoleOptions,
): Promise<OpenConsole> {
  const { program, args, env, description } = await terminalOf(board, transport, { signal });
  const record = new LineRecord(await recordFor(`${transport} ${board.name}`), { title: board.name });
  // Imported only here: node-pty needs --allow-ffi.
  const { spawn } = await import("node-pty");
  const [cols, rows] = size;
  const name = Deno.env.get("TERM") ?? "dumb";
  const pty: Pty = spawn(program, args, {
    env: { ...Deno.env.toObject(), ...env },
    cols,
    rows,
    name,
    // No decoding: output comes as bytes.
    encoding: null as unknown as string,
  });
  const keyboard = new Keyboard(pty);
  const listeners: (() => void)[] = [];
  pty.onData((bytes) => {
    record.received(bytes);
    for (const listener of listeners) listener();
  });
  let running = true;
  const { promise: ended, resolve, reject } = Promise.withResolvers<string>();
  pty.onExit(({ exitCode, signal }) => {
    running = false;
    keyboard.close();
    // Status 255 is an error of ssh itself, which has printed the reason on the terminal.
    if (exitCode === 255 || signal) reject(new TransportError(`Lost ${description}`));
    else resolve(`the shell on the board ended with status ${exitCode}`);
  });
  return {
    words: description,
    record: record.path,
    from: 0,
    write: (bytes) => keyboard.write(new Uint8Array(bytes)),
    resize: (columns, rows) => {
      if (running) pty.resize(columns, rows);
    },
    listen: (wake) => void listeners.push(wake),
    ended,
    close: async () => {
      if (running) pty.kill("SIGHUP");
      const late = setTimeout(() => running && pty.kill("SIGKILL"), 1000);
      await ended.catch(() => {});
      clearTimeout(late);
      record.close();
    },
  };
}

/** Boots a guest for the console, and returns its output from the first byte; the guest ends with the console. */
export async function openGuestConsole(board: Board, { signal, onProgress }: ConsoleOptions): Promise<OpenConsole> {
  const record = `${await recordFor(`qemu ${board.name}`)}.log`;
  await Deno.writeFile(record, new Uint8Array(), { mode: 0o600 });
  const stop = new AbortController();
  const booting = bootBoard(board, {
    consoleLog: record,
    signal: AbortSignal.any([signal, stop.signal]),
    onProgress: ({ phase, detail }) => onProgress(detail ? `${phase}: ${detail}` : phase),
  });
  const typing = booting.then(async (guest) => {
    const port = await TwinlinkBinding.open({ path: guest.serial.console, baudRate: 115_200 });
    return { guest, port, drained: drain(port) };
  });
  let up: Awaited<typeof typing> | undefined;
  typing.then((guest) => up = guest, () => {});
  return {
    words: `the console of a guest with kernel ${board.qemu!.kernel}, which ends with it`,
    record,
    from: 0,
    // Until the guest's shell runs, nothing reads the typed text.
    write: async (bytes) => await up?.port.write(Buffer.from(bytes)),
    ended: typing.then(({ guest }) => guest.ended).then(() => "the guest has ended"),
    close: async () => {
      stop.abort(new DOMException("The console was left", "AbortError"));
      await typing.catch(() => {});
      if (up?.port.isOpen) await up.port.close();
      await up?.drained;
      await (await booting.catch(() => undefined))?.close();
    },
  };
}

/** Reads and drops the console's output: QEMU logs it anyway, and a terminal that nobody reads would block QEMU. */
async function drain(port: Awaited<ReturnType<typeof TwinlinkBinding.open>>): Promise<void> {
  const buffer = Buffer.alloc(16 * 1024);
  try {
    for (;;) await port.read(buffer, 0, buffer.length);
  } catch { /* it was closed, or the guest has ended */ }
}
