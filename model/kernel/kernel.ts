/**
 * What all subsystems share: the clock, the netns, the devlink instances, RTNL, the workers, and the messages that go out.
 *
 * @module
 */

import type { FileOwner, Instance, KernelHost, Timer } from "./host.ts";
import { cellOf, exploring, reading, SharedMap, writing } from "./access.ts";
import { DriverCore } from "./driver_core.ts";
import type { Era } from "../era/mod.ts";
import { countLinkLocal, countLoopback } from "../net/fib.ts";
import { Linkwatch } from "../net/linkwatch.ts";
import { Lockdep } from "./lockdep.ts";
import { Modules, type ModuleSource } from "./module.ts";
import { type FibListener, linkEvent, type Netdev, Netns } from "../net/netns.ts";
import {
  emptyObservation,
  type FreedMemory,
  type JsonObject,
  type LinkEvent,
  type Notification,
  type Observation,
} from "../observation.ts";
import type { Handle, NetnsName } from "../operation.ts";
import {
  HungTask,
  Lock,
  type LockClass,
  type LockOptions,
  Oops,
  RwLock,
  type SchedulingPoint,
  type Steps,
  Task,
} from "./task.ts";
import { STATE } from "./state.ts";

/** The bus of a handle that names an instance by its index. */
const BY_INDEX = "devlink_index/";

/** What a kernel is booted with. */
export interface KernelOptions {
  seed: number;
  netdevs: readonly string[];
  listeners: boolean;
  freedMemory: FreedMemory;
  /** What is known of the order of locks from elsewhere; nothing where it is not given */
  lockdep?: Lockdep;
  /** The modules as they lie in the file system. @default {none} */
  modules?(kernel: Kernel): readonly ModuleSource[];
}

/** The state of one booted kernel. */
export class Kernel implements KernelHost {
  /** Virtual time in ms */
  now = 0;
  readonly init: Netns;
  readonly netns: Map<NetnsName, Netns> = new SharedMap("netns");
  readonly #instances: Instance[] = [];
  readonly #listed = cellOf("instances");
  readonly owners: FileOwner[] = [];
  /** Plain files under `/run` and `/lib/firmware`, by path */
  readonly runFiles: Map<string, string> = new SharedMap("run files");
  readonly timers: Timer[] = [];
  /** Kernel threads with something to do, in the order in which it came */
  readonly workers: { task: Task; steps: Steps; blocked?: SchedulingPoint; own?: true }[] = [];
  readonly lockdep: Lockdep;
  readonly rtnl: Lock;
  /** Held to read while netns come and go, to write while somebody joins or leaves what is called for each of them */
  readonly pernetOps: RwLock;
  /** The mutex that is held over every devlink command and dump, in eras that have one */
  readonly devlinkMutex: Lock | undefined;
  /** Where a warning that comes once has come */
  readonly warned: Set<string> = new Set();
  /** Called for each devlink message as it is sent */
  onMessage: ((netns: NetnsName, message: Notification) => void) | undefined;
  /** What workers cause is written down here: the observation of the operation that runs */
  observation: Observation = emptyObservation();
  /** True if workers stop at every lock, too: somebody steps the tasks of this kernel */
  stepping = false;
  /** True if somebody tries all interleavings: how long something takes then shows nothing about the order */
  exploring: false | "without timers" | "with timers" = false;
  /** How many works are queued or run */
  busyWorks = 0;
  /** True if work that is bound to the CPU never runs again */
  stalled = false;
  /** When those who sleep wake up, in ms */
  readonly wakeups: number[] = [];
  readonly #sources: KernelOptions["modules"];
  // Made when they are needed
  #core: DriverCore | undefined;
  #modules: Modules | undefined;
  #linkwatch: Linkwatch | undefined;
  readonly freedMemory: FreedMemory;
  /** Devices that keep a route that is removed, and then of all of them: mostly none, and nobody races for it */
  readonly routeKeepers: Set<FibListener> = new Set();
  /** KASAN reports once, and not again until the next boot */
  kasanReported = false;
  #index = 0;
  #random: number;

