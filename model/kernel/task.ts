/**
 * Tasks and locks. A kernel path is a generator that stops where it has to wait and, if it is stepped, at each lock. So the
 * same code runs at full speed without stops, and step by step for the explorer of interleavings.
 *
 * @module
 */

import { type Cell, cellOf, reading, writing } from "./access.ts";
import type { Cycle, Lockdep, Ordered } from "./lockdep.ts";
import type { Extack, KernelLine, Observation, Result } from "../observation.ts";
import { STATE } from "./state.ts";

/** A lock or an event that a task may have to wait for. */
export interface Awaited {
  /** The name in messages */
  readonly name: string;
  /** The cell that has to change before the wait ends */
  readonly cell: Cell;
  /** True if a task that waits could continue now */
  ready(task: Task): boolean;
  /** Returns the tasks that have to act first, if they are known */
  holders(): readonly Task[];
  /** True for a lock, which a task holds until it releases it; false for an event */
  readonly lock: boolean;
}

/** A place where another task may run. */
export interface SchedulingPoint {
  /** `lock`: the task is about to take a lock; `blocked`: it waits for another task; `pause`: it may be preempted here */
  readonly kind: "lock" | "blocked" | "pause";
  /** The name of the lock or of the awaited event */
  readonly what: string;
  /** The name of the task that stopped */
  readonly task: string;
  /**
   * The awaited lock or event itself; if it is missing, only another try shows if the task is still blocked
   *
   * @internal
   */
  readonly on?: Awaited;
}

/** A kernel path: yields where others may run, and returns its result. */
export type Steps<T = void> = Generator<SchedulingPoint, T, void>;

/** One thread of execution: the locks that it holds, and the observation that records its effects. */
export class Task {
  readonly held: Held[] = [];
  /** The name of the lock that the task waits for although it holds the lock itself */
  hungOn: string | undefined;
  /** True if the request can return an extended ack: only netlink carries one */
  acknowledged = true;
  constructor(
    readonly name: string,
    public observation: Observation,
    /** True if the task stops at each lock, not only where it has to wait */
    readonly stepping: boolean,
  ) {}

  /** Sets the extended ack of the request and returns the errno, as kernel code does in its `return`. */
  fail(errno: Result, text: string, prefix?: string): Result {
    this.#extack("error", text, prefix);
    return errno;
  }

  /** Sets the extended ack of a request that continues, and may still succeed. */
  warn(text: string, prefix?: string): void {
    this.#extack("warning", text, prefix);
  }

  /** Writes a line to the kernel log. */
  log(line: KernelLine["class"], text: string): void {
    this.observation.kmsg.push({ class: line, text });
  }

  #extack(level: Extack["level"], text: string, prefix: string | undefined): void {
    if (!this.acknowledged) return;
    this.observation.extack = prefix === undefined ? { level, text } : { level, text, prefix };
  }
}

/** A lock that a task holds. */
export interface Held extends Ordered {
  readonly cell: Cell;
  /** True if other tasks may hold the lock at the same time */
  readonly shared: boolean;
}

/** The classes of locks. Lock order is checked between classes, as lockdep does. */
export type LockClass =
  | "nsim_bus"
  | "nsim_port_list"
  | "device"
  | "devlink"
  | "instance"
  | "list"
  | "child device"
  | "mdio device"
  | "reporters"
  | "providers"
  | "driver"
  | "pernet"
  | "rtnl"
  | "phydev"
  | "phy"
  | "phylink";

/** The options of a lock, beside its name and class. */
export interface LockOptions {
  /** The key of the lock in lockdep. @default {its class} */
  key?: string;
  /** True if a task may hold two locks of the class. @default {true} */
  nests?: boolean;
}

/** Records that a task took a lock, and logs a finding if lockdep reports one. */
function taken(task: Task, lock: Held, lockdep: Lockdep): void {
  const { held } = task;
  if (lock.shared) reading(lock.cell);
  else writing(lock.cell);
  if (held.length > 0) {
    const cycle = lockdep.take(lock, held);
    if (cycle) task.log("lockdep", told(cycle, lock, held));
  }
  held.push(lock);
}

