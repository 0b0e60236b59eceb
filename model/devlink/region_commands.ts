/**
 * The commands on regions and their snapshots.
 *
 * @module
 */

import { change, type Command, get, refused } from "../command.ts";
import { type Devlink, instancesOf, leave, lockInstance, type Region } from "./devlink.ts";
import { type Attributes, regionAttributes } from "./message.ts";
import type { Json, Result } from "../observation.ts";
import { deleteSnapshot, findRegion, newSnapshot, snapshotContent } from "./region.ts";
import type { Task } from "../kernel/task.ts";

/** The kinds of {@linkcode REGION_COMMANDS}. */
export type RegionKind = "region.show" | "region.new" | "region.del" | "region.dump" | "region.read";

/** The most bytes that the kernel puts into one piece of an answer. */
const PIECE = 256;
const U32_MAX = 0xffff_ffff;

/** The commands by their kind. */
export const REGION_COMMANDS: { [K in RegionKind]: Command<K> } = {
  *"region.show"(scene, { handle, region: name }) {
    const { kernel, task, netns } = scene;
    const regions: Attributes = {};
    if (handle !== undefined) {
      if (name === undefined && !kernel.era.filteredDumps) return "client";
      return yield* get(scene, handle, (dl) => {
        if (name === undefined) {
          for (const each of dl.regions) regions[each.handle] = regionAttributes(dl, each);
          return { reply: { regions } };
        }
        const region = findRegion(dl, name);
        return region ? { reply: { regions: { [region.handle]: regionAttributes(dl, region) } } } : "EINVAL";
      });
    }
    for (const dl of [...instancesOf(kernel)]) {
      if (dl.netns !== netns || !dl.visible || !(yield* lockInstance(task, dl))) continue;
      if (dl.netns === netns) {
        for (const region of dl.regions) regions[region.handle] = regionAttributes(dl, region);
      }
      leave(task, dl);
    }
    task.observation.reply = { regions };
    return "ok";
  },

  "region.new": (scene, { handle, region, snapshot }) =>
    !isId(snapshot) ? refused() : get(scene, handle, (dl) => {
      const id = newSnapshot(scene.task, dl, region, snapshot);
      if (typeof id === "string") return id;
      // The kernel sends a reply only if it chose the id
      return { reply: { regions: snapshot === undefined ? { [`${dl.handle}/${region}`]: { snapshot: [id] } } : {} } };
    }),

  "region.del": (scene, { handle, region, snapshot }) =>
    !isId(snapshot) ? refused() : change(scene, handle, (dl) => deleteSnapshot(scene.task, dl, region, snapshot)),

  // devlink(8) accepts `direct` only for a read, not for a dump
  "region.dump": (scene, { handle, region, snapshot }) =>
    snapshot === undefined || !isId(snapshot)
      ? refused()
      : get(scene, handle, (dl) => reply("dump", read(scene.task, dl, region, snapshot, undefined))),

  "region.read": (scene, { handle, region, snapshot, address, length }) => {
    const [start, count] = [u64(address), u64(length)];
    return start === undefined || count === undefined || !isId(snapshot)
      ? refused()
      : get(scene, handle, (dl) => reply("read", read(scene.task, dl, region, snapshot, { start, count })));
  },
};

/** True if devlink(8) accepts the snapshot id, or none is given. */
function isId(snapshot: number | undefined): boolean {
  return snapshot === undefined || (Number.isInteger(snapshot) && snapshot >= 0 && snapshot <= U32_MAX);
}

/** Returns a number as devlink(8) parses it: decimal, of 64 bits; undefined if the text is not such a number. */
function u64(value: string | number): bigint | undefined {
  const text = String(value);
  if (!/^\d+$/.test(text)) return undefined;
  const number = BigInt(text);
  return number > 0xffff_ffff_ffff_ffffn ? undefined : number;
}

function reply(key: string, pieces: Json[] | Result): { reply: Json } | Result {
  return typeof pieces === "string" ? pieces : { reply: { [key]: pieces } };
}

/** Returns the pieces of a snapshot within a range; without a range, all pieces. */
function read(
  task: Task,
  dl: Devlink,
  name: string,
  snapshot: number | undefined,
  range: { start: bigint; count: bigint } | undefined,
): Json[] | Result {
  const { readTells, withoutSnapshot } = dl.kernel.era.objects.region;
  const refuse = (errno: Result, text: string | undefined) =>
    text === undefined || !readTells ? errno : task.fail(errno, text);
  const region = findRegion(dl, name);
  if (snapshot === undefined && (!readTells || region)) return refuse(withoutSnapshot.errno, withoutSnapshot.text);
  if (!region) return refuse("EINVAL", "Requested region does not exist");
  const { start, end } = bounds(region, range);
  const exists = region.snapshots.includes(snapshot!);
  // For an empty range, older kernels do not look up the snapshot
  if (!exists && (readTells || start !== end)) return refuse("EINVAL", "Requested snapshot does not exist");
  if (start === end) return [];
  // The kernel would read nothing, which it reports as an error
  if (start > end) return "EINVAL";
  const content = snapshotContent(dl, region, snapshot!);
  const pieces: Json[] = [];
  for (let at = Number(start); at < Number(end); at += PIECE) {
    pieces.push({ address: at, data: [...content.subarray(at, Math.min(at + PIECE, Number(end)))] });
  }
  return pieces;
}

/** Returns the start and the end of a range: cut off at the end of the region; the sum of start and count may wrap around. */
function bounds(region: Region, range: { start: bigint; count: bigint } | undefined): { start: bigint; end: bigint } {
  const size = BigInt(region.size);
  if (!range) return { start: 0n, end: size };
  const end = BigInt.asUintN(64, range.start + range.count);
  return { start: range.start, end: end > size ? size : end };
}
