/**
 * What is not generated on a board's own device: changes that nothing restores after a sequence, and resets of more than the
 * device. All other changes are restored (`theBoard()` in sdk/the_board.ts).
 *
 * @module
 */

import type { FuzzExclusion } from "../model/drivers/fuzz.ts";
import type { Handle, Inventory, Operation, OperationKind } from "../model/mod.ts";

/** Kinds that are not generated on a board's own device, with the reason. */
export const NOT_ON_OWN: { readonly [K in OperationKind]?: string } = {
  "dev.flash": "what is flashed stays",
  "ethtool.flash": "the same",
  "dev.eswitch.set": "a mode of the eswitch is not put back",
  "dev.selftests.run": "only the driver knows what a self-test does to a device in use",
  "port.set": "the type of a port is not put back",
  "port.split": "a port that is split is not put together again",
  "port.unsplit": "the same",
  "port.add": "a port that the driver makes is not removed",
  "port.del": "a port that is removed is not made again",
  "port.function.set": "what is set of a function is not put back",
  "port.param.set": "params of ports are not put back",
  "rate.set": "rates are not put back",
  "rate.add": "the same",
  "rate.del": "the same",
  "sb.pool.set": "sizes of pools are not put back",
  "sb.port.pool.set": "thresholds are not put back",
  "sb.tc.bind.set": "the same",
  "sb.occupancy.clearmax": "a watermark that is cleared is lost",
  "dpipe.table.set": "counters of a table are not put back",
  "linecard.set": "a line card stays provisioned",
  "health.dump.show": "a dump that is taken stays on the device, and the driver may take seconds for it",
  "health.dump.clear": "a dump that the device holds is lost",
  "health.recover": "it may reset the device, and what is on it",
  "health.test": "the driver makes an error",
  "link.set": "the carrier of a link comes seconds later, during any step",
  "link.rename": "the names of a board's own netdevs are not put back",
  "link.move": "a board's own netdev may be the only link of its netns",
};

const ofOwn = (inventory: Inventory, own: Handle) => inventory.instances.find(({ handle }) => handle === own);

const MORE: readonly { reason: string; when(op: Operation, inventory: Inventory, own: Handle): boolean }[] = [
  {
    reason: "firmware that is activated resets the whole card, its other ports too",
    when: (op, inventory, own) =>
      op.kind === "dev.reload" && op.action === "fw_activate" &&
      (ofOwn(inventory, own)?.reloadActions.includes("fw_activate") ?? true),
  },
  {
    reason:
      "a param is put back in its first configuration mode alone, and what is permanent outlives the board's power",
    when: (op, inventory, own) =>
      op.kind === "param.set" &&
      (op.cmode === "permanent" ||
        (ofOwn(inventory, own)?.params.some(({ name, cmode }) => name === op.name && cmode !== op.cmode) ?? false)),
  },
  {
    reason: "a snapshot that the sequence did not take is lost",
    when: (op, inventory, own) =>
      op.kind === "region.del" &&
      !ofOwn(inventory, own)?.regions.some(({ name, snapshots }) =>
        name === op.region && snapshots.includes(Number(op.snapshot))
      ),
  },
  {
    reason: "a netns that goes takes the device along: only the driver knows whether it comes back",
    when: (op, inventory) =>
      op.kind === "netns.del" &&
      inventory.instances.some(({ netns, ports }) => netns === op.name || ports.some((port) => port.netns === op.name)),
  },
];

/** Returns what else is not generated on the device with this handle. */
export function exclusionsOf(own: Handle): readonly FuzzExclusion[] {
  return MORE.map(({ reason, when }) => ({ reason, when: (op, inventory) => when(op, inventory, own) }));
}
