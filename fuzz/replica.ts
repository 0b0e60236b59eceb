/**
 * A replica of the kernel's objects, built from notifications alone: a listener must always know what a dump would show.
 *
 * @module
 */

import type { Era, Json, Machine, NetnsName, Notification, Observation, Operation } from "../model/mod.ts";

type Attributes = { [key: string]: Json };

/** An object that is reported: how a dump of it is asked for, and how it is found in the answer. */
interface Told {
  /** As `object` of a {@linkcode Notification} */
  object: string;
  dump: Operation;
  /** The key of the answer */
  key: string;
  /** What tells one of an instance's objects from the others; left out where its handle does */
  name?: string;
  /** What is not reported, or counts by itself */
  untold?: readonly string[];
}

const TOLD: readonly Told[] = [
  { object: "dev", dump: { kind: "dev.show" }, key: "dev" },
  { object: "port", dump: { kind: "port.show" }, key: "port" },
  { object: "param", dump: { kind: "param.show" }, key: "param", name: "name" },
  // Snapshots are reported by messages of their own
  { object: "region", dump: { kind: "region.show" }, key: "regions", untold: ["max"] },
  // What is set of traps, groups and policers is reported to nobody (net/devlink/trap.c): only that they are there is
  {
    object: "trap-policer",
    dump: { kind: "trap.policer.show" },
    key: "trap_policer",
    name: "policer",
    untold: ["rate", "burst", "stats"],
  },
  {
    object: "trap-group",
    dump: { kind: "trap.group.show" },
    key: "trap_group",
    name: "name",
    untold: ["policer", "stats"],
  },
  { object: "trap", dump: { kind: "trap.show" }, key: "trap", name: "name", untold: ["action", "stats"] },
];
const BY_OBJECT = new Map(TOLD.map((told) => [told.object, told]));

/** The objects that a listener knows from notifications alone. */
export class Replica {
  readonly #netns = new Map<NetnsName, Map<string, Map<string, Attributes>>>();
  readonly #era: Era;
  readonly #hides: (op: Operation) => boolean;
  #keptBack = false;
  #lostOnTheWay = false;

  /**
   * Makes the replica of a kernel without instances.
   *
   * @param hides True for an operation that keeps messages of traps and policers back, and cuts their dumps short
   */
  constructor(era: Era, hides: (op: Operation) => boolean = () => false) {
    this.#era = era;
    this.#hides = hides;
  }

  /** Takes in the notifications that an operation caused. */
  hear(op: Operation, observation: Observation): void {
    if (this.#hides(op)) this.#keptBack = true;
    if (op.kind === "dev.reload" && op.to !== undefined && observation.result !== "ok") this.#lostOnTheWay = true;
    for (const netns in observation.notify) {
      for (const message of observation.notify[netns]!) this.#take(netns, message);
    }
    if (op.kind === "netns.del" && observation.result === "ok") this.#netns.delete(op.name);
  }

  #take(netns: NetnsName, { command, object, handle, attributes }: Notification): void {
    const told = BY_OBJECT.get(object);
    if (!told) return;
    let objects = this.#netns.get(netns);
    if (!objects) this.#netns.set(netns, objects = new Map());
    let known = objects.get(object);
    if (!known) objects.set(object, known = new Map());
    const key = told.name === undefined ? handle : `${handle} ${attributes[told.name]}`;
    if (object === "region") return takeRegion(known, command, handle, attributes);
    if (command === "del") known.delete(key);
    else known.set(key, attributes);
  }