  [STATE](): readonly unknown[] {
    return [this.#instances, this.#core, this.#modules, this.#linkwatch];
  }

  constructor(readonly era: Era, options: KernelOptions) {
    this.#random = options.seed >>> 0;
    this.lockdep = options.lockdep ?? new Lockdep();
    this.rtnl = this.lock("rtnl", "rtnl");
    this.pernetOps = new RwLock("pernet_ops_rwsem", "pernet", this.lockdep);
    this.devlinkMutex = era.devlinkMutex ? this.lock("devlink_mutex", "devlink") : undefined;
    this.freedMemory = options.freedMemory;
    this.#sources = options.modules;
    this.listeners = options.listeners;
    this.init = new Netns("init", { heard: options.listeners, lab: true, entries: era.fibEntries });
    this.netns.set("init", this.init);
    for (const name of options.netdevs) {
      const lo = name === "lo";
      this.addNetdev(this.init, name, lo ? ["LOOPBACK"] : ["BROADCAST", "MULTICAST"], lo ? "UNKNOWN" : "UP").up = true;
    }
  }

  /** True if something is under way that nobody waits for: work, or a netdev whose state has yet to follow its carrier */
  get unsettled(): boolean {
    return this.busyWorks > 0 || (this.#linkwatch?.pending ?? false);
  }

  /** Buses, devices and their drivers. */
  get core(): DriverCore {
    if (!this.#core) this.owners.push(this.#core = new DriverCore(this));
    return this.#core;
  }

  get modules(): Modules {
    return this.#modules ??= new Modules(this.#sources?.(this) ?? []);
  }

  get linkwatch(): Linkwatch {
    return this.#linkwatch ??= new Linkwatch(this);
  }

  /**
   * True if observations hold all messages, also those that nobody hears: they are written down, and the kernel does not
   * notice (no counter is read for them)
   */
  overheard = false;

  /** True if each netns has a listener from its start */
  readonly listeners: boolean;

  /** Returns a new mutex of this kernel. */
  lock(name: string, lockClass: LockClass, options?: LockOptions): Lock {
    return new Lock(name, lockClass, this.lockdep, options);
  }

  /** Returns the next index of an instance: a new one each time, also for a device that was there before (docs/semantics.md 1.1). */
  nextIndex(): number {
    return this.#index++;
  }

  /** Returns a pseudo-random number below `bound`, from the seed. */
  random(bound: number): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return Math.floor(this.#random / 4294967296 * bound);
  }

  /** Pseudo-random bytes, from the seed. */
  randomBytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.random(256);
    return bytes;
  }

  /** All instances, in the order of their index. */
  get instances(): readonly Instance[] {
    reading(this.#listed);
    return this.#instances;
  }

  /** Puts an instance on the list. */
  addInstance(dl: Instance): void {
    writing(this.#listed);
    this.#instances.push(dl);
  }

  /** Removes an instance from the list. */
  removeInstance(dl: Instance): void {
    writing(this.#listed);
    this.#instances.splice(this.#instances.indexOf(dl), 1);
  }

  /** Returns the registered instance with a handle, as somebody in `netns` finds it; `devlink_index/N` names it by its index, too. */
  find(netns: Netns, handle: Handle): Instance | undefined {
    if (this.era.showsIndex && handle.startsWith(BY_INDEX)) {
      const index = handle.slice(BY_INDEX.length);
      return this.instances.find((dl) => dl.netns === netns && dl.visible && String(dl.index) === index);
    }
    for (const dl of this.#instances) {
      if (dl.handle === handle && dl.netns === netns && dl.visible) return dl;
    }
    // A task that registers one with that handle comes before or after
    if (exploring()) reading(cellOf(`registered ${handle}`));
    return undefined;
  }

  /** True if a socket in any netns listens to devlink messages: `netlink_has_listeners()` does not look at the netns. */
  get heard(): boolean {
    for (const netns of this.netns.values()) if (netns.heard) return true;
    return false;
  }

  /** Sends a devlink message to those who listen in a netns. */
  multicast(
    task: Task,
    netns: Netns,
    command: string,
    object: string,
    handle: string,
    attributes: JsonObject,
  ): void {
    if (!netns.heard && !this.overheard) return;
    const message = { command, object, handle, attributes };
    this.onMessage?.(netns.name, message);
    const stream = task.observation.notify[netns.name];
    if (stream) stream.push(message);
    else task.observation.notify[netns.name] = [message];
  }

  /** Sends a link message to those who listen in a netns. */
  link(task: Task, event: LinkEvent["event"], netdev: Netdev): void {
    if (!netdev.netns.heard && !this.overheard) return;
    const message = linkEvent(event, netdev);
    const stream = task.observation.link[netdev.netns.name];
    if (stream) stream.push(message);
    else task.observation.link[netdev.netns.name] = [message];
  }

  /** Puts a netdev into a netns without telling anybody. */
  addNetdev(netns: Netns, name: string, downFlags: readonly string[], operstateUp: string): Netdev {
    const netdev: Netdev = {
      name,
      netns,
      ifindex: ++netns.lastIfindex,
      downFlags,
      operstateUp,
      up: false,
      carrier: true,
      followed: undefined,
      activated: false,
      running: undefined,
      ops: undefined,
      stays: false,
    };
    netns.netdevs.set(name, netdev);
    return netdev;
  }

  /** `unregister_netdevice` under RTNL: takes it down first, if it was up. */
  removeNetdev(task: Task, netdev: Netdev): void {
    if (netdev.up) this.setLink(task, netdev, false);
    netdev.netns.netdevs.delete(netdev.name);
    this.link(task, "del", netdev);
  }

  /** Takes a netdev up or down, under RTNL. */
  setLink(task: Task, netdev: Netdev, up: boolean): void {
    if (netdev.up === up) return;
    netdev.up = up;
    const { netns } = netdev;
    if (netdev.name === "lo" && up) netns.hasTable = true;
    if (netdev.name === "lo") countLoopback(this.era, netns, up);
    else if (netdev.carrier) countLinkLocal(this, netdev, up);
    if (!up && this.era.downLosesCarrier && netdev.name !== "lo") netdev.carrier = false;
    if (!up) {
      for (const [prefix, dev] of netns.routes) {
        if (dev !== netdev.name) continue;
        netns.routes.delete(prefix);
        netns.occupancy["IPv4/fib"]--;
      }
    }
    this.link(task, "new", netdev);
  }

  /** Does something when `ms` of virtual time have passed, once. */
  after(ms: number, body: () => void): Timer {
    const timer: Timer = {
      due: this.now + ms,
      run: () => {
        this.cancel(timer);
        body();
      },
    };
    this.timers.push(timer);
    return timer;
  }

  /** Stops a timer, if there is one. */
  cancel(timer: Timer | undefined): void {
    const at = timer ? this.timers.indexOf(timer) : -1;
    if (at >= 0) this.timers.splice(at, 1);
  }

  /** Starts a kernel thread; it runs when the operation that runs now has done its part. */
  start(name: string, body: (task: Task) => Steps, stepping: boolean): void {
    const task = new Task(name, this.observation, stepping);
    task.acknowledged = false;
    this.workers.push({ task, steps: body(task) });
  }

  /** Lets the kernel threads run until all of them have ended or wait for somebody else. Returns whether anything moved. */
  runWorkers(): boolean {
    let moved = false;
    for (let progress = true; progress && this.workers.length > 0;) {
      progress = false;
      for (const worker of [...this.workers]) {
        // An operation that goes on by itself has an observation of its own
        if (!worker.own) worker.task.observation = this.observation;
        for (;;) {
          const next = stepWorker(worker.steps);
          if (next.done) {
            this.workers.splice(this.workers.indexOf(worker), 1);
            progress = moved = true;
            break;
          }
          if (next.value.kind === "blocked") {
            worker.blocked = next.value;
            break;
          }
          moved = true;
        }
      }
    }
    return moved;
  }

  /** Lets time pass until the next sleeper wakes up; returns whether there is one. */
  wakeNext(): boolean {
    if (this.wakeups.length === 0) return false;
    this.advance(Math.max(0, Math.min(...this.wakeups) - this.now));
    return true;
  }

  /** Lets virtual time pass; timers run, and sleepers wake up, in the order in which they are due. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      let first: Timer | undefined;
      for (const timer of this.timers) if (timer.due <= end && (!first || timer.due < first.due)) first = timer;
      const wakeup = this.wakeups.length > 0 ? Math.min(...this.wakeups) : Infinity;
      if (wakeup <= end && (!first || wakeup < first.due)) {
        this.now = Math.max(this.now, wakeup);
        // A task that is no worker wakes up when its turn comes
        for (let i = this.wakeups.indexOf(wakeup); i >= 0; i = this.wakeups.indexOf(wakeup)) this.wakeups.splice(i, 1);
      } else if (first) {
        this.now = Math.max(this.now, first.due);
        first.run(this.now);
      } else break;
      if (this.workers.length > 0) this.runWorkers();
    }
    this.now = end;
  }
}

/** Returns one step of a kernel thread; one that waits for itself, or that the kernel ended, is gone for good. */
export function stepWorker(steps: Steps): IteratorResult<SchedulingPoint, void> {
  try {
    return steps.next();
  } catch (error) {
    if (error instanceof HungTask || error instanceof Oops) return { done: true, value: undefined };
    throw error;
  }
}
