/** `twinlink console`. */

import { type Board, loadBoard, type TransportName, visible } from "../boards/mod.ts";
import { isLine, transportOf, TRANSPORTS } from "../boards/transports/mod.ts";
import { holderOf } from "../runners/lines/line_state.ts";
import { getTermios, setTermios } from "../runners/lines/tty.ts";
import { command, UsageError } from "./command.ts";
import {
  consoleLineOf,
  type ConsoleOptions,
  followConsole,
  type OpenConsole,
  openGuestConsole,
  openLineConsole,
  openTerminalConsole,
} from "./_consoles.ts";
import { BoardInUseError } from "../boards/holder.ts";
import { leaseBoard } from "../run/lease.ts";
import { OutputClosedError, say } from "../run/output.ts";

/** The escape key: the next key is for twinlink. It is Ctrl-], as in telnet and labgrid. */
const ESCAPE = 0x1d;

const KEYS = "Ctrl-] q leaves, Ctrl-] b sends a break, Ctrl-] Ctrl-] sends a Ctrl-]";
const READ_ONLY_KEYS = "Ctrl-] q leaves";

/** Typed input: bytes for the board, or a key for twinlink. */
export type Typed = { send: Uint8Array } | { key: string };

/** Splits typed input. The key after Ctrl-] may come with the next chunk. */
export class EscapeReader {
  #escaped = false;

  /** Returns the parts of the input, in order. */
  push(bytes: Uint8Array): Typed[] {
    const typed: Typed[] = [];
    let rest: number[] = [];
    const flush = () => {
      if (rest.length > 0) typed.push({ send: new Uint8Array(rest) });
      rest = [];
    };
    for (const byte of bytes) {
      if (!this.#escaped) {
        this.#escaped = byte === ESCAPE;
        if (!this.#escaped) rest.push(byte);
        continue;
      }
      this.#escaped = false;
      if (byte === ESCAPE) rest.push(byte);
      else {
        flush();
        typed.push({ key: String.fromCharCode(byte).toLowerCase() });
      }
    }
    flush();
    return typed;
  }
}

/** Opens the console of a board, by the way that the board has. */
async function openConsole(
  board: Board,
  way: TransportName | undefined,
  options: ConsoleOptions,
): Promise<OpenConsole> {
  const none = (why: string) => new UsageError(`Cannot open a console of board "${visible(board.name)}": ${why}`);
  if (board.runner === "qemu") return await openGuestConsole(board, options);
  if (board.runner !== "remote") throw none(`runner = "${board.runner}" has none`);
  if (way !== undefined && isLine(way) && !consoleLineOf(board)) {
    throw none(`its file has no [console] and no [${way}]`);
  }
  if (way !== undefined && !isLine(way) && !board[way]) throw none(`its file has no [${way}]`);
  const line = way === undefined || isLine(way) ? consoleLineOf(board) : undefined;
  const holder = line && await holderOf(line.path);
  if (line && holder) return await followConsole(line.path, holder);
  const lease = await leaseBoard(board, { doing: "twinlink console", signal: options.signal }).catch((error) => {
    // If a run has the line, its record is shown: this does not disturb the run.
    if (!line || !(error instanceof BoardInUseError)) throw error;
    return error;
  });
  try {
    const opened = line
      ? await openLineConsole(board)
      : await openTerminalConsole(board, way ?? transportOf(board)!, options);
    if (!(lease instanceof BoardInUseError)) return { ...opened, close: () => closeAll(opened, lease) };
    const { write: _, sendBreak: __, ...rest } = opened;
    return { ...rest, words: `${rest.words}, read-only: ${lease.message.replace(/; --wait.*/, "")}` };
  } catch (error) {
    if (!(lease instanceof BoardInUseError)) await lease[Symbol.asyncDispose]();
    throw error;
  }
}

async function closeAll(console: OpenConsole, lease: AsyncDisposable): Promise<void> {
  await console.close();
  await lease[Symbol.asyncDispose]();
}

/**
 * Shows a record as it grows, until it is whole. The board's bytes go unchanged to the
 * terminal: what runs on a console (an editor, a boot menu, a shell with colours) uses control sequences. A user who opens
 * a console wants the terminal to obey them. Text of twinlink itself is escaped.
 */
async function show(console: OpenConsole, over: () => boolean): Promise<void> {
  using file = await Deno.open(console.record);
  await file.seek(console.from, Deno.SeekMode.Start);
  const buffer = new Uint8Array(16 * 1024);
  let grown = Promise.withResolvers<void>();
  console.listen?.(() => grown.resolve());
  for (;;) {
    const last = over();
    grown = Promise.withResolvers<void>();
    for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
      // A slow terminal delays this loop, but not the record.
      for (let at = 0; at < count;) at += await Deno.stdout.write(buffer.subarray(at, count)).catch(closed);
    }
    if (last) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([grown.promise, new Promise<void>((resolve) => timer = setTimeout(resolve, 30))]);
    clearTimeout(timer);
  }
}