function told(cycle: Cycle, lock: Held, held: readonly Held[]): string {
  if (cycle.length === 2) return `possible recursive locking detected: ${lock.name}`;
  const outer = held.findLast((each) => each.key !== lock.key)!;
  const chain = cycle.length === 3 ? "" : ` (${cycle.join(" -> ")})`;
  return `possible circular locking dependency: ${lock.name} taken under ${outer.name}${chain}`;
}

function given(task: Task, lock: Held): void {
  const { held } = task;
  if (held[held.length - 1] === lock) held.pop();
  else held.splice(held.indexOf(lock), 1);
}

/** A mutex. */
export class Lock implements Held, Awaited {
  owner: Task | null = null;
  readonly cell: Cell;
  readonly key: number;
  readonly nests: boolean;
  readonly shared = false;
  readonly lock = true;
  readonly #lockdep: Lockdep;

  constructor(readonly name: string, lockClass: LockClass, lockdep: Lockdep, options: LockOptions = {}) {
    this.cell = cellOf(name);
    this.key = lockdep.key(options.key ?? lockClass);
    this.nests = options.nests ?? true;
    this.#lockdep = lockdep;
  }

  /** The event that the lock is free, for a task that does not take the lock */
  get free(): Awaited {
    const { name, cell } = this;
    return { name, cell, lock: false, ready: () => this.ready(), holders: () => this.holders() };
  }

  ready(): boolean {
    return this.owner === null;
  }

  holders(): readonly Task[] {
    return this.owner === null ? [] : [this.owner];
  }

  /** Takes the lock and releases it at once, if it is free; else returns false. */
  pass(task: Task): boolean {
    reading(this.cell);
    if (this.owner !== null) return false;
    const cycle = task.held.length > 0 ? this.#lockdep.take(this, task.held) : undefined;
    if (cycle) task.log("lockdep", told(cycle, this, task.held));
    return true;
  }

  /** Takes the lock if it is free; else returns false. */
  tryTake(task: Task): boolean {
    if (this.owner !== null) {
      reading(this.cell);
      return false;
    }
    this.owner = task;
    taken(task, this, this.#lockdep);
    return true;
  }

  /** Releases the lock. */
  release(task: Task): void {
    writing(this.cell);
    given(task, this);
    this.owner = null;
  }
}

/** A lock that many tasks may hold for read, or one for write. A waiting writer holds back new readers. */
export class RwLock {
  readonly name: string;
  readonly cell: Cell;
  readonly #lockdep: Lockdep;
  readonly #readers: Task[] = [];
  #writer: Task | undefined;
  /** The waiting writers, in the order in which they came */
  readonly #waiting: Task[] = [];
  readonly #read: Held & Awaited;
  readonly #write: Held & Awaited;

  [STATE](): readonly unknown[] {
    return [this.#readers, this.#writer, this.#waiting];
  }

  constructor(name: string, lockClass: LockClass, lockdep: Lockdep) {
    this.name = name;
    this.cell = cellOf(name);
    this.#lockdep = lockdep;
    const both = { name, cell: this.cell, key: lockdep.key(lockClass), nests: false, lock: false };
    this.#read = {
      ...both,
      shared: true,
      ready: () => this.#writer === undefined && this.#waiting.length === 0,
      holders: () => this.#writer ? [this.#writer] : this.#waiting,
    };
    this.#write = {
      ...both,
      shared: false,
      ready: (task) => this.#writer === undefined && this.#readers.length === 0 && this.#waiting[0] === task,
      holders: () => this.#writer ? [this.#writer] : this.#readers,
    };
  }

