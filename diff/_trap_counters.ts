/** The counters of traps, in the observation of a step. */

import type { Json, Observation } from "../model/observation.ts";
import type { Handle } from "../model/operation.ts";
import { isObject } from "./_json.ts";

/** The counters of a trap or a group. */
export interface Counters {
  /** Packets and bytes, to be changed in place */
  rx: { [key: string]: Json };
  ofGroup: boolean;
  handle: Handle;
  /** The trap or the group */
  of: { [key: string]: Json };
  /** True if the trap or group is new here, so its counters start at 0 */
  fresh: boolean;
}

/** Counters of traps and trap groups in a reply and in messages, by their trap or group and their place. */
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