function closed(error: unknown): never {
  throw error instanceof Deno.errors.BrokenPipe ? new OutputClosedError("standard output is closed") : error;
}

/** The most typed bytes that wait for a blocked line; more are dropped. */
const HELD = 64 * 1024;

/** Passes on typed input; resolves when the user leaves, even while the line is blocked. */
async function type(console: OpenConsole): Promise<void> {
  const reader = new EscapeReader();
  const buffer = new Uint8Array(4096);
  let held = 0;
  let sending = Promise.resolve();
  const later = (size: number, send: (() => Promise<void>) | undefined) => {
    if (!send || held + size > HELD) return;
    held += size;
    // If the line is lost, `ended` has the reason.
    sending = sending.then(send).catch(() => {}).finally(() => held -= size);
  };
  for (;;) {
    const count = await Deno.stdin.read(buffer);
    if (count === null) return;
    for (const typed of reader.push(buffer.subarray(0, count))) {
      if ("send" in typed) later(typed.send.length, console.write && (() => console.write!(typed.send)));
      else if (typed.key === "q") return;
      else if (typed.key === "b" && console.sendBreak) later(1, console.sendBreak);
      else tell(console.write ? KEYS : READ_ONLY_KEYS);
    }
  }
}

/** Prints a line of twinlink on a raw terminal. */
function tell(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`\r\n[twinlink: ${visible(text)}]\r\n`));
}

const STDIN = 0;

/** Makes the terminal raw for input and output: Deno's raw mode alone still translates newlines in the output. */
function makeRaw(): void {
  Deno.stdin.setRaw(true);
  const termios = getTermios(STDIN);
  // The second word of termios is c_oflag.
  new Uint32Array(termios.buffer, 0, 4)[1] = 0;
  setTermios(STDIN, termios);
}

function terminalSize(): [number, number] {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? [columns, rows] : [80, 24];
  } catch {
    return [80, 24];
  }
}

async function run(board: Board, way: TransportName | undefined, signal: AbortSignal): Promise<number> {
  const keyboard = Deno.stdin.isTerminal();
  const before = keyboard ? getTermios(STDIN) : undefined;
  const console = await openConsole(board, way, { size: terminalSize(), signal, onProgress: (phase) => tell(phase) });
  const resized = () => console.resize?.(...terminalSize());
  const writable = keyboard && console.write !== undefined;
  let over = false;
  try {
    say(`twinlink: console of board "${visible(board.name)}": ${visible(console.words)}`);
    say(`twinlink: recorded in ${visible(console.record)}`);
    if (keyboard) {
      // Raw before the help on keys is shown: the user may type such a key at once. From here on, Ctrl-C is for the board.
      makeRaw();
      tell(writable ? KEYS : READ_ONLY_KEYS);
    }
    Deno.addSignalListener("SIGWINCH", resized);
    const shown = show(console, () => over);
    // Without a keyboard the console is shown until it ends or a signal comes.
    const left = keyboard ? type(console).then(() => "left") : new Promise<never>(() => {});
    const aborted = new Promise<string>((resolve) => {
      signal.addEventListener("abort", () => resolve("stopped"));
      if (signal.aborted) resolve("stopped");
    });
    try {
      const why = await Promise.race([console.ended, left, aborted, shown.then(() => "shown")]);
      over = true;
      await shown;
      tell(why === "left" ? "left; the record stays" : why);
    } catch (error) {
      over = true;
      await shown.catch(() => {});
      throw error;
    }
    return 0;
  } finally {
    Deno.removeSignalListener("SIGWINCH", resized);
    if (keyboard) {
      Deno.stdin.setRaw(false);
      setTermios(STDIN, before!);
    }
    await console.close();
  }
}

export default command({
  name: "console",
  usage: [`BOARD [--transport ${TRANSPORTS.join("|")}]`],
  details:
    `The serial line of the board's [console] or [serial]; without one a shell over ssh. Of a QEMU board a guest is
booted for it. All that the board reports is recorded from when the line is opened, in the state directory
($XDG_STATE_HOME/twinlink/lines): .log as it came, .cast with its times, for asciinema.

While a run or another console has the line, its record is shown as it grows, read-only; meanwhile no run gets the
board, and run --wait waits for the console. Without a terminal on
standard input nothing is typed either: "twinlink console BOARD > FILE" watches a board.

Keys: ${KEYS}.`,
  options: {
    "transport": {
      type: "text",
      short: "t",
      value: "LINE",
      help: "The way to a board with several",
      choices: TRANSPORTS,
    },
  },
  run: async (values, operands, { signal }) => {
    const [name, ...more] = operands;
    if (name === undefined || more.length > 0) throw new UsageError("console takes one board");
    return await run(await loadBoard(name), values.transport as TransportName | undefined, signal);
  },
});
