/**
 * The reference machine: one booted kernel of an era, on which operations are performed.
 *
 * @module
 */

import { instancesOf } from "./devlink/devlink.ts";
import type { Command } from "./command.ts";
import { COMMAND_FORMS } from "./command_line/forms.ts";
import { asRead } from "./command_line/numbers.ts";
import { DEVICE_COMMANDS } from "./emulated.ts";
import { DEV_COMMANDS } from "./devlink/dev_commands.ts";
import { ESWITCH_COMMANDS } from "./devlink/eswitch.ts";
import { FLASH_COMMANDS } from "./devlink/flash.ts";
import { HEALTH_COMMANDS } from "./devlink/health_commands.ts";
import { INFO_COMMANDS } from "./devlink/info.ts";
import { PARAM_COMMANDS } from "./devlink/param_commands.ts";
import { PORT_COMMANDS } from "./devlink/port.ts";
import { RATE_COMMANDS } from "./devlink/rate.ts";
import { REFUSED_COMMANDS } from "./devlink/refusals.ts";
import { REGION_COMMANDS } from "./devlink/region_commands.ts";
import { RESOURCE_COMMANDS } from "./devlink/resource_commands.ts";
import { TRAP_COMMANDS } from "./devlink/trap_commands.ts";
import { during } from "./during.ts";
import { type Design, designed } from "./era/design.ts";
import { type Era, type EraId, ERAS } from "./era/mod.ts";
import { FILE_COMMANDS } from "./file_commands.ts";
import { ModelGap } from "./gap.ts";
import type { Inventory } from "./inventory.ts";
import { Kernel, stepWorker } from "./kernel/kernel.ts";
import { LINK_COMMANDS } from "./devlink/link.ts";
import { listen } from "./listen.ts";
import { NETDEV_COMMANDS } from "./net/netdev.ts";
import { bootDrivers, driverModelOf, modulesOf } from "./drivers/mod.ts";
import { instantiate as GENERIC } from "./drivers/generic/instantiate.ts";
import type { Facts } from "./facts.ts";
import type { NetdevShown } from "./net/netns.ts";
import { NETNS_COMMANDS } from "./devlink/netns_commands.ts";
import { NEXTHOP_COMMANDS } from "./net/nexthop.ts";
import { emptyObservation, type FreedMemory, type Observation } from "./observation.ts";
import { OPERATION_GAPS, refuseGaps } from "./operation_gaps.ts";
import { innerOperations, type NetnsName, type Operation, type OperationKind } from "./operation.ts";
import { HARDWARE, type HardwareId } from "./drivers/hardware.ts";
import type { Lockdep } from "./kernel/lockdep.ts";
import { rounds } from "./rounds.ts";
import { settle } from "./kernel/settle.ts";
import { waitsOf } from "./kernel/stuck.ts";
import { acquire, HungTask, Oops, type SchedulingPoint, type Steps, Task } from "./kernel/task.ts";
import { takeInventory } from "./take_inventory.ts";
import type { TreeDirectory } from "./kernel/tree.ts";
import { sysfsTree } from "./tree.ts";

/** The options of a machine. */
export interface MachineOptions {
  /** The era of the kernel */
  era: EraId | Era;
  /** The seed of all values that a kernel draws at random */
  seed?: number;
  /** Netdevs that exist before any operation. @default {`lo` and `eth0`, if that is not one of the board's own device} */
  netdevs?: { init: string[] };
  /**
   * Where a devlink and a link monitor run. `all`: in each netns, from its start to its end; `none`: only where {@linkcode
   * Machine.listen} starts them; `overheard`: as `none`, but observations also hold the messages that nobody listens to
   *
   * @default {"all"}
   */
  listeners?: "all" | "none" | "overheard";
  /**
   * The effect of a use of freed memory
   *
   * @default {"kept"}
   */
  freedMemory?: FreedMemory;
  /**
   * Lock orders that are known from other machines; none by default
   *
   * @internal
   */
  lockdep?: Lockdep;
  /** Overrides of the era's behaviour, mainly its locks */
  design?: Design;
  /** Further hardware, bound to its drivers: modelled from their source, never run */
  hardware?: readonly HardwareId[];
  /** The facts of the board's own device, which exists and is bound to its driver before any operation */
  facts?: Facts;
  /** The name of the driver model. @default {the model of the driver that the facts name; `generic` if there is none} */
  driver?: string;
}

