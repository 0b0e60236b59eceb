/**
 * The device under test, as the body of a sequence sees it. Each call performs one operation on the model and notes it
 * in the plan; the same operations are then run on the board.
 *
 * @module
 */

import type { Json, Observation } from "../model/observation.ts";
import type { Handle, NetnsName, Operation, OperationOptions, OperationParameters } from "../model/operation.ts";
import { EthtoolDut, flash, type FlashOptions } from "./dut_flash.ts";
import { HealthDut } from "./dut_health.ts";
import { type Eswitch, eswitch, type Links, links, type Ports, ports, type Rates, rates } from "./dut_port.ts";
import type { RaceOptions, RaceResult, Racing } from "./dut_race.ts";
import { RegionDut } from "./dut_region.ts";
import { nothing, reply, type Subject } from "./dut_subject.ts";
import { type Calls, callsHere } from "./place.ts";
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
  /** The {@linkcode TrapGroup} that it is in */
  group: string;
  /** What is reported with a packet: `input_port`, `flow_action_cookie` */
  metadata: string[];
  /** What was reported since the trap was registered; `dropped` where the driver counts it (netdevsim: from 6.1 on) */
  stats: { rx: { bytes: number; packets: number; dropped?: number } };
}

/** A trap group, as `devlink -jsv trap group show` gives it. */
export interface TrapGroup {
  /** For example `l2_drops` */
  name: string;
  /** True for a group of the core's table, false for one of the driver's own */
  generic: boolean;
  /** The {@linkcode TrapPolicer} that it is bound to, if any */
  policer?: number;
  /** What its traps reported since the group was registered */
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
  /** Packets that it dropped, where the driver counts them */
  stats?: { rx: { dropped: number } };
}

/** How long a step waits for what it set going; see `settle` in the vocabulary. */
export type Settling = Pick<OperationOptions, "settle">;

/** Performs an operation and notes it in the plan, with the calls that led to it. */
export type Perform = (op: Operation, calls?: Calls) => Observation;

// The object of a reply of devlink -j: {"trap": {"netdevsim/netdevsim10": [{...}]}}
function listed<T>(key: string, handle: Handle) {
  return ({ reply }: Observation): T[] =>
    ((reply as Record<string, Record<Handle, Json>> | null)?.[key]?.[handle] ?? []) as T[];
}

const first = <T>(key: string, handle: Handle) => (observation: Observation): T =>
  listed<T>(key, handle)(observation)[0] as T;

/** Explores a race from where the sequence is. */
export type RaceFrom = (racers: readonly Racing[], options: RaceOptions | undefined, calls: Calls) => RaceResult;

/** The device under test. */
export class Dut {
  readonly #perform: Perform;
  readonly #netns: NetnsName | undefined;
  readonly #steps: Step<unknown>[];
  readonly #subject: Subject = { handle: () => this.handle, step: (op, value) => this.#step(op, value) };
  /** The devlink handle of the fixture, `bus/device` */
  readonly handle: Handle;

  readonly #race: RaceFrom | undefined;

  /** Made when a sequence is compiled. */
  constructor(handle: Handle, perform: Perform, netns?: NetnsName, steps: Step<unknown>[] = [], race?: RaceFrom) {
    this.handle = handle;
    this.#perform = perform;
    this.#netns = netns;
    this.#steps = steps;
    this.#race = race;
  }

