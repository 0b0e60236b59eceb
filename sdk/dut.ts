/**
 * The device under test, as the body of a sequence sees it. Each call performs one operation on the model and notes it
 * in the plan; the same operations are then run on the board.
 *
 * @module
 */

import type { InventoryInstance, InventoryParam, InventoryPort, InventoryResource } from "../model/mod.ts";
import type { Json, Observation } from "../model/observation.ts";
import type { Handle, NetnsName, Operation, OperationParameters } from "../model/operation.ts";
import { DeviceDut } from "./dut_device.ts";
import { EthtoolDut, flash, type FlashOptions } from "./dut_flash.ts";
import { HealthDut } from "./dut_health.ts";
import { type Eswitch, eswitch, type Links, links, type Ports, ports, type Rates, rates } from "./dut_port.ts";
import type { RaceOptions, RaceResult, Racing } from "./dut_race.ts";
import { RegionDut } from "./dut_region.ts";
import { nothing, reply, type Settling, type Subject } from "./dut_subject.ts";
import { type Calls, callsHere } from "./place.ts";
import {
  aroundOf,
  firstOf,
  type GroupRole,
  groupsOf,
  LacksError,
  leavesOf,
  type ParamRole,
  paramsOf,
  type ResourceTree,
  type TrapRole,
  trapsOf,
  treesOf,
} from "./roles.ts";
import { Step } from "./step.ts";

/** A trap, as `devlink -jsv trap show` gives it. */
export interface Trap {
  /** For example `source_mac_is_multicast` */
  name: string;
  /** Only the action of a `drop` trap can be set; others skip it with a warning (docs/semantics.md 4) */
  type: "drop" | "exception" | "control";
  /** True for a trap of the core's table, false for one of the driver's own */
  generic: boolean;
  /** `drop`: not to the CPU; `trap`: to the CPU only; `mirror`: forwarded, and a copy to the CPU */
  action: "drop" | "trap" | "mirror";
  /** The {@linkcode TrapGroup} of the trap */
  group: string;
  /** The metadata reported with a packet: `input_port`, `flow_action_cookie` */
  metadata: string[];
  /** Counters since the trap was registered: reported packets; `dropped` if the driver counts drops */
  stats: { rx: { bytes: number; packets: number; dropped?: number } };
}

/** A trap group, as `devlink -jsv trap group show` gives it. */
export interface TrapGroup {
  /** For example `l2_drops` */
  name: string;
  /** True for a group of the core's table, false for one of the driver's own */
  generic: boolean;
  /** The {@linkcode TrapPolicer} that is bound to the group, if any */
  policer?: number;
  /** Counters of the packets that the group's traps reported since the group was registered */
  stats: { rx: { bytes: number; packets: number } };
}

/** A trap policer, as `devlink -jsv trap policer show` gives it. */
export interface TrapPolicer {
  /** Its id, 1 or above */
  policer: number;
  /** Packets per second */
  rate: number;
  /** Packets */
  burst: number;
  /** Packets that the policer dropped, if the driver counts them */
  stats?: { rx: { dropped: number } };
}

/** A port, as it is on the model when a sequence is compiled. */
export type PortRole = InventoryPort;

/** Performs an operation and notes it in the plan, with the calls that led to it. */
export type Perform = (op: Operation, calls?: Calls) => Observation;

// Returns the objects of one device in a reply of devlink -j: {"trap": {"pci/0000:03:00.0": [{...}]}}
function listed<T>(key: string, handle: Handle) {
  return ({ reply }: Observation): T[] =>
    ((reply as Record<string, Record<Handle, Json>> | null)?.[key]?.[handle] ?? []) as T[];
}

const first = <T>(key: string, handle: Handle) => (observation: Observation): T =>
  listed<T>(key, handle)(observation)[0] as T;

/** Explores a race that starts in the current state of the sequence. */
export type RaceFrom = (racers: readonly Racing[], options: RaceOptions | undefined, calls: Calls) => RaceResult;

