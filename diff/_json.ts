/** Helpers on JSON values: canonical text, and where two values differ. */

import type { Json } from "../model/observation.ts";

/** Whether a value is an object of JSON. */
export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as text, keys sorted: equal texts mean equal values. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1));
  }) ?? "undefined";
}

/** A place where two values differ; a side that has nothing there has no key. */
export interface ValueDifference {
  /** For example `trap.netdevsim/netdevsim10[3].action`; empty for the value as a whole */
  path: string;
  /** What the model has there */
  expected?: Json;
  /** What the board showed there */
  observed?: Json;
}

/** The places where two values differ, outermost first. */
export function differences(expected: Json | undefined, observed: Json | undefined, path = ""): ValueDifference[] {
  if (canonical(expected) === canonical(observed)) return [];
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

/** Calls `visit` for each object in the value, the value itself included. */
export function eachObject(value: Json | undefined, visit: (object: { [key: string]: Json }) => void): void {
  if (Array.isArray(value)) {
    for (const inner of value) eachObject(inner, visit);
  } else if (isObject(value)) {
    visit(value);
    for (const inner of Object.values(value)) eachObject(inner, visit);
  }
}
