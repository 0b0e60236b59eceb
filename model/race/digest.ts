/**
 * The state of a kernel as a text, to tell if two schedules lead to the same state.
 *
 * The digest is a walk over all objects that can be reached from the kernel. A new field of the model is in the digest
 * automatically; the fields that are left out are named here. Private fields are shown by {@linkcode STATE}.
 *
 * @module
 */

import { type Devlink, instancesOf } from "../devlink/devlink.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Condition, Lock, Task } from "../kernel/task.ts";
import { STATE, type Stateful } from "../kernel/state.ts";

/** The rule of the digest for the fields of a name; fields without a rule are in the digest. */
export type Rule =
  /** The field is not in the digest */
  | "left out"
  /** Only if the field is set is in the digest: for a time */
  | "whether set"
  /** Only its name or id is in the digest: the spec of an object is a constant of the driver */
  | "by name"
  /**
   * The values of a list or a map without their order: the order of netdevs, or of listeners that refuse a route, makes no
   * difference
   */
  | "in no order";

const rules = (rule: Rule, ...names: string[]): [string, Rule][] => names.map((name) => [name, rule]);

/** The rules by the names of fields. */
export const RULES: ReadonlyMap<string, Rule> = new Map([
  // Wiring: the kernel itself, its callbacks and the records of a run
  ...rules("left out", "kernel", "era", "lockdep", "observation", "onMessage", "stepping", "exploring", "listeners"),
  ...rules("left out", "overheard", "freedMemory", "cell"),
  // Constants of a driver and of its objects
  ...rules("left out", "versions", "components", "runningVersions", "reloadActions", "reloadLimits", "downFlags"),
  ...rules("left out", "operstateUp", "flavour", "min", "max", "granularity", "recover", "dump", "diagnose"),
  // A second index to the entries of a list
  ...rules("left out", "trapByName"),
  // Values that differ from run to run without a meaning, also when a race of a board is compared (diff/race.ts): the index of
  // an instance or a netdev, counters, and times
  ...rules("left out", "index", "ifindex", "lastIfindex", "packets", "bytes", "reads", "now", "due"),
  ...rules("whether set", "dumpedAt", "recoveredAt"),
  ...rules("by name", "spec"),
  ...rules("in no order", "netdevs", "fibListeners", "timers"),
]);

// The state of the current walk: in the module for speed, since there is a walk after each schedule of an exploration
let text = "";
/** The objects that the walk has seen, each with the number that stands for the object when it is seen again. */
let seen = new Map<object, number>();
let ruled = RULES;

/**
 * Returns the state of a kernel as a text, without the names of netdevs: which name was free differs from run to run.
 *
 * @param rules Other rules, for tests
 */
export function digest(kernel: Kernel, rules: ReadonlyMap<string, Rule> = RULES): string {
  text = "";
  seen = new Map();
  ruled = rules;
  list([...instancesOf(kernel)].sort(byHandle));
  add(kernel);
  return text;
}

const byHandle = (a: Devlink, b: Devlink) => a.handle < b.handle ? -1 : a.handle > b.handle ? 1 : a.index - b.index;

function add(value: unknown): void {
  switch (typeof value) {
    case "string":
      text += `'${value}'`;
      break;
    case "number":
      text += value;
      break;
    case "bigint":
      // Most sizes are unlimited, and the number is long
      text += value === UNLIMITED ? "max" : value;
      break;
    case "boolean":
      text += value ? "+" : "-";
      break;
    case "object":
      if (value === null) text += "null";
      else addObject(value);
      break;
    case "function":
      text += "f";
      break;
    case "undefined":
      text += "?";
  }
}

const UNLIMITED = 2n ** 64n - 1n;

/** Adds values in their order. */
function list(values: readonly unknown[]): void {
  text += "[";
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ",";
    add(values[i]);
  }
  text += "]";
}

function addObject(value: object): void {
  switch (value.constructor) {
    case Lock: {
      const { owner } = value as Lock;
      text += owner === null ? "free" : `held by ${owner.name}`;
      return;
    }
    case Condition:
      return;
    case Task:
      text += (value as Task).name;
      return;
    case Uint8Array:
      // Random bytes, in a real kernel, too
      text += `${(value as Uint8Array).length} bytes`;
      return;
    case Array:
      return list(value as unknown[]);
  }
  const number = seen.get(value);
  if (number !== undefined) {
    text += `@${number}`;
    return;
  }
  seen.set(value, seen.size);
  if (value instanceof Map) map(value);
  else if (value instanceof Set) unordered([...value]);
  else fields(value as Record<string, unknown>);
}

function fields(object: Record<string, unknown>): void {
  const netdev = object["ifindex"] !== undefined;
  text += "{";
  for (const key in object) {
    const field = object[key];
    if (field === undefined || netdev && key === "name") continue;
    const rule = ruled.get(key);
    if (rule === "left out") continue;
    text += key;
    if (rule === undefined) add(field);
    else if (rule === "by name") text += (field as { name?: string }).name ?? (field as { id: number }).id;
    else if (rule === "in no order") unordered([...(field as Map<string, object> | object[]).values()]);
    text += ";";
  }
  if (object.constructor !== Object) {
    const { [STATE]: state } = object as Partial<Stateful>;
    if (state) list(state.call(object));
  }
  text += "}";
}

function map(values: ReadonlyMap<unknown, unknown>): void {
  const keys = [...values.keys()] as string[];
  if (typeof keys[0] === "object") return unordered([...values]);
  for (let i = 1; i < keys.length; i++) {
    if (keys[i - 1]! < keys[i]!) continue;
    keys.sort((a, b) => a < b ? -1 : 1);
    break;
  }
  text += "[";
  for (const key of keys) {
    text += `${key}:`;
    add(values.get(key));
    text += ",";
  }
  text += "]";
}

/** Adds values whose order has no meaning, sorted by their text. */
function unordered(values: readonly unknown[]): void {
  const before = text;
  const texts = values.map((value) => {
    text = "";
    add(value);
    return text;
  });
  text = `${before}{${texts.sort().join()}}`;
}
