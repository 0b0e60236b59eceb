/**
 * Network namespaces: their netdevs, and the number of entries in their FIB.
 *
 * @module
 */

import type { FibEntries } from "../era/era.ts";
import { type Cell, cellOf, reading, writing } from "../kernel/access.ts";
import type { LinkEvent, Result } from "../observation.ts";
import type { NetnsName } from "../operation.ts";
import { Condition, type Steps, type Task } from "../kernel/task.ts";
import { STATE } from "../kernel/state.ts";

/** The visible state of a netdev. */
export interface NetdevShown {
  /** Its name in its netns */
  readonly name: string;
  /** The netns of the netdev */
  readonly netns: { readonly name: NetnsName };
  /** Its number in its netns */
  readonly ifindex: number;
  /** Its flags while it is down, as ip(8) prints them */
  readonly downFlags: readonly string[];
  /** Its operational state while it is up and has a carrier */
  readonly operstateUp: string;
  /** True if the netdev was set up */
  readonly up: boolean;
  /** True if the netdev has a carrier */
  readonly carrier: boolean;
  /** The carrier that the operational state follows, where it does so by an event; undefined where it does so at once */
  readonly followed: boolean | undefined;
}

/** A netdev, as it shows in devlink and in `ip link`. */
export interface Netdev {
  name: string;
  netns: Netns;
  /** Its number in its netns */
  ifindex: number;
  /** Its flags while it is down, as ip(8) prints them */
  readonly downFlags: readonly string[];
  readonly operstateUp: string;
  up: boolean;
  carrier: boolean;
  /** The carrier that the operational state follows, where it does so by an event; undefined where it does so at once */
  followed: boolean | undefined;
  /** True if the queues of the netdev are active; an event that activates them is urgent */
  activated: boolean;
  /** True if the driver was started and not stopped yet; undefined if this equals `up` */
  running: boolean | undefined;
  /** The callbacks of the driver; undefined if it has none */
  ops: NetdevOps | undefined;
  /** True if the netdev cannot move to another netns (`netns_immutable`) */
  stays: boolean;
}

/** The link settings of a netdev that ethtool(8) shows. */
export interface LinkSettings {
  /** Mb/s, or null if not known */
  speed: number | null;
  duplex: "full" | "half" | null;
  autoneg: boolean;
}

/** The callbacks of a netdev's driver, under RTNL. */
export interface NetdevOps {
  open(task: Task): Steps;
  stop(task: Task): Steps;
  linkSettings(task: Task): Steps<LinkSettings>;
  restartNegotiation(task: Task): Steps;
}

/** The five FIB tables that a listener may count, by the path of their devlink resource. */
export type FibTable = "IPv4/fib" | "IPv4/fib-rules" | "IPv6/fib" | "IPv6/fib-rules" | "nexthops";

/** The tables in the order in which a new listener is notified of their entries, which is also the order of the checks. */
export const FIB_TABLES: readonly FibTable[] = ["nexthops", "IPv4/fib-rules", "IPv4/fib", "IPv6/fib-rules", "IPv6/fib"];

/** A FIB listener: counts the entries of a netns, and may refuse an entry. */
export interface FibListener {
  /** Returns the most entries of a table; undefined if the listener does not count the table */
  limit(table: FibTable): bigint | undefined;
  /** Returns the errno and the extack of a request that would exceed the limit */
  refusal(table: FibTable): { errno: Result; text: string; prefix: string };
}

/** A network namespace. */
export class Netns {
  /** False once the last reference is dropped */
  alive = true;
  /** True once the netns is freed: pointers to it dangle */
  gone = false;
  #heard: boolean;
  readonly #cell: Cell;
  readonly #users: Task[] = [];
  /** The condition that no task uses the netns or is about to put an object into it: only then the netns dies */
  readonly unused: Condition;
  readonly netdevs: Map<string, Netdev> = new Map();
  readonly fibListeners: FibListener[] = [];
  readonly occupancy: Record<FibTable, number>;
  /** The netdevs with a link-local address; the value is true once the address is assigned */
  readonly linkLocal: Map<Netdev, boolean> = new Map();
  /** True if the netns may have routes that a device did not offload, although the device offloads others */
  offloadsSome = false;
  /** The last ifindex that was assigned */
  lastIfindex = 0;
  /** True if the routing table exists: the first route creates it, even a refused route or the route of `lo` (fib_frontend.c) */
  hasTable: boolean;
  /** Routes that operations added, with their netdev */
  readonly routes: Map<string, string> = new Map();
  /** Nexthop objects that operations added, by their id */
  readonly nexthops: Set<number> = new Set();
  /** The last id that the kernel chose for a nexthop; the search for the next free id starts after it */
  lastNexthop = 0;

