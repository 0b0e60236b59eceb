/**
 * What a device tells of itself: by devlink, and by the older way of ethtool, which is also one to flash it (SEMANTICS 1.6).
 *
 * @module
 */

import { type Command, dump, get } from "./command.ts";
import { type Devlink, enter, leave, peek } from "./devlink.ts";
import { flashByEthtool } from "./flash.ts";
import type { Attributes } from "./message.ts";

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
    if (!hasNetdev(peek(kernel.find(netns, handle)), port)) return "client";
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
    if (!hasNetdev(peek(scene.kernel.find(scene.netns, handle)), port)) return "client";
    return yield* flashByEthtool(scene, handle, file);
  },
};

/** Whether a port of an instance has a netdev in the netns of the instance: devlink tells the name of no other. */
function hasNetdev(dl: Devlink | undefined, index: number): boolean {
  const netdev = dl?.ports.find((port) => port.index === index)?.netdev;
  return netdev ? netdev.netns === dl!.netns : false;
}
