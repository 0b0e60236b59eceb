/**
 * Processes of the simulated machine: generators that stop where they wait, on the machine's virtual clock. The same script
 * always runs in the same order.
 *
 * @module
 */

import { ShellError } from "./state.ts";

/** What a process waits for: a point of virtual time in ms, something that others do, or nothing but its next turn. */
export type Wait = { until: number } | { ready: () => boolean } | { turn: true };

/** Where a process stops: it waits, or goes on in what it calls, see {@linkcode called}. */
export type Pause = Wait | { call: Run<unknown> };

/** What a process waits for that has used up its share of the CPU: see {@linkcode Process.spend}. */
export const SPENT: Wait = { turn: true };

/** So many commands, reads, writes and turns of a loop are a share. */
const SHARE = 1000;

/** The time that a share takes, in ms. */
const SHARE_MS = 10;

/** So many processes can be alive at the same time. */
const MOST_PROCESSES = 4096;

/** A text that a process or a file holds has at most so many characters. */
export const MOST_TEXT = 16 * 1024 * 1024;

/** A command has at most so many words. */
export const MOST_WORDS = 1024 * 1024;

/** Thrown inside a process that needs more memory than the machine has. */
export class OutOfMemory extends RangeError {
  override name = "OutOfMemory";
}

/** Gives back a text that a process may hold; ends the process if the text is too long. */
export function held(text: string): string {
  if (text.length > MOST_TEXT) throw new OutOfMemory("Out of memory");
  return text;
}

/** Something that runs in a process. */
export type Run<T = number> = Generator<Pause, T, void>;

/**
 * Runs something in the same process, with a stack of its own: `yield*` takes some of the stack of JavaScript, which a
 * recursion of the simulated machine must not use up.
 */
export function* called<T>(call: Run<T>): Run<T> {
  return (yield { call }) as unknown as T;
}

/** A signal that ends processes, by its name without `SIG`. */
export type Signal = "ABRT" | "SEGV" | "INT" | "TERM" | "KILL" | "HUP" | "PIPE" | "ALRM" | "QUIT" | "USR1" | "USR2";

/** The numbers of signals. */
export const SIGNALS: Readonly<Record<Signal, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ABRT: 6,
  KILL: 9,
  SEGV: 11,
  USR1: 10,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
};

/** What `time` prints of something that took so many ms, all of which it waited. */
export function timesText(ms: number): string {
  const figure = (seconds: number) => `${Math.floor(seconds / 60)}m ${(seconds % 60).toFixed(2)}s`;
  return `real\t${figure(ms / 1000)}\nuser\t${figure(0)}\nsys\t${figure(0)}\n`;
}

/** Thrown inside a process that a signal ends. */
export class Signalled extends Error {
  override name = "Signalled";
  constructor(readonly signal: Signal) {
    super(signal);
  }
}

/** Text that was read, `end` at the end of the file, or an errno. */
export type Read = { text: string } | { end: true } | { errno: string };

/** An open file: shared by all descriptors that were made from it. */
export interface OpenFile {
  /** Waits for something to read. */
  read(most?: number): Run<Read>;
  /** Writes as one `write(2)`; gives `ok` or an errno. */
  write(text: string): Run<string>;
  /** Another descriptor of it. */
  retain(): void;
  /** One descriptor less. */
  release(): void;
  /** Its path, where it has one */
  readonly path?: string;
}

/** What is read in parts and what ends up in a text: a file of which nobody needs to know when it is closed. */
export abstract class Plain implements OpenFile {
  abstract read(most?: number): Run<Read>;
  abstract write(text: string): Run<string>;
  retain(): void {}
  release(): void {}
}

/** Nothing to read; what is written goes to a function. */
export class Sink extends Plain {
  constructor(readonly take: (text: string) => void) {
    super();
  }
  // deno-lint-ignore require-yield
  override *read(): Run<Read> {
    return { end: true };
  }
  // deno-lint-ignore require-yield
  override *write(text: string): Run<string> {
    this.take(text);
    return "ok";
  }
}

