/**
 * Rate objects: the limits for what the functions of ports send, and the nodes that group them (net/devlink/rate.c).
 *
 * @module
 */

import { type Command, get } from "../command.ts";
import { CLASSES, parseBandwidths } from "../command_line/bandwidths.ts";
import { Refusal } from "../command_line/refusals.ts";
import { type Devlink, enter, findInstance, leave, type Port, type Rate } from "./devlink.ts";
import { rateAttributes } from "./message.ts";
import type { Result } from "../observation.ts";
import type { RateParameters } from "../operation.ts";
import { dumpObjects } from "./port.ts";
import { acquire, type Steps, type Task } from "../kernel/task.ts";

// The kernel also announces changes of rate objects (RATE NEW and DEL), but the monitor of devlink(8) 7.3 does not show them.

/** No bandwidth for any traffic class. */
const NO_BANDWIDTHS: readonly number[] = Array(CLASSES).fill(0);

/** Creates the rate leaf of a port. */
export function createLeaf(dl: Devlink, port: Port): void {
  port.rate = {
    type: "leaf",
    handle: port.handle,
    name: "",
    port,
    txShare: 0,
    txMax: 0,
    bandwidths: NO_BANDWIDTHS,
    parent: undefined,
    children: 0,
  };
  dl.rates.push(port.rate);
}

/** Removes the leaf of a port, if it has one. */
export function destroyLeaf(dl: Devlink, port: Port): void {
  if (!port.rate) return;
  setParent(port.rate, undefined);
  dl.rates.splice(dl.rates.indexOf(port.rate), 1);
  port.rate = undefined;
}

/** Removes all nodes; rate objects that had a node as their parent then have no parent. */
export function destroyNodes(dl: Devlink): void {
  for (const rate of dl.rates) setParent(rate, undefined);
  for (const rate of dl.rates) if (rate.type === "node") dl.driver.rates!.nodeDel(rate.name);
  dl.rates = dl.rates.filter((rate) => rate.type === "leaf");
}

/** Returns the error if nodes exist: the mode of the eswitch cannot be set then. */
export function nodesExist(task: Task, dl: Devlink): Result {
  if (!dl.rates.some((rate) => rate.type === "node")) return "ok";
  return task.fail("EBUSY", "Rate node(s) exists", dl.kernel.era.corePrefix);
}

function setParent(rate: Rate, parent: Rate | undefined): void {
  if (rate.parent) rate.parent.children--;
  rate.parent = parent;
  if (parent) parent.children++;
}

function nodeOf(dl: Devlink, name: string): Rate | undefined {
  return dl.rates.find((rate) => rate.type === "node" && rate.name === name);
}

/** Returns the rate object that a request of devlink(8) names: a word of digits is the index of a port. */
function rateOf(dl: Devlink, port: number | undefined, node: string | undefined): Rate | undefined {
  if (port === undefined && node !== undefined && !DIGITS.test(node)) return nodeOf(dl, node);
  const index = port ?? Number(node);
  return dl.ports.find((each) => each.index === index)?.rate;
}

const DIGITS = /^\d*$/;

/** True if devlink(8) reads the word as the index of a port and fails: it is empty, or has more than 32 bits. */
const noIndex = (node: string | undefined) =>
  node !== undefined && DIGITS.test(node) && (node === "" || Number(node) >= 2 ** 32);

/** The attributes that a request sets, as the kernel receives them; rates in bytes per second. */
interface Wish {
  txShare: number | undefined;
  txMax: number | undefined;
  txPriority: number | undefined;
  txWeight: number | undefined;
  /** The bandwidth of each of the 8 traffic classes */
  bandwidths: readonly number[] | undefined;
  /** `""` is no parent */
  parent: string | undefined;
}

/**
 * Returns the error if a request sets an attribute that the kernel does not know or that no driver of the model supports; else
 * `ok`.
 */
function unsupported(task: Task, dl: Devlink, type: Rate["type"], wish: Wish): Result {
  const { ratePriority } = dl.kernel.era.ports;
  for (const [value, what] of [[wish.txPriority, "priority"], [wish.txWeight, "weight"]] as const) {
    if (value === undefined || !ratePriority) continue;
    return task.fail(
      "EOPNOTSUPP",
      `TX ${what} set isn't supported for the ${type === "leaf" ? "leafs" : "nodes"}`,
      dl.kernel.era.corePrefix,
    );
  }
  return "ok";
}

