/**
 * The state that all subsystems share: the clock, the netns, the devlink instances, RTNL, the workers, and the sent messages.
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

/** The options with which a kernel boots. */
export interface KernelOptions {
  seed: number;
  netdevs: readonly string[];
  listeners: boolean;
  freedMemory: FreedMemory;
  /** Lock orders that are known from other kernels; by default none */
  lockdep?: Lockdep;
  /** Returns the modules in the file system. @default {none} */
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
  /** Kernel threads that have work, in the order in which they were started */
  readonly workers: { task: Task; steps: Steps; blocked?: SchedulingPoint; own?: true }[] = [];
  readonly lockdep: Lockdep;
  readonly rtnl: Lock;
  /**
   * `pernet_ops_rwsem`: held for read while a netns is created or dies, for write while pernet operations are registered or
   * unregistered
   */
  readonly pernetOps: RwLock;
  /** The global mutex that each devlink command and dump holds, in eras that have one */
  readonly devlinkMutex: Lock | undefined;
  /** The places whose one-time warning was logged */
  readonly warned: Set<string> = new Set();
  /** Called for each devlink message as it is sent */
  onMessage: ((netns: NetnsName, message: Notification) => void) | undefined;
  /** The observation of the running operation, which also records the effects of workers */
  observation: Observation = emptyObservation();
  /** True if workers, too, stop at each lock, since the tasks of this kernel are stepped */
  stepping = false;
  /** False unless the explorer tries all interleavings: durations then do not decide the order of steps */
  exploring: false | "without timers" | "with timers" = false;
  /** The number of work items that are queued or run */
  busyWorks = 0;
  /** True if work that is bound to the CPU never runs again */
  stalled = false;
  /** The virtual times at which sleeping tasks wake up, in ms */
  readonly wakeups: number[] = [];
  readonly #sources: KernelOptions["modules"];
  // Created when they are first needed
  #core: DriverCore | undefined;
  #modules: Modules | undefined;
  #linkwatch: Linkwatch | undefined;
  readonly freedMemory: FreedMemory;
  /** Devices that keep a route after its removal: mostly none, so no cell records the accesses */
  readonly routeKeepers: Set<FibListener> = new Set();
  /** True once KASAN has reported: it reports once per boot */
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

  /** True if work is queued or runs, or the operational state of a netdev does not follow its carrier yet */
  get unsettled(): boolean {
    return this.busyWorks > 0 || (this.#linkwatch?.pending ?? false);
  }

  /** The driver core: buses, devices and their drivers. Created at the first use. */
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
   * True if observations hold all messages, also those that no socket listens to. They are recorded without an effect on the
   * kernel: no counter is read for them
   */
  overheard = false;

  /** True if each netns has a listener from its start */
  readonly listeners: boolean;

  /** Returns a new mutex of this kernel. */
  lock(name: string, lockClass: LockClass, options?: LockOptions): Lock {
    return new Lock(name, lockClass, this.lockdep, options);
  }

  /**
   * Returns the index for a new instance: a new number each time, also for a device that had one before (docs/semantics.md 1.1).
   */
  nextIndex(): number {
    return this.#index++;
  }

  /** Returns a pseudo-random number below `bound`, from the seed. */
  random(bound: number): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return Math.floor(this.#random / 4294967296 * bound);
  }

  /** Returns pseudo-random bytes, from the seed. */
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

  /**
   * Returns the registered instance with a handle, as a user in `netns` finds it; `devlink_index/N` names an instance by its index.
   */
  find(netns: Netns, handle: Handle): Instance | undefined {
    if (this.era.showsIndex && handle.startsWith(BY_INDEX)) {
      const index = handle.slice(BY_INDEX.length);
      return this.instances.find((dl) => dl.netns === netns && dl.visible && String(dl.index) === index);
    }
    for (const dl of this.#instances) {
      if (dl.handle === handle && dl.netns === netns && dl.visible) return dl;
    }
    // The order of this lookup and a registration with that handle matters
    if (exploring()) reading(cellOf(`registered ${handle}`));
    return undefined;
  }

  /** True if a socket in any netns listens to devlink messages: `netlink_has_listeners()` does not look at the netns. */
  get heard(): boolean {
    for (const netns of this.netns.values()) if (netns.heard) return true;
    return false;
  }

  /** Sends a devlink message to the listeners in a netns. */
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

  /** Sends a link message to the listeners in a netns. */
  link(task: Task, event: LinkEvent["event"], netdev: Netdev): void {
    if (!netdev.netns.heard && !this.overheard) return;
    const message = linkEvent(event, netdev);
    const stream = task.observation.link[netdev.netns.name];
    if (stream) stream.push(message);
    else task.observation.link[netdev.netns.name] = [message];
  }

  /** Adds a netdev to a netns without a message. */
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

  /** Models `unregister_netdevice()` under RTNL: sets the netdev down first, if it is up. */
  removeNetdev(task: Task, netdev: Netdev): void {
    if (netdev.up) this.setLink(task, netdev, false);
    netdev.netns.netdevs.delete(netdev.name);
    this.link(task, "del", netdev);
  }

  /** Sets a netdev up or down, under RTNL. */
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

  /** Runs `body` once, after `ms` of virtual time. */
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

  /** Starts a kernel thread; it runs when the current operation ends or waits. */
  start(name: string, body: (task: Task) => Steps, stepping: boolean): void {
    const task = new Task(name, this.observation, stepping);
    task.acknowledged = false;
    this.workers.push({ task, steps: body(task) });
  }

  /** Lets the kernel threads run until each has ended or waits. Returns true if any thread made progress. */
  runWorkers(): boolean {
    let moved = false;
    for (let progress = true; progress && this.workers.length > 0;) {
      progress = false;
      for (const worker of [...this.workers]) {
        // An operation that continues in the background has its own observation
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

  /** Lets time pass until the next sleeping task wakes up; returns false if no task sleeps. */
  wakeNext(): boolean {
    if (this.wakeups.length === 0) return false;
    this.advance(Math.max(0, Math.min(...this.wakeups) - this.now));
    return true;
  }

  /** Lets virtual time pass; timers run, and sleeping tasks wake up, in the order in which they are due. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      let first: Timer | undefined;
      for (const timer of this.timers) if (timer.due <= end && (!first || timer.due < first.due)) first = timer;
      const wakeup = this.wakeups.length > 0 ? Math.min(...this.wakeups) : Infinity;
      if (wakeup <= end && (!first || wakeup < first.due)) {
        this.now = Math.max(this.now, wakeup);
        // A task that is not a worker continues when it is stepped next
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

/** Runs one step of a kernel thread. A thread that waits for itself, or that an oops ended, is done for good. */
export function stepWorker(steps: Steps): IteratorResult<SchedulingPoint, void> {
  try {
    return steps.next();
  } catch (error) {
    if (error instanceof HungTask || error instanceof Oops) return { done: true, value: undefined };
    throw error;
  }
}