  /** Returns a difference between the dumps of a machine and the replica; undefined if there is none. */
  disagreement(machine: Machine): string | undefined {
    for (const netns of machine.netns) {
      const objects = this.#netns.get(netns);
      const dumps = new Map<string, Map<string, Attributes>>();
      for (const told of TOLD) {
        if (this.#keptBack && (told.object === "trap" || told.object === "trap-policer")) continue;
        const { reply } = machine.perform({ ...told.dump, netns } as Operation);
        const dumped = listed(told, (reply as { [key: string]: Json } | null)?.[told.key] ?? {});
        dumps.set(told.object, dumped);
        const heard = objects?.get(told.object) ?? new Map<string, Attributes>();
        // An instance that was to move and failed is in its new netns without a message to anybody (net/core/devlink.c)
        const lost = this.#lostOnTheWay && this.#era.netnsMove === "around";
        if (lost && (told.object === "dev" || told.object === "param")) continue;
        const wrong = differing(told, heard, dumped, this.#era);
        if (wrong !== undefined) return `${told.object} ${wrong} in netns ${netns}`;
      }
      const loose = dangling(dumps);
      if (loose !== undefined) return `${loose} in netns ${netns}`;
    }
    return undefined;
  }
}

function takeRegion(
  known: Map<string, Attributes>,
  command: string,
  handle: string,
  { size, snapshot }: Attributes,
): void {
  const region = known.get(handle);
  if (size !== undefined) {
    if (command === "del") known.delete(handle);
    else known.set(handle, { size, snapshot: [] });
    return;
  }
  const [id] = snapshot as Json[];
  const before = (region?.snapshot ?? []) as Json[];
  const after = command === "del" ? before.filter((one) => one !== id) : [...before, id!];
  known.set(handle, { ...region, snapshot: after });
}

/** Returns the objects of a dump by what tells them apart. */
function listed({ name }: Told, byHandle: Json): Map<string, Attributes> {
  const found = new Map<string, Attributes>();
  for (const [handle, value] of Object.entries(byHandle as { [handle: string]: Json })) {
    if (name === undefined) found.set(handle, value as Attributes);
    else for (const one of value as Attributes[]) found.set(`${handle} ${one[name]}`, one);
  }
  return found;
}

function differing(
  { object, untold = [] }: Told,
  heard: ReadonlyMap<string, Attributes>,
  dumped: ReadonlyMap<string, Attributes>,
  era: Era,
): string | undefined {
  for (const key of heard.keys()) if (!dumped.has(key)) return `${key} is heard of and not dumped`;
  for (const [key, attributes] of dumped) {
    const known = heard.get(key);
    if (!known) return `${key} is dumped and was not heard of`;
    if (isRuntime(attributes)) continue;
    for (const name in attributes) {
      // Only later kernels notify if a netdev gets another name or moves to another netns
      if (object === "port" && name === "netdev" && era.portType === "driver") continue;
      if (untold.includes(name) || same(attributes[name], known[name])) continue;
      return `${key}: ${name} is dumped as ${JSON.stringify(attributes[name])} and was heard as ${
        JSON.stringify(known[name])
      }`;
    }
    for (const name in known) {
      if (object === "port" && name === "netdev" && era.portType === "driver") continue;
      if (!Object.hasOwn(attributes, name) && !untold.includes(name)) return `${key}: ${name} is not dumped`;
    }
  }
  return undefined;
}

/** Returns a param that the driver may change at any time, also by its file in debugfs. */
const isRuntime = ({ values }: Attributes) =>
  Array.isArray(values) && values.some((value) => (value as Attributes).cmode === "runtime");

function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  return typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b);
}

/** Returns a reference in one dump to an object that another dump does not show. */
function dangling(dumps: ReadonlyMap<string, ReadonlyMap<string, Attributes>>): string | undefined {
  const devices = dumps.get("dev")!;
  for (const [object, dumped] of dumps) {
    for (const [key, attributes] of dumped) {
      const [bus, device] = key.split(" ")[0]!.split("/");
      const handle = `${bus}/${device}`;
      if (!devices.has(handle)) return `${object} ${key} is of no instance`;
      if (object === "trap" && !dumps.get("trap-group")!.has(`${handle} ${attributes.group}`)) {
        return `trap ${key} is in no group`;
      }
      const policers = dumps.get("trap-policer");
      if (object === "trap-group" && policers && attributes.policer !== undefined) {
        if (!policers.has(`${handle} ${attributes.policer}`)) return `trap-group ${key} has no policer`;
      }
    }
  }
  return undefined;
}
