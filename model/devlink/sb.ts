/**
 * Shared buffers, as devlink(8) shows them: of all instances, one buffer of an instance, or one pool (net/devlink/sb.c).
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

/** Shows the shared buffers of all instances: `devlink sb show`. */
export const dumpBuffers = (scene: Scene): Steps<Result> =>
  dump(scene, "sb", (dl) => {
    const shared = bufferOf(dl);
    return shared && [shared.buffer];
  });

/** Shows the pools of all instances: `devlink sb pool show`. */
export const dumpPools = (scene: Scene): Steps<Result> => dump(scene, "pool", (dl) => bufferOf(dl)?.pools.slice());

/** Shows all ports for `sb port pool show` and `sb tc bind show`: devlink(8) names a port by its netdev, if it has one. */
export const dumpPorts = (scene: Scene, key: string, part: keyof SharedBufferPort): Steps<Result> =>
  dumpObjects(scene, key, (dl, shown) => {
    const shared = bufferOf(dl);
    if (!shared) return;
    for (const port of dl.ports) shown[port.netdev?.name ?? port.handle] = shared.ofPort(port)[part].slice();
  });

/** Shows one shared buffer of an instance: `devlink sb show`. */
export const showBuffer = (scene: Scene, handle: Handle, sb = 0): Steps<Result> =>
  get(scene, handle, (dl) => {
    const shared = sb === 0 ? bufferOf(dl) : undefined;
    return shared ? { reply: { sb: { [handle]: [shared.buffer] } } } : "ENODEV";
  });

/** Shows one pool: `devlink sb pool show`. */
export const showPool = (scene: Scene, handle: Handle, sb = 0, pool: number): Steps<Result> =>
  get(scene, handle, (dl) => {
    const shared = sb === 0 ? bufferOf(dl) : undefined;
    if (!shared) return "ENODEV";
    const found = shared.pools[pool];
    return found ? { reply: { pool: { [handle]: [found] } } } : "EINVAL";
  });
