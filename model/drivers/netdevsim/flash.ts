/**
 * The flash of netdevsim: it sleeps, and reports its progress (drivers/net/netdevsim/dev.c).
 *
 * @module
 */

import { announceFlash } from "../../devlink/announce.ts";
import type { Devlink } from "../../devlink/devlink.ts";
import type { FlashRequest } from "../../devlink/specs.ts";
import { sleep } from "../../kernel/host.ts";
import { JIFFY } from "./data.ts";
import { netdevsimEra } from "./era.ts";
import type { Json, Result } from "../../observation.ts";
import type { Steps, Task } from "../../kernel/task.ts";

const CHUNK = 1000;

/** Flashes a device, as its files of debugfs control it. */
export function* flashNetdevsim(
  task: Task,
  dl: Devlink,
  knobs: ReadonlyMap<string, number | boolean>,
  { component, overwrite }: FlashRequest,
): Steps<Result> {
  const { era } = dl.kernel;
  const { chunks, chunkTime } = netdevsimEra(era);
  if (overwrite & ~Number(knobs.get("fw_update_overwrite_mask"))) return "EOPNOTSUPP";
  const total = chunks * CHUNK;
  // The knob for messages is read before each message, so it can be changed during the flash
  const status = (msg: string, done: Json, of: number) => {
    if (!knobs.get("fw_update_status")) return;
    const named = component === undefined ? { msg } : { msg, component };
    announceFlash(task, dl, "status", { ...named, done, total: of });
  };
  const says = era.objects.flash.by === "driver" && knobs.get("fw_update_status");
  if (says) announceFlash(task, dl, "begin");
  status("Preparing to flash", 0, 0);
  const each = typeof chunkTime === "number" ? chunkTime : slept(Number(knobs.get(chunkTime)) || 1);
  yield* sleep(dl.kernel, task, chunks * each);
  status("Flashing", { from: 0, to: total, by: CHUNK }, total);
  status("Flash select", 0, 0);
  status("Flashing done", 0, 0);
  if (says) announceFlash(task, dl, "end");
  return "ok";
}

/** Returns the duration of `msleep()`: rounded up to jiffies, plus the current jiffy. */
function slept(ms: number): number {
  return (Math.ceil(ms / JIFFY) + 1) * JIFFY;
}