  /** Waits until no task writes or waits to write, and takes the lock for read. */
  *acquireRead(task: Task): Steps {
    const on = this.#read;
    if (task.stepping) yield { kind: "lock", what: this.name, task: task.name, on };
    reading(this.cell);
    while (!on.ready(task)) {
      this.#recursion(task);
      yield { kind: "blocked", what: this.name, task: task.name, on };
    }
    this.#readers.push(task);
    taken(task, on, this.#lockdep);
  }

  /** Waits until no task holds the lock, and takes it for write; while this task waits, no other task gets the lock for read. */
  *acquireWrite(task: Task): Steps {
    const on = this.#write;
    if (task.stepping) yield { kind: "pause", what: this.name, task: task.name };
    writing(this.cell);
    this.#waiting.push(task);
    this.#recursion(task);
    while (!on.ready(task)) yield { kind: "blocked", what: this.name, task: task.name, on };
    this.#waiting.shift();
    this.#writer = task;
    writing(this.cell);
    taken(task, on, this.#lockdep);
  }

  #recursion(task: Task): void {
    if (this.#writer !== task && !this.#readers.includes(task)) return;
    task.log("lockdep", `possible recursive locking detected: ${this.name}`);
    task.hungOn = this.name;
    throw new HungTask(this.name);
  }

  /** Releases the lock, held for read or for write. */
  release(task: Task): void {
    const wrote = this.#writer === task;
    given(task, wrote ? this.#write : this.#read);
    if (wrote) {
      writing(this.cell);
      this.#writer = undefined;
    } else {
      // Readers commute with each other, but not with writers
      reading(this.cell);
      this.#readers.splice(this.#readers.indexOf(task), 1);
    }
  }
}

/** Thrown inside a task that waits for itself: the task never continues, and its locks stay held. */
export class HungTask extends Error {
  override name = "HungTask";
}

/** Thrown inside a task that an oops ends: its locks stay held. */
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

/** Waits for a lock and takes it. If the task holds the lock itself, it never continues: a finding on `kmsg`. */
export function* acquire(task: Task, lock: Lock): Steps {
  if (task.stepping) yield { kind: "lock", what: lock.name, task: task.name, on: lock };
  while (!lock.tryTake(task)) {
    if (lock.owner === task) {
      task.log("lockdep", `possible recursive locking detected: ${lock.name}`);
      task.hungOn = lock.name;
      throw new HungTask(lock.name);
    }
    yield { kind: "blocked", what: lock.name, task: task.name, on: lock };
  }
}

/**
 * Takes a lock and releases it at once, without an access to the state that the lock protects. The task has to wait for the holder,
 * but its order with other tasks that do the same does not matter.
 */
export function* passThrough(task: Task, lock: Lock): Steps {
  if (task.stepping) yield { kind: "lock", what: lock.name, task: task.name, on: lock.free };
  while (!lock.pass(task)) {
    if (lock.owner === task) {
      task.log("lockdep", `possible recursive locking detected: ${lock.name}`);
      task.hungOn = lock.name;
      throw new HungTask(lock.name);
    }
    yield { kind: "blocked", what: lock.name, task: task.name, on: lock.free };
  }
}

/** An event that a task may wait for: other tasks make it happen, and no task holds it. */
export class Condition implements Awaited {
  readonly cell: Cell;
  readonly lock = false;

  constructor(
    readonly name: string,
    /** True if the condition holds now */
    readonly holds: () => boolean,
    /** The tasks that can still make it hold; if there is none, a wait for it never ends */
    readonly holders: () => readonly Task[] = () => [],
  ) {
    this.cell = cellOf(name);
  }

  ready(): boolean {
    return this.holds();
  }

  /** Records that the condition may have changed. Called after each change of the state that it depends on. */
  changed(): void {
    writing(this.cell);
  }

  /** Waits until the condition holds. */
  *wait(task: Task): Steps {
    if (task.stepping) yield { kind: "lock", what: this.name, task: task.name, on: this };
    writing(this.cell);
    while (!this.holds()) yield { kind: "blocked", what: this.name, task: task.name, on: this };
  }
}