  [STATE](): readonly unknown[] {
    return [this.#heard, this.#users];
  }

  constructor(readonly name: NetnsName, options: { heard: boolean; lab?: boolean; entries: FibEntries }) {
    this.#heard = options.heard;
    this.#cell = cellOf(`listeners of ${name}`);
    this.unused = new Condition(`users of netns ${name}`, () => this.#users.length === 0, () => this.#users);
    this.hasTable = options.lab ?? false;
    // The initial netns of a board: routes of lo and of one interface with one IPv4 address and a default route, as in a lab guest
    const [fib4, fib6] = options.lab ? options.entries.lab : [0, 0];
    const [rules4, rules6] = options.entries.rules;
    this.occupancy = {
      "IPv4/fib": fib4,
      "IPv4/fib-rules": rules4,
      "IPv6/fib": fib6,
      "IPv6/fib-rules": rules6,
      "nexthops": 0,
    };
  }

  /** Adds a user, which keeps the netns from dying. */
  hold(task: Task): void {
    this.#users.push(task);
    reading(this.unused.cell);
  }

  /** Removes a user of the netns. */
  drop(task: Task): void {
    this.#users.splice(this.#users.indexOf(task), 1);
    reading(this.unused.cell);
  }

  /** True if a socket in the netns listens to devlink messages. */
  get heard(): boolean {
    reading(this.#cell);
    return this.#heard;
  }

  set heard(heard: boolean) {
    writing(this.#cell);
    this.#heard = heard;
  }

  /** Returns the first `eth%d` that is free, as `dev_alloc_name` picks it. */
  freeName(): string {
    for (let i = 0;; i++) {
      const name = `eth${i}`;
      if (!this.netdevs.has(name)) return name;
    }
  }

  /** Adds or removes an entry that no request asked for; an entry that a listener refuses is silently missing. */
  count(table: FibTable, add: boolean): void {
    writing(cellOf(`fib of ${this.name}`));
    if (!add) this.occupancy[table] = Math.max(0, this.occupancy[table] - 1);
    else if (this.fibListeners.every((listener) => !this.#full(listener, table))) {
      this.occupancy[table]++;
    }
  }

  #full(listener: FibListener, table: FibTable): boolean {
    const limit = listener.limit(table);
    return limit !== undefined && BigInt(this.occupancy[table]) >= limit;
  }

  /** Adds an entry to a table, unless a listener refuses it. */
  addEntry(task: Task, table: FibTable): Result {
    writing(cellOf(`fib of ${this.name}`));
    for (const listener of this.fibListeners) {
      if (this.#full(listener, table)) {
        const { errno, text, prefix } = listener.refusal(table);
        return task.fail(errno, text, prefix);
      }
    }
    this.occupancy[table]++;
    return "ok";
  }
}

/** Returns a link message about a netdev as it is now. */
export function linkEvent(event: LinkEvent["event"], netdev: Netdev): LinkEvent {
  return { event, ifname: netdev.name, flags: linkFlags(netdev), operstate: operstate(netdev) };
}

/** Returns the flags of a netdev, as ip(8) prints them. */
export function linkFlags(netdev: NetdevShown): string[] {
  if (!netdev.up) return [...netdev.downFlags];
  const { carrier, followed = carrier, downFlags } = netdev;
  const flags = carrier ? [...downFlags, "UP", "LOWER_UP"] : [...downFlags, "UP"];
  return followed ? flags : ["NO-CARRIER", ...flags];
}

/** Returns the operational state of a netdev. */
export function operstate(netdev: NetdevShown): string {
  return netdev.up && (netdev.followed ?? netdev.carrier) ? netdev.operstateUp : "DOWN";
}
