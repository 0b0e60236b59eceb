/**
 * The info of a device, by devlink and by the older requests of ethtool, which can also flash (docs/semantics.md 1.6).
 *
 * @module
 */

import { type Command, dump, get, type Scene } from "../command.ts";
import { type Devlink, drop, findInstance, hold, peek } from "./devlink.ts";
import { flashByEthtool } from "./flash.ts";
import type { Attributes } from "./message.ts";
import type { Json, Result } from "../observation.ts";
import { acquire, type Steps, type Task } from "../kernel/task.ts";

/** The kinds of {@linkcode INFO_COMMANDS}. */
export type InfoKind = "dev.info" | "ethtool.info" | "ethtool.flash";

function info({ driver }: Devlink, { versions }: { readonly versions: Json | undefined } = driver): Attributes {
  const { name } = driver;
  const attributes = versions === undefined ? { driver: name } : { driver: name, versions };
  return driver.shown ? driver.shown("info", attributes) : attributes;
}

/** Puts the info of the driver and its device into the reply. */
function* show(task: Task, dl: Devlink): Steps<Result> {
  const { driver } = dl;
  if (driver.infoRefusal !== undefined) return driver.infoRefusal;
  const asked = driver.askVersions ? yield* driver.askVersions(task) : driver;
  task.observation.reply = { info: { [dl.handle]: info(dl, asked) } };
  return "ok";
}

/** The commands by their kind. */
export const INFO_COMMANDS: { [K in InfoKind]: Command<K> } = {
  "dev.info": (scene, { handle }) =>
    handle === undefined
      ? dump(scene, "info", (dl) => dl.driver.infoRefusal === undefined ? info(dl) : undefined)
      : get(scene, handle, (dl) => show(scene.task, dl)),

  *"ethtool.info"(scene, { handle, port }) {
    const { kernel, task } = scene;
    return yield* compat(scene, handle, port, (dl, told) => {
      task.observation.reply = {
        "driver": dl.driver.name,
        "version": kernel.era.id,
        "firmware-version": (told ? dl.driver.runningVersions ?? [] : []).map((version) => `${version} `).join(""),
        "expansion-rom-version": "",
        "bus-info": dl.handle.slice(dl.handle.indexOf("/") + 1),
        "supports-statistics": "no",
        "supports-test": "no",
        "supports-eeprom-access": "no",
        "supports-register-dump": "no",
        "supports-priv-flags": "no",
      };
    });
  },

  *"ethtool.flash"(scene, { handle, port, file }) {
    return withoutNetdev(peek(findInstance(scene.kernel, scene.netns, handle)), port) ??
      (yield* flashByEthtool(scene, handle, file));
  },
};

/**
 * Returns the result if the netdev of a port cannot be found; undefined if it can. The client asks devlink for the netdev's name,
 * and devlink gives no name if the netdev is in another netns than the instance.
 */
function withoutNetdev(dl: Devlink | undefined, index: number): Result | undefined {
  const port = dl?.ports.find((each) => each.index === index);
  if (!port) return "ENODEV";
  return port.netdev && port.netdev.netns === dl!.netns ? undefined : "client";
}

/**
 * Runs `body` on an instance that is found by the netdev of a port, as for ethtool: RTNL is held while the netdev is looked up, and
 * not during the wait for the lock of the instance. In some lock designs that no kernel has, this differs.
 */
function* compat(
  { kernel, task, netns }: Scene,
  handle: string,
  port: number,
  body: (dl: Devlink, told: boolean) => void,
): Steps<Result> {
  const way = kernel.era.locks.compat;
  yield* acquire(task, kernel.rtnl);
  const dl = peek(findInstance(kernel, netns, handle));
  const missing = withoutNetdev(dl, port);
  if (!dl || missing) {
    kernel.rtnl.release(task);
    return missing ?? "ENODEV";
  }
  if (way !== "unreferenced") hold(task, dl);
  if (way !== "under rtnl") kernel.rtnl.release(task);
  yield* acquire(task, dl.lock);
  if (dl.freed && way === "unreferenced") {
    task.log("kasan", `use-after-free: devlink_compat_running_version: ${dl.handle}`);
  } else body(dl, dl.registered || way !== "looks again");
  dl.lock.release(task);
  if (way !== "unreferenced") drop(task, dl);
  if (way === "under rtnl") kernel.rtnl.release(task);
  return "ok";
}
