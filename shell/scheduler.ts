/**
 * Runs processes on the virtual clock of the machine. The same script always runs in the same order.
 *
 * @module
 */

import { Process, type ProcessOptions } from "./process.ts";
import type { Run } from "./run.ts";
import { ShellError } from "./state.ts";

/** The most processes that are alive at the same time. */
const MOST_PROCESSES = 4096;

/** The time that one CPU share takes, in ms. */
const SHARE_MS = 10;

/** Runs processes, one at a time, in the order in which they were started; lets time pass when all of them wait. */
export class Scheduler {
  readonly #processes = new Map<number, Process>();
  #lastPid = 100;
  /** Called between any two steps of processes; may send signals, or throw to stop the machine for good. */
  between: () => void = () => {};

  constructor(readonly clock: { readonly now: number; advance(ms: number): void }) {}

  /** Returns a process by its id, also one that has ended and was not waited for. */
  find(pid: number): Process | undefined {
    return this.#processes.get(pid);
  }

  /** The processes that have not ended. */
  get living(): readonly Process[] {
    return [...this.#processes.values()].filter((process) => process.status === undefined);
  }

  /** True if this number of further processes can be started. */
  hasRoom(count: number): boolean {
    if (this.#processes.size + count <= MOST_PROCESSES) return true;
    // No process waits for a child that ends after its parent
    for (const process of this.#processes.values()) if (process.parent?.status !== undefined) this.reap(process);
    return this.#processes.size + count <= MOST_PROCESSES;
  }

  /** Returns a new process, which runs when its turn comes. */
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

  /** Forgets the entries of some processes that have ended; returns the ids of the others. */
  reapEnded(pids: readonly number[]): number[] {
    const found = pids.map((pid) => this.find(pid)).filter((process) => process !== undefined);
    for (const process of found) this.reap(process);
    return found.filter(({ status }) => status === undefined).map(({ pid }) => pid);
  }

  /** Runs until a process has ended, or until no process can continue; true if it has ended. */
  runUntil(process: Process): boolean {
    while (process.status === undefined) if (!this.#round()) return false;
    return true;
  }

  /**
   * Lets all processes run while no time passes. What computes without end gets a share, and the rest
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
