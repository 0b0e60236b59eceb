/**
 * Tasks and locks. A kernel path is a generator that stops where it has to wait, and, when it is stepped, at each lock; so
 * the same code runs straight through at full speed and under an explorer of interleavings.
 *
 * @module
 */

import type { Extack, KernelLine, Observation, Result } from "./observation.ts";

/** A place where another task may run. */
export interface SchedulingPoint {
  /** `lock`: about to take it; `blocked`: cannot go on until somebody else does; `pause`: may be preempted here */
  readonly kind: "lock" | "blocked" | "pause";
  /** The lock, or what is waited for */
  readonly what: string;
  /** Who stopped */
  readonly task: string;
}

/** A kernel path: yields where others may run, and returns its result. */
export type Steps<T = void> = Generator<SchedulingPoint, T, void>;

/** One thread of execution: what it holds, and where what it causes is written down. */
export class Task {
  readonly held: Lock[] = [];
  /** Whether somebody waits for an extended ack: only netlink carries one */
  acknowledged = true;
  constructor(
    readonly name: string,
    public observation: Observation,
    /** Whether it stops at every lock, not only where it must */
    readonly stepping: boolean,
  ) {}

  /** Sets the extended ack of the request and gives its errno, as a kernel path does in its `return`. */
  fail(errno: Result, text: string, prefix?: string): Result {
    this.#extack("error", text, prefix);
    return errno;
  }

  /** Sets the extended ack of a request that goes on, and may yet succeed. */
  warn(text: string, prefix?: string): void {
    this.#extack("warning", text, prefix);
  }

  /** A line of the kernel log. */
  log(line: KernelLine["class"], text: string): void {
    this.observation.kmsg.push({ class: line, text });
  }

  #extack(level: Extack["level"], text: string, prefix: string | undefined): void {
    if (!this.acknowledged) return;
    this.observation.extack = prefix === undefined ? { level, text } : { level, text, prefix };
  }
}

/** The classes of locks. Lock order is checked between classes, as lockdep does. */
export const LOCK_CLASSES = [
  "nsim_bus",
  "device",
  "instance",
  "child device",
  "reporters",
  "providers",
  "rtnl",
  "phydev",
  "phylink",
] as const;
/** A class of locks. */
export type LockClass = (typeof LOCK_CLASSES)[number];

/** By class, the classes (as bits) that were ever taken while one of it was held: lockdep's graph. */
export type LockOrder = Uint16Array;

/** A mutex. */
export class Lock {
  owner: Task | null = null;
  readonly #bit: number;
  constructor(readonly name: string, readonly lockClass: LockClass, readonly order: LockOrder) {
    this.#bit = LOCK_CLASSES.indexOf(lockClass);
  }

  /** Takes it if it is free. */
  tryTake(task: Task): boolean {
    if (this.owner !== null) return false;
    this.owner = task;
    const held = task.held;
    for (let i = 0; i < held.length; i++) {
      const outer = (held[i] as Lock).#bit;
      if ((this.order[this.#bit] as number) & (1 << outer) && outer !== this.#bit) {
        task.log("lockdep", `possible circular locking dependency: ${this.name} taken under ${(held[i] as Lock).name}`);
      }
      this.order[outer] = (this.order[outer] as number) | (1 << this.#bit);
    }
    held.push(this);
    return true;
  }

  /** Gives it back. */
  release(task: Task): void {
    const held = task.held;
    if (held[held.length - 1] === this) held.pop();
    else held.splice(held.indexOf(this), 1);
    this.owner = null;
  }
}

/** Thrown inside a task that waits for itself: it never goes on, and what it holds stays held. */
export class HungTask extends Error {
  override name = "HungTask";
}

/** Thrown inside a task that the kernel ends in the midst of its work: what it holds stays held. */
export class Oops extends Error {
  override name = "Oops";
}

/** Logs an oops and ends the task. */
export function oops(task: Task, text: string): never {
  task.log("oops", text);
  throw new Oops(text);
}

/** A place where a task that is stepped may be preempted. */
export function* pause(task: Task, what: string): Steps {
  if (task.stepping) yield { kind: "pause", what, task: task.name };
}

/** Waits for a lock and takes it. A task that waits for itself is a finding on `kmsg`, and the end of that task. */
export function* acquire(task: Task, lock: Lock): Steps {
  if (task.stepping) yield { kind: "lock", what: lock.name, task: task.name };
  while (!lock.tryTake(task)) {
    if (lock.owner === task) {
      task.log("lockdep", `possible recursive locking detected: ${lock.name}`);
      throw new HungTask(lock.name);
    }
    yield { kind: "blocked", what: lock.name, task: task.name };
  }
}
