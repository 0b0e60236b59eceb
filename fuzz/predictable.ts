/**
 * Operations that are not generated, since their answer depends on chance or time, or since they end the board. Each has a reason;
 * everything else that the vocabulary can say is generated.
 *
 * @module
 */

import type { FuzzExclusion } from "../model/drivers/fuzz.ts";
import type { Inventory, Observation, Operation } from "../model/mod.ts";

/** How long packets are trapped before anybody looks, in ms: by then a counter is above 0 on a board and on the model. */
const COUNTING = 300;

/** The operations that are generated for no driver. */
export const EXCLUSIONS: readonly FuzzExclusion[] = [
  {
    reason:
      "a netns is deleted in the background: the step waits for its last instance to come back, and has to name it",
    when: (op, { instances }) =>
      op.kind === "netns.del" && op.until !== instances.findLast(({ netns }) => netns === op.name)?.handle,
  },
  {
    reason: "a netns takes the netdevs in it along, also those whose port is elsewhere: the driver does not know",
    when: (op, inventory) =>
      op.kind === "netns.del" &&
      inventory.instances.some(({ netns, ports }) =>
        netns !== op.name && ports.some((port) => port.netdev && port.netns === op.name)
      ),
  },
];

/** Returns why an operation is not to be generated in this state; undefined where it may be. */
export function objectionTo(
  op: Operation,
  inventory: Inventory,
  exclusions: readonly FuzzExclusion[],
): string | undefined {
  return exclusions.find(({ when }) => when(op, inventory))?.reason;
}

/**
 * Returns what has to come right after an operation: a while in which packets are trapped, where they begin to be. A counter that
 * is 0 on the model must be 0 on a board, so nobody may look before.
 *
 * @param inventory What there is after the operation
 */
export function followUp(op: Operation, observation: Observation, inventory: Inventory): Operation<"wait"> | undefined {
  if (observation.result !== "ok" && op.kind !== "trap.group.set") return undefined;
  const begins = (op.kind === "link.set" && op.up) ||
    ((op.kind === "trap.set" || op.kind === "trap.group.set") && op.action !== "drop" && op.action !== undefined);
  if (!begins || !("handle" in op)) return undefined;
  const instance = inventory.instances.find(({ handle }) => handle === op.handle);
  return instance?.ports.some(({ up }) => up) ? { kind: "wait", ms: COUNTING } : undefined;
}
