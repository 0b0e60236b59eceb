/**
 * Flash updates, by devlink and by the older request of ethtool, and the status messages meanwhile (docs/semantics.md 1.6, 5.5).
 *
 * @module
 */

import type { FlashRequest } from "./specs.ts";
import { announceFlash } from "./announce.ts";
import type { Command, Scene } from "../command.ts";
import { type Devlink, enter, leave } from "./devlink.ts";
import type { Json, Notification, Result } from "../observation.ts";
import type { Steps, Task } from "../kernel/task.ts";

const SECTIONS: Readonly<Record<string, number>> = { settings: 1, identifiers: 2 };

/** The directory in which the kernel looks up firmware. */
export const FIRMWARE = "/lib/firmware/";

/** `devlink dev flash` and `ethtool -f`, by their kind. */
export const FLASH_COMMANDS: { "dev.flash": Command<"dev.flash"> } = {
  *"dev.flash"(scene, { handle, file, component, overwrite = [] }) {
    const { kernel, task, netns } = scene;
    let bits = 0;
    for (const section of overwrite) {
      const bit = SECTIONS[section];
      if (bit === undefined) return "client";
      bits |= bit;
    }
    const dl = yield* enter(kernel, task, netns, handle);
    if (!dl) return "ENODEV";
    const result = yield* flash(task, dl, file, { component, overwrite: bits });
    leave(task, dl);
    return result;
  },
};

/** Flashes a locked instance. */
export function* flash(task: Task, dl: Devlink, file: string, request: FlashRequest): Steps<Result> {
  const { by } = dl.kernel.era.objects.flash;
  const flashes = dl.driver.flashes?.() ?? "ok";
  if (flashes !== "ok" || !dl.driver.flash) return flashes === "ok" ? "EOPNOTSUPP" : flashes;
  if (by === "driver") return yield* dl.driver.flash(task, request);
  if (request.component !== undefined && !dl.driver.components?.includes(request.component)) {
    return task.fail("EINVAL", "selected component is not supported by this device");
  }
  const found = firmware(task, dl, file);
  if (found !== "ok") return task.fail(found, "failed to locate the requested firmware file");
  announceFlash(task, dl, "begin");
  const result = yield* dl.driver.flash(task, request);
  announceFlash(task, dl, "end");
  return result;
}

/** Flashes an instance for ethtool, which gets no extack if the flash fails. */
export function* flashByEthtool({ kernel, task, netns }: Scene, handle: string, file: string): Steps<Result> {
  const dl = yield* enter(kernel, task, netns, handle);
  if (!dl) return "ENODEV";
  task.acknowledged = false;
  const result = yield* flash(task, dl, file, { component: undefined, overwrite: 0 });
  leave(task, dl);
  return result;
}

/** Models `request_firmware()` (drivers/base/firmware_loader/main.c): returns `ok` if the file exists, else logs the reason. */
function firmware(task: Task, dl: Devlink, file: string): Result {
  if (file === "") return "EINVAL";
  const device = `${dl.driver.name} ${dl.handle.slice(dl.handle.indexOf("/") + 1)}`;
  if (file.split("/").includes("..")) {
    task.log("info", `${device}: Firmware load for '${file}' refused, path contains '..' component`);
    return "EINVAL";
  }
  if (dl.kernel.runFiles.has(FIRMWARE + file)) return "ok";
  task.log("info", `${device}: Direct firmware load for ${file} failed with error -2`);
  return "ENOENT";
}

/**
 * The progress of a flash over many messages: `from`, `from + by` and so on up to `to`. Replaces the number in `done`.
 */
export type FlashProgress = { from: number; to: number; by: number };

/** Up to this number of successive messages are not folded. */
const FEW = 2;

/**
 * Folds progress messages of a flash that grow by equal steps into one message: a flash of a simulated device sends 500 of
 * them. Nothing is lost: see {@linkcode unfoldProgress}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { foldProgress } from "./flash.ts";
 *
 * const status = (done: number) => ({
 *   command: "status",
 *   object: "flash",
 *   handle: "pci/0000:03:00.0",
 *   attributes: { msg: "Flashing", done, total: 3000 },
 * });
 * assertEquals(foldProgress([0, 1000, 2000, 3000].map(status)).map((message) => message.attributes["done"]), [
 *   { from: 0, to: 3000, by: 1000 },
 * ]);
 * ```
 */
export function foldProgress(messages: readonly Notification[]): Notification[] {
  const folded: Notification[] = [];
  for (let i = 0; i < messages.length;) {
    const first = messages[i]!;
    let end = i + 1;
    const by = end < messages.length ? stepTo(first, messages[end]!) : undefined;
    if (by !== undefined && by > 0) {
      while (end < messages.length && stepTo(messages[end - 1]!, messages[end]!) === by) end++;
    }
    if (by === undefined || end - i <= FEW) folded.push(...messages.slice(i, end = i + 1));
    else folded.push(progress(first, { from: doneOf(first)!, to: doneOf(messages[end - 1]!)!, by }));
    i = end;
  }
  return folded;
}

/** Undoes {@linkcode foldProgress}: returns the single messages, as devlink(8) shows them. */
export function unfoldProgress(messages: readonly Notification[]): Notification[] {
  return messages.flatMap((message) => {
    const { done } = message.attributes;
    if (message.object !== "flash" || typeof done !== "object" || done === null) return [message];
    const { from, to, by } = done as FlashProgress;
    const each: Notification[] = [];
    for (let at = from; at <= to; at += by) {
      each.push({ ...message, attributes: { ...message.attributes, done: at } });
    }
    return each;
  });
}

function progress(message: Notification, done: FlashProgress): Notification {
  return { ...message, attributes: { ...message.attributes, done } };
}

function doneOf({ object, command, attributes }: Notification): number | undefined {
  const { done } = attributes;
  return object === "flash" && command === "status" && typeof done === "number" ? done : undefined;
}

/** Returns the difference in `done` of two messages; undefined if they differ in anything else. */
function stepTo(one: Notification, next: Notification): number | undefined {
  const [from, to] = [doneOf(one), doneOf(next)];
  if (from === undefined || to === undefined || one.handle !== next.handle) return undefined;
  const rest = ({ attributes }: Notification): Json => ({ ...attributes, done: 0 });
  return JSON.stringify(rest(one)) === JSON.stringify(rest(next)) ? to - from : undefined;
}
