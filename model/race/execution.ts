/**
 * One run of an explored scenario, step by step: the threads that can continue, the accesses of each step, and the result.
 *
 * @module
 */

import { type Accesses, EVERYTHING, startRecording, stopRecording } from "../kernel/access.ts";
import { type Finding, stuck } from "./finding.ts";
import { readSchedule } from "./schedule.ts";
import type { SchedulingPoint, Task } from "../kernel/task.ts";

/** One thread of a scenario. */
export interface Thread {
  readonly name: string;
  /** The task that the thread runs, with its locks; undefined while it runs none */
  readonly task: Task | undefined;
  /** Runs up to the next place where another thread may run; returns undefined if the thread has ended. */
  step(): SchedulingPoint | undefined;
  /** Of a thread that never ends: the number of its restarts */
  readonly rounds?: number;
}

/** A run of a scenario. */
export interface Run {
  /** The threads in the order in which they were started, also during the run */
  readonly threads: readonly Thread[];
  /** Returns the result, after all threads have ended or no thread can continue. */
  end(): Ending;
}

/** The result of a run. */
export interface Ending {
  /** All that distinguishes the run from another run, as a text */
  outcome: string;
  /** The findings of the run, without threads that never end */
  findings: Finding[];
}

/** A scenario to explore: starts a run, the same each time. */
export type Scenario = () => Run;

/** Returns the bit of a thread. */
export const bit = (thread: number): number => 1 << thread;
/** The number of rounds for a live-lock: all threads that never end made this many rounds, and no other thread could move. */
const LIVELOCK_ROUNDS = 2;

/** A run, with the state of each thread that the search needs. */
export class Execution {
  readonly run: Run;
  /** By thread: the place where it stopped */
  readonly points: (SchedulingPoint | undefined)[] = [];
  /** Threads that have ended, as bits */
  ended = 0;
  readonly endless: boolean;
  /** The number of threads at the start of the run */
  readonly initial: number;
  steps = 0;
  #idle = 0;
  /** By endless thread: its rounds when a thread that ends could last move */
  #rounds: number[] = [];
  /** By endless thread: its rounds when a thread that ends last moved */
  #moved: number[] = [];

  constructor(scenario: Scenario) {
    this.run = scenario();
    this.initial = this.run.threads.length;
    this.endless = this.run.threads.some((thread) => thread.rounds !== undefined);
  }

  /** Returns the threads that can continue, as bits. */
  enabled(): number {
    const { threads } = this.run;
    let result = 0;
    for (let i = 0; i < threads.length; i++) if (this.#canGo(i)) result |= bit(i);
    return this.endless ? this.#fair(result) : result;
  }

  #canGo(i: number): boolean {
    if (this.ended & bit(i)) return false;
    const point = this.points[i];
    if (point === undefined || point.kind === "pause") return true;
    if (point.on !== undefined) return point.on.ready(this.run.threads[i]!.task!);
    return (this.#idle & bit(i)) === 0;
  }

  /** Removes endless threads from `enabled` after some rounds, if other threads can continue. */
  #fair(enabled: number): number {
    const { threads } = this.run;
    let finite = 0;
    for (let i = 0; i < threads.length; i++) if (threads[i]!.rounds === undefined) finite |= bit(i);
    if ((finite & ~this.ended) === 0) return 0;
    if ((enabled & finite) === 0) return this.#even(enabled);
    threads.forEach((thread, i) => {
      if (thread.rounds !== undefined && thread.rounds - (this.#moved[i] ?? 0) >= LIVELOCK_ROUNDS) enabled &= ~bit(i);
    });
    return enabled;
  }

  /** Removes the endless threads that are too many rounds ahead of the other endless threads. */
  #even(enabled: number): number {
    const { threads } = this.run;
    const ahead = (i: number) => threads[i]!.rounds! - (this.#rounds[i] ?? 0);
    let least = Infinity;
    for (let i = 0; i < threads.length; i++) if (enabled & bit(i)) least = Math.min(least, ahead(i));
    for (let i = 0; i < threads.length; i++) {
      if (enabled & bit(i) && ahead(i) >= least + LIVELOCK_ROUNDS) enabled &= ~bit(i);
    }
    return enabled;
  }

  /** True if all endless threads made enough rounds while no other thread could move. */
  livelock(): boolean {
    const { threads } = this.run;
    let starving = false;
    for (let i = 0; i < threads.length; i++) {
      if (threads[i]!.rounds !== undefined || this.ended & bit(i)) continue;
      starving = !this.#canGo(i);
      if (!starving) break;
    }
    if (!starving) {
      threads.forEach((thread, i) => this.#rounds[i] = Math.max(this.#rounds[i] ?? 0, thread.rounds ?? 0));
      return false;
    }
    return threads.every(({ rounds }, i) => rounds === undefined || rounds - (this.#rounds[i] ?? 0) > LIVELOCK_ROUNDS);
  }

  /** Runs one step of a thread; returns its accesses. */
  step(i: number): Accesses {
    const thread = this.run.threads[i]!;
    const blind = this.points[i]?.kind === "blocked" && this.points[i]!.on === undefined;
    let held = 0;
    let shared = 0;
    const holds = thread.task?.held;
    if (holds !== undefined) {
      for (const lock of holds) {
        if (lock.shared) shared |= lock.cell;
        else held |= lock.cell;
      }
    }
    startRecording();
    const point = thread.step();
    const accesses = stopRecording();
    accesses.reads |= shared;
    accesses.writes |= blind ? EVERYTHING : held;
    this.points[i] = point;
    if (point === undefined) this.ended |= bit(i);
    if (point?.kind === "blocked" && point.on === undefined && blind) this.#idle |= bit(i);
    else this.#idle = point?.kind === "blocked" && point.on === undefined ? bit(i) : 0;
    this.steps++;
    if (this.endless && thread.rounds === undefined) this.#moved = this.run.threads.map((each) => each.rounds ?? 0);
    return accesses;
  }

  /** Returns the result. */
  finish(livelock: boolean): Ending {
    const { outcome, findings } = this.run.end();
    const { threads } = this.run;
    const waiting = threads.map((thread, i) => ({ thread, point: this.points[i], ended: (this.ended & bit(i)) !== 0 }));
    return { outcome, findings: [...findings, ...stuck(waiting.filter(({ ended }) => !ended), livelock)] };
  }
}

/** Returns the number of preemptions of a schedule: it stops a thread that could continue, and another thread runs. */
export function preemptionsOf(scenario: Scenario, schedule: string): number {
  const execution = new Execution(scenario);
  let before = -1;
  let preemptions = 0;
  for (const chosen of readSchedule(schedule)) {
    if (before >= 0 && before !== chosen && execution.enabled() & bit(before)) preemptions++;
    execution.step(chosen);
    before = chosen;
  }
  return preemptions;
}
