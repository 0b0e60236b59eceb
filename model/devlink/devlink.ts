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
  /** What the others see of it without its lock: whether it is there, and in which netns */
  readonly #seen: Cell;
  #registered = false;
  #netns: Netns;
  /** On its way out: whether anybody new finds it, as the lock regime decides */
  #unregistering = false;
  /** Its memory is gone: touching it is a finding */
  freed = false;
  /** Those who looked it up and have not released it */
  readonly users: Task[] = [];
  /** Holds once nobody uses it any more */
  readonly unused: Condition;
  /** The instance that this one is part of */
  parent: Devlink | undefined;
  /** Instances that are nested in this one (`devl_nested_devlink_set`): shown while they are registered */
  readonly nested: Devlink[] = [];
  /** The task marked as the holder of the instance's lock, where there are marks */
  marked: Task | undefined;
  readonly #lists = new Map<ListName, Lock>();
  reloadFailed = false;
  /** False where the driver holds reloads off for a while (`devlink_reload_disable`, before 5.16) */
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
  /** The latest node first, then the leafs in their order */
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

  /** Users of its own netns find it. */
  get registered(): boolean {
    reading(this.#seen);
    return this.#registered;
  }

  set registered(registered: boolean) {
    writing(this.#seen);
    this.#registered = registered;
  }

  /** The netns that it is in. */
  get netns(): Netns {
    reading(this.#seen);
    return this.#netns;
  }

  set netns(netns: Netns) {
    writing(this.#seen);
    this.#netns = netns;
  }

  /** True if somebody who looks for it finds it. */
  get visible(): boolean {
    if (!this.registered) return false;
    if (!this.#unregistering) return true;
    return this.kernel.era.locks.unregister === "users" && this.users.length > 0;
  }

  /** Waits until those who use it have released it, where that is how an instance is unregistered. */
  *waitForUsers(task: Task): Steps {
    if (this.kernel.era.locks.unregister === "lock") return;
    writing(this.#seen);
    this.#unregistering = true;
    yield* this.unused.wait(task);
  }

  /** Returns the lock of one of its lists, where each has its own. */
  listLock(list: ListName): Lock {
    let lock = this.#lists.get(list);
    if (!lock) this.#lists.set(list, lock = this.kernel.lock(`${this.handle} ${list}`, "list"));
    return lock;
  }

  /** The last step of its life. */
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

/** Returns the registered instance with a handle, as a user in `netns` finds it; `devlink_index/N` names it by its index. */
export function findInstance(kernel: Kernel, netns: Netns, handle: Handle): Devlink | undefined {
  return kernel.find(netns, handle) as Devlink | undefined;
}

/** Records that somebody looks into an instance without its lock, as a client does with what it asked for before. */
export function peek(dl: Devlink | undefined): Devlink | undefined {
  if (dl) { for (const lock of [dl.lock, dl.kernel.rtnl, dl.kernel.devlinkMutex]) if (lock) reading(lock.cell); }
  return dl;
}

/** Begins to use an instance that was found. */
export function hold(task: Task, dl: Devlink): void {
  dl.users.push(task);
  // Users commute with each other, and not with a task that waits for all of them to go
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
 * Looks an instance up and locks it, as the start of each command does. Gives undefined where it is not to be found, or
 * went away while the lock was waited for.
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

/** Takes what a request takes of an instance that was found; false where the instance was unregistered in the meantime. */
export function* lockInstance(task: Task, dl: Devlink, request: RequestLock = "instance"): Steps<boolean> {
  hold(task, dl);
  const lock = lockOf(dl, request) ?? (request === "instance first" ? dl.lock : undefined);
  if (lock && (task.stepping || !lock.tryTake(task))) yield* acquire(task, lock);
  // What it looks at is what others do under the lock of the instance
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
 * Lets a driver change what an instance holds: it locks the instance, or, where each registration does so by itself, keeps
 * reloads away.
 */
export function* lockForDriver(task: Task, dl: Devlink): Steps {
  if (dl.kernel.era.driverLocksInstance) return yield* acquire(task, dl.lock);
  if (!dl.kernel.era.locks.holdsReloadsOff) return;
  yield* underMutex(dl.kernel, task, () => dl.reloadEnabled = false);
}

/** The end of what {@linkcode lockForDriver} began. */
export function* unlockForDriver(task: Task, dl: Devlink): Steps {
  if (dl.kernel.era.driverLocksInstance) return dl.lock.release(task);
  if (!dl.kernel.era.locks.holdsReloadsOff) return;
  yield* underMutex(dl.kernel, task, () => dl.reloadEnabled = true);
}

/** Does something under the global mutex of the devlink core, where there is one. */
export function* underMutex(kernel: Kernel, task: Task, body: () => void): Steps {
  const { devlinkMutex } = kernel;
  if (devlinkMutex) yield* acquire(task, devlinkMutex);
  body();
  devlinkMutex?.release(task);
}

/** The end of a command. */
export function leave(task: Task, dl: Devlink, request: RequestLock = "instance"): void {
  if (dl.marked === task && request === "instance") dl.marked = undefined;
  lockOf(dl, request)?.release(task);
  drop(task, dl);
}