  /**
   * Explores on the model what can come of operations at the same time, from where the sequence is; it stays there. A board
   * runs them many times, and whatever comes of it there must be among that.
   */
  race(racers: readonly Racing[], options?: RaceOptions): RaceResult {
    if (!this.#race) throw new TypeError("Cannot race: the sequence is not being compiled");
    return this.#race(racers, options, callsHere());
  }

  /** The steps so far. */
  get steps(): readonly Step<unknown>[] {
    return this.#steps;
  }

  /** Any operation of the vocabulary; the other methods are short for this one. */
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

  /** The same device, each operation performed in another netns. */
  in(netns: NetnsName): Dut {
    return new Dut(this.handle, this.#perform, netns, this.#steps, this.#race);
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

  /** Ports. */
  readonly port: Ports = ports(this.#subject);
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

  /** Traps, their groups and their policers. */
  readonly trap = {
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

  /** A netdev by its name, for one that belongs to no devlink port. */
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

  /** A module of the kernel. */
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

  /** A driver of a bus in sysfs. */
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

  /** The netdevsim bus and driver in sysfs. */
  readonly netdevsim = {
    /** Writes to `new_device`: `"ID [PORTS [QUEUES]]"` */
    newDevice: (value: string): Step<void> => this.write("/sys/bus/netdevsim/new_device", value),
    /** Writes to `del_device`: `"ID"` */
    delDevice: (value: string): Step<void> => this.write("/sys/bus/netdevsim/del_device", value),
    /** Writes a port's index to the device's `new_port` */
    newPort: (value: string): Step<void> => this.write(`${this.#device()}/new_port`, value),
    /** Writes a port's index to the device's `del_port` */
    delPort: (value: string): Step<void> => this.write(`${this.#device()}/del_port`, value),
    /** Writes a number of VFs to the device's `sriov_numvfs` */
    vfs: (count: number | string): Step<void> => this.write(`${this.#device()}/sriov_numvfs`, String(count)),
    /** Reads a file of the device */
    attribute: (name: string): Step<string> => this.read(`${this.#device()}/${name}`),
    /** Writes a device's name to the driver's `bind`. @default the fixture's */
    bind: (name: string = this.#name()): Step<void> => this.write("/sys/bus/netdevsim/drivers/netdevsim/bind", name),
    /** Writes a device's name to the driver's `unbind`. @default the fixture's */
    unbind: (name: string = this.#name()): Step<void> =>
      this.write("/sys/bus/netdevsim/drivers/netdevsim/unbind", name),
  };

  /** The driver's files in debugfs. */
  readonly debugfs = {
    /** Writes a file of the device's directory */
    write: (file: string, value: string): Step<void> => this.write(`${this.#debugfs()}/${file}`, value),
    /** Reads a file of the device's directory */
    read: (file: string): Step<string> => this.read(`${this.#debugfs()}/${file}`),
  };

  #name(): string {
    return this.handle.slice(this.handle.indexOf("/") + 1);
  }

  #device(): string {
    return `/sys/bus/netdevsim/devices/${this.#name()}`;
  }

  #debugfs(): string {
    return `/sys/kernel/debug/netdevsim/${this.#name()}`;
  }

  /** One `write(2)` of `value` and a newline. */
  write(path: string, value: string, options: Settling = {}): Step<void> {
    return this.#step({ kind: "file.write", path, value, ...options }, nothing);
  }

  /** The text of a file, without its last newline. */
  read(path: string): Step<string> {
    return this.#step({ kind: "file.read", path }, (observation) => observation.sysfs ?? "");
  }

  /** Lets time pass, in ms. */
  wait(ms: number): Step<void> {
    return this.#step({ kind: "wait", ms }, nothing);
  }

  /** Performs `operation` and asks `poll` again and again meanwhile; gives the different answers (see the vocabulary). */
  during(operation: Operation, poll: Operation): Step<Json> {
    return this.#step({ kind: "during", operation, poll }, reply);
  }

  /**
   * Performs `operation` while a socket listens that has a filter: of a device, of one of its ports, or an empty one. Gives what it
   * heard, a line for each message, `new port netdevsim/netdevsim10/0` (see the vocabulary).
   */
  listen(filter: { handle?: Handle; port?: number }, operation: Operation): Step<string[]> {
    return this.#step(
      { kind: "listen", ...filter, operation },
      (observation) => (observation.reply as { heard: string[] }).heard,
    );
  }
}
