/**
 * One run of what is explored, a step at a time: who can go on, what a step touched, and the result.
 *
 * @module
 */

import { type Accesses, EVERYTHING, startRecording, stopRecording } from "../kernel/access.ts";
import { type Finding, stuck } from "./finding.ts";
import { readSchedule } from "./schedule.ts";
import type { SchedulingPoint, Task } from "../kernel/task.ts";

/** One thread of what is explored. */
export interface Thread {
  readonly name: string;
  /** What it holds; undefined while it does nothing */
  readonly task: Task | undefined;
  /** Goes on to the next place where another one may run; undefined where it has ended. */
  step(): SchedulingPoint | undefined;
  /** Of one that never ends: how often it has restarted */
  readonly rounds?: number;
}

/** A run that is under way. */
export interface Run {
  /** In the order in which they came; those that are started meanwhile are put last */
  readonly threads: readonly Thread[];
  /** The result, when all have ended or none can go on. */
  end(): Ending;
}

/** The result of a run. */
export interface Ending {
  /** All that tells it from another run, as a text */
  outcome: string;
  /** What went wrong in it, apart from threads that never end */
  findings: Finding[];
}

/** What is explored: begins a run, the same each time. */
export type Scenario = () => Run;

/** Returns a thread as a bit of a number. */
export const bit = (thread: number): number => 1 << thread;
/** A live-lock: all threads that never end made this many rounds, and no other thread could move. */
const LIVELOCK_ROUNDS = 2;

/** A run, with what the search has to know of each thread. */
export class Execution {
  readonly run: Run;
  /** Where each of them stopped */
  readonly points: (SchedulingPoint | undefined)[] = [];
  /** Threads that have ended, as bits */
  ended = 0;
  readonly endless: boolean;
  /** How many threads there were at its start */
  readonly initial: number;
  steps = 0;
  #idle = 0;
  /** By thread: its rounds when somebody that ends could move last */
  #rounds: number[] = [];
  /** The same when one of them did */
  #moved: number[] = [];

  constructor(scenario: Scenario) {
    this.run = scenario();
    this.initial = this.run.threads.length;
    this.endless = this.run.threads.some((thread) => thread.rounds !== undefined);
  }

  /** Returns those that can go on, as bits. */
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

  /** Those that never end wait for the others after a while, if these can go on. */
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

  /** Of those that never end nobody gets far ahead of the others. */
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

  /** True if all that never end went round and round while nobody else could move. */
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

  /** Lets a thread go on; returns what it touched. */
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

/** Returns how often a schedule stops a thread that could go on for another one. */
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