/** The longest time of an operation that does not count as blocked, in ms. */
const PROMPT = 3000;

/** Returns the kernel of a machine; only for the rest of the model. */
export let kernelOf: (machine: Machine) => Kernel;
/** Carries out an operation on a machine as a task that the caller made and steps; only for the rest of the model. */
export let carryOut: (machine: Machine, op: Operation, task: Task) => Steps<Observation>;

/**
 * One booted kernel of an era. Deterministic: the same operations give the same observations.
 *
 * @example
 * ```ts
 * import { Machine } from "./machine.ts";
 *
 * const machine = new Machine({ era: "6.12" });
 * machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" });
 * const { notify } = machine.perform({ kind: "dev.reload", handle: "netdevsim/netdevsim10" });
 * console.log(notify["init"]?.length); // 55
 * ```
 */
export class Machine {
  readonly #kernel: Kernel;

  static {
    kernelOf = (machine) => machine.#kernel;
    carryOut = (machine, op, task) => machine.#carryOut(op, task);
  }

  /** True if work was left to do when the last operation returned */
  #late = false;
  #waits: readonly string[] = [];
  #running: Task | undefined;

  /** Boots the kernel of an era. */
  constructor(options: MachineOptions) {
    const plain = typeof options.era === "string" ? ERAS[options.era] : options.era;
    const era = options.design ? designed(plain, options.design) : plain;
    this.#kernel = new Kernel(era, {
      seed: options.seed ?? 1,
      netdevs: options.netdevs?.init ?? netdevsBeside(options.facts),
      listeners: (options.listeners ?? "all") === "all",
      freedMemory: options.freedMemory ?? "kept",
      ...(options.lockdep ? { lockdep: options.lockdep } : {}),
      modules: modulesOf,
    });
    const kernel = this.#kernel;
    kernel.overheard = options.listeners === "overheard";
    this.#boot(bootDrivers);
    for (const id of options.hardware ?? []) this.#boot(HARDWARE[id]);
    const { facts } = options;
    if (facts) {
      const { instantiate = GENERIC } = driverModelOf(options.driver ?? facts.driver);
      this.#boot((kernel, task) => instantiate(kernel, task, facts));
    }
  }

  /** The era of this machine. */
  get era(): Era {
    return this.#kernel.era;
  }

  /**
   * True if the last operation left something that it did not wait for: work of a kernel thread, or a netdev whose operational
   * state does not follow its carrier yet. The time when this ends is not known, so a step with such an operation has to settle.
   */
  get unsettled(): boolean {
    return this.#late || this.#kernel.unsettled;
  }

  /** Virtual time since the boot, in ms. */
  get now(): number {
    return this.#kernel.now;
  }

  /** Starts or stops the monitors of a netns: `heard` is true if a socket listens to its messages. */
  listen(netns: NetnsName, heard: boolean): void {
    const found = this.#kernel.netns.get(netns);
    if (found) found.heard = heard;
  }

  /** The names of the netns that have one, in the order in which the netns were made, `init` first. */
  get netns(): NetnsName[] {
    return [...this.#kernel.netns.keys()];
  }

  /** Returns the netdevs of a netns as they are now, in the order in which they were added. */
  netdevs(netns: NetnsName = "init"): readonly NetdevShown[] {
    return [...this.#kernel.netns.get(netns)?.netdevs.values() ?? []];
  }

  /** Returns the FIB routes that operations added to a netns: prefixes with the names of their netdevs. */
  routes(netns: NetnsName = "init"): ReadonlyMap<string, string> {
    return this.#kernel.netns.get(netns)?.routes ?? new Map();
  }

  /** Returns the ids of the nexthop objects of a netns, in the order in which they were added. */
  nexthops(netns: NetnsName = "init"): ReadonlySet<number> {
    return this.#kernel.netns.get(netns)?.nexthops ?? new Set();
  }

  /**
   * True if a device has offloaded the routes of a netns, so that the kernel marks them as trapped.
   *
   * @throws {ModelGap} If the device may have offloaded only some of the routes
   */
  offloads(netns: NetnsName = "init"): boolean {
    if (this.#kernel.netns.get(netns)?.offloadsSome) {
      throw new ModelGap(
        "the flags of routes",
        "routes that were added while fail_route_offload was set have another flag (fib.c)",
      );
    }
    return (this.#kernel.netns.get(netns)?.fibListeners.length ?? 0) > 0;
  }

  /** Returns the directory `/sys` as a process in a netns sees it. */
  sysfs(netns: NetnsName = "init"): TreeDirectory {
    return sysfsTree(this.#kernel, this.#kernel.netns.get(netns) ?? this.#kernel.init);
  }

  /** Returns the inventory of now. Its lists are read at the first access, so a caller that needs them later copies them. */
  inventory(): Inventory {
    return takeInventory(this.#kernel);
  }

  /**
   * Performs an operation with no other task running, and lets the kernel threads that it woke finish.
   *
   * @throws {ModelGap} If the model has no answer; nothing was done then
   * @throws {TypeError} If the kind of the operation is not known
   */
  perform(op: Operation): Observation {
    this.#waits = [];
    return this.#drive(this.#run(op, op.kind, false));
  }

  /**
   * Returns an operation as a generator that stops at each place where another task may run. A caller that drives several such
   * tasks
   * chooses the next one; a task that yields `blocked` cannot continue before another task has run. {@linkcode Machine.runWorkers}
   * runs the kernel threads.
   *
   * @throws {TypeError} If the kind of the operation is not known
   */
  task(op: Operation): Steps<Observation> {
    this.#kernel.stepping = true;
    return this.#run(op, op.kind, true);
  }

  /**
   * Starts an operation in the background, which may wait for time to pass or for a lock while later operations run. It continues
   * whenever time passes or kernel threads run. Returns a function that returns the observation once the operation has ended.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { Machine } from "./machine.ts";
   *
   * const machine = new Machine({ era: "6.12" });
   * const handle = "netdevsim/netdevsim10";
   * machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" });
   * machine.perform({ kind: "file.write", path: "/lib/firmware/dummy", value: "x" });
   * const ended = machine.background({ kind: "dev.flash", handle, file: "dummy" });
   * machine.perform({ kind: "wait", ms: 1000 });
   * assertEquals(ended(), undefined);
   * machine.perform({ kind: "wait", ms: 9000 });
   * assertEquals(ended()?.result, "ok");
   * ```
   *
   * @throws {ModelGap} If the model has no answer; nothing was done then
   * @throws {TypeError} If the kind of the operation is not known
   */
  background(op: Operation): () => Observation | undefined {
    const kernel = this.#kernel;
    const steps = this.#run(op, op.kind, false);
    let ended: Observation | undefined;
    const body = function* (): Steps {
      ended = yield* steps;
    };
    kernel.workers.push({ task: this.#running!, steps: body(), own: true });
    kernel.runWorkers();
    return () => ended;
  }

  /** The time when the next sleeping task wakes up, on the clock of {@linkcode Machine.now}; undefined if no task sleeps. */
  get wakes(): number | undefined {
    const { wakeups } = this.#kernel;
    return wakeups.length > 0 ? Math.min(...wakeups) : undefined;
  }

  /** Lets the kernel threads run until they end or wait. Returns true if any thread made progress. */
  runWorkers(): boolean {
    return this.#kernel.runWorkers();
  }

  /** Why the last operation hangs: a sentence for each waiting task; empty if the operation ended. */
  get waits(): readonly string[] {
    return this.#waits;
  }

  /** The names of the kernel threads that have work, in the order in which they were started. */
  get workers(): string[] {
    return this.#kernel.workers.map((worker) => worker.task.name);
  }

  /**
   * Steps one kernel thread to the next place where another task may run, for a caller that schedules tasks. Returns why it
   * stopped.
   *
   * @param index Its place in {@linkcode Machine.workers}
   */
  stepWorker(index: number): SchedulingPoint["kind"] | "ended" {
    const { workers } = this.#kernel;
    const next = stepWorker(workers[index]!.steps);
    if (!next.done) return next.value.kind;
    workers.splice(index, 1);
    return "ended";
  }

  /**
   * Returns the command that carries out operations of a kind.
   *
   * @internal
   */
  protected commandOf(kind: OperationKind): Command<OperationKind> {
    return commandOf(kind);
  }

  #boot(bringUp: (kernel: Kernel, task: Task) => Steps): void {
    const task = new Task("boot", emptyObservation(), false);
    const steps = bringUp(this.#kernel, task);
    while (!steps.next().done);
    this.#kernel.runWorkers();
  }

  #drive(steps: Steps<Observation>): Observation {
    const kernel = this.#kernel;
    for (;;) {
      const next = steps.next();
      if (next.done) {
        this.#late = kernel.busyWorks > 0;
        if (kernel.workers.length > 0) kernel.runWorkers();
        return next.value;
      }
      if (next.value.kind === "blocked" && !kernel.runWorkers() && !kernel.wakeNext()) {
        // The task that the operation waits for will never run
        const { observation } = kernel;
        observation.result = "hang";
        observation.time = "hang";
        this.#waits = waitsOf(this.#running!, next.value, kernel.workers);
        return observation;
      }
    }
  }

  #run(op: Operation, name: string, stepping: boolean): Steps<Observation> {
    const observation = emptyObservation();
    this.#kernel.observation = observation;
    this.#running = new Task(name, observation, stepping);
    return this.#carryOut(op, this.#running);
  }

  *#carryOut(op: Operation, task: Task): Steps<Observation> {
    const kernel = this.#kernel;
    const { observation } = task;
    const netns = op.netns === undefined ? kernel.init : kernel.netns.get(op.netns);
    if (!netns) {
      observation.result = "client";
      return observation;
    }
    const read = asRead(op);
    if (!read) {
      observation.result = "client";
      return observation;
    }
    const command = this.commandOf(op.kind);
    refuseUnmodelled(kernel, read);
    const begin = kernel.now;
    try {
      observation.result = yield* command({ kernel, task, netns }, read);
      const takesItsTime = op.kind === "wait" || op.kind === "rounds" || op.kind === "race";
      if (kernel.now - begin > PROMPT && !takesItsTime) observation.time = "blocked";
    } catch (error) {
      if (error instanceof Oops) observation.result = "killed";
      else if (error instanceof HungTask) {
        observation.result = observation.time = "hang";
        this.#waits = waitsOf(task, undefined, []);
      } else throw error;
    }
    if (op.settle !== undefined && observation.result !== "hang") settle(kernel, op.settle);
    if (observation.result !== "client") noteUnknown(kernel, read, observation);
    if (observation.result !== "ok") observation.reply = null;
    return observation;
  }
}

/** Returns the names of the board's netdevs that are not of its device under test. */
function netdevsBeside(facts: Facts | undefined): string[] {
  const ports = [...facts?.ports ?? [], ...Object.values(facts?.nestedPorts ?? {}).flat()];
  const own = new Set(ports.map(({ netdev }) => netdev));
  return ["lo", "eth0"].filter((name) => !own.has(name));
}

/**
 * Refuses an operation for which a driver has no answer, also inside another operation.
 *
 * @throws {ModelGap} Before anything is done
 */
function refuseUnmodelled(kernel: Kernel, op: Operation): void {
  for (const { driver } of instancesOf(kernel)) {
    if (!driver.gap) continue;
    for (const one of [op, ...innerOperations(op)]) {
      const why = driver.gap(one);
      if (why !== undefined) throw new ModelGap(one.kind, why);
    }
  }
}

/** Records the channels of an operation, and of its inner operations, that only the driver of its instance knows. */
function noteUnknown(kernel: Kernel, op: Operation, observation: Observation): void {
  for (const { driver, handle } of instancesOf(kernel)) {
    if (!driver.unknown) continue;
    for (const one of [op, ...innerOperations(op)]) {
      if ("handle" in one && one.handle !== undefined && one.handle !== handle) continue;
      const unknown = driver.unknown(one);
      if (!unknown) continue;
      // The outcomes of a race hold the results and the final state, each with the parts that are not known
      if (op.kind === "race") { for (const channel of ["result", "extack", "reply"] as const) delete unknown[channel]; }
      observation.unknown = { ...unknown, ...observation.unknown };
    }
  }
}

/** The operations on time and modules, and the operations that contain other operations. */
const OTHER_COMMANDS: { [K in "wait" | "module.load" | "module.unload" | "during" | "listen" | "rounds"]: Command<K> } =
  {
    // deno-lint-ignore require-yield
    *"wait"({ kernel }, { ms }) {
      kernel.advance(ms);
      return "ok";
    },

    *"module.load"({ kernel, task }, { name, params }) {
      return yield* kernel.modules.load(task, name, params ?? {});
    },

    *"module.unload"({ kernel, task }, { name }) {
      return yield* kernel.modules.unload(task, name);
    },

    during: (scene, op) => during(scene, op, commandOf),

    listen: (scene, op) => listen(scene, op, commandOf),

    rounds: (scene, op) => rounds(scene, op, commandOf),
  };

const COMMANDS: { readonly [K in Exclude<OperationKind, "race">]: Command<K> } = {
  ...DEV_COMMANDS,
  ...TRAP_COMMANDS,
  ...PORT_COMMANDS,
  ...ESWITCH_COMMANDS,
  ...RATE_COMMANDS,
  ...HEALTH_COMMANDS,
  ...REGION_COMMANDS,
  ...FLASH_COMMANDS,
  ...INFO_COMMANDS,
  ...REFUSED_COMMANDS,
  ...PARAM_COMMANDS,
  ...RESOURCE_COMMANDS,
  ...LINK_COMMANDS,
  ...NETDEV_COMMANDS,
  ...NETNS_COMMANDS,
  ...NEXTHOP_COMMANDS,
  ...FILE_COMMANDS,
  ...DEVICE_COMMANDS,
  ...OTHER_COMMANDS,
};

function commandOf(kind: OperationKind): Command<OperationKind> {
  const command = COMMANDS[kind as keyof typeof COMMANDS] as Command<OperationKind> | undefined;
  if (!command) throw new TypeError(`Cannot perform operation "${kind}": the model has no such kind`);
  const own = Object.hasOwn(COMMAND_FORMS, kind) ? serialised(command) : command;
  return OPERATION_GAPS[kind] ? answered(own) : own;
}

/** Returns a command that first throws if the model has no answer. */
function answered(command: Command<OperationKind>): Command<OperationKind> {
  return function* (scene, op) {
    refuseGaps(scene, op);
    return yield* command(scene, op);
  };
}

/** Returns a command of devlink(8) that runs under the global mutex, in eras that have one. */
function serialised(command: Command<OperationKind>): Command<OperationKind> {
  return function* (scene, op) {
    const { kernel: { devlinkMutex }, task } = scene;
    if (!devlinkMutex) return yield* command(scene, op);
    yield* acquire(task, devlinkMutex);
    const result = yield* command(scene, op);
    devlinkMutex.release(task);
    return result;
  };
}
