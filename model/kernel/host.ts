/**
 * What parts of a kernel need of the kernel, so that they do not know it as a whole: files, timers, threads, locks.
 *
 * @module
 */

import type { Era } from "../era/mod.ts";
import type { Netdev, Netns } from "../net/netns.ts";
import type { LinkEvent } from "../observation.ts";
import type { Handle } from "../operation.ts";
import { acquire, type Lock, type LockClass, type LockOptions, pause, type Steps, type Task } from "./task.ts";

/** What reading a file gives: its text without the last newline, or an errno. */
export type Content = { text: string } | { errno: string };

/** A file of sysfs, debugfs or `/run`. */
export interface VirtualFile {
  /** Its content; as steps where reading it may have to wait */
  read?(task: Task): Content | Steps<Content>;
  /** Takes one write, the last newline cut off; gives `ok` or an errno. `bare`: there was no newline */
  write?(task: Task, value: string, netns: Netns, bare?: boolean): Steps<string>;
  /** True if it has been taken away since it was found; to open it fails then. Left out where to write to it tells the same */
  gone?(): boolean;
}

/** Something that has files, for example a bus. */
export interface FileOwner {
  /** The file at a path, if it is one of this owner's and is there now */
  resolve(path: string): VirtualFile | undefined;
  /** True if a path is one of this owner's directories */
  directory(path: string): boolean;
}

/** Work that is due at a point of virtual time. */
export interface Timer {
  /** ms */
  due: number;
  run(now: number): void;
  /** The same as a thread among others, once: for the explorer of interleavings */
  thread?(task: Task): Steps;
}

/** A devlink instance in the list of a kernel. */
export interface Instance {
  readonly handle: Handle;
  readonly netns: Netns;
  /** True if a user of its netns finds it */
  readonly visible: boolean;
  /** The number of the instance */
  readonly index: number;
}

/** A kernel, as its parts see it. */
export interface KernelHost {
  readonly era: Era;
  /** Virtual time in ms */
  now: number;
  readonly rtnl: Lock;
  /** True if workers stop at every lock, too */
  readonly stepping: boolean;
  /** If somebody tries all interleavings, and with which work */
  readonly exploring: false | "without timers" | "with timers";
  /** How many works are queued or run */
  busyWorks: number;
  /** True if work that is bound to the CPU never runs again */
  stalled: boolean;
  readonly timers: Timer[];
  /** When those who sleep wake up, in ms */
  readonly wakeups: number[];
  /** A new mutex */
  lock(name: string, lockClass: LockClass, options?: LockOptions): Lock;
  /** Starts a kernel thread */
  start(name: string, body: (task: Task) => Steps, stepping: boolean): void;
  /** Does something when `ms` of virtual time have passed, once; returns the timer, for {@linkcode KernelHost.cancel} */
  after(ms: number, body: () => void): Timer;
  /** Stops a timer, if there is one */
  cancel(timer: Timer | undefined): void;
  /** Sends a link message */
  link(task: Task, event: LinkEvent["event"], netdev: Netdev): void;
}

/** Waits until all have seen that a netdev is going (RCU), which they may never do. */
export function* synchronizeNet(kernel: KernelHost, task: Task): Steps {
  while (kernel.stalled) yield { kind: "blocked", what: "synchronize_net", task: task.name };
}

/** Sleeps for `ms` of virtual time. */
export function* sleep(kernel: KernelHost, task: Task, ms: number): Steps {
  const wakeup = kernel.now + ms;
  if (kernel.exploring) {
    yield* pause(task, "time to pass");
    kernel.now = Math.max(kernel.now, wakeup);
    return;
  }
  kernel.wakeups.push(wakeup);
  while (kernel.now < wakeup) yield { kind: "blocked", what: "time to pass", task: task.name };
}

/** Waits until something is so, for `ms` of virtual time at most. */
export function* waitUntil(kernel: KernelHost, task: Task, ms: number, isSo: () => boolean): Steps {
  if (kernel.exploring) return yield* pause(task, "an event");
  const wakeup = kernel.now + ms;
  kernel.wakeups.push(wakeup);
  while (kernel.now < wakeup && !isSo()) yield { kind: "blocked", what: "an event", task: task.name };
  // Nobody is left to wake up then.
  const at = kernel.wakeups.indexOf(wakeup);
  if (at >= 0) kernel.wakeups.splice(at, 1);
}

/** Takes RTNL, does something and gives it back. */
export function* withRtnl(kernel: KernelHost, task: Task, body: () => void): Steps {
  if (task.stepping || !kernel.rtnl.tryTake(task)) yield* acquire(task, kernel.rtnl);
  body();
  kernel.rtnl.release(task);
}
