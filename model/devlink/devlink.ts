/**
 * The devlink core: an instance and the objects that it holds. Commands and announcements are in files of their own.
 *
 * @module
 */

import { type Cell, cellOf, reading, writing } from "../kernel/access.ts";
import type { Driver } from "./driver.ts";
import type {
  ListName,
  Param,
  Port,
  Rate,
  Region,
  Reporter,
  Resource,
  Trap,
  TrapGroup,
  TrapPolicer,
} from "./objects.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Netns } from "../net/netns.ts";
import type { Handle } from "../operation.ts";
import type { RequestLock } from "../era/regime.ts";
import { acquire, Condition, type Lock, pause, type Steps, type Task } from "../kernel/task.ts";
import { STATE } from "../kernel/state.ts";

export type * from "./objects.ts";

/** A devlink instance. */
export class Devlink {
  readonly lock: Lock;
  readonly reportersLock: Lock;
  readonly index: number;
  /** The state that other tasks read without the instance's lock: if it is registered, and its netns */
  readonly #seen: Cell;
  #registered = false;
  #netns: Netns;
  /** True while the instance is unregistered; the lock regime decides if new users still find it */
  #unregistering = false;
  /** True once the memory is freed: an access is then a finding */
  freed = false;
  /** The tasks that looked the instance up and have not released it */
  readonly users: Task[] = [];
  /** The condition that the instance has no users */
  readonly unused: Condition;
  /** The instance that this one is part of */
  parent: Devlink | undefined;
  /** Instances that are nested in this one (`devl_nested_devlink_set`): shown while they are registered */
  readonly nested: Devlink[] = [];
  /** The task marked as the holder of the instance's lock, in lock regimes with such marks */
  marked: Task | undefined;
  readonly #lists = new Map<ListName, Lock>();
  reloadFailed = false;
  /** False while the driver has disabled reloads (`devlink_reload_disable`, before 5.16) */
  reloadEnabled = true;
  readonly reloads: Record<"driver_reinit" | "fw_activate", number> = { driver_reinit: 0, fw_activate: 0 };
  ports: Port[] = [];
  policers: TrapPolicer[] = [];
  groups: TrapGroup[] = [];
  traps: Trap[] = [];
  trapByName = new Map<string, Trap>();
  params: Param[] = [];
  resources: Resource[] = [];
  regions: Region[] = [];
  reporters: Reporter[] = [];
  /** The nodes, the latest first; then the leaves in their order */
  rates: Rate[] = [];
  /** Snapshot ids in use, with how many regions use them */
  readonly snapshotIds = new Map<number, number>();

