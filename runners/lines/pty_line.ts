/**
 * A serial line for tests and benchmarks, made of two real pseudo terminals. The host opens one; a board program has the other
 * as its terminal. Bytes travel between them at the speed of a line. They are lost if a small FIFO overruns, and kernel lines
 * may come between any two bytes.
 *
 * @module
 */

import { closeFd, openPty, openTty, poller, readFd, setRaw, writeFd } from "./tty.ts";

/** The behaviour of the line, and the program at its board's end. */
export interface LineOptions {
  /** The program on the board, with its arguments; the line is its terminal. Without it nobody answers */
  board?: string[];
  /** Variables for the board program, in addition to this process's own environment */
  env?: Record<string, string>;
  /** Bits per second in each direction, ten for each byte; without it, as fast as possible */
  baudRate?: number;
  /** Kernel log lines on the way to the host, inserted between any two bytes */
  noise?: {
    /** Lines per second, evenly spaced */
    perSecond: number;
    /** Returns the text of the nth line, after its time stamp */
    text?: (n: number) => string;
  };
  /** Keeps the speed to the microsecond, at the cost of a CPU: to measure one line */
  exact?: boolean;
  /** Additional delay in each direction, in ms: an adapter's latency timer, a network */
  latencyMs?: number;
  /**
   * The size of the board's receive FIFO: bytes that arrive faster than `baudRate` and do not fit are lost. Without it no byte
   * is lost
   */
  fifo?: number;
  /** Changes bytes on their way: they may be lost, doubled, changed, or late. Called in order. @default {no change} */
  between?: (bytes: Uint8Array<ArrayBuffer>, to: "host" | "board") => Promise<Uint8Array<ArrayBuffer>>;
}

/** A line that works until `close`. */
export interface Line extends AsyncDisposable {
  /** The path that the host opens; it changes after `replug` */
  readonly path: string;
  /** The board's end of the line: the terminal of its programs */
  readonly boardPath: string;
  /** Bytes lost to the board's FIFO */
  readonly lost: number;
  /** Bytes that reached the board */
  readonly received: number;
  /** The number of kernel lines that were inserted */
  readonly noiseLines: number;
  /** These lines, as the kernel would print them */
  readonly spliced: readonly string[];
  /** Inserts kernel lines from now on */
  talk(noise: NonNullable<LineOptions["noise"]>): void;
  /** Stops the kernel lines; resolves when all of them have been sent */
  hush(): Promise<void>;
  /** Writes text to the host between two bytes, like a kernel */
  inject(text: string): Promise<void>;
  /** Removes the host's end, like pulling a USB adapter */
  unplug(): Promise<void>;
  /** Gives the host a new end, after `unplug` */
  replug(): void;
  /** Ends the board program and the line */
  close(): Promise<void>;
}

/**
 * A board program: asks for a login and a password like login(1), then runs an interactive shell. The password of root is in
 * `LINE_PASSWORD`, the shell in `LINE_SHELL`.
 */
export const LOGIN_BOARD: string[] = [
  "sh",
  "-c",
  `trap : INT
while :; do
  stty sane -echo echo
  printf '\\r\\nTest board 1.0\\r\\n\\r\\nboard login: '
  IFS= read -r user || exit
  [ -n "$user" ] || continue
  stty -echo; printf 'Password: '; IFS= read -r password; stty echo; printf '\\n'
  if [ "$user" = root ] && [ "$password" = "\${LINE_PASSWORD-secret}" ]; then
    printf 'Last login: Mon Jan  1 00:00:00 on ttyS1\\n$ is the currency here, # the number sign\\n'
    PS1='board # ' PS2='> ' ENV= \${LINE_SHELL-sh} -i
  else
    printf '\\nLogin incorrect\\n'
  fi
done`,
];

/** Opens the host's end without echo: otherwise it would send the board's output back until somebody sets it up. */
function openQuiet(path: string): number {
  const fd = openTty(path);
  setRaw(fd, { baudRate: 115_200 });
  return fd;
}

