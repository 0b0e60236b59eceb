/**
 * What a sequence does to the device under test, by its operations: how far a run goes on a board that somebody needs again.
 *
 * @module
 */

import { isMade } from "./drivers/mod.ts";
import { innerOperations, type Operation, type OperationKind } from "./operation.ts";

/**
 * What can be done to a device, the least first. `reads`: nothing is changed. `changes`: settings, which the tear-down puts back.
 * `link`: the link goes down meanwhile. `resets`: the device is reset, or its driver taken away, and comes back. `power`: what a
 * tear-down cannot undo; it may need a power cycle.
 */
export const DISRUPTIONS = ["reads", "changes", "link", "resets", "power"] as const;
/** What is done to a device: one of {@linkcode DISRUPTIONS}. */
export type Disruption = typeof DISRUPTIONS[number];

/** Each disruption in words, which follow the name of a sequence. */
export const DISRUPTION_WORDS: Readonly<Record<Disruption, string>> = {
  reads: "only reads",
  changes: "changes what it puts back",
  link: "takes the link down",
  resets: "resets the device",
  power: "may need a power cycle",
};

/** What operations of a kind do to a real device; of those that differ by their parameters, the most. */
const BY_KIND: Readonly<Record<OperationKind, Disruption>> = {
  "dev.show": "reads",
  "dev.info": "reads",
  "dev.reload": "resets",
  // What is in the flash stays there.
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
  // Of these it is what the operations in them do.
  "during": "reads",
  "listen": "reads",
  "rounds": "reads",
  "race": "reads",
};

/** Files by which a device is reset, or a driver or a device taken away or put back. */
const RESETTING = /\/(bind|unbind|remove|rescan|reset|driver_override|sriov_numvfs|state)$/;

/** Returns the gravest. */
const gravest = (some: readonly Disruption[]): Disruption =>
  DISRUPTIONS[Math.max(0, ...some.map((one) => DISRUPTIONS.indexOf(one)))]!;

/** True if `one` is more than `allowed`. */
export const isBeyond = (one: Disruption, allowed: Disruption): boolean =>
  DISRUPTIONS.indexOf(one) > DISRUPTIONS.indexOf(allowed);

/** Returns the less grave. */
export const lesser = (a: Disruption, b: Disruption): Disruption => isBeyond(a, b) ? b : a;

function ofItself(op: Operation): Disruption {
  const most = BY_KIND[op.kind];
  // A device that sequences make is nobody else's, and goes with the sequence.
  if (isBeyond(most, "changes") && isMade(op)) return "changes";
  if (op.kind === "file.write" && !RESETTING.test(op.path)) return "changes";
  return most;
}

/**
 * Returns what an operation does to the device.
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

/** What a plan declares about its effect on a device. */
export interface Disrupting {
  /** The operations of the plan */
  steps: readonly { id: number; op: Operation }[];
  /** The effect that its author declares at least */
  disruption?: Disruption;
  /** It breaks the kernel, as the model predicts */
  breaks?: number;
  /** What it leaves that only a boot removes */
  spoils?: string;
}

/** Returns what a plan does to the device, and the first step that does it; without a step where the plan as a whole does. */
export function disruptionOfPlan(plan: Disrupting): { disruption: Disruption; step?: { id: number; op: Operation } } {
  const { steps, disruption = "reads", breaks, spoils } = plan;
  const whole = gravest([disruption, ...breaks === undefined && spoils === undefined ? [] : ["power" as const]]);
  const most = gravest(steps.map(({ op }) => disruptionOf(op)));
  if (!isBeyond(most, whole)) return { disruption: whole };
  return { disruption: most, step: steps.find(({ op }) => disruptionOf(op) === most)! };
}
