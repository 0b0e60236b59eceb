/**
 * Operations that are not generated on netdevsim: the board's answer depends on chance or time, or the operation breaks the board.
 *
 * @module
 */

import type { Inventory } from "../../inventory.ts";
import type { NetnsName, Operation } from "../../operation.ts";
import type { FuzzExclusion } from "../fuzz.ts";

/** A limit of routes above this is never reached, with any routes of a board. */
const AMPLE = 1000n;

const netnsOf = (op: Operation): NetnsName => op.netns ?? "init";
const instanceOf = (op: Operation, inventory: Inventory) => {
  if (!("handle" in op) || op.handle === undefined) return undefined;
  return inventory.instances.find(({ handle, netns }) => handle === op.handle && netns === netnsOf(op));
};
/** Returns the netns to which a reload moves an instance. */
const targetOf = (op: Operation<"dev.reload">): NetnsName =>
  typeof op.to === "string" ? op.to : op.to ? "init" : netnsOf(op);
const deviceOf = (op: Operation<"file.write">, { devices }: Inventory) => {
  const name = /\/(netdevsim\d+)\//.exec(op.path)?.[1] ?? /^netdevsim\d+$/.exec(op.value)?.[0];
  return devices.find((device) => device.name === name);
};
const scarce = (op: Operation, inventory: Inventory) =>
  instanceOf(op, inventory)?.resources.some(({ wanted }) => wanted > 0n && wanted < AMPLE) ?? false;

/** The operations that are not generated on netdevsim. */
export const FUZZ_EXCLUSIONS: readonly FuzzExclusion[] = [
  {
    reason:
      "a device without a driver has no ports: the kernel follows a null pointer there (docs/semantics.md 6.2), and dies",
    when: (op, inventory) =>
      op.kind === "file.write" && /\/(new_port|del_port)$/.test(op.path) && deviceOf(op, inventory)?.bound === false,
  },
  {
    reason: "a device that was made in a netns that is gone is bound into freed memory (docs/semantics.md 6.2)",
    when: (op, inventory) =>
      op.kind === "file.write" && op.path === "/sys/bus/netdevsim/drivers/netdevsim/bind" &&
      deviceOf(op, inventory)?.homeAlive === false,
  },
  {
    reason:
      "a port that is added to a device whose reload failed stays when the device goes, and its netdev with it: what " +
      "it touches then is freed memory (nsim_dev_reload_destroy() does nothing where the reload failed)",
    when: (op, inventory) => {
      if (op.kind !== "file.write" || !op.path.endsWith("/new_port")) return false;
      const name = deviceOf(op, inventory)?.name;
      return inventory.instances.some(({ handle, reloadFailed }) => reloadFailed && handle.endsWith(`/${name}`));
    },
  },
  {
    reason:
      "netdevsim removes its rate nodes only with its VFs: without VFs they are left behind, and the core warns of them",
    when: (op, inventory) =>
      op.kind === "rate.add" && !instanceOf(op, inventory)?.ports.some(({ flavour }) => flavour === "pcivf"),
  },
  {
    reason:
      "how many routes the board's own netns has is the board's: a table that may be too small for them is chance",
    when: (op, inventory) => op.kind === "dev.reload" && targetOf(op) === "init" && scarce(op, inventory),
  },
  {
    reason: "duplicate address detection of a netdev that is up takes 1 to 2 s, and then its address is in the tables",
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
    reason: "the last instance of a netns that goes does not come back where its reload fails; nor may it where the " +
      "tables are small, since the board owns the tables of init",
    when: (op, { instances }) =>
      op.kind === "netns.del" &&
      instances.some(({ netns, knobs, resources }) =>
        netns === op.name &&
        (knobs.get("fail_reload") === true || knobs.get("dont_allow_reload") === true ||
          resources.some(({ wanted, valid }) => wanted < AMPLE || !valid))
      ),
  },
];