/** Options of a device under test. */
export interface DutOptions {
  /** The netns in which operations are performed. @default {the netns of each operation, or `init`} */
  netns?: NetnsName | undefined;
  /** The steps so far. @default {none} */
  steps?: Step<unknown>[];
  /** Explores races. @default {there are none} */
  race?: RaceFrom | undefined;
  /** The device as it is now on the model, for roles. @default {there is none} */
  device?: () => InventoryInstance | undefined;
}

/** The device under test. */
export class Dut {
  readonly #perform: Perform;
  readonly #options: DutOptions;
  readonly #netns: NetnsName | undefined;
  readonly #steps: Step<unknown>[];
  readonly #subject: Subject = {
    handle: () => this.handle,
    inventory: () => this.inventory(),
    step: (op, value) => this.#step(op, value),
  };
  /** The devlink handle of the fixture, `bus/device` */
  readonly handle: Handle;

  /** Made when a sequence is compiled. */
  constructor(handle: Handle, perform: Perform, options: DutOptions = {}) {
    this.handle = handle;
    this.#perform = perform;
    this.#options = options;
    this.#netns = options.netns;
    this.#steps = options.steps ?? [];
  }

  /**
   * Returns the device as it is now on the model, with all its objects: for what a sequence asserts and for roles of its own.
   *
   * @throws {LacksError} If there is no instance of the fixture's handle
   */
  inventory(): InventoryInstance {
    const device = this.#options.device?.();
    if (!device) throw new LacksError("a devlink instance");
    return device;
  }

  /**
   * Explores on the model the possible outcomes of operations at the same time. The state of the sequence does not change. A board
   * runs the operations many times, and each of its outcomes must be one of the model's.
   */
  race(racers: readonly Racing[], options?: RaceOptions): RaceResult {
    if (!this.#options.race) throw new TypeError("Cannot race: the sequence is not being compiled");
    return this.#options.race(racers, options, callsHere());
  }

  /** The steps so far. */
  get steps(): readonly Step<unknown>[] {
    return this.#steps;
  }

  /** Performs any operation of the vocabulary; the other methods are shorthands for this method. */
  perform(op: Operation): Step<Observation> {
    return this.#step(op, (observation) => observation);
  }

  #step<T>(op: Operation, value: (observation: Observation) => T): Step<T> {
    const placed = this.#netns === undefined || op.netns !== undefined ? op : { ...op, netns: this.#netns };
    const calls = callsHere();
    const step = new Step(placed, this.#perform(placed, calls), value, calls);
    this.#steps.push(step);
    return step;
  }

  /** Returns the same device; its operations are performed in another netns. */
  in(netns: NetnsName): Dut {
    return new Dut(this.handle, this.#perform, { ...this.#options, netns, steps: this.#steps });
  }

  /** `devlink dev reload`; see devlink-dev(8) and docs/semantics.md 3. */
  reload(options: Omit<OperationParameters["dev.reload"], "handle"> = {}): Step<Json> {
    return this.#step({ kind: "dev.reload", handle: this.handle, ...options }, reply);
  }

  /** `devlink dev flash`; `file` below the board's /lib/firmware. Its progress is on the `notify` channel. */
  flash(file: string, options: FlashOptions = {}): Step<void> {
    return flash(this.#subject, file, options);
  }

  /** The instance itself. */
  readonly dev = {
    /** `devlink -s dev show`: the instance with its reload statistics */
    show: (): Step<Json> => this.#step({ kind: "dev.show", handle: this.handle }, reply),
    /** `devlink dev show` of all instances */
    list: (): Step<Json> => this.#step({ kind: "dev.show" }, reply),
    /** `devlink dev info` */
    info: (): Step<Json> => this.#step({ kind: "dev.info", handle: this.handle }, reply),
    /** `devlink dev info` of all instances */
    infos: (): Step<Json> => this.#step({ kind: "dev.info" }, reply),
  };

  /** Ports; `dut.port(0)` is the first port of the device */
  readonly port: Ports & ((nth: number) => PortRole) = Object.assign(
    (nth: number) => firstOf(this.inventory().ports, "a port", nth),
    ports(this.#subject),
  );
  /** The netdev of a port. */
  readonly link: Links = links(this.#subject);
  /** The eswitch. */
  readonly eswitch: Eswitch = eswitch(this.#subject);
  /** Rate objects: leafs, by the index of their port, and nodes, by their name. */
  readonly rate: Rates = rates(this.#subject);

  // A dump of one device's objects is refused by some kernels (before 6.12: traps, params, health) and by some
  // devlink(8) (policers): lists are of all devices, the value is this one's part.

  /** Params. */
  readonly param = {
    /** The first param of a role, with its value on the model */
    where: (role: ParamRole = {}): InventoryParam =>
      firstOf(paramsOf(this.inventory(), role), "a param of the role that is asked for"),
    /** All params of a role, with their values on the model */
    all: (role: ParamRole = {}): InventoryParam[] => paramsOf(this.inventory(), role),
    /** `devlink dev param show` of all params */
    list: (): Step<Json> => this.#step({ kind: "param.show" }, reply),
    /** `devlink dev param show` of one */
    get: (name: string): Step<Json> => this.#step({ kind: "param.show", handle: this.handle, name }, reply),
    /** `devlink dev param set` */
    set: (
      name: string,
      value: string | number | boolean,
      options: { cmode?: "runtime" | "driverinit" | "permanent" } = {},
    ): Step<void> =>
      this.#step(
        { kind: "param.set", handle: this.handle, name, value, cmode: options.cmode ?? "driverinit" },
        nothing,
      ),
    /** `devlink dev param set` to the default (from 7.0) */
    reset: (name: string, options: { cmode?: "runtime" | "driverinit" | "permanent" } = {}): Step<void> =>
      this.#step(
        { kind: "param.set", handle: this.handle, name, default: true, cmode: options.cmode ?? "driverinit" },
        nothing,
      ),
  };

  /** Resources. */
  readonly resource = {
    /** The first resource without children, with its sizes on the model */
    leaf: (): InventoryResource => firstOf(leavesOf(this.inventory()), "a resource"),
    /** The first resource with children, and these, with their sizes on the model */
    tree: (): ResourceTree => firstOf(treesOf(this.inventory()), "a resource with children"),
    /** `devlink resource show` of all instances and their ports (from 7.0) */
    all: (scope?: "dev" | "port"): Step<Json> =>
      this.#step({ kind: "resource.show", ...(scope ? { scope } : {}) }, reply),
    /** `devlink resource show` of a port (from 7.0) */
    ofPort: (port: number): Step<Json> => this.#step({ kind: "resource.show", handle: this.handle, port }, reply),
    /** `devlink resource show`: the whole tree */
    list: (): Step<Json> => this.#step({ kind: "resource.show", handle: this.handle }, reply),
    /** `devlink resource set` */
    set: (path: string, size: number | string): Step<void> =>
      this.#step({ kind: "resource.set", handle: this.handle, path, size }, nothing),
  };

  /** Regions and their snapshots. */
  readonly region: RegionDut = new RegionDut(this.#subject);

  /** Health reporters. */
  readonly health: HealthDut = new HealthDut(this.#subject);

  /** ethtool(8) on the netdev of a port. */
  readonly ethtool: EthtoolDut = new EthtoolDut(this.#subject);

  /** The emulated device of a guest. */
  readonly device: DeviceDut = new DeviceDut(this.#subject);

  /** Traps, their groups and their policers. */
  readonly trap = {
    /** The name of the first trap of a role, or of the trap at index `nth`, counted from 0; after the last comes the first */
    any: (role: TrapRole = {}, nth = 0): string =>
      aroundOf(trapsOf(this.inventory(), role), "a trap of the role that is asked for", nth).name,
    /** The names of all traps of a role */
    all: (role: TrapRole = {}): string[] => trapsOf(this.inventory(), role).map(({ name }) => name),
    /** The name of the first drop trap of the nth group that has a drop trap; after the last group comes the first */
    inGroup: (nth: number): string => {
      const drops = trapsOf(this.inventory(), { type: "drop" });
      const firsts = drops.filter(({ group }, i) => drops.findIndex((one) => one.group === group) === i);
      return aroundOf(firsts, "a drop trap", nth).name;
    },
    /** `devlink -s trap show` of all traps */
    list: (): Step<Trap[]> => this.#step({ kind: "trap.show" }, listed<Trap>("trap", this.handle)),
    /** `devlink -s trap show` of one trap */
    get: (name: string): Step<Trap> =>
      this.#step({ kind: "trap.show", handle: this.handle, name }, first<Trap>("trap", this.handle)),
    /** `devlink trap set` */
    set: (name: string, options: { action: string }): Step<void> =>
      this.#step({ kind: "trap.set", handle: this.handle, name, ...options }, nothing),
    /** Trap groups. */
    group: {
      /** The name of the first group of a role, or of the group at index `nth`, counted from 0; after the last comes the first */
      any: (role: GroupRole = "any", nth = 0): string =>
        aroundOf(groupsOf(this.inventory(), role), "a trap group of the role that is asked for", nth).name,
      /** The names of all groups of a role */
      all: (role: GroupRole = "any"): string[] => groupsOf(this.inventory(), role).map(({ name }) => name),
      /** `devlink -s trap group show` of all groups */
      list: (): Step<TrapGroup[]> =>
        this.#step({ kind: "trap.group.show" }, listed<TrapGroup>("trap_group", this.handle)),
      /** `devlink -s trap group show` of one group */
      get: (name: string): Step<TrapGroup> =>
        this.#step({ kind: "trap.group.show", handle: this.handle, name }, first<TrapGroup>("trap_group", this.handle)),
      /** `devlink trap group set`; `policer: null` is `nopolicer` */
      set: (name: string, options: { action?: string; policer?: number | null }): Step<void> =>
        this.#step({ kind: "trap.group.set", handle: this.handle, name, ...options }, nothing),
    },
    /** Trap policers. */
    policer: {
      /** The first policer, or the policer at index `nth`, with its rate and burst on the model */
      any: (nth = 0): { id: number; rate: number; burst: number } =>
        firstOf(this.inventory().policers, "a trap policer", nth),
      /** `devlink -s trap policer show` of all policers */
      list: (): Step<TrapPolicer[]> =>
        this.#step({ kind: "trap.policer.show" }, listed<TrapPolicer>("trap_policer", this.handle)),
      /** `devlink -s trap policer show` of one policer */
      get: (policer: number): Step<TrapPolicer> =>
        this.#step(
          { kind: "trap.policer.show", handle: this.handle, policer },
          first<TrapPolicer>("trap_policer", this.handle),
        ),
      /** `devlink trap policer set`; rate in packets per second, burst in packets */
      set: (policer: number, options: { rate?: number; burst?: number }): Step<void> =>
        this.#step({ kind: "trap.policer.set", handle: this.handle, policer, ...options }, nothing),
    },
  };

  /** Returns a netdev by its name: for a netdev without a devlink port. */
  netdev(dev: string): {
    /** `ip link set up` */
    up(options?: Settling): Step<void>;
    /** `ip link set down` */
    down(options?: Settling): Step<void>;
    /** `ip link show`: its name, flags and operational state */
    show(): Step<Json>;
    /** `ethtool`: speed in Mb/s, duplex, autonegotiation, link */
    ethtool(): Step<Json>;
    /** `ethtool -r` */
    restart(options?: Settling): Step<void>;
  } {
    const set = (up: boolean) => (options: Settling = {}) =>
      this.#step({ kind: "netdev.set", dev, up, ...options }, nothing);
    return {
      up: set(true),
      down: set(false),
      show: () => this.#step({ kind: "netdev.show", dev }, reply),
      ethtool: () => this.#step({ kind: "ethtool.show", dev }, reply),
      restart: (options: Settling = {}) => this.#step({ kind: "ethtool.restart", dev, ...options }, nothing),
    };
  }

  /** Returns a module of the kernel. */
  module(name: string): {
    /** `modprobe` with parameters */
    load(params?: Readonly<Record<string, string | number>>, options?: Settling): Step<void>;
    /** `rmmod` */
    unload(options?: Settling): Step<void>;
  } {
    return {
      load: (params, options = {}) =>
        this.#step({ kind: "module.load", name, ...(params ? { params } : {}), ...options }, nothing),
      unload: (options = {}) => this.#step({ kind: "module.unload", name, ...options }, nothing),
    };
  }

  /** Returns a driver of a bus in sysfs. */
  driver(bus: string, name: string): {
    /** Writes a device's name to `bind` */
    bind(device: string, options?: Settling): Step<void>;
    /** Writes a device's name to `unbind` */
    unbind(device: string, options?: Settling): Step<void>;
  } {
    const write = (file: "bind" | "unbind") => (device: string, options: Settling = {}) =>
      this.write(`/sys/bus/${bus}/drivers/${name}/${file}`, device, options);
    return { bind: write("bind"), unbind: write("unbind") };
  }

  /** Network namespaces. */
  readonly netns = {
    /** `ip netns add` */
    add: (name: NetnsName): Step<void> => this.#step({ kind: "netns.add", name }, nothing),
    /** `ip netns del`; with `until`, waits until that instance is back in `init` (the netns dies asynchronously) */
    del: (name: NetnsName, options: { until?: Handle } & Settling = {}): Step<void> =>
      this.#step({ kind: "netns.del", name, ...options }, nothing),
  };

  /** IPv4 routes. */
  readonly route = {
    /** `ip route add` */
    add: (prefix: string, options: { dev: string }): Step<void> =>
      this.#step({ kind: "route.add", prefix, ...options }, nothing),
    /** `ip route del` */
    del: (prefix: string, options: { dev: string }): Step<void> =>
      this.#step({ kind: "route.del", prefix, ...options }, nothing),
  };

  /** Nexthop objects. */
  readonly nexthop = {
    /** `ip nexthop add id ID blackhole` */
    add: (id: number): Step<void> => this.#step({ kind: "nexthop.add", id }, nothing),
    /** `ip nexthop del id ID` */
    del: (id: number): Step<void> => this.#step({ kind: "nexthop.del", id }, nothing),
  };

  /** One `write(2)` of `value` and a newline; with `bare` there is no newline. */
  write(path: string, value: string, options: Settling & { bare?: true } = {}): Step<void> {
    return this.#step({ kind: "file.write", path, value, ...options }, nothing);
  }

  /** Returns the text of a file, without its last newline. */
  read(path: string): Step<string> {
    return this.#step({ kind: "file.read", path }, (observation) => observation.sysfs ?? "");
  }

  /** Lets time pass, in ms. */
  wait(ms: number): Step<void> {
    return this.#step({ kind: "wait", ms }, nothing);
  }

  /** Performs `operation` and repeats `poll` meanwhile; returns the different answers (see the vocabulary). */
  during(operation: Operation, poll: Operation): Step<Json> {
    return this.#step({ kind: "during", operation, poll }, reply);
  }

  /**
   * Performs `operation` while a socket with a filter listens: a device, one of its ports, or an empty filter. Returns the messages
   * that the socket received, a line each: `new port pci/0000:03:00.0/0` (see the vocabulary).
   */
  listen(filter: { handle?: Handle; port?: number }, operation: Operation): Step<string[]> {
    return this.#step(
      { kind: "listen", ...filter, operation },
      (observation) => (observation.reply as { heard: string[] }).heard,
    );
  }
}
