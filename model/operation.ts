/**
 * Operations: a step of a sequence performs one operation, which is data. The model performs it on its {@linkcode Machine}, and a
 * runner turns it into a command on the board; neither depends on the other.
 *
 * @module
 */

/** A network namespace by its name under `/run/netns`; `"init"` is the one that the board booted with. */
export type NetnsName = string;

/** A devlink handle, `bus/device`, for example `netdevsim/netdevsim10` (see devlink-dev(8)). */
export type Handle = string;

/** The attributes of a rate object that can be set, and its device. */
export interface RateParameters {
  /** The device */
  handle: Handle;
  /** `tx_share`: the least rate, with a unit: `10mbit` */
  txShare?: string;
  /** `tx_max`: the greatest rate, with a unit */
  txMax?: string;
  /** `tx_priority` */
  txPriority?: number;
  /** `tx_weight` */
  txWeight?: number;
  /** `tc-bw`: the bandwidth of each of the 8 traffic classes, as words of devlink(8): `0:60`, `1:10`, .. */
  tcBw?: readonly string[];
  /** The name of the node above; null for `noparent` */
  parent?: string | null;
}

/** A racer of a `race`: its operations in their order. */
export interface RacingOperations {
  /** The operations, performed one after the other */
  operations: readonly Operation[];
  /** True if the racer starts again until the others have ended */
  loops?: boolean;
}

/** An operation on an emulated device, as JSON: the name of one operation, with its parameters. */
export type DeviceOperation = { readonly [name: string]: unknown };

/**
 * Resets all that a sequence did to an emulated device: no command fails or stays without an answer, each cable is plugged in, the
 * health is good and all counters are 0. Each emulated device has this operation. Its reply is `{ faults }`: the faults that were
 * still armed. The tear-down of each sequence that operated a device performs this operation.
 */
export const CLEAR: DeviceOperation = { clear: true };

