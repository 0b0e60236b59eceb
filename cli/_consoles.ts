/**
 * What `twinlink console` shows, by the kind of board: its serial line, what a run records of that, a shell over ssh, or the
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
  /** What it is, for the user */
  readonly words: string;
  /** The file that all it reports is in, as it came */
  readonly record: string;
  /** Where in the record to begin */
  readonly from: number;
  /** Types; undefined where nobody may */
  write?(bytes: Uint8Array): Promise<void>;
  /** Sends a break, which the kernel takes for SysRq; undefined where there is none */
  sendBreak?(): Promise<void>;
  /** Tells the size of the user's terminal, where somebody listens */
  resize?(columns: number, rows: number): void;
  /** Calls when the record has grown; undefined where only looking tells */
  listen?(wake: () => void): void;
  /** Why it ended; rejects where it was lost */
  readonly ended: Promise<string>;
  close(): Promise<void>;
}

/** How a console is opened. */
export interface ConsoleOptions {
  /** The size of the user's terminal, columns and rows */
  size: [number, number];
  signal: AbortSignal;
  /** Called as a guest is prepared */
  onProgress: (phase: string) => void;
}

/** Returns the line of a board that its console is on. */
export const consoleLineOf = (board: Board): LineTable | undefined => board.console ?? lineOf(board);

/** Returns a serial line: this process has it open and records it. */
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
      // At least as long as a character of the slowest line; the kernel looks for no more.
      await new Promise((resolve) => setTimeout(resolve, 250));
      await port.set({ brk: false });
    },
    listen: (wake) => void owner.listen(wake),
    ended,
    close: () => owner.close(),
  };
}

/** Of a record that others write only its end is shown first: a screen or two. */
const TAIL = 4096;
/** How often it is looked whether the holder still has the line, in ms. */
const LOOK_MS = 250;

/** Returns a line that somebody has, by its record. */
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

/** Returns the place after the next end of a line; where there is none, the place itself. */
async function lineStart(path: string, from: number): Promise<number> {
  if (from === 0) return 0;
  using file = await Deno.open(path);
  await file.seek(from, Deno.SeekMode.Start);
  const buffer = new Uint8Array(TAIL);
  const count = await file.read(buffer) ?? 0;
  const newline = buffer.subarray(0, count).indexOf(0x0a);
  return newline < 0 ? from : from + newline + 1;
}

/** The part of node-pty that is used; its own types do not know of bytes. */
interface Pty {
  kill(signal: string): void;
  resize(columns: number, rows: number): void;
  onData(listener: (data: Uint8Array) => void): void;
  onExit(listener: (end: { exitCode: number; signal?: number }) => void): void;
}

/** Returns a shell on a terminal of its own, where the program of the transport also asks what it has to ask. */
export async function openTerminalConsole(
  board: Board,
  transport: TransportName,
  { size, signal }: ConsoleOptions,
): Promise<OpenConsole> {
  const { program, args, env, description } = await terminalOf(board, transport, { signal });
  const record = new LineRecord(await recordFor(`${transport} ${board.name}`), { title: board.name });
  // Only here: it needs --allow-ffi.
  const { spawn } = await import("node-pty");
  const [cols, rows] = size;
  const name = Deno.env.get("TERM") ?? "dumb";
  const pty: Pty = spawn(program, args, {
    env: { ...Deno.env.toObject(), ...env },
    cols,
    rows,
    name,
    // Bytes as they are.
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
    // 255 is ssh's own; what it has to say it has said on the terminal.
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

/** Returns a guest that is booted for it, from its first word on; it ends with the console. */
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
    // Before its shell is there nobody takes what is typed.
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

/** QEMU logs what its console reports, whether somebody reads it or not; a terminal that nobody reads would hold it up. */
async function drain(port: Awaited<ReturnType<typeof TwinlinkBinding.open>>): Promise<void> {
  const buffer = Buffer.alloc(16 * 1024);
  try {
    for (;;) await port.read(buffer, 0, buffer.length);
  } catch { /* it was closed, or the guest has ended */ }
}
