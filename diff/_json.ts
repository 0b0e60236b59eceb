/** Helpers on JSON values: canonical text, and the differences of two values. */

import { isNotKnown, type Json, type Notification } from "../model/observation.ts";
import type { NetnsName } from "../model/operation.ts";

/** True if a value is an object of JSON. */
export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns the value as text, keys sorted: equal texts mean equal values. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1));
  }) ?? "undefined";
}

/**
 * True if two values are the same JSON with the same keys. False proves nothing where a key is undefined: {@linkcode canonical}
 * decides.
 */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((inner, i) => same(inner, b[i]));
  if (Array.isArray(b)) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  const inner = (value: object, key: string) => (value as Record<string, unknown>)[key];
  return keys.length === others.length &&
    keys.every((key) => Object.hasOwn(b, key) && same(inner(a, key), inner(b, key)));
}

/** Returns a copy of JSON, several times as fast as structuredClone(). A board may call a key `__proto__`. */
export function copyOf<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__") {
      Object.defineProperty(copy, key, { value: copyOf(inner), configurable: true, enumerable: true, writable: true });
    } else copy[key] = copyOf(inner);
  }
  return copy as T;
}

/** A place where two values differ; a side without a value there has no key. */
export interface ValueDifference {
  /** For example `trap.pci/0000:03:00.0[3].action`; empty for the value as a whole */
  path: string;
  /** The model's value at this place */
  expected?: Json;
  /** The board's value at this place */
  observed?: Json;
}

/** Returns the places where two values differ, outermost first. */
export function differences(expected: Json | undefined, observed: Json | undefined, path = ""): ValueDifference[] {
  if (same(expected, observed) || canonical(expected) === canonical(observed)) return [];
  if (isObject(expected) && isObject(observed)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(observed)]);
    return [...keys].flatMap((key) =>
      differences(own(expected, key), own(observed, key), path ? `${path}.${key}` : key)
    );
  }
  if (Array.isArray(expected) && Array.isArray(observed)) {
    const length = Math.max(expected.length, observed.length);
    return Array.from({ length }, (_, i) => differences(expected[i], observed[i], `${path}[${i}]`)).flat();
  }
  const difference: ValueDifference = { path };
  if (expected !== undefined) difference.expected = expected;
  if (observed !== undefined) difference.observed = observed;
  return [difference];
}

const own = (value: { [key: string]: Json }, key: string) => Object.hasOwn(value, key) ? value[key] : undefined;

/** The value of each counter of a board when the sequence began, by the counted object; known once the counter was seen. */
export type Bases = Map<string, number>;

/**
 * Removes from both values, in place, the parts that the model does not know. A counter that began before the sequence is
 * compared from its second appearance on.
 */
export function dropNotKnown(expected: Json | undefined, observed: Json | undefined, bases: Bases): void {
  if (Array.isArray(expected) && Array.isArray(observed)) {
    for (const [i, inner] of expected.entries()) dropNotKnown(inner, observed[i], bases);
    return;
  }
  if (!isObject(expected)) return;
  for (const [key, inner] of Object.entries(expected)) {
    const other = isObject(observed) ? own(observed, key) : undefined;
    if (!isNotKnown(inner)) {
      dropNotKnown(inner, other, bases);
      continue;
    }
    const { of, since } = inner as { of?: string; since?: number };
    if (of !== undefined && since !== undefined) {
      if (typeof other === "number" && !bases.has(of)) bases.set(of, other - since);
      expected[key] = (bases.get(of) ?? 0) + since;
    } else {
      delete expected[key];
      if (isObject(observed)) delete observed[key];
    }
  }
}

/**
 * Removes from the messages of both sides, in place, the parts that the model does not know. The n-th message of a kind about an
 * object belongs to the n-th one on the other side. The comparison reports a message that only one side has.
 */
export function dropNotKnownOfMessages(
  expected: Record<NetnsName, Notification[]>,
  observed: Record<NetnsName, Notification[]>,
  bases: Bases,
): void {
  const kindOf = ({ command, object, handle, attributes }: Notification) =>
    JSON.stringify([command, object, handle, attributes["name"] ?? attributes["reporter"] ?? null]);
  for (const [netns, messages] of Object.entries(expected)) {
    const others = Map.groupBy(observed[netns] ?? [], kindOf);
    for (const message of messages) {
      dropNotKnown(message.attributes, others.get(kindOf(message))?.shift()?.attributes, bases);
    }
  }
}

/** Calls `visit` for each object in the value, the value itself included. */
export function eachObject(value: Json | undefined, visit: (object: { [key: string]: Json }) => void): void {
  if (Array.isArray(value)) {
    for (const inner of value) eachObject(inner, visit);
  } else if (isObject(value)) {
    visit(value);
    for (const inner of Object.values(value)) eachObject(inner, visit);
  }
}

/** True for a list of numbers. */
export function areBytes(value: Json | undefined): value is number[] {
  return Array.isArray(value) && value.every((each) => typeof each === "number");
}
