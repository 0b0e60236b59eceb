/**
 * What is not generated, since a board's answer to it is chance or time, or since it ends the board. Each with its reason;
 * everything else that the vocabulary can say is.
 *
 * @module
 */

import type { Inventory, NetnsName, Observation, Operation } from "../model/mod.ts";

/** A resource that is larger than this is never full, whatever routes a board has. */
const AMPLE = 1000n;
/** How long packets are trapped before anybody looks, in ms: by then a counter is above 0 on a board and on the model. */
const COUNTING = 300;

interface Exclusion {
  readonly reason: string;
  when(op: Operation, inventory: Inventory): boolean;
}

const netnsOf = (op: Operation): NetnsName => op.netns ?? "init";
const instanceOf = (op: Operation, inventory: Inventory) => {
  if (!("handle" in op) || op.handle === undefined) return undefined;
  return inventory.instances.find(({ handle, netns }) => handle === op.handle && netns === netnsOf(op));
};
const written = (op: Operation, file: RegExp) => op.kind === "file.write" && file.test(op.path);
/** Where a reload takes an instance. */
const targetOf = (op: Operation<"dev.reload">): NetnsName =>
  typeof op.to === "string" ? op.to : op.to ? "init" : netnsOf(op);
const deviceOf = (op: Operation<"file.write">, inventory: Inventory) => {
  const name = /\/(netdevsim\d+)\//.exec(op.path)?.[1] ?? /^netdevsim\d+$/.exec(op.value)?.[0];
  return inventory.devices.find(({ id }) => `netdevsim${id}` === name);
};
const scarce = (op: Operation, inventory: Inventory, least = 0n) =>
  instanceOf(op, inventory)?.resources.some(({ wanted }) => wanted > least && wanted < AMPLE) ?? false;

/** What is not generated. */
const EXCLUSIONS: readonly Exclusion[] = [
  {
    reason:
      "a device without a driver has no ports: the kernel follows a null pointer there (docs/semantics.md 6.2), and dies",
    when: (op, inventory) =>
      op.kind === "file.write" && /\/(new_port|del_port)$/.test(op.path) && deviceOf(op, inventory)?.bound === false,
  },
  {
    reason: "a device that was made in a netns that is gone is bound into freed memory (docs/semantics.md 6.2)",
    when: (op, inventory) =>
      op.kind === "file.write" && written(op, /\/drivers\/netdevsim\/bind$/) &&
      deviceOf(op, inventory)?.homeAlive === false,
  },
  {
    reason:
      "a port that is added to a device whose reload failed stays behind when the device goes, and its netdev with it: what " +
      "it touches then is freed memory (nsim_dev_reload_destroy() does nothing where the reload failed)",
    when: (op, inventory) => {
      if (op.kind !== "file.write" || !op.path.endsWith("/new_port")) return false;
      const id = deviceOf(op, inventory)?.id;
      return inventory.instances.some(({ handle, reloadFailed }) => reloadFailed && handle.endsWith(`/netdevsim${id}`));
    },
  },
  {
    reason:
      "how many routes the board's own netns has is the board's: a table that may be too small for them is chance",
    when: (op, inventory) => op.kind === "dev.reload" && targetOf(op) === "init" && scarce(op, inventory),
  },
  {
    reason:
      "an address of a netdev that is up is seen to be nobody else's 1 to 2 s later, and is in the tables from then on",
    when: (op, inventory) => {
      if (op.kind === "resource.show") return netnsOf(op) !== "init" && inventory.upIn(netnsOf(op)) > 0;
      if (op.kind === "dev.reload") {
        return inventory.upIn(targetOf(op)) > 0 && (scarce(op, inventory) || inventory.upIn(netnsOf(op)) > 0) &&
          (instanceOf(op, inventory)?.resources.some(({ wanted }) => wanted < AMPLE) ?? false);
      }
      if (op.kind !== "link.set" && op.kind !== "route.add" && op.kind !== "lo.up") return false;
      if (op.kind !== "link.set" && inventory.upIn(netnsOf(op)) === 0) return false;
      return netnsOf(op) !== "init" &&
        inventory.instances.some(({ netns, resources }) =>
          netns === netnsOf(op) && resources.some(({ size, wanted }) => size < AMPLE || wanted < AMPLE)
        );
    },
  },
  {
    reason:
      "a netns dies behind the back of who deletes it: the step waits for the last instance in it to come back, which it does " +
      "not where that reload fails; and the tables of init are the board's",
    when: (op, inventory) => {
      if (op.kind !== "netns.del") return false;
      const inside = inventory.instances.filter(({ netns }) => netns === op.name);
      return op.until !== inside.at(-1)?.handle ||
        inside.some(({ knobs, resources }) =>
          knobs.get("fail_reload") === true || knobs.get("dont_allow_reload") === true ||
          resources.some(({ wanted, valid }) => wanted < AMPLE || !valid)
        );
    },
  },
  {
    reason: "a netns takes the netdevs in it along, also those whose port is elsewhere: netdevsim does not know",
    when: (op, inventory) =>
      op.kind === "netns.del" &&
      inventory.instances.some(({ netns, ports }) =>
        netns !== op.name && ports.some((port) => port.netdev && port.netns === op.name)
      ),
  },
];

/** Why an operation is not to be generated in this state; undefined where it may be. */
export function objectionTo(op: Operation, inventory: Inventory): string | undefined {
  return EXCLUSIONS.find(({ when }) => when(op, inventory))?.reason;
}

/**
 * What has to come right behind an operation: a while in which packets are trapped, where they begin to be. A counter that
 * is 0 on the model must be 0 on a board, so nobody may look before.
 *
 * @param inventory What there is behind the operation
 */
export function followUp(op: Operation, observation: Observation, inventory: Inventory): Operation<"wait"> | undefined {
  if (observation.result !== "ok" && op.kind !== "trap.group.set") return undefined;
  const begins = (op.kind === "link.set" && op.up) ||
    ((op.kind === "trap.set" || op.kind === "trap.group.set") && op.action !== "drop" && op.action !== undefined);
  if (!begins || !("handle" in op)) return undefined;
  const instance = inventory.instances.find(({ handle }) => handle === op.handle);
  return instance?.ports.some(({ up }) => up) ? { kind: "wait", ms: COUNTING } : undefined;
}
