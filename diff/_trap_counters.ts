/** The counters of traps, as a step shows them. */

import type { Json, Observation } from "../model/observation.ts";
import type { Handle } from "../model/operation.ts";
import { isObject } from "./_json.ts";

/** What a trap or a group has counted. */
export interface Counters {
  /** Packets and bytes, to be changed in place */
  rx: { [key: string]: Json };
  ofGroup: boolean;
  handle: Handle;
  /** What is counted for */
  of: { [key: string]: Json };
  /** True if it appears here, and so has counted nothing */
  fresh: boolean;
}

/** Counters of traps and trap groups in a reply and in messages, by what they are of and where they stand. */
export function countersIn({ reply, notify }: Observation): Map<string, Counters> {
  const found = new Map<string, Counters>();
  const add = (where: string, object: string, handle: string, attributes: Json) => {
    const rx = countersOf(attributes);
    if (!rx || !isObject(attributes)) return;
    // A reload shows a trap twice: the n-th time here is the n-th time there.
    for (let nth = 0;; nth++) {
      const key = JSON.stringify([where, object, handle, attributes.name ?? null, nth]);
      if (found.has(key)) continue;
      found.set(key, { rx, ofGroup: object !== "trap", handle, of: attributes, fresh: where.startsWith("new ") });
      return;
    }
  };
  for (const object of ["trap", "trap_group"]) {
    const byHandle = isObject(reply) ? reply[object] : undefined;
    for (const [handle, traps] of isObject(byHandle) ? Object.entries(byHandle) : []) {
      if (Array.isArray(traps)) { for (const trap of traps) add("reply", object, handle, trap); }
    }
  }
  for (const [netns, messages] of Object.entries(notify)) {
    for (const { command, object, handle, attributes } of messages) {
      if (object === "trap" || object === "trap-group") add(`${command} ${netns}`, object, handle, attributes);
    }
  }
  return found;
}

function countersOf(trap: Json | undefined): { [key: string]: Json } | undefined {
  return isObject(trap) && isObject(trap.stats) && isObject(trap.stats.rx) ? trap.stats.rx : undefined;
}
