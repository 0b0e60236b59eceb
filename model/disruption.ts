/**
 * The disruption of the device under test by the operations of a sequence. It limits runs on boards that are needed afterwards.
 *
 * @module
 */

import { isMade } from "./drivers/mod.ts";
import { innerOperations, type Operation, type OperationKind } from "./operation.ts";

/**
 * The disruptions of a device, the least first. `reads`: nothing is changed. `changes`: settings are changed, and the tear-down
 * restores them. `link`: the link goes down for a while. `resets`: the device is reset, or its driver is unbound and bound again.
 * `power`: the tear-down cannot undo the effect, which may need a power cycle.
 */
export const DISRUPTIONS = ["reads", "changes", "link", "resets", "power"] as const;
/** A disruption of a device: one of {@linkcode DISRUPTIONS}. */
export type Disruption = typeof DISRUPTIONS[number];

/** Each disruption in words, written after the name of a sequence. */
export const DISRUPTION_WORDS: Readonly<Record<Disruption, string>> = {
  reads: "only reads",
  changes: "changes what it puts back",
  link: "takes the link down",
  resets: "resets the device",
  power: "may need a power cycle",
};

/** By kind: the disruption of a real device; if it depends on the parameters, the greatest one. */
const BY_KIND: Readonly<Record<OperationKind, Disruption>> = {
  "dev.show": "reads",
  "dev.info": "reads",
  "dev.reload": "resets",
  // The new content of the flash cannot be undone.
  "dev.flash": "power",
  "ethtool.flash": "power",
  "dev.eswitch.show": "reads",
  "dev.eswitch.set": "link",
  "dev.selftests.show": "reads",
  "dev.selftests.run": "resets",
  "port.show": "reads",
  "port.set": "link",
  "port.split": "link",
  "port.unsplit": "link",
  "port.add": "changes",
  "port.del": "changes",
  "port.function.set": "changes",
  "port.param.show": "reads",
  "port.param.set": "changes",
  "rate.show": "reads",
  "rate.set": "changes",
  "rate.add": "changes",
  "rate.del": "changes",
  "param.show": "reads",
  "param.set": "changes",
  "resource.show": "reads",
  "resource.set": "changes",
  "region.show": "reads",
  "region.new": "changes",
  "region.del": "changes",
  "region.dump": "reads",
  "region.read": "reads",
  "sb.show": "reads",
  "sb.pool.show": "reads",
  "sb.pool.set": "changes",
  "sb.port.pool.show": "reads",
  "sb.tc.bind.show": "reads",
  "sb.port.pool.set": "changes",
  "sb.tc.bind.set": "changes",
  "sb.occupancy.snapshot": "changes",
  "sb.occupancy.clearmax": "changes",
  "dpipe.table.show": "reads",
  "dpipe.table.set": "changes",
  "dpipe.table.dump": "reads",
  "dpipe.header.show": "reads",
  "linecard.show": "reads",
  "linecard.set": "link",
  "health.show": "reads",
  "health.set": "changes",
  "health.recover": "resets",
  "health.diagnose": "reads",
  "health.dump.show": "changes",
  "health.dump.clear": "changes",
  "health.test": "resets",
  "trap.show": "reads",
  "trap.set": "changes",
  "trap.group.show": "reads",
  "trap.group.set": "changes",
  "trap.policer.show": "reads",
  "trap.policer.set": "changes",
  "link.set": "link",
  "link.show": "reads",
  "link.move": "link",
  "link.rename": "link",
  "ethtool.info": "reads",
  "ethtool.show": "reads",
  "ethtool.restart": "link",
  "route.add": "changes",
  "route.del": "changes",
  "nexthop.add": "changes",
  "nexthop.del": "changes",
  "lo.up": "changes",
  "netdev.set": "link",
  "netdev.show": "reads",
  "module.load": "resets",
  "module.unload": "resets",
  "netns.add": "changes",
  "netns.del": "changes",
  "file.read": "reads",
  "file.write": "resets",
  "file.remove": "changes",
  "device": "changes",
  "wait": "reads",
  // The disruption of these kinds is the disruption of the operations in them.
  "during": "reads",
  "listen": "reads",
  "rounds": "reads",
  "race": "reads",
};

/** Files that reset a device, or that remove or add a driver or a device. */
const RESETTING = /\/(bind|unbind|remove|rescan|reset|driver_override|sriov_numvfs|state)$/;

/** Returns the greatest disruption. */
const gravest = (some: readonly Disruption[]): Disruption =>
  DISRUPTIONS[Math.max(0, ...some.map((one) => DISRUPTIONS.indexOf(one)))]!;

/** True if `one` is a greater disruption than `allowed`. */
export const isBeyond = (one: Disruption, allowed: Disruption): boolean =>
  DISRUPTIONS.indexOf(one) > DISRUPTIONS.indexOf(allowed);

/** Returns the lesser disruption. */
export const lesser = (a: Disruption, b: Disruption): Disruption => isBeyond(a, b) ? b : a;

function ofItself(op: Operation): Disruption {
  const most = BY_KIND[op.kind];
  // A device that a sequence makes has no other user, and is removed after the sequence.
  if (isBeyond(most, "changes") && isMade(op)) return "changes";
  if (op.kind === "file.write" && !RESETTING.test(op.path)) return "changes";
  return most;
}

/**
 * Returns the disruption of the device by an operation.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { disruptionOf } from "./disruption.ts";
 *
 * assertEquals(disruptionOf({ kind: "dev.reload", handle: "pci/0000:03:00.0" }), "resets");
 * ```
 */
export const disruptionOf = (op: Operation): Disruption =>
  gravest([ofItself(op), ...innerOperations(op).map(disruptionOf)]);

/** The parts of a plan that decide its disruption. */
export interface Disrupting {
  /** The operations of the plan */
  steps: readonly { id: number; op: Operation }[];
  /** The least disruption, as declared by the author */
  disruption?: Disruption;
  /** Set if the model predicts that the plan breaks the kernel */
  breaks?: number;
  /** Set if the plan leaves something that only a reboot removes */
  spoils?: string;
}

/** Returns the disruption of a plan, and the first step with this disruption; without a step if the plan as a whole has it. */
export function disruptionOfPlan(plan: Disrupting): { disruption: Disruption; step?: { id: number; op: Operation } } {
  const { steps, disruption = "reads", breaks, spoils } = plan;
  const whole = gravest([disruption, ...breaks === undefined && spoils === undefined ? [] : ["power" as const]]);
  const most = gravest(steps.map(({ op }) => disruptionOf(op)));
  if (!isBeyond(most, whole)) return { disruption: whole };
  return { disruption: most, step: steps.find(({ op }) => disruptionOf(op) === most)! };
}
