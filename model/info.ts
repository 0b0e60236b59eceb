/**
 * What a device tells of itself: by devlink, and by the older way of ethtool, which is also one to flash it (SEMANTICS 1.6).
 *
 * @module
 */

import { type Command, dump, get } from "./command.ts";
import { type Devlink, enter, leave, peek } from "./devlink.ts";
import { flashByEthtool } from "./flash.ts";
import type { Attributes } from "./message.ts";
import type { Result } from "./observation.ts";

/** The kinds of {@linkcode INFO_COMMANDS}. */
export type InfoKind = "dev.info" | "ethtool.info" | "ethtool.flash";

function info({ driver }: Devlink): Attributes {
  return driver.versions === undefined ? { driver: driver.name } : { driver: driver.name, versions: driver.versions };
}

/** The commands by their kind. */
export const INFO_COMMANDS: { [K in InfoKind]: Command<K> } = {
  "dev.info": (scene, { handle }) =>
    handle === undefined
      ? dump(scene, "info", info)
      : get(scene, handle, (dl) => ({ reply: { info: { [handle]: info(dl) } } })),

  *"ethtool.info"({ kernel, task, netns }, { handle, port }) {
    const missing = withoutNetdev(peek(kernel.find(netns, handle)), port);
    if (missing) return missing;
    const dl = yield* enter(kernel, task, netns, handle);
    if (!dl) return "ENODEV";
    task.observation.reply = {
      "driver": dl.driver.name,
      "version": kernel.era.id,
      "firmware-version": (dl.driver.runningVersions ?? []).map((version) => `${version} `).join(""),
      "expansion-rom-version": "",
      "bus-info": handle.slice(handle.indexOf("/") + 1),
      "supports-statistics": "no",
      "supports-test": "no",
      "supports-eeprom-access": "no",
      "supports-register-dump": "no",
      "supports-priv-flags": "no",
    };
    leave(task, dl);
    return "ok";
  },

  *"ethtool.flash"(scene, { handle, port, file }) {
    return withoutNetdev(peek(scene.kernel.find(scene.netns, handle)), port) ??
      (yield* flashByEthtool(scene, handle, file));
  },
};

/**
 * How it ends where the netdev of a port is asked for and there is none: devlink is asked for its name, and tells none that is in
 * another netns than the instance. Undefined where there is one.
 */
function withoutNetdev(dl: Devlink | undefined, index: number): Result | undefined {
  const port = dl?.ports.find((each) => each.index === index);
  if (!port) return "ENODEV";
  return port.netdev && port.netdev.netns === dl!.netns ? undefined : "client";
}