const CANCELED = new Error("the line was closed");

/** Creates a line. */
export function openLine(options: LineOptions = {}): Promise<Line> {
  return Promise.resolve(new PtyLine(options));
}

class PtyLine implements Line {
  path: string;
  readonly boardPath: string;
  lost = 0;
  received = 0;
  noiseLines = 0;
  spliced: string[] = [];
  #host: number;
  #board: number;
  #held: number[];
  #open = new Set<number>();
  #pumps: Promise<void>[];
  #toHost = Promise.resolve();
  #nextFree = new Map<number, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #process: Deno.ChildProcess | undefined;
  #options: LineOptions;
  /** Descriptors that had nothing to read for a while: the line was at rest */
  #rested = new Set<number>();
  /** Bytes that are on their way, on a line with latency */
  #flight = new Set<Promise<void>>();

  constructor(options: LineOptions) {
    this.#options = options;
    const host = openPty();
    const board = openPty();
    this.path = host.path;
    this.boardPath = board.path;
    this.#host = host.fd;
    this.#board = board.fd;
    // Kept open, so that neither end hangs up while nobody else has it open.
    this.#held = [openQuiet(host.path), openTty(board.path)];
    for (const fd of [this.#host, this.#board]) {
      poller.add(fd);
      this.#open.add(fd);
    }
    this.#pumps = [
      this.#pump(this.#board, "host"),
      options.fifo === undefined ? this.#pump(this.#host, "board") : this.#pumpThroughFifo(options.fifo),
    ];
    if (options.noise) this.talk(options.noise);
    if (options.board) {
      this.#process = new Deno.Command("sh", {
        args: ["-c", 'exec setsid -c "$@" < "$0" > "$0" 2>&1', board.path, ...options.board],
        ...(options.env ? { env: options.env } : {}),
        stdin: "null",
        stdout: "null",
        stderr: "inherit",
      }).spawn();
    }
  }

  talk(noise: NonNullable<LineOptions["noise"]>): void {
    clearInterval(this.#timer);
    this.#options = { ...this.#options, noise };
    this.#timer = setInterval(() => this.#makeNoise(), 1000 / noise.perSecond);
  }

  async hush(): Promise<void> {
    clearInterval(this.#timer);
    await this.#toHost;
  }

  inject(text: string): Promise<void> {
    return this.#sendToHost(new TextEncoder().encode(text));
  }

  async unplug(): Promise<void> {
    await this.#drop(this.#host);
  }

  replug(): void {
    const { fd, path } = openPty();
    this.path = path;
    this.#host = fd;
    this.#held.push(openQuiet(path));
    poller.add(fd);
    this.#open.add(fd);
    this.#pumps.push(this.#pump(fd, "board"));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#drop(this.#host);
    await this.#drop(this.#board);
    for (const fd of this.#held.splice(0)) closeFd(fd);
    await Promise.all([...this.#pumps, this.#toHost, ...this.#flight]);
    try {
      this.#process?.kill("SIGKILL");
    } catch { /* the program ended by itself */ }
    await this.#process?.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #makeNoise(): void {
    const n = ++this.noiseLines;
    const text = this.#options.noise?.text?.(n) ?? `igb 0000:0${n % 10}:00.0 eth${n}: Link is Up - 10Gbps/Full`;
    const stamp = (performance.now() / 1000).toFixed(6).padStart(12);
    const line = `[${stamp}] ${text}`;
    this.inject(`${line}\r\n`).then(() => this.spliced.push(line));
  }

  async #drop(fd: number): Promise<void> {
    if (!this.#open.delete(fd)) return;
    await poller.remove(fd, CANCELED);
    closeFd(fd);
  }

  /** Moves bytes from `fd` in pieces of at most 32 bytes (one or two FIFOs of a UART), so that noise may come anywhere. */
  async #pump(fd: number, to: "host" | "board"): Promise<void> {
    const { between } = this.#options;
    const send = (bytes: Uint8Array<ArrayBuffer>) => to === "host" ? this.#sendToHost(bytes) : this.#sendToBoard(bytes);
    const buffer = new Uint8Array(this.#options.baudRate || this.#options.noise ? 32 : 4096);
    await this.#whileOpen(fd, async () => {
      const size = this.#options.noise ? 1 + Math.floor(Math.random() * buffer.length) : buffer.length;
      const count = await this.#read(fd, buffer.subarray(0, size));
      const bytes = buffer.slice(0, count);
      await send(between ? await between(bytes, to) : bytes);
    });
  }

  async #pumpThroughFifo(size: number): Promise<void> {
    const buffer = new Uint8Array(4096);
    const bytesPerMs = (this.#options.baudRate ?? Infinity) / 10_000;
    let level = 0;
    let before = performance.now();
    let sending = Promise.resolve();
    await this.#whileOpen(this.#host, async () => {
      const count = await this.#read(this.#host, buffer);
      // Uses the clock, since this process may read late on a busy machine: then the host was not too fast, nor the board too
      // slow.
      const now = performance.now();
      level = Math.max(0, level + count - (now - before) * bytesPerMs);
      before = now;
      const lost = Math.min(count, Math.max(0, Math.ceil(level - size)));
      level -= lost;
      this.lost += lost;
      const taken = buffer.slice(0, count - lost);
      sending = sending.then(async () => {
        for (let at = 0; at < taken.length; at += 16) await this.#sendToBoard(taken.slice(at, at + 16));
      });
    });
    await sending;
  }

  async #whileOpen(fd: number, step: () => Promise<void>): Promise<void> {
    try {
      while (this.#open.has(fd)) await step();
    } catch (error) {
      if (this.#open.has(fd)) throw error;
    }
  }

  async #read(fd: number, buffer: Uint8Array<ArrayBuffer>): Promise<number> {
    while (true) {
      if (!this.#open.has(fd)) throw CANCELED;
      const count = readFd(fd, buffer);
      if (count !== null) return count;
      this.#rested.add(fd);
      await poller.wait(fd, "read");
    }
  }

  #sendToHost(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#toHost = this.#toHost.then(() => this.#send(this.#host, bytes));
  }

  async #sendToBoard(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#send(this.#board, bytes);
    this.received += bytes.length;
  }

  async #send(fd: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { baudRate, exact, latencyMs } = this.#options;
    if (baudRate !== undefined) {
      const now = performance.now();
      const rested = exact && this.#rested.delete(fd === this.#host ? this.#board : this.#host);
      // A late timer must not make the line slower than its speed.
      const free = Math.max(this.#nextFree.get(fd) ?? 0, rested ? now : now - 10) + bytes.length * 10_000 / baudRate;
      this.#nextFree.set(fd, free);
      // Timers are exact to one ms: sleep only once that much is due, so that the mean speed is right.
      const sleep = exact ? Math.floor(free - now - 1) : free - now;
      if (sleep > 1 || (exact && sleep >= 1)) await new Promise((resolve) => setTimeout(resolve, sleep));
      while (exact && performance.now() < free);
    }
    if (latencyMs === undefined) return await this.#deliver(fd, bytes);
    const due = performance.now() + latencyMs;
    const before = [...this.#flight].at(-1);
    const flight: Promise<void> = (async () => {
      await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      await before;
      await this.#deliver(fd, bytes);
    })().finally(() => this.#flight.delete(flight));
    this.#flight.add(flight);
  }

  async #deliver(fd: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      if (!this.#open.has(fd)) return;
      const count = writeFd(fd, bytes.subarray(sent));
      if (count !== null) sent += count;
      else await poller.wait(fd, "write").catch(() => {});
    }
  }
}
