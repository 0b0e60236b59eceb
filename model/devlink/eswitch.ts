/**
 * The eswitch of a device (net/devlink/dev.c).
 *
 * @module
 */

import { type Command, get } from "../command.ts";
import { enter, leave } from "./devlink.ts";
import type { EswitchMode } from "./driver.ts";
import type { Result } from "../observation.ts";
import { nodesExist } from "./rate.ts";

// The words that devlink(8) takes
const MODES: ReadonlySet<string> = new Set<EswitchMode>(["legacy", "switchdev", "switchdev_inactive"]);
const INLINE_MODES: ReadonlySet<string> = new Set(["none", "link", "network", "transport"]);
const ENCAP_MODES: ReadonlySet<string> = new Set(["none", "basic"]);

/** The commands on the eswitch. */
export const ESWITCH_COMMANDS: { [K in EswitchKind]: Command<K> } = {
  "dev.eswitch.show": (scene, { handle }) =>
    get(scene, handle, (dl) => {
      const { eswitch, eswitchRefusal } = dl.driver;
      if (eswitchRefusal !== undefined) return eswitchRefusal;
      return { reply: { dev: { [handle]: eswitch ? { mode: eswitch.mode } : {} } } };
    }, scene.kernel.era.locks.requests.one["dev.eswitch.show"]),

  *"dev.eswitch.set"({ kernel, task, netns }, { handle, mode, inlineMode, encapMode }) {
    if (mode === undefined && inlineMode === undefined && encapMode === undefined) return "client";
    if (mode !== undefined && !MODES.has(mode)) return "client";
    if (inlineMode !== undefined && !INLINE_MODES.has(inlineMode)) return "client";
    if (encapMode !== undefined && !ENCAP_MODES.has(encapMode)) return "client";
    if (mode === "switchdev_inactive" && !kernel.era.ports.inactiveMode) {
      return task.fail("ERANGE", "integer out of range");
    }
    const request = kernel.era.locks.requests.one["dev.eswitch.set"];
    const dl = yield* enter(kernel, task, netns, handle, request);
    if (!dl) return "ENODEV";
    let result: Result = "ok";
    if (mode !== undefined) {
      const { eswitch } = dl.driver;
      result = eswitch ? nodesExist(task, dl) : dl.driver.eswitchRefusal ?? "EOPNOTSUPP";
      if (eswitch && result === "ok") result = yield* eswitch.setMode(task, mode as EswitchMode);
    }
    // A mode that was set before the failure stays set
    if (result === "ok" && (inlineMode !== undefined || encapMode !== undefined)) result = "EOPNOTSUPP";
    leave(task, dl, request);
    return result;
  },
};

/** The kinds of {@linkcode ESWITCH_COMMANDS}. */
export type EswitchKind = "dev.eswitch.show" | "dev.eswitch.set";