/** The parameters of each kind of operation, by its kind. Names follow devlink(8), ip(8) and sysfs. */
export interface OperationParameters {
  /** `devlink dev show` */
  "dev.show": { handle?: Handle };
  /** `devlink dev info` */
  "dev.info": { handle?: Handle };
  /** `devlink dev reload`; `to` is the target netns: a name (`"init"` too) or a process of that netns */
  "dev.reload": {
    handle: Handle;
    to?: NetnsName | { pid: number };
    action?: "driver_reinit" | "fw_activate";
    limit?: "no_reset";
  };
  /** `devlink dev flash`; `file` is a path below the board's /lib/firmware. The progress is on the `notify` channel */
  "dev.flash": {
    handle: Handle;
    file: string;
    component?: string;
    overwrite?: readonly ("settings" | "identifiers")[];
  };
  /** `devlink dev eswitch show` */
  "dev.eswitch.show": { handle: Handle };
  /** `devlink dev eswitch set`; a mode can be any text, to see it refused */
  "dev.eswitch.set": { handle: Handle; mode?: string; inlineMode?: string; encapMode?: string };
  /** `devlink dev selftests show` */
  "dev.selftests.show": { handle?: Handle };
  /** `devlink dev selftests run` */
  "dev.selftests.run": { handle: Handle; id?: string };
  /** `devlink port show`; `port` is the index of one port */
  "port.show": { handle?: Handle; port?: number };
  /** `devlink port set` */
  "port.set": { handle: Handle; port: number; type: string };
  /** `devlink port split` */
  "port.split": { handle: Handle; port: number; count?: number };
  /** `devlink port unsplit` */
  "port.unsplit": { handle: Handle; port: number };
  /** `devlink port add`; `port` is the index of the new port */
  "port.add": {
    handle: Handle;
    port?: number;
    flavour: string;
    pfnum?: number;
    sfnum?: number;
    controller?: number;
  };
  /** `devlink port del` */
  "port.del": { handle: Handle; port: number };
  /** `devlink port function set` */
  "port.function.set": {
    handle: Handle;
    port: number;
    hwAddr?: string;
    state?: string;
    roce?: boolean;
    migratable?: boolean;
    ipsecCrypto?: boolean;
    ipsecPacket?: boolean;
    maxIoEqs?: number;
  };
  /** `devlink port param show` */
  "port.param.show": { handle?: Handle; port?: number; name?: string };
  /** `devlink port param set` */
  "port.param.set": {
    handle: Handle;
    port: number;
    name: string;
    value: string | number | boolean;
    cmode: "runtime" | "driverinit" | "permanent";
  };
  /** `devlink port function rate show`: all, of one port (a leaf) or of one node by its name */
  "rate.show": { handle?: Handle; port?: number; node?: string };
  /** `devlink port function rate set`; rates are words of devlink(8) (`10mbit`); `parent` null is `noparent` */
  "rate.set": RateParameters & { port?: number; node?: string };
  /** `devlink port function rate add`: a node */
  "rate.add": RateParameters & { node: string };
  /** `devlink port function rate del` */
  "rate.del": { handle: Handle; node: string };
  /** `devlink dev param show` */
  "param.show": { handle?: Handle; name?: string };
  /** `devlink dev param set` */
  "param.set": {
    handle: Handle;
    name: string;
    /** Left out if `default` is given */
    value?: string | number | boolean;
    /** `default`: resets the param to the driver's initial value (from 7.0) */
    default?: true;
    cmode: "runtime" | "driverinit" | "permanent";
  };
  /** `devlink resource show`; `port` is the index of a port (from 7.3) */
  "resource.show": { handle?: Handle; port?: number; scope?: string };
  /** `devlink resource set`; `size` in the resource's unit, an unsigned 64-bit number in decimal */
  "resource.set": { handle: Handle; path: string; size: string | number };
  /** `devlink region show` */
  "region.show": { handle?: Handle; region?: string };
  /** `devlink region new`; without `snapshot` the kernel chooses the id */
  "region.new": { handle: Handle; region: string; snapshot?: number };
  /** `devlink region del` */
  "region.del": { handle: Handle; region: string; snapshot: number };
  /** `devlink region dump`; without `snapshot`, of the device itself */
  "region.dump": { handle: Handle; region: string; snapshot?: number };
  /** `devlink region read`; address and length in bytes, unsigned 64-bit numbers in decimal */
  "region.read": {
    handle: Handle;
    region: string;
    snapshot?: number;
    address: string | number;
    length: string | number;
  };
  /** `devlink sb show` */
  "sb.show": { handle?: Handle; sb?: number };
  /** `devlink sb pool show` */
  "sb.pool.show": { handle?: Handle; sb?: number; pool?: number };
  /** `devlink sb pool set`; size in bytes */
  "sb.pool.set": { handle: Handle; sb?: number; pool: number; size: number; thtype: string };
  /** `devlink sb port pool show` */
  "sb.port.pool.show": { handle?: Handle; port?: number; sb?: number; pool?: number };
  /** `devlink sb tc bind show` */
  "sb.tc.bind.show": { handle?: Handle; port?: number; sb?: number; tc?: number; type?: string };
  /** `devlink sb port pool set`; the pool's type of thresholds decides what the threshold counts */
  "sb.port.pool.set": { handle: Handle; port: number; sb?: number; pool: number; threshold: number };
  /** `devlink sb tc bind set`; the threshold is as in `sb.port.pool.set` */
  "sb.tc.bind.set": {
    handle: Handle;
    port: number;
    sb?: number;
    tc: number;
    type: string;
    pool: number;
    threshold: number;
  };
  /** `devlink sb occupancy snapshot` */
  "sb.occupancy.snapshot": { handle: Handle; sb?: number };
  /** `devlink sb occupancy clearmax` */
  "sb.occupancy.clearmax": { handle: Handle; sb?: number };
  /** `devlink dpipe table show` */
  "dpipe.table.show": { handle: Handle; name?: string };
  /** `devlink dpipe table set` */
  "dpipe.table.set": { handle: Handle; name: string; counters: boolean };
  /** `devlink dpipe table dump` */
  "dpipe.table.dump": { handle: Handle; name: string };
  /** `devlink dpipe header show` */
  "dpipe.header.show": { handle: Handle };
  /** `devlink lc show` */
  "linecard.show": { handle?: Handle; lc?: number };
  /** `devlink lc set`; `type` null is `notype` */
  "linecard.set": { handle: Handle; lc: number; type: string | null };
  /** `devlink health show`; with `port`, shows the reporters of a port */
  "health.show": { handle?: Handle; port?: number; reporter?: string };
  /** `devlink health set`; grace period in ms */
  "health.set": {
    handle: Handle;
    port?: number;
    reporter: string;
    gracePeriod?: number;
    autoRecover?: boolean;
    autoDump?: boolean;
    /** The burst period in ms (from 7.0) */
    burstPeriod?: number;
  };
  /** `devlink health recover` */
  "health.recover": { handle: Handle; port?: number; reporter: string };
  /** `devlink health diagnose` */
  "health.diagnose": { handle: Handle; port?: number; reporter: string };
  /** `devlink health dump show` */
  "health.dump.show": { handle: Handle; port?: number; reporter: string };
  /** `devlink health dump clear` */
  "health.dump.clear": { handle: Handle; port?: number; reporter: string };
  /** `devlink health test` */
  "health.test": { handle: Handle; port?: number; reporter: string };
  /** `devlink -s trap show` */
  "trap.show": { handle?: Handle; name?: string };
  /** `devlink trap set`; the action can be any text, to see it refused */
  "trap.set": { handle: Handle; name: string; action: string };
  /** `devlink -s trap group show` */
  "trap.group.show": { handle?: Handle; name?: string };
  /** `devlink trap group set`; `policer` null is `nopolicer` */
  "trap.group.set": { handle: Handle; name: string; action?: string; policer?: number | null };
  /** `devlink -s trap policer show` */
  "trap.policer.show": { handle?: Handle; policer?: number };
  /** `devlink trap policer set`; rate in packets per second, burst in packets */
  "trap.policer.set": { handle: Handle; policer: number; rate?: number; burst?: number };
  /** `ip link set dev NETDEV up|down`, the netdev found on the board by devlink port */
  "link.set": { handle: Handle; port: number; up: boolean };
  /** `ip link show dev NETDEV`, the netdev found on the board by devlink port */
  "link.show": { handle: Handle; port: number };
  /** `ip link set dev NETDEV netns TO`: moves only the netdev of a port */
  "link.move": { handle: Handle; port: number; to: NetnsName };
  /** `ip link set dev NETDEV name NAME` */
  "link.rename": { handle: Handle; port: number; name: string };
  /** `ethtool -i NETDEV` for the netdev of a port; the reply has the lines as an object */
  "ethtool.info": { handle: Handle; port: number };
  /** `ethtool -f NETDEV FILE` for the netdev of a port: flashes with ethtool */
  "ethtool.flash": { handle: Handle; port: number; file: string };
  /** `ip route add PREFIX dev DEV` (IPv4) */
  "route.add": { prefix: string; dev: string };
  /** `ip route del PREFIX dev DEV` (IPv4) */
  "route.del": { prefix: string; dev: string };
  /** `ip nexthop add id ID blackhole` (IPv4); the kernel chooses the id if it is 0 */
  "nexthop.add": { id: number };
  /** `ip nexthop del id ID` */
  "nexthop.del": { id: number };
  /** `ip link set dev lo up` in the netns of the step */
  "lo.up": Record<never, never>;
  /** `ip link set dev DEV up|down`: for a netdev without a devlink port, by its name */
  "netdev.set": { dev: string; up: boolean };
  /** `ip link show dev DEV` */
  "netdev.show": { dev: string };
  /** `ethtool DEV`: speed in Mb/s, duplex, autonegotiation, link */
  "ethtool.show": { dev: string };
  /** `ethtool -r DEV`: restarts autonegotiation, in the PCS if there is one */
  "ethtool.restart": { dev: string };
  /** `modprobe NAME KEY=VALUE...` */
  "module.load": { name: string; params?: Readonly<Record<string, string | number>> };
  /** `rmmod NAME` */
  "module.unload": { name: string };
  /** `ip netns add` */
  "netns.add": { name: NetnsName };
  /** `ip netns del`; with `until`, waits until that instance has returned to `init` */
  "netns.del": { name: NetnsName; until?: Handle };
  /** One `write(2)` of `value` and a newline to a file of sysfs, debugfs or `/run`; `bare` leaves the newline out */
  "file.write": { path: string; value: string; bare?: true };
  /** Reads a file of sysfs or debugfs; its text, without the last newline, goes to the `sysfs` channel */
  "file.read": { path: string };
  /**
   * Operates the emulated device of a guest, for example `{ link: { port: 0, up: false } }`; the operations depend on the device.
   * The `reply` is the answer of the device. A board with real hardware has no such operation
   */
  "device": { handle: Handle; operation: DeviceOperation };
  /** `rm -f` of a plain file below /run or /lib/firmware */
  "file.remove": { path: string };
  /** Lets time pass: `ms` on the model's virtual clock, at least as long on a board */
  "wait": { ms: number };
  /**
   * Performs `operation` and repeats `poll` meanwhile. The `reply` is `{ seen: [...] }`: each different answer of `poll`; a port
   * dump is shortened to its number of ports, and an error is `null`. The reply has `waited: true` if a poll took more than 3 s.
   */
  "during": { operation: Operation; poll: Operation };
  /**
   * Performs `operation` while a separate socket listens to the devlink messages that pass its filter
   * (DEVLINK_CMD_NOTIFY_FILTER_SET, from 6.8): the messages of a device or of one of its ports; without `handle`, all messages. The
   * `reply` is `{ heard: [...] }`, with a line for each message that `devlink monitor` can show: `new port
   * netdevsim/netdevsim10/0`.
   * A board needs `fixtures/listener` for this operation.
   */
  "listen": { handle?: Handle; port?: number; operation: Operation };
  /**
   * Performs `operations` in their order, `times` times, and repeats the operations of `meanwhile` at the same time. The only
   * evidence is findings in the kernel log and the result: `ok`, or the result of the first operation that failed, which ends it.
   */
  "rounds": { times: number; operations: readonly Operation[]; meanwhile?: readonly Operation[] };
  /**
   * Has `racers` perform their operations at the same time, `runs` times. After each run, the answers of `shown` are the final
   * state, and then `after` and `before` restore the initial state. The `reply` is a {@linkcode RaceReply}: from the model all
   * possible outcomes, from a board the outcomes that occurred and how often.
   */
  "race": {
    racers: readonly RacingOperations[];
    runs: number;
    /** The seed of the random delay of each racer */
    seed: number;
    /** The operations that lead to the state in which the race begins */
    before: readonly Operation[];
    /** Operations that clean up after a run; their failures do not matter */
    after: readonly Operation[];
    /** The operations that read the final state */
    shown: readonly Operation[];
    /** The most schedules that the model runs. @default {20000} */
    schedules?: number;
    /** True if the work of timers races with the racers. @default {false} */
    timers?: boolean;
    /** The board's own device: it stays from run to run, with its counters. @default {each run begins with new devices} */
    own?: Handle;
  };
}

/** The kind of an operation, for example `dev.reload`. */
export type OperationKind = keyof OperationParameters;

/** The options that every operation may have beside its parameters. */
export interface OperationOptions {
  /** The netns in which the operation is performed. @default {"init"} */
  netns?: NetnsName;
  /**
   * Waits for the effects of the operation, as part of the step: for this time in ms, and then until the operational state of each
   * netdev has followed its carrier (net/core/link_watch.c does that up to 1 s later)
   */
  settle?: number;
}

/** One operation: its kind, its parameters, and its options. */
export type Operation<K extends OperationKind = OperationKind> = {
  [Kind in K]: { kind: Kind } & OperationOptions & OperationParameters[Kind];
}[K];

/** Returns the inner operations of an operation; most operations have none. */
export function innerOperations(op: Operation): readonly Operation[] {
  switch (op.kind) {
    case "during":
      return [op.operation, op.poll];
    case "listen":
      return [op.operation];
    case "rounds":
      return [...op.operations, ...op.meanwhile ?? []];
    case "race":
      return [...op.before, ...op.racers.flatMap(({ operations }) => operations), ...op.shown, ...op.after];
    default:
      return [];
  }
}