  [STATE](): readonly unknown[] {
    return [this.#registered, this.#netns, this.#unregistering, this.#lists];
  }

  constructor(
    readonly kernel: Kernel,
    readonly handle: Handle,
    readonly driver: Driver,
    readonly deviceLock: Lock,
    netns: Netns,
  ) {
    this.index = kernel.nextIndex();
    this.#netns = netns;
    this.#seen = cellOf(`registered ${handle}`);
    const each = kernel.era.locks.instanceKeys === "each";
    this.lock = kernel.lock(handle, "instance", each ? { key: `instance ${handle}` } : { nests: false });
    this.reportersLock = kernel.lock(`${handle} reporters`, "reporters");
    this.unused = new Condition(
      `users of ${handle}`,
      () => this.users.length === 0,
      () => this.users,
    );
    kernel.addInstance(this);
  }

  /** True if the instance is registered: users in its netns find it. */
  get registered(): boolean {
    reading(this.#seen);
    return this.#registered;
  }

  set registered(registered: boolean) {
    writing(this.#seen);
    this.#registered = registered;
  }

  /** The netns of the instance. */
  get netns(): Netns {
    reading(this.#seen);
    return this.#netns;
  }

  set netns(netns: Netns) {
    writing(this.#seen);
    this.#netns = netns;
  }

  /** True if a lookup finds the instance. */
  get visible(): boolean {
    if (!this.registered) return false;
    if (!this.#unregistering) return true;
    return this.kernel.era.locks.unregister === "users" && this.users.length > 0;
  }

  /** Waits until all users have released the instance, in lock regimes in which unregistering waits for them. */
  *waitForUsers(task: Task): Steps {
    if (this.kernel.era.locks.unregister === "lock") return;
    writing(this.#seen);
    this.#unregistering = true;
    yield* this.unused.wait(task);
  }

  /** Returns the lock of one list of the instance, in lock regimes in which each list has its own lock. */
  listLock(list: ListName): Lock {
    let lock = this.#lists.get(list);
    if (!lock) this.#lists.set(list, lock = this.kernel.lock(`${this.handle} ${list}`, "list"));
    return lock;
  }

  /** Frees the instance. */
  free(task: Task): void {
    const { ports, traps, regions, reporters, rates } = this;
    if (this.registered || ports.length + traps.length + regions.length + reporters.length + rates.length > 0) {
      task.log("warning", `WARNING: devlink_free: ${this.handle} is not empty`);
    }
    this.freed = true;
    writing(this.#seen);
    this.kernel.removeInstance(this);
  }
}

/** Returns the instances of a kernel, in the order of their index. */
export function instancesOf(kernel: Kernel): readonly Devlink[] {
  return kernel.instances as readonly Devlink[];
}

/**
 * Returns the registered instance with a handle, as a user in `netns` finds it; `devlink_index/N` names an instance by its index.
 */
export function findInstance(kernel: Kernel, netns: Netns, handle: Handle): Devlink | undefined {
  return kernel.find(netns, handle) as Devlink | undefined;
}

/** Records a read of an instance without its lock, as when a client uses the answer to an earlier request. */
export function peek(dl: Devlink | undefined): Devlink | undefined {
  if (dl) { for (const lock of [dl.lock, dl.kernel.rtnl, dl.kernel.devlinkMutex]) if (lock) reading(lock.cell); }
  return dl;
}

/** Begins to use an instance that was found. */
export function hold(task: Task, dl: Devlink): void {
  dl.users.push(task);
  // Two users commute; a user does not commute with a task that waits for all users to go
  reading(dl.unused.cell);
}

/** Releases an instance. */
export function drop(task: Task, dl: Devlink): void {
  const { users } = dl;
  if (users[users.length - 1] === task) users.pop();
  else users.splice(users.indexOf(task), 1);
  reading(dl.unused.cell);
}

/**
 * Looks an instance up and locks it, as each command does first. Returns undefined if the instance is not found, or was
 * unregistered while the task waited for the lock.
 */
export function* enter(
  kernel: Kernel,
  task: Task,
  netns: Netns,
  handle: Handle,
  request: RequestLock = "instance",
): Steps<Devlink | undefined> {
  const dl = findInstance(kernel, netns, handle);
  if (!dl) return undefined;
  return (yield* lockInstance(task, dl, request)) ? dl : undefined;
}

/** Takes the locks that a request needs of an instance that was found; returns false if the instance was unregistered meanwhile. */
export function* lockInstance(task: Task, dl: Devlink, request: RequestLock = "instance"): Steps<boolean> {
  hold(task, dl);
  const lock = lockOf(dl, request) ?? (request === "instance first" ? dl.lock : undefined);
  if (lock && (task.stepping || !lock.tryTake(task))) yield* acquire(task, lock);
  // The request reads state that other tasks change under the lock of the instance
  if (lock !== dl.lock) writing(dl.lock.cell);
  if (request === "instance first") {
    dl.lock.release(task);
    yield* pause(task, `${dl.handle}, without its lock`);
    writing(dl.lock.cell);
  }
  if (dl.registered) {
    if (lock === dl.lock && dl.kernel.era.locks.registration === "marked") dl.marked = task;
    return true;
  }
  leave(task, dl, request);
  return false;
}

function lockOf(dl: Devlink, request: RequestLock): Lock | undefined {
  return request === "instance" ? dl.lock : request === "reporters" ? dl.reportersLock : undefined;
}

/**
 * Lets a driver change the objects of an instance: locks the instance, or, in eras in which each registration locks by itself,
 * keeps reloads away.
 */
export function* lockForDriver(task: Task, dl: Devlink): Steps {
  if (dl.kernel.era.driverLocksInstance) return yield* acquire(task, dl.lock);
  if (!dl.kernel.era.locks.holdsReloadsOff) return;
  yield* underMutex(dl.kernel, task, () => dl.reloadEnabled = false);
}

/** Undoes {@linkcode lockForDriver}. */
export function* unlockForDriver(task: Task, dl: Devlink): Steps {
  if (dl.kernel.era.driverLocksInstance) return dl.lock.release(task);
  if (!dl.kernel.era.locks.holdsReloadsOff) return;
  yield* underMutex(dl.kernel, task, () => dl.reloadEnabled = true);
}

/** Runs `body` under the global mutex of the devlink core, in eras that have one. */
export function* underMutex(kernel: Kernel, task: Task, body: () => void): Steps {
  const { devlinkMutex } = kernel;
  if (devlinkMutex) yield* acquire(task, devlinkMutex);
  body();
  devlinkMutex?.release(task);
}

/** Ends a command: releases the instance and the lock that the request took. */
export function leave(task: Task, dl: Devlink, request: RequestLock = "instance"): void {
  if (dl.marked === task && request === "instance") dl.marked = undefined;
  lockOf(dl, request)?.release(task);
  drop(task, dl);
}
