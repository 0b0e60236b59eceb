/**
 * What an operation needs of a board.
 *
 * @module
 */

import type { Capability } from "../boards/mod.ts";
import { HARDWARE_IDS } from "../model/pcs/hardware.ts";
import { innerOperations, type Operation } from "../model/operation.ts";

// By kind, up to the first dot; what only differs by its parameters stands below.
const BY_SUBJECT: Partial<Record<string, Capability>> = {
  param: "params",
  resource: "resources",
  region: "regions",
  health: "health",
  sb: "sb",
  dpipe: "dpipe",
  linecard: "linecards",
  rate: "rates",
  trap: "traps",
  netns: "netns",
};

/** The modules of fixtures/pcs. */
const PCS_MODULES: readonly string[] = ["fakemac", "fakepcs"];

/** The capabilities that an operation cannot do without. */
export function neededCapabilities(op: Operation): Set<Capability> {
  const needed = new Set<Capability>();
  const subject = BY_SUBJECT[op.kind.split(".")[0]!];
  if (subject) needed.add(subject);
  if (op.netns !== undefined && op.netns !== "init") needed.add("netns");
  for (const inner of innerOperations(op)) for (const one of neededCapabilities(inner)) needed.add(one);
  switch (op.kind) {
    case "dev.reload":
      needed.add("reload");
      if (op.action === "fw_activate") needed.add("fw_activate");
      if (op.to !== undefined) needed.add("netns");
      break;
    case "trap.policer.show":
    case "trap.policer.set":
      needed.add("policers");
      break;
    case "trap.group.set":
      if (op.policer !== undefined) needed.add("policers");
      break;
    case "file.read":
    case "file.write":
      if (op.path.startsWith("/sys/kernel/debug/")) needed.add("debugfs");
      if (op.path.includes("/netdevsim")) needed.add("netdevsim");
      break;
    case "dev.eswitch.show":
    case "dev.eswitch.set":
      needed.add("eswitch");
      break;
    case "link.move":
      needed.add("netns");
      break;
    case "dev.selftests.show":
    case "dev.selftests.run":
      needed.add("selftests");
      break;
    case "dev.flash":
    case "ethtool.flash":
      needed.add("flash");
      break;
    case "module.load":
    case "module.unload":
      if (PCS_MODULES.includes(op.name)) needed.add("pcs");
  }
  return needed;
}

/** What no board has unless it is said: by its agent, or by its file. */
const TO_BE_SAID: readonly string[] = [
  "races",
  "exploration",
  "listener",
  "pcs",
  "pcs_board",
  ...HARDWARE_IDS,
];

/**
 * What a fixture or a sequence requires and a board does not have.
 *
 * @param has What the board's agent found there; undefined for the model and for recordings, which are asked nothing
 */
export function lacking(
  requires: readonly string[],
  board: { capabilities?: readonly Capability[]; pcs?: unknown },
  has: readonly string[] | undefined,
): string[] {
  return requires.filter((what) => {
    if (board.capabilities?.some((one) => one === what)) return false;
    if (!TO_BE_SAID.some((one) => one === what)) return board.capabilities !== undefined;
    if (has === undefined) return board.capabilities !== undefined;
    return !(has.includes(what) || (what === "pcs_board" && board.pcs !== undefined));
  });
}

/** The first step that needs what the board lacks, and what that is; undefined where the board can do it all. */
export function firstUnsupported(
  steps: readonly { id: number; op: Operation }[],
  capabilities: readonly Capability[] | undefined,
): { id: number; op: Operation; lacks: Capability[] } | undefined {
  if (capabilities === undefined) return undefined;
  for (const { id, op } of steps) {
    const lacks = [...neededCapabilities(op)].filter((one) => !capabilities.includes(one));
    if (lacks.length > 0) return { id, op, lacks };
  }
  return undefined;
}
