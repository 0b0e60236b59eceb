/**
 * Measures which parts of the model were reached: operations with their results, extack texts, and the state changes of each
 * kind of object.
 *
 * @module
 */

import type { Inventory, Machine, Observation, Operation } from "../model/mod.ts";

/** The states of each kind of object; every kind also has the state `absent`. */
export const STATES = {
  device: ["unbound", "bound"],
  instance: ["well", "failed"],
  "instance's netns": ["init", "elsewhere"],
  port: ["without netdev", "down", "up", "netdev elsewhere"],
  "trap's action": ["drop", "trap", "mirror"],
  "group's policer": ["none", "bound"],
  policer: ["as the driver has it", "changed"],
  param: ["settled", "waits for a reload"],
  resource: ["settled", "waits for a reload", "does not fit"],
  region: ["no snapshot", "some snapshots", "full"],
  reporter: ["healthy", "healthy, dump kept", "error", "error, dump kept"],
  "rate node": ["there"],
  netns: ["there"],
} as const satisfies Record<string, readonly string[]>;

/** A kind of object whose states are followed. */
export type StatefulKind = keyof typeof STATES;

const ABSENT = "absent";

function portState({ netdev, up, netns }: { netdev: boolean; up: boolean; netns: string | undefined }, home?: string) {
  if (!netdev) return "without netdev";
  return netns !== home ? "netdev elsewhere" : up ? "up" : "down";
}

/** Returns the state of every object that there is, by its kind and name. */
function statesOf(inventory: Inventory, policers: Map<string, string>): Map<string, string> {
  const states = new Map<string, string>();
  const put = (kind: StatefulKind, name: string | number, state: string) => states.set(`${kind}\n${name}`, state);
  for (const name of inventory.netns) if (name !== "init") put("netns", name, "there");
  for (const { id, bound } of inventory.devices) put("device", id, bound ? "bound" : "unbound");
  for (const one of inventory.instances) {
    const { handle, netns } = one;
    put("instance", handle, one.reloadFailed ? "failed" : "well");
    put("instance's netns", handle, netns === "init" ? "init" : "elsewhere");
    for (const port of one.ports) put("port", `${handle}/${port.index}`, portState(port, netns));
    for (const { name, action } of one.traps) put("trap's action", `${handle} ${name}`, action);
    for (const { name, policer } of one.groups) {
      put("group's policer", `${handle} ${name}`, policer === undefined ? "none" : "bound");
    }
    for (const { id, rate, burst } of one.policers) {
      const first = policers.get(String(id)) ?? `${rate} ${burst}`;
      policers.set(String(id), first);
      put("policer", `${handle} ${id}`, first === `${rate} ${burst}` ? "as the driver has it" : "changed");
    }
    for (const { name, pending } of one.params) {
      put("param", `${handle} ${name}`, pending ? "waits for a reload" : "settled");
    }
    for (const { path, size, wanted, valid } of one.resources) {
      const state = !valid ? "does not fit" : size === wanted ? "settled" : "waits for a reload";
      put("resource", `${handle} ${path}`, state);
    }
    for (const { name, snapshots, max } of one.regions) {
      const { length } = snapshots;
      put("region", `${handle} ${name}`, length === 0 ? "no snapshot" : length < max ? "some snapshots" : "full");
    }
    for (const { name, healthy, dumped } of one.reporters) {
      put("reporter", `${handle} ${name}`, `${healthy ? "healthy" : "error"}${dumped ? ", dump kept" : ""}`);
    }
    for (const name of one.rateNodes) put("rate node", `${handle} ${name}`, "there");
  }
  return states;
}

/** Returns the name of an operation in a table; a file goes by its base name. */
function subjectOf(op: Operation): string {
  if (op.kind !== "file.write" && op.kind !== "file.read") return op.kind;
  const file = op.path.slice(op.path.lastIndexOf("/") + 1);
  return /^\/sys\//.test(op.path) && /^[a-z_]+$/.test(file) ? `${op.kind} ${file}` : op.kind;
}

/** Follows machines and keeps what they reached. */
export class Coverage {
  /** By operation: the number of times that it ended with each result */
  readonly results = new Map<string, Map<string, number>>();
  /** By operation and errno: the texts of the extended acks */
  readonly texts = new Map<string, Set<string>>();
  /** By kind of object and `FROM -> TO`: the number of such changes */
  readonly changes = new Map<StatefulKind, Map<string, number>>();
  /** How many operations were followed */
  operations = 0;
  #before: Map<string, string> | undefined;
  readonly #policers = new Map<string, string>();

  /** Follows a machine from its beginning on. */
  begin(machine: Machine): void {
    this.#before = statesOf(machine.inventory(), this.#policers);
  }

  /** Takes note of an operation that the machine performed. */
  note(op: Operation, { result, extack }: Observation, machine: Machine): void {
    this.operations++;
    const subject = subjectOf(op);
    const results = this.results.get(subject) ?? new Map<string, number>();
    this.results.set(subject, results.set(result, (results.get(result) ?? 0) + 1));
    if (extack) {
      const key = `${subject} ${result}`;
      this.texts.set(key, (this.texts.get(key) ?? new Set()).add(extack.text));
    }
    const before = this.#before ?? new Map();
    const after = statesOf(machine.inventory(), this.#policers);
    for (const [key, to] of after) {
      const from = before.get(key) ?? ABSENT;
      if (from !== to) this.#change(key, from, to);
    }
    for (const [key, from] of before) if (!after.has(key)) this.#change(key, from, ABSENT);
    this.#before = after;
  }

  #change(key: string, from: string, to: string): void {
    const kind = key.slice(0, key.indexOf("\n")) as StatefulKind;
    const changes = this.changes.get(kind) ?? new Map<string, number>();
    const change = `${from} -> ${to}`;
    this.changes.set(kind, changes.set(change, (changes.get(change) ?? 0) + 1));
  }
}

/** Returns all changes of state that a kind of object could go through, whether a kernel can do them or not. */
export function possibleChanges(kind: StatefulKind): string[] {
  const states = [ABSENT, ...STATES[kind]];
  return states.flatMap((from) => states.flatMap((to) => from === to ? [] : [`${from} -> ${to}`]));
}

/**
 * Returns the texts that sources of the model hold for extended acks.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { textsIn } from "./coverage.ts";
 *
 * assertEquals(textsIn('return task.fail("EINVAL", "Wrong granularity", prefix);'), ["Wrong granularity"]);
 * ```
 */
export function textsIn(source: string): string[] {
  return [...source.matchAll(/\bfail\(\s*"E[A-Z]+",\s*"((?:[^"\\]|\\.)+)"/g)].map(([, text]) =>
    JSON.parse(`"${text}"`)
  );
}
