/**
 * The operation `listen`: a socket with its own filter listens while another operation runs.
 *
 * @module
 */

import type { Scene } from "./command.ts";
import type { Commands } from "./during.ts";
import type { Notification, Result } from "./observation.ts";
import type { Operation } from "./operation.ts";
import type { Steps } from "./kernel/task.ts";

/** Returns a message as `devlink-listen` prints it: with the device and the port, without other names. */
function spoken({ command, object, handle }: Notification): string {
  const [bus, device, index] = handle.split("/");
  const port = object === "port" ? `/${index}` : "";
  return `${command} ${object} ${bus}/${device}${port}`;
}

/**
 * True if a message passes a filter: an attribute that the message or the filter lacks does not stop the message
 * (`devlink_obj_desc_match()`). The kernel names the port only in messages about ports.
 */
function passes({ object, handle }: Notification, { handle: device, port }: Operation<"listen">): boolean {
  if (device === undefined) return true;
  if (handle !== device && !handle.startsWith(`${device}/`)) return false;
  return port === undefined || object !== "port" || handle === `${device}/${port}`;
}

/** Performs `listen`: replies with the messages of the operation in the listener's netns that pass the filter. */
export function* listen(scene: Scene, op: Operation<"listen">, commands: Commands): Steps<Result> {
  const { kernel, task, netns } = scene;
  if (!kernel.era.notifyFilter) return "EOPNOTSUPP";
  const inner = op.operation;
  const where = inner.netns === undefined ? netns : kernel.netns.get(inner.netns);
  if (!where) return "client";
  const alone = !netns.heard;
  netns.heard = true;
  const result = yield* commands(inner.kind)({ kernel, task, netns: where }, inner);
  netns.heard = !alone;
  const messages = task.observation.notify[netns.name] ?? [];
  task.observation.reply = { heard: messages.filter((message) => passes(message, op)).map(spoken) };
  return result;
}