/** Sets the attributes of a request one after the other. If one fails, those set before stay set. */
function setRate(task: Task, dl: Devlink, rate: Rate, wish: Wish): Result {
  const driver = dl.driver.rates!;
  if (wish.txShare !== undefined) {
    const result = driver.txSet(task, rate, "tx_share", wish.txShare);
    if (result !== "ok") return result;
    rate.txShare = wish.txShare;
  }
  if (wish.txMax !== undefined) {
    const result = driver.txSet(task, rate, "tx_max", wish.txMax);
    if (result !== "ok") return result;
    rate.txMax = wish.txMax;
  }
  if (wish.bandwidths && dl.kernel.era.ports.rateClasses === "taken") rate.bandwidths = wish.bandwidths;
  return wish.parent === undefined ? "ok" : adopt(task, dl, rate, wish.parent);
}

function adopt(task: Task, dl: Devlink, rate: Rate, name: string): Result {
  const { corePrefix, ports: { reparents } } = dl.kernel.era;
  if (name === "") {
    setParent(rate, undefined);
    return "ok";
  }
  if (rate.parent && !reparents) return task.fail("EBUSY", "Rate object already has parent", corePrefix);
  const parent = nodeOf(dl, name);
  if (!parent) return "ENODEV";
  if (parent === rate) return task.fail("EINVAL", "Parent to self is not allowed", corePrefix);
  if (rate.type === "node") {
    for (let above = parent.parent; above; above = above.parent) {
      if (above === rate) return task.fail("EEXIST", "Node is already a parent of parent node", corePrefix);
    }
  }
  setParent(rate, parent);
  return "ok";
}

/** The units of a rate as devlink(8) reads them, in bits per second. */
const UNITS: Readonly<Record<string, number>> = { "": 1 };
{
  const units = UNITS as Record<string, number>;
  for (const [i, letter] of ["", "k", "m", "g", "t"].entries()) {
    units[`${letter}bit`] = 1000 ** i;
    units[`${letter}bps`] = 8 * 1000 ** i;
    if (i === 0) continue;
    units[`${letter}ibit`] = 1024 ** i;
    units[`${letter}ibps`] = 8 * 1024 ** i;
  }
}

/** Returns a rate in bytes per second; undefined if devlink(8) does not understand the text. */
export function parseRate(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d*)?|\.\d+)([a-z]*)$/i.exec(text);
  const unit = match && UNITS[match[2]!.toLowerCase()];
  return unit ? Math.trunc(Number(match![1]) * unit / 8) : undefined;
}

/** Returns the attributes that devlink(8) sends for the words; undefined if it refuses the words. */
function wishOf(op: RateParameters): Wish | undefined {
  const [txShare, txMax] = [op.txShare, op.txMax].map((text) => text === undefined ? undefined : parseRate(text));
  if ((op.txShare !== undefined && txShare === undefined) || (op.txMax !== undefined && txMax === undefined)) {
    return undefined;
  }
  const bandwidths = op.tcBw && parseBandwidths(op.tcBw);
  if (bandwidths instanceof Refusal) return undefined;
  const { txPriority, txWeight } = op;
  return { txShare, txMax, txPriority, txWeight, bandwidths, parent: op.parent === null ? "" : op.parent };
}

/** True if the share is not above the maximum, else devlink(8) sends no request; a maximum of 0 is no limit. */
const inOrder = (share: number, max: number) => share === 0 || max === 0 || share <= max;

/** Returns the error if the netlink policy of the era does not know an attribute of the request; else `ok`. */
function unknownTo(task: Task, dl: { era: Devlink["kernel"]["era"] }, wish: Wish): Result {
  const { ratePriority, rateClasses } = dl.era.ports;
  const priority = wish.txPriority !== undefined || wish.txWeight !== undefined;
  const refused = (priority && !ratePriority) || (wish.bandwidths !== undefined && rateClasses === "refused");
  return refused ? task.fail("EINVAL", "Unknown attribute type") : "ok";
}

// deno-lint-ignore require-yield
function* said(result: Result): Steps<Result> {
  return result;
}

