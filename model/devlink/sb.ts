/**
 * Shared buffers, as devlink(8) lists them: of all instances, a buffer of one, a pool by its number (net/devlink/sb.c).
 *
 * @module
 */

import { dump, get, type Scene } from "../command.ts";
import type { Steps } from "../kernel/task.ts";
import type { Result } from "../observation.ts";
import type { Handle } from "../operation.ts";
import type { Devlink } from "./devlink.ts";
import type { SharedBuffer, SharedBufferPort } from "./driver.ts";
import { dumpObjects } from "./port.ts";

const bufferOf = ({ driver }: Devlink): SharedBuffer | undefined => driver.sharedBuffer?.();

/** `devlink sb show`, of all instances. */
export const dumpBuffers = (scene: Scene): Steps<Result> =>
  dump(scene, "sb", (dl) => {
    const shared = bufferOf(dl);
    return shared && [shared.buffer];
  });

/** `devlink sb pool show`, of all instances. */
export const dumpPools = (scene: Scene): Steps<Result> => dump(scene, "pool", (dl) => bufferOf(dl)?.pools.slice());

/** `devlink sb port pool show` or `sb tc bind show`, of all instances: devlink(8) names a port by its netdev, if it has one. */
export const dumpPorts = (scene: Scene, key: string, part: keyof SharedBufferPort): Steps<Result> =>
  dumpObjects(scene, key, (dl, shown) => {
    const shared = bufferOf(dl);
    if (!shared) return;
    for (const port of dl.ports) shown[port.netdev?.name ?? port.handle] = shared.ofPort(port)[part].slice();
  });

/** `devlink sb show` of one instance. */
export const showBuffer = (scene: Scene, handle: Handle, sb = 0): Steps<Result> =>
  get(scene, handle, (dl) => {
    const shared = sb === 0 ? bufferOf(dl) : undefined;
    return shared ? { reply: { sb: { [handle]: [shared.buffer] } } } : "ENODEV";
  });

/** `devlink sb pool show` of one pool. */
export const showPool = (scene: Scene, handle: Handle, sb = 0, pool: number): Steps<Result> =>
  get(scene, handle, (dl) => {
    const shared = sb === 0 ? bufferOf(dl) : undefined;
    if (!shared) return "ENODEV";
    const found = shared.pools[pool];
    return found ? { reply: { pool: { [handle]: [found] } } } : "EINVAL";
  });
