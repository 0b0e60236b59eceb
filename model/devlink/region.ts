/**
 * Regions and their snapshots (docs/semantics.md 5.4).
 *
 * @module
 */

import { announceRegion, announceSnapshot } from "./announce.ts";
import type { Devlink, Region } from "./devlink.ts";
import type { Result } from "../observation.ts";
import type { Task } from "../kernel/task.ts";

/** Registers a region and announces it. */
export function registerRegion(task: Task, dl: Devlink, spec: { name: string; size: number; max: number }): void {
  const region: Region = { ...spec, handle: `${dl.handle}/${spec.name}`, snapshots: [], contents: new Map() };
  dl.regions.push(region);
  announceRegion(task, dl, region, "new");
}

/** Unregisters all regions; the snapshots of each region are deleted first. */
export function unregisterRegions(task: Task, dl: Devlink): void {
  for (const region of dl.regions) {
    for (const id of [...region.snapshots]) drop(task, dl, region, id);
    announceRegion(task, dl, region, "del");
  }
  dl.regions = [];
}

/** Returns a region by its name. */
export function findRegion(dl: Devlink, name: string): Region | undefined {
  return dl.regions.find((each) => each.name === name);
}

/** Returns the lowest snapshot id that is free; ids are shared by all regions of an instance. */
export function freeSnapshotId(dl: Devlink): number {
  for (let id = 0;; id++) if (!dl.snapshotIds.has(id)) return id;
}

/** Stores a snapshot and announces it. Returns `ENOSPC` if the region is full. */
export function storeSnapshot(task: Task, dl: Devlink, region: Region, id: number): Result {
  if (region.snapshots.length >= region.max) return "ENOSPC";
  dl.snapshotIds.set(id, (dl.snapshotIds.get(id) ?? 0) + 1);
  region.snapshots.push(id);
  announceSnapshot(task, dl, region, id, "new");
  return "ok";
}

/** Takes a snapshot: `devlink region new`. Returns the id of the snapshot, or an errno. */
export function newSnapshot(task: Task, dl: Devlink, name: string, wanted: number | undefined): number | Result {
  const prefix = dl.kernel.era.corePrefix;
  const region = findRegion(dl, name);
  if (!region) return task.fail("EINVAL", "The requested region does not exist", prefix);
  const taken = dl.driver.regionSnapshot?.(task, region) ?? "ok";
  if (taken !== "ok") return taken;
  if (region.snapshots.length >= region.max) {
    return task.fail("ENOSPC", "The region has reached the maximum number of stored snapshots", prefix);
  }
  if (wanted !== undefined) {
    if (region.snapshots.includes(wanted)) {
      return task.fail("EEXIST", "The requested snapshot id is already in use", prefix);
    }
    if (dl.snapshotIds.has(wanted)) return "EEXIST";
  }
  const id = wanted ?? freeSnapshotId(dl);
  // When the kernel chooses the id, it takes a reference that it never drops: such an id is not used again
  if (wanted === undefined) dl.snapshotIds.set(id, 1);
  storeSnapshot(task, dl, region, id);
  return id;
}

/** Deletes a snapshot: `devlink region del`. */
export function deleteSnapshot(task: Task, dl: Devlink, name: string, id: number): Result {
  const region = findRegion(dl, name);
  if (!region?.snapshots.includes(id)) return "EINVAL";
  drop(task, dl, region, id);
  return "ok";
}

function drop(task: Task, dl: Devlink, region: Region, id: number): void {
  announceSnapshot(task, dl, region, id, "del");
  region.contents.delete(id);
  region.snapshots.splice(region.snapshots.indexOf(id), 1);
  putSnapshotId(dl, id);
}

/** Gives back a reference to a snapshot id. */
export function putSnapshotId(dl: Devlink, id: number): void {
  const users = (dl.snapshotIds.get(id) ?? 1) - 1;
  if (users === 0) dl.snapshotIds.delete(id);
  else dl.snapshotIds.set(id, users);
}

/** Returns the content of a snapshot: random bytes. */
export function snapshotContent(dl: Devlink, region: Region, id: number): Uint8Array {
  let content = region.contents.get(id);
  if (!content) region.contents.set(id, content = dl.kernel.randomBytes(region.size));
  return content;
}
