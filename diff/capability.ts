/**
 * The capabilities that operations need, and that boards have.
 *
 * @module
 */

import type { Capability } from "../boards/mod.ts";
import { HARDWARE_IDS } from "../model/drivers/hardware.ts";
import { DRIVERS } from "../model/drivers/mod.ts";
import { innerOperations, type Operation } from "../model/operation.ts";
import { type Disrupting, type Disruption, DISRUPTION_WORDS, disruptionOfPlan, isBeyond } from "../model/disruption.ts";
import { describeOperation } from "./describe.ts";

// By kind, up to the first dot; needs that depend on parameters are below.
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

/** Returns the capabilities that an operation needs. */
export function neededCapabilities(op: Operation): Set<Capability> {
  const needed = new Set<Capability>();
  const subject = BY_SUBJECT[op.kind.split(".")[0]!];
  if (subject) needed.add(subject);
  if (op.netns !== undefined && op.netns !== "init") needed.add("netns");
  for (const inner of innerOperations(op)) for (const one of neededCapabilities(inner)) needed.add(one);
  switch (op.kind) {
    case "dev.reload":
      needed.add("reload");
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
      for (const { bus, name } of DRIVERS) {
        if (bus !== undefined && op.path.includes(`/${bus}`)) needed.add(name as Capability);
      }
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
    case "device":
      needed.add("emulated");
      break;
    case "module.load":
    case "module.unload":
      if (PCS_MODULES.includes(op.name)) needed.add("pcs");
  }
  return needed;
}

/** Capabilities that the agent detects on a board. The agent decides; the board's file cannot add or remove them. */
const FOUND: readonly string[] = [
  "debugfs",
  "listener",
  "pcs",
  "races",
  ...DRIVERS.flatMap(({ presence = [] }) => presence.map(({ capability }) => capability)),
];

/** Capabilities that a board with an agent has only if listed in its file. `fw_activate` resets a whole card, other ports too. */
const DECLARED: readonly string[] = ["emulated", "exploration", "pcs_board", "fw_activate", ...HARDWARE_IDS];

/** The abilities in a board's file. */
export interface Abilities {
  /** The capabilities of the board. @default {everything} */
  capabilities?: readonly Capability[];
  /** A MAC and its PCS, for the suite `pcs_board` */
  pcs?: unknown;
  /** The guest in QEMU, if the board is one; a test can operate its emulated device */
  qemu?: { device?: unknown } | undefined;
  /** The runner of its sequences */
  runner?: string;
  /** True if the board's file is not available: capabilities that only the file can state count as present. @default {false} */
  unfiled?: boolean;
  /** The device under test: a board with a handle has no other device under test */
  handle?: string;
  /** The driver of that device */
  driver?: string;
  /** How far a sequence may go there. @default {by `runner`, see {@linkcode allowedDisruption}} */
  disruption?: Disruption;
}

/** Returns the allowed disruption: for a remote board only what a tear-down can undo, unless its file allows more. */
export const allowedDisruption = ({ disruption, runner }: Abilities): Disruption =>
  disruption ?? (runner === "remote" || runner === "local" ? "resets" : "power");

/** True if a capability is a driver whose devices sequences make. */
const isMaker = (what: string) => DRIVERS.some(({ start, drivers }) => start !== undefined && drivers.includes(what));

/** True for a second device next to the device of the board's handle: another driver's, or a PCS next to a real device. */
const isBeside = (what: string, { handle, driver = "" }: Abilities, has: readonly string[] | undefined) =>
  has !== undefined && handle !== undefined && driver !== what &&
  (isMaker(what) || (what === "pcs" && !isMaker(driver)));

/** True if the agent looks for a capability and did not find it. */
const isAbsent = (what: string, has: readonly string[] | undefined) =>
  has !== undefined && FOUND.includes(what) && !has.includes(what);

function lacks(what: string, board: Abilities, has: readonly string[] | undefined): boolean {
  if (isBeside(what, board, has)) return true;
  const { capabilities, pcs, qemu, runner, unfiled = false } = board;
  if (has !== undefined && FOUND.includes(what)) return isAbsent(what, has);
  if (capabilities?.some((one) => one === what)) return false;
  if (what === "pcs_board" && pcs !== undefined) return false;
  if (what === "emulated" && qemu?.device !== undefined) return false;
  // Board `model` emulates no card
  if (what === "emulated" && runner === "model") return true;
  return capabilities !== undefined || (has !== undefined && !unfiled && DECLARED.includes(what));
}

/**
 * Lists what a fixture or a sequence requires and a board does not have.
 *
 * @param has What the board's agent found there; undefined for the model and for recordings, which have no agent
 */
export function lacking(
  requires: readonly string[],
  board: Abilities,
  has: readonly string[] | undefined,
): string[] {
  return requires.filter((what) => lacks(what, board, has));
}

/** Lists what a board's agent looked for and did not find, without drivers that cannot be used beside the board's own. */
export function notFound(board: Abilities, has: readonly string[] | undefined): string[] {
  return [...new Set(FOUND)].filter((what) => isAbsent(what, has) && !isBeside(what, board, has));
}

/** `debugfs, which the agent did not find on the board although its file lists it`. */
function describeLack(missing: readonly string[], board: Abilities, has: readonly string[] | undefined) {
  const { capabilities, handle, driver } = board;
  const absent = missing.filter((what) => isAbsent(what, has));
  const beside = missing.filter((what) => isBeside(what, board, has));
  if (absent.length === 0 && beside.length > 0) {
    return `${beside.join(", ")}, which is not the driver of ${handle}, the board's handle (that is ${driver})`;
  }
  if (absent.length === 0) return `${missing.join(", ")}, which the board lacks`;
  const listed = absent.some((what) => capabilities?.some((one) => one === what));
  return `${absent.join(", ")}, which the agent did not find on the board${
    listed ? " although the board's file lists it" : ""
  }`;
}

/** The capability that a board lacks for a sequence. */
export interface Unsupported {
  /** The part that needs it: `the sequence`, or a step */
  needer: string;
  /** The need, for example `debugfs, which the board lacks` */
  needs: string;
}

/**
 * Returns what a board lacks for a sequence; undefined if the board can run it.
 *
 * @param has What the board's agent found there; undefined for the model and for recordings, which have no agent
 */
export function whyUnsupported(
  plan: Disrupting & { requires?: readonly string[]; lacks?: string },
  board: Abilities,
  has: readonly string[] | undefined,
): Unsupported | undefined {
  const { requires = [], lacks, steps } = plan;
  const missing = lacking(requires, board, has);
  if (missing.length > 0) return { needer: "the sequence", needs: describeLack(missing, board, has) };
  if (lacks !== undefined) return { needer: "the sequence", needs: `${lacks}, which the board's device lacks` };
  for (const { id, op } of steps) {
    const missing = lacking([...neededCapabilities(op)], board, has);
    if (missing.length > 0) {
      return { needer: `step ${id} (${describeOperation(op)})`, needs: describeLack(missing, board, has) };
    }
  }
  const { disruption, step } = disruptionOfPlan(plan);
  const allowed = allowedDisruption(board);
  if (!isBeyond(disruption, allowed)) return undefined;
  return {
    needer: step ? `step ${step.id} (${describeOperation(step.op)})` : "the sequence",
    needs: `disruption = "${disruption}" in the board's file (it ${DISRUPTION_WORDS[disruption]}), where ` +
      `"${allowed}" is allowed`,
  };
}
