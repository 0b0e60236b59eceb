/**
 * One process of the simulated machine: its files, its folder, its signals.
 *
 * @module
 */

import { OutOfMemory } from "./memory.ts";
import { type OpenFile, type Read, readWhole } from "./open_file.ts";
import { type Pause, type Run, SPENT, type Wait } from "./run.ts";
import { type Signal, Signalled, SIGNALS } from "./signals.ts";

/** The CPU share of a process per turn: a number of commands, reads, writes and loop turns. */
const SHARE = 1000;

/** The most levels of nested calls in a process. */
const MOST_CALLS = 4096;

/** The parameters with which a process is started. */
export interface ProcessOptions {
  files: Map<number, OpenFile>;
  cwd: string;
  netns: string;
  env: Map<string, string>;
  parent: Process | undefined;
}

/** One process. */
export class Process {
  /** Exit status after the process has ended; 128 plus the signal's number if a signal ended it */
  status: number | undefined;
  /** The handlers of the signals that it handles */
  readonly handlers = new Map<Signal, () => void>();
  readonly ignored = new Set<Signal>();
  readonly files: Map<number, OpenFile>;
  cwd: string;
  netns: string;
  env: Map<string, string>;
  readonly parent: Process | undefined;
  /** The command line, for lists of processes */
  name = "sh";
  /** The stack of running calls; the last one is running now */
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

  /** True if the process can go on at this time. */
  runnable(now: number): boolean {
    if (this.status !== undefined) return false;
    if (this.#signal !== undefined || this.#wait === undefined || "turn" in this.#wait) return true;
    return "until" in this.#wait ? this.#wait.until <= now : this.#wait.ready();
  }

  /** Returns when the process wakes up by itself; undefined if only another process can wake it. */
  get wakes(): number | undefined {
    return this.status === undefined && this.#wait && "until" in this.#wait ? this.#wait.until : undefined;
  }

  /** Runs the process until it waits next; returns true if it has used up its share of the CPU. */
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

  /** Runs the process until it waits next or exits. */
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
          if (this.#runs.length >= MOST_CALLS) throw new OutOfMemory("Out of memory");
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
      // The kernel does not wait until there is space in a pipe
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

  /** Handles a Ctrl-C on the terminal of the process. */
  interrupt(): void {
    if (this.#joined && this.#joined.status === undefined) this.#interrupted = true;
    else this.kill("INT");
  }

  /** Sends the process a signal. */
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

  /** Remembers the open files; returns what restores them. */
  saveFiles(): () => void {
    const { files } = this;
    const before = new Map(files);
    for (const file of before.values()) file.retain();
    return () => {
      for (const file of files.values()) file.release();
      files.clear();
      for (const [fd, file] of before) files.set(fd, file);
    };
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

  /** Writes to a descriptor; returns `ok` or an errno. */
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
