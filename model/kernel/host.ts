/**
 * The interfaces of a kernel that its parts use, so that they do not depend on the whole kernel: files, timers, threads, locks.
 *
 * @module
 */

import type { Era } from "../era/mod.ts";
import type { Netdev, Netns } from "../net/netns.ts";
import type { LinkEvent } from "../observation.ts";
import type { Handle } from "../operation.ts";
import { acquire, type Lock, type LockClass, type LockOptions, pause, type Steps, type Task } from "./task.ts";

/** The result of reading a file: its text without the last newline, or an errno. */
export type Content = { text: string } | { errno: string };

/** A file of sysfs, debugfs or `/run`. */
export interface VirtualFile {
  /** Returns the content; as steps if the read may have to wait */
  read?(task: Task): Content | Steps<Content>;
  /** Takes one write, without its last newline; returns `ok` or an errno. `bare`: there was no newline */
  write?(task: Task, value: string, netns: Netns, bare?: boolean): Steps<string>;
  /** True if the file was removed after its lookup: to open it then fails. Left out if a write shows the same */
  gone?(): boolean;
}

/** A part of the kernel that has files, for example a bus. */
export interface FileOwner {
  /** Returns the file at a path, if it is a file of this owner and exists now */
  resolve(path: string): VirtualFile | undefined;
  /** True if a path is a directory of this owner */
  directory(path: string): boolean;
}

/** Work that is due at a point of virtual time. */
export interface Timer {
  /** ms */
  due: number;
  run(now: number): void;
  /** The work of the timer as a thread, run once: for the explorer of interleavings */
  thread?(task: Task): Steps;
}

/** A devlink instance in the list of a kernel. */
export interface Instance {
  readonly handle: Handle;
  readonly netns: Netns;
  /** True if a user in its netns finds the instance */
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
  /** False unless the explorer tries all interleavings; else if it also runs timers */
  readonly exploring: false | "without timers" | "with timers";
  /** The number of work items that are queued or run */
  busyWorks: number;
  /** True if work that is bound to the CPU never runs again */
  stalled: boolean;
  readonly timers: Timer[];
  /** The virtual times at which sleeping tasks wake up, in ms */
  readonly wakeups: number[];
  /** Returns a new mutex */
  lock(name: string, lockClass: LockClass, options?: LockOptions): Lock;
  /** Starts a kernel thread */
  start(name: string, body: (task: Task) => Steps, stepping: boolean): void;
  /** Runs `body` once, after `ms` of virtual time; returns the timer, for {@linkcode KernelHost.cancel} */
  after(ms: number, body: () => void): Timer;
  /** Stops a timer, if there is one */
  cancel(timer: Timer | undefined): void;
  /** Sends a link message */
  link(task: Task, event: LinkEvent["event"], netdev: Netdev): void;
}

/** Waits for an RCU grace period (`synchronize_net()`); it never ends if a CPU is stalled. */
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

/** Waits until `isSo` returns true, for at most `ms` of virtual time. */
export function* waitUntil(kernel: KernelHost, task: Task, ms: number, isSo: () => boolean): Steps {
  if (kernel.exploring) return yield* pause(task, "an event");
  const wakeup = kernel.now + ms;
  kernel.wakeups.push(wakeup);
  while (kernel.now < wakeup && !isSo()) yield { kind: "blocked", what: "an event", task: task.name };
  // This task no longer needs its wakeup.
  const at = kernel.wakeups.indexOf(wakeup);
  if (at >= 0) kernel.wakeups.splice(at, 1);
}

/** Runs `body` under RTNL. */
export function* withRtnl(kernel: KernelHost, task: Task, body: () => void): Steps {
  if (task.stepping || !kernel.rtnl.tryTake(task)) yield* acquire(task, kernel.rtnl);
  body();
  kernel.rtnl.release(task);
}
