/**
 * Operations on ports, their netdevs, the eswitch and rate objects, as the body of a sequence sees them.
 *
 * @module
 */

import type { InventoryPort } from "../model/mod.ts";
import type { Json } from "../model/observation.ts";
import type { NetnsName, OperationOptions, OperationParameters } from "../model/operation.ts";
import { nothing, reply, type Subject } from "./dut_subject.ts";
import { firstOf, netdevPortsOf } from "./roles.ts";
import type { Step } from "./step.ts";

/** The parameters of an operation, without the parameters that the device under test fills in itself. */
export type Parameters<K extends keyof OperationParameters, Known extends string> = Omit<OperationParameters[K], Known>;

/** Ports. */
export interface Ports {
  /** The first port whose netdev devlink names, or the port at index `nth` among them */
  withNetdev(nth?: number): InventoryPort;
  /** An index that no port of the device has: `from`, or the next free index */
  absent(from?: number): number;
  /** `devlink port show` of all ports */
  list(): Step<Json>;
  /** `devlink port show` of one */
  get(port: number): Step<Json>;
  /** `devlink port set type` */
  set(port: number, type: string): Step<void>;
  /** `devlink port split` */
  split(port: number, count?: number): Step<void>;
  /** `devlink port unsplit` */
  unsplit(port: number): Step<void>;
  /** `devlink port add` */
  add(options: Parameters<"port.add", "handle">): Step<Json>;
  /** `devlink port del` */
  del(port: number): Step<void>;
  /** `devlink port function set` */
  setFunction(port: number, options: Parameters<"port.function.set", "handle" | "port">): Step<void>;
  /** `devlink port param show` of all, or of one param of a port */
  params(port?: number, name?: string): Step<Json>;
  /** `devlink port param set` */
  setParam(port: number, options: Parameters<"port.param.set", "handle" | "port">): Step<void>;
  /** `devlink resource show` of a port */
  resources(port: number): Step<Json>;
}

/** Returns the methods on ports. */
export function ports({ handle, step, inventory }: Subject): Ports {
  const on = (port: number) => ({ handle: handle(), port });
  return {
    withNetdev: (nth = 0) => firstOf(netdevPortsOf(inventory()), "a port with a netdev", nth),
    absent: (from = 9) => {
      const taken = new Set(inventory().ports.map(({ index }) => index));
      while (taken.has(from)) from++;
      return from;
    },
    list: () => step({ kind: "port.show" }, reply),
    get: (port) => step({ kind: "port.show", ...on(port) }, reply),
    set: (port, type) => step({ kind: "port.set", ...on(port), type }, nothing),
    split: (port, count) =>
      step({ kind: "port.split", ...on(port), ...(count === undefined ? {} : { count }) }, nothing),
    unsplit: (port) => step({ kind: "port.unsplit", ...on(port) }, nothing),
    add: (options) => step({ kind: "port.add", handle: handle(), ...options }, reply),
    del: (port) => step({ kind: "port.del", ...on(port) }, nothing),
    setFunction: (port, options) => step({ kind: "port.function.set", ...on(port), ...options }, nothing),
    params: (port, name) =>
      step(
        port === undefined
          ? { kind: "port.param.show" }
          : { kind: "port.param.show", ...on(port), ...(name === undefined ? {} : { name }) },
        reply,
      ),
    setParam: (port, options) => step({ kind: "port.param.set", ...on(port), ...options }, nothing),
    resources: (port) => step({ kind: "resource.show", ...on(port) }, reply),
  };
}

/** The netdev of a port. */
export interface Links {
  /** `ip link set up` */
  up(port: number): Step<void>;
  /** `ip link set down` */
  down(port: number): Step<void>;
  /** `ip link show` */
  show(port: number): Step<Json>;
  /** `ip link set netns` */
  move(port: number, to: NetnsName, options?: Pick<OperationOptions, "settle">): Step<void>;
  /** `ip link set name` */
  rename(port: number, name: string): Step<void>;
}

/** Returns the methods on the netdevs of ports. */
export function links({ handle, step }: Subject): Links {
  const on = (port: number) => ({ handle: handle(), port });
  return {
    up: (port) => step({ kind: "link.set", ...on(port), up: true }, nothing),
    down: (port) => step({ kind: "link.set", ...on(port), up: false }, nothing),
    show: (port) => step({ kind: "link.show", ...on(port) }, reply),
    move: (port, to, options = {}) => step({ kind: "link.move", ...on(port), to, ...options }, nothing),
    rename: (port, name) => step({ kind: "link.rename", ...on(port), name }, nothing),
  };
}

/** The eswitch. */
export interface Eswitch {
  /** `devlink dev eswitch show` */
  show(): Step<Json>;
  /** `devlink dev eswitch set` */
  set(options: Parameters<"dev.eswitch.set", "handle">): Step<void>;
}

/** Returns the methods on the eswitch. */
export function eswitch({ handle, step }: Subject): Eswitch {
  return {
    show: () => step({ kind: "dev.eswitch.show", handle: handle() }, reply),
    set: (options) => step({ kind: "dev.eswitch.set", handle: handle(), ...options }, nothing),
  };
}

/** A rate object: a leaf by the index of its port, a node by its name. */
export type RateName = number | string;

/** The attributes of a rate object that can be set. */
export type RateOptions = Parameters<"rate.set", "handle" | "port" | "node">;

/** Rate objects. */
export interface Rates {
  /** `devlink port function rate show` of all */
  list(): Step<Json>;
  /** `devlink port function rate show` of one */
  get(rate: RateName): Step<Json>;
  /** `devlink port function rate set`; `parent: null` is `noparent` */
  set(rate: RateName, options: RateOptions): Step<void>;
  /** `devlink port function rate add`: a node */
  add(node: string, options?: RateOptions): Step<void>;
  /** `devlink port function rate del` */
  del(node: string): Step<void>;
}

/** Returns the methods on rate objects. */
export function rates({ handle, step }: Subject): Rates {
  const of = (rate: RateName) => ({
    handle: handle(),
    ...(typeof rate === "number" ? { port: rate } : { node: rate }),
  });
  return {
    list: () => step({ kind: "rate.show" }, reply),
    get: (rate) => step({ kind: "rate.show", ...of(rate) }, reply),
    set: (rate, options) => step({ kind: "rate.set", ...of(rate), ...options }, nothing),
    add: (node, options = {}) => step({ kind: "rate.add", handle: handle(), node, ...options }, nothing),
    del: (node) => step({ kind: "rate.del", handle: handle(), node }, nothing),
  };
}