/** A text to read from its start. */
export class Source extends Plain {
  #at = 0;
  constructor(readonly text: string) {
    super();
  }
  // deno-lint-ignore require-yield
  override *read(most = Infinity): Run<Read> {
    if (this.#at >= this.text.length) return { end: true };
    const text = this.text.slice(this.#at, this.#at + most);
    this.#at += text.length;
    return { text };
  }
  // deno-lint-ignore require-yield
  override *write(): Run<string> {
    return "EBADF";
  }
}

/** All that is to be read of a file, and the errno that it ended with. */
export function* readWhole(file: Pick<OpenFile, "read">): Run<{ text: string; errno?: string }> {
  let text = "";
  for (;;) {
    const piece = yield* file.read();
    if ("errno" in piece) return { text, errno: piece.errno };
    if (!("text" in piece)) return { text };
    text = held(text + piece.text);
  }
}

/** How much a pipe holds before its writers wait. */
const PIPE_SIZE = 65536;

/** The two ends of a pipe. */
export function pipe(): { reader: OpenFile; writer: OpenFile } {
  let held = "";
  let readers = 1;
  let writers = 1;
  return {
    reader: {
      *read(most = Infinity): Run<Read> {
        if (held === "" && writers > 0) yield { ready: () => held !== "" || writers === 0 };
        if (held === "") return { end: true };
        const text = held.slice(0, most);
        held = held.slice(text.length);
        return { text };
      },
      // deno-lint-ignore require-yield
      *write(): Run<string> {
        return "EBADF";
      },
      retain: () => void readers++,
      release: () => void readers--,
    },
    writer: {
      // deno-lint-ignore require-yield
      *read(): Run<Read> {
        return { errno: "EBADF" };
      },
      *write(text: string): Run<string> {
        if (held.length >= PIPE_SIZE) yield { ready: () => held.length < PIPE_SIZE || readers === 0 };
        if (readers === 0) throw new Signalled("PIPE");
        held += text;
        return "ok";
      },
      retain: () => void writers++,
      release: () => void writers--,
    },
  };
}

/** What a process is started with. */
export interface ProcessOptions {
  files: Map<number, OpenFile>;
  cwd: string;
  netns: string;
  env: Map<string, string>;
  parent: Process | undefined;
}

/** One process. */
export class Process {
  /** Exit status, once it has ended; 128 and a signal's number where that ended it */
  status: number | undefined;
  /** Signals that it takes note of by itself, and what it then does */
  readonly handlers = new Map<Signal, () => void>();
  readonly ignored = new Set<Signal>();
  readonly files: Map<number, OpenFile>;
  cwd: string;
  netns: string;
  env: Map<string, string>;
  readonly parent: Process | undefined;
  /** The command line, for whoever lists processes */
  name = "sh";
  /** What runs, and above it what it has called */
  readonly #runs: Run<unknown>[] = [];
  #wait: Wait | undefined;
  #signal: Signal | undefined;
  #spent = 0;
  /** What it waits for in the foreground, and whether a Ctrl-C has come meanwhile */
  #joined: Process | undefined;
  #interrupted = false;

  constructor(readonly pid: number, options: ProcessOptions) {
    this.files = new Map(options.files);
    for (const file of this.files.values()) file.retain();
    this.cwd = options.cwd;
    this.netns = options.netns;
    this.env = new Map(options.env);
    this.parent = options.parent;
    for (const signal of options.parent?.ignored ?? []) this.ignored.add(signal);
  }

  /**
   * Counts what was done. True if the process has used up its share of the CPU: the caller then does
   * `yield SPENT`, so that others run, time passes, and Ctrl-C arrives.
   */
  spend(count = 1): boolean {
    this.#spent += count;
    if (this.#spent < SHARE) return false;
    this.#spent = 0;
    return true;
  }

  /** What it runs, to begin with. */
  begin(run: Run): void {
    this.#runs.push(run);
  }

  /** Whether it can go on at a time. */
  runnable(now: number): boolean {
    if (this.status !== undefined) return false;
    if (this.#signal !== undefined || this.#wait === undefined || "turn" in this.#wait) return true;
    return "until" in this.#wait ? this.#wait.until <= now : this.#wait.ready();
  }

  /** When it wakes up by itself; undefined where only somebody else can wake it. */
  get wakes(): number | undefined {
    return this.status === undefined && this.#wait && "until" in this.#wait ? this.#wait.until : undefined;
  }

  /** Runs it to where it waits next; true if it has used up its share of the CPU. */
  step(): boolean {
    const signal = this.#signal;
    this.#signal = undefined;
    try {
      const wait = this.#resume(signal && new Signalled(signal));
      if (typeof wait === "number") this.#end(wait);
      else this.#wait = wait;
      return wait === SPENT;
    } catch (error) {
      if (error instanceof Signalled) this.#end(128 + SIGNALS[error.signal]);
      else if (error instanceof RangeError) this.#end(this.crash(error));
      else throw error;
    }
    return false;
  }

  /** Runs it to where it waits next, or to its exit status. */
  #resume(signalled: Signalled | undefined): Wait | number {
    let thrown: { error: unknown } | undefined = signalled && { error: signalled };
    let result: unknown;
    for (;;) {
      const run = this.#runs.at(-1)! as Generator<Pause, unknown, unknown>;
      try {
        const next: IteratorResult<Pause, unknown> = thrown ? run.throw(thrown.error) : run.next(result);
        thrown = result = undefined;
        if (!next.done) {
          if (!("call" in next.value)) return next.value;
          if (this.#runs.length >= MOST_PROCESSES) throw new OutOfMemory("Out of memory");
          this.#runs.push(next.value.call);
          continue;
        }
        result = next.value;
      } catch (error) {
        thrown = { error };
      }
      this.#runs.pop();
      if (this.#runs.length > 0) continue;
      if (thrown) throw thrown.error;
      return result as number;
    }
  }

  /**
   * Reports that the kernel has ended what needs too much, and gives the exit status. The error is what V8 throws where
   * the stack, a text or a list gets too large.
   */
  crash(error: RangeError): number {
    const deep = /call stack/.test(error.message);
    try {
      // Where standard error is a pipe that is full nobody waits
      this.files.get(2)?.write(deep ? "Segmentation fault\n" : "Killed: out of memory\n").next();
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof Signalled)) throw error;
    }
    return 128 + SIGNALS[deep ? "SEGV" : "KILL"];
  }

  /**
   * Waits for another process to end. In the foreground a Ctrl-C is for that process: if it ends by it, so does this one,
   * and if it does something else with it, nothing has happened here.
   */
  *join(child: Process, foreground: boolean): Run<void> {
    if (foreground) this.#joined = child;
    try {
      if (child.status === undefined) yield { ready: () => child.status !== undefined };
    } catch (error) {
      if (error instanceof Signalled) child.kill(error.signal);
      throw error;
    } finally {
      this.#joined = undefined;
    }
    const interrupted = this.#interrupted;
    this.#interrupted = false;
    if (interrupted && child.status === 128 + SIGNALS.INT) throw new Signalled("INT");
  }

  /** A Ctrl-C on its terminal. */
  interrupt(): void {
    if (this.#joined && this.#joined.status === undefined) this.#interrupted = true;
    else this.kill("INT");
  }

  /** Sends it a signal. */
  kill(signal: Signal): void {
    if (this.status !== undefined) return;
    const handler = signal === "KILL" ? undefined : this.handlers.get(signal);
    if (handler) handler();
    else if (signal === "KILL" || !this.ignored.has(signal)) this.#signal = signal;
  }

  #end(status: number): void {
    this.status = status & 0xff;
    for (const file of this.files.values()) file.release();
    this.files.clear();
  }

  /** Gives a descriptor a file that the caller opened for it. */
  put(fd: number, file: OpenFile): void {
    this.files.get(fd)?.release();
    this.files.set(fd, file);
  }

  /** Closes a descriptor. */
  close(fd: number): void {
    this.files.get(fd)?.release();
    this.files.delete(fd);
  }

  /** Writes to a descriptor; gives `ok` or an errno. */
  *write(fd: number, text: string): Run<string> {
    if (text === "") return "ok";
    if (this.spend()) yield SPENT;
    const file = this.files.get(fd);
    return file ? yield* file.write(text) : "EBADF";
  }

  /** Reads from a descriptor. */
  *read(fd: number, most?: number): Run<Read> {
    if (this.spend()) yield SPENT;
    const file = this.files.get(fd);
    return file ? yield* file.read(most) : { errno: "EBADF" };
  }

  /** Reads a descriptor to its end. */
  *readAll(fd = 0): Run<string> {
    return (yield* readWhole({ read: (most) => this.read(fd, most) })).text;
  }
}

/** Runs processes, one at a time, in the order in which they were started; lets time pass when all of them wait. */
export class Scheduler {
  readonly #processes = new Map<number, Process>();
  #lastPid = 100;
  /** Called between any two steps of processes; may send signals, or throw to stop the machine for good. */
  between: () => void = () => {};

  constructor(readonly clock: { readonly now: number; advance(ms: number): void }) {}

  /** A process by its id, also one that has ended and was not waited for. */
  find(pid: number): Process | undefined {
    return this.#processes.get(pid);
  }

  /** Those that have not ended. */
  get living(): readonly Process[] {
    return [...this.#processes.values()].filter((process) => process.status === undefined);
  }

  /** True if so many more processes can be started. */
  hasRoom(count: number): boolean {
    if (this.#processes.size + count <= MOST_PROCESSES) return true;
    // Nobody waits any more for those that ended after their parent
    for (const process of this.#processes.values()) if (process.parent?.status !== undefined) this.reap(process);
    return this.#processes.size + count <= MOST_PROCESSES;
  }

  /** A new process, which runs when its turn comes. */
  start(options: ProcessOptions, run: (process: Process) => Run): Process {
    if (options.parent && !this.hasRoom(1)) throw new ShellError("Cannot fork", 2, true);
    const process = new Process(++this.#lastPid, options);
    process.begin(run(process));
    this.#processes.set(process.pid, process);
    return process;
  }

  /** Waits until a process has ended, at the longest until a time. */
  *waitFor(process: Process, until: number): Run<void> {
    const alarm = this.start(
      { files: new Map(), cwd: "/", netns: "init", env: new Map(), parent: undefined },
      function* (): Run {
        yield { until };
        return 0;
      },
    );
    try {
      yield { ready: () => process.status !== undefined || alarm.status !== undefined };
    } finally {
      alarm.kill("KILL");
      this.settleOne(alarm);
    }
  }

  private settleOne(process: Process): void {
    if (process.status === undefined) process.step();
    this.reap(process);
  }

  /** Forgets a process that was waited for. */
  reap(process: Process): void {
    if (process.status !== undefined) this.#processes.delete(process.pid);
  }

  /** Runs until a process has ended, or until nobody can go on; says whether it has ended. */
  runUntil(process: Process): boolean {
    while (process.status === undefined) if (!this.#round()) return false;
    return true;
  }

  /**
   * Lets everybody run as far as they can without time passing. What computes without end gets a share, and the rest
   * while the machine does something else.
   */
  settle(): void {
    while (this.#turn() === "moved");
  }

  /** One turn for each process that can go on; else time passes to the next that wakes up. */
  #round(): boolean {
    if (this.#turn() !== "idle") return true;
    let next = Infinity;
    for (const process of this.#processes.values()) next = Math.min(next, process.wakes ?? Infinity);
    if (next === Infinity) return false;
    this.clock.advance(Math.max(0, next - this.clock.now));
    return true;
  }

  #turn(): "idle" | "moved" | "spent" {
    let moved = false;
    let spent = 0;
    for (const process of [...this.#processes.values()]) {
      if (!process.runnable(this.clock.now)) continue;
      this.between();
      if (process.step()) spent++;
      moved = true;
    }
    // The machine has one CPU
    if (spent > 0) this.clock.advance(spent * SHARE_MS);
    return spent > 0 ? "spent" : moved ? "moved" : "idle";
  }
}
