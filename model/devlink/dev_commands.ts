/**
 * `devlink dev show` and `devlink dev reload`.
 *
 * @module
 */

import { type Command, dump, get } from "../command.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Netns } from "../net/netns.ts";
import type { Result } from "../observation.ts";
import type { Operation } from "../operation.ts";
import { acquire } from "../kernel/task.ts";
import { drop, findInstance, hold, leave, lockInstance } from "./devlink.ts";
import { devAttributes } from "./message.ts";
import { performedBy, reload } from "./reload.ts";

/** The kinds of {@linkcode DEV_COMMANDS}. */
export type DevKind = "dev.show" | "dev.reload";

/** The operations on instances by their kind. */
export const DEV_COMMANDS: { readonly [K in DevKind]: Command<K> } = {
  "dev.show": (scene, { handle }) =>
    handle === undefined
      ? dump(scene, "dev", devAttributes, scene.kernel.era.locks.requests.all["dev.show"])
      : get(scene, handle, (dl) => ({ reply: { dev: { [dl.handle]: devAttributes(dl) } } })),

  *"dev.reload"(scene, op) {
    const { kernel, task, netns } = scene;
    const { era } = kernel;
    const target = targetOf(kernel, op.to);
    if (target === "client") return "client";
    if (op.limit !== undefined && era.limitRefusedBy === "policy") {
      return task.fail("EINVAL", "Attribute failed policy validation");
    }
    const dl = findInstance(kernel, netns, op.handle);
    if (!dl) return "ENODEV";
    target?.hold(task);
    const deviceFirst = era.reloadLocks[0] === "device";
    hold(task, dl);
    if (deviceFirst) yield* acquire(task, dl.deviceLock);
    const instance = era.reloadLocks.includes("instance");
    let result: Result = "ENODEV";
    if (instance ? yield* lockInstance(task, dl) : dl.registered) {
      const action = op.action ?? "driver_reinit";
      result = yield* reload(task, dl, { action, limit: op.limit, target });
      if (result === "ok" && (op.action !== undefined || op.limit !== undefined)) {
        task.observation.reply = { reload: { reload_actions_performed: [...performedBy(dl, action)] } };
      }
      if (instance) leave(task, dl);
    }
    if (deviceFirst) dl.deviceLock.release(task);
    drop(task, dl);
    target?.drop(task);
    return result;
  },
};

/** Returns the netns that a reload moves to: null if the kernel finds no such netns, `client` if devlink(8) finds none. */
function targetOf(kernel: Kernel, to: Operation<"dev.reload">["to"]): Netns | null | undefined | "client" {
  if (to === undefined) return undefined;
  // devlink(8) itself opens the netns of that process
  if (typeof to === "object") return to.pid === 1 ? kernel.init : "client";
  const netns = kernel.netns.get(to);
  if (netns) return netns;
  // devlink(8) can open any file under /run/netns; the kernel then sees that the file is not a netns (N08)
  return kernel.runFiles.has(`/run/netns/${to}`) ? null : "client";
}
