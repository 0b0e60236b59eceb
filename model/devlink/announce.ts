/**
 * The multicast messages of a devlink instance: what is sent, when, and in which order (docs/semantics.md 1.4).
 *
 * @module
 */

import type { Devlink, Param, Port, Region, Reporter, Trap, TrapGroup, TrapPolicer } from "./devlink.ts";
import {
  type Attributes,
  devAttributes,
  groupAttributes,
  paramAttributes,
  policerAttributes,
  portAttributes,
  reporterAttributes,
  trapAttributes,
} from "./message.ts";
import { oops, passThrough, type Steps, type Task } from "../kernel/task.ts";

/** The change that a message announces. */
export type Change = "new" | "del";

/** True if a message is built at all: only of registered instances and, in later eras, only if a socket in any netns listens. */
function builds(task: Task, dl: Devlink): boolean {
  if (!dl.registered) return false;
  // A netns that is gone has no netlink socket any more: its pointer is NULL
  if (dl.netns.gone) oops(task, `BUG: kernel NULL pointer dereference: ${dl.handle} is in a netns that is gone`);
  return dl.kernel.heard || dl.kernel.era.unheard === "built" || dl.kernel.overheard;
}

/** Reads attributes whose read is counted. If the kernel would not build the message, the count is taken back. */
function counting(dl: Devlink, unread: () => void, read: () => Attributes | null): Attributes | null {
  const attributes = read();
  if (attributes && !dl.kernel.heard && dl.kernel.era.unheard === "skipped") unread();
  return attributes;
}

function send(task: Task, dl: Devlink, change: string, object: string, handle: string, attributes: Attributes): void {
  dl.kernel.multicast(task, dl.netns, change, object, handle, attributes);
}

/** Announces the instance itself. */
export function announceDev(task: Task, dl: Devlink, change: Change): void {
  if (builds(task, dl)) send(task, dl, change, "dev", dl.handle, devAttributes(dl));
}

/** Announces a port; building the message takes RTNL in some eras. */
export function* announcePort(task: Task, dl: Devlink, port: Port, change: Change): Steps {
  if (!builds(task, dl)) return;
  const { rtnl, era } = dl.kernel;
  if (era.portFillTakesRtnl) {
    if (task.stepping || !rtnl.pass(task)) yield* passThrough(task, rtnl);
  }
  announcePortUnlocked(task, dl, port, change);
}

/** Announces a port without taking a lock to build the message. */
export function announcePortUnlocked(task: Task, dl: Devlink, port: Port, change: Change): void {
  if (builds(task, dl)) send(task, dl, change, "port", port.handle, portAttributes(dl, port));
}

/** Announces a trap; a counter that cannot be read suppresses the message. */
export function announceTrap(task: Task, dl: Devlink, trap: Trap, change: Change): void {
  if (!builds(task, dl)) return;
  const attributes = counting(dl, () => dl.driver.unreadTrap?.(trap), () => trapAttributes(dl, trap));
  if (attributes) send(task, dl, change, "trap", dl.handle, attributes);
}

/** Announces a trap group. */
export function announceGroup(task: Task, dl: Devlink, group: TrapGroup, change: Change): void {
  if (builds(task, dl)) send(task, dl, change, "trap-group", dl.handle, groupAttributes(dl, group));
}

/** Announces a trap policer; a counter that cannot be read suppresses the message. */
export function announcePolicer(task: Task, dl: Devlink, policer: TrapPolicer, change: Change): void {
  if (!builds(task, dl)) return;
  const attributes = counting(dl, () => policer.reads--, () => policerAttributes(dl, policer));
  if (attributes) send(task, dl, change, "trap-policer", dl.handle, attributes);
}

/** Announces a param; a param that has no value yet sends no message. */
export function announceParam(task: Task, dl: Devlink, param: Param, change: Change): void {
  if (!builds(task, dl)) return;
  const attributes = paramAttributes(dl, param);
  if (attributes) send(task, dl, change, "param", dl.handle, attributes);
}

/** Announces a region. */
export function announceRegion(task: Task, dl: Devlink, region: Region, change: Change): void {
  if (builds(task, dl)) send(task, dl, change, "region", region.handle, { size: region.size });
}

/** Announces a snapshot of a region: the message holds the id only. */
export function announceSnapshot(task: Task, dl: Devlink, region: Region, id: number, change: Change): void {
  if (builds(task, dl)) send(task, dl, change, "region", region.handle, { snapshot: [id] });
}

/** Announces the state of a health reporter of the instance or of a port. */
export function announceReporter(task: Task, dl: Devlink, reporter: Reporter): void {
  if (!builds(task, dl)) return;
  const { handle } = dl.ports.find(({ reporters }) => reporters?.includes(reporter)) ?? dl;
  send(task, dl, "status", "health", handle, reporterAttributes(dl, reporter));
}

/** Announces a flash update: its begin, its end, or its progress. */
export function announceFlash(
  task: Task,
  dl: Devlink,
  command: "begin" | "end" | "status",
  attributes: Attributes = {},
): void {
  if (builds(task, dl)) send(task, dl, command, "flash", dl.handle, attributes);
}

/** Announces an instance and then each object that it holds, as new. */
export function* announceAll(task: Task, dl: Devlink): Steps {
  announceDev(task, dl, "new");
  for (const port of dl.ports) yield* announcePort(task, dl, port, "new");
  for (const policer of dl.policers) announcePolicer(task, dl, policer, "new");
  for (const group of dl.groups) announceGroup(task, dl, group, "new");
  for (const trap of dl.traps) announceTrap(task, dl, trap, "new");
  for (const region of dl.regions) announceRegion(task, dl, region, "new");
  for (const param of dl.params) announceParam(task, dl, param, "new");
}

/** Announces that an instance and each object that it holds are deleted. */
export function* announceAllGone(task: Task, dl: Devlink): Steps {
  const descending = dl.kernel.era.unregisterParams === "descending";
  for (const param of descending ? dl.params.toReversed() : dl.params) announceParam(task, dl, param, "del");
  for (const region of dl.regions.toReversed()) announceRegion(task, dl, region, "del");
  for (const trap of dl.traps.toReversed()) announceTrap(task, dl, trap, "del");
  for (const group of dl.groups.toReversed()) announceGroup(task, dl, group, "del");
  for (const policer of dl.policers.toReversed()) announcePolicer(task, dl, policer, "del");
  for (const port of descending ? dl.ports.toReversed() : dl.ports) yield* announcePort(task, dl, port, "del");
  announceDev(task, dl, "del");
}
