/**
 * Finds the changes that a run left on a board's own device, from the facts before and after the run.
 *
 * @module
 */

import type { Facts } from "../model/mod.ts";

/** Values that change by themselves on a device in use. */
const VOLATILE: ReadonlySet<string> = new Set(["reloads", "state", "occupied", "refused"]);

/** The most changes that are reported at once. */
const MAX_TOLD = 5;

type Value = unknown;

/** Returns the name of a list's entry: its name, its index or its id. */
function nameOf(value: Value, index: number): string {
  const { name, index: port, policer, cmode } = (value ?? {}) as Record<string, unknown>;
  return String(name ?? cmode ?? (port === undefined ? policer ?? index : `port ${port}`));
}

function* changes(before: Value, after: Value, path: readonly string[]): Generator<string> {
  if (Array.isArray(before) && Array.isArray(after)) {
    const now = new Map(after.map((one, i) => [nameOf(one, i), one]));
    for (const [i, one] of before.entries()) {
      const name = nameOf(one, i);
      if (!now.has(name)) yield `${[...path, name].join(" ")} is missing`;
      else yield* changes(one, now.get(name), [...path, name]);
      now.delete(name);
    }
    for (const name of now.keys()) yield `${[...path, name].join(" ")} is new`;
    return;
  }
  if (typeof before === "object" && typeof after === "object" && before !== null && after !== null) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (VOLATILE.has(key)) continue;
      const [old, now] = [(before as Record<string, Value>)[key], (after as Record<string, Value>)[key]];
      yield* changes(old, now, [...path, key]);
    }
    return;
  }
  if (before !== after) yield `${path.join(" ")} is ${JSON.stringify(after)} and was ${JSON.stringify(before)}`;
}

/**
 * Returns the changes of a device since before a run, in words; undefined if nothing changed.
 *
 * @param after The facts after the run; undefined if the instance is gone
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadFacts } from "./mod.ts";
 * import { changedFacts } from "./changed_facts.ts";
 *
 * const facts = await loadFacts("boards/examples/connectx-7-ssh.facts.json");
 * assertEquals(changedFacts(facts, facts), undefined);
 * assertEquals(changedFacts(facts, undefined), "pci/0000:03:00.0 is gone");
 * ```
 */
export function changedFacts(before: Facts, after: Facts | undefined): string | undefined {
  if (!after) return `${before.handle} is gone`;
  const found = [...changes(before, after, [])];
  if (found.length === 0) return undefined;
  const more = found.length - MAX_TOLD;
  return [...found.slice(0, MAX_TOLD), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}