/** The commands on rate objects. */
export const RATE_COMMANDS: { [K in RateKind]: Command<K> } = {
  "rate.show": (scene, { handle, port, node }) => {
    if (!scene.kernel.era.ports.rates) return said("EOPNOTSUPP");
    // Here devlink(8) continues, and its request names no rate object
    if (noIndex(node)) return said("EINVAL");
    if (handle === undefined) {
      return dumpObjects(scene, "rate", (dl, shown) => {
        for (const rate of dl.rates) shown[rate.handle] = rateAttributes(rate);
      });
    }
    return get(scene, handle, (dl) => {
      const rate = rateOf(dl, port, node);
      return rate ? { reply: { rate: { [rate.handle]: rateAttributes(rate) } } } : "ENODEV";
    });
  },

  *"rate.set"(scene, op) {
    const { kernel, task, netns } = scene;
    const wish = wishOf(op);
    if (!wish || noIndex(op.node)) return "client";
    const { txShare, txMax } = wish;
    if (txShare !== undefined && txMax !== undefined && !inOrder(txShare, txMax)) return "client";
    if (!kernel.era.ports.rates) return "EOPNOTSUPP";
    // Also for the read that devlink(8) sends first, since it sends this read with all the attributes
    const unknown = unknownTo(task, kernel, wish);
    if (unknown !== "ok") return unknown;
    if ((txShare === undefined) !== (txMax === undefined)) {
      // devlink(8) reads the missing one of the two first
      const before: { rate: Rate | undefined } = { rate: undefined };
      const found = yield* get(scene, op.handle, (dl) => {
        before.rate = rateOf(dl, op.port, op.node);
        return before.rate ? { reply: null } : "ENODEV";
      });
      if (found !== "ok") return found;
      if (!inOrder(txShare ?? before.rate!.txShare, txMax ?? before.rate!.txMax)) return "client";
    }
    const parent = findInstance(kernel, netns, op.handle)?.parent;
    const order = kernel.era.locks.nestedOrder;
    if (parent && order === "parent first") yield* acquire(task, parent.lock);
    const dl = yield* enter(kernel, task, netns, op.handle);
    if (parent && order === "nested first") yield* acquire(task, parent.lock);
    if (parent && order !== "none") parent.lock.release(task);
    if (!dl) return "ENODEV";
    const rate = rateOf(dl, op.port, op.node);
    let result: Result = rate ? unsupported(task, dl, rate.type, wish) : "ENODEV";
    if (result === "ok") result = setRate(task, dl, rate!, wish);
    leave(task, dl);
    return result;
  },

  *"rate.add"({ kernel, task, netns }, op) {
    const wish = wishOf(op);
    if (!wish || DIGITS.test(op.node)) return "client";
    if (!inOrder(wish.txShare ?? 0, wish.txMax ?? 0)) return "client";
    if (!kernel.era.ports.rates) return "EOPNOTSUPP";
    const unknown = unknownTo(task, kernel, wish);
    if (unknown !== "ok") return unknown;
    const dl = yield* enter(kernel, task, netns, op.handle);
    if (!dl) return "ENODEV";
    const result = addNode(task, dl, op.node, wish);
    leave(task, dl);
    return result;
  },

  *"rate.del"({ kernel, task, netns }, { handle, node }) {
    if (DIGITS.test(node)) return "client";
    if (!kernel.era.ports.rates) return "EOPNOTSUPP";
    const dl = yield* enter(kernel, task, netns, handle);
    if (!dl) return "ENODEV";
    const result = deleteNode(task, dl, node);
    leave(task, dl);
    return result;
  },
};

/** The kinds of {@linkcode RATE_COMMANDS}. */
export type RateKind = "rate.show" | "rate.set" | "rate.add" | "rate.del";

function addNode(task: Task, dl: Devlink, name: string, wish: Wish): Result {
  const driver = dl.driver.rates;
  if (!driver) return task.fail("EOPNOTSUPP", "Rate nodes aren't supported", dl.kernel.era.corePrefix);
  let result = unsupported(task, dl, "node", wish);
  if (result !== "ok") return result;
  if (nodeOf(dl, name)) return "EEXIST";
  const rate: Rate = {
    type: "node",
    handle: `${dl.handle}/${name}`,
    name,
    port: undefined,
    txShare: 0,
    txMax: 0,
    bandwidths: NO_BANDWIDTHS,
    parent: undefined,
    children: 0,
  };
  result = driver.nodeNew(task, name);
  if (result !== "ok") return result;
  result = setRate(task, dl, rate, wish);
  if (result === "ok") dl.rates.unshift(rate);
  else driver.nodeDel(name);
  return result;
}

function deleteNode(task: Task, dl: Devlink, name: string): Result {
  const rate = nodeOf(dl, name);
  if (!rate) return "ENODEV";
  if (rate.children > 0) {
    return task.fail("EBUSY", "Node has children. Cannot delete node", dl.kernel.era.corePrefix);
  }
  dl.driver.rates!.nodeDel(name);
  setParent(rate, undefined);
  dl.rates.splice(dl.rates.indexOf(rate), 1);
  return "ok";
}
