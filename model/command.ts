/**
 * What a command is, and what the commands of devlink(8) have in common, as iproute2 7.3 carries them out: how instances are found and
 * locked, and what is printed.
 *
 * @module
 */

import { type Devlink, enter, instancesOf, leave, lockInstance } from "./devlink/devlink.ts";
import type { Attributes } from "./devlink/message.ts";
import type { RequestLock } from "./era/regime.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { Netns } from "./net/netns.ts";
import type { Json, Result } from "./observation.ts";
import type { Handle, Operation, OperationKind } from "./operation.ts";
import type { Steps, Task } from "./kernel/task.ts";

/** What an operation is carried out with. */
export interface Scene {
  readonly kernel: Kernel;
  readonly task: Task;
  readonly netns: Netns;
}

/** Carries out one kind of operation; gives its result and writes the rest down in the task's observation. */
export type Command<K extends OperationKind> = (scene: Scene, op: Operation<K>) => Steps<Result>;

/** What a dump gives of one instance; undefined where there is nothing. */
export type Dumped = Json | undefined | Last;

/** The last of a dump, which ends there without an error, whatever other instances there are. */
export class Last {
  constructor(readonly value: Json | undefined) {}
}

const valueOf = (one: Dumped) => one instanceof Last ? one.value : one;

/** Prints `{ [key]: { handle: value } }` for each instance that has a value: a dump. */
export function* dump(
  scene: Scene,
  key: string,
  of: (dl: Devlink) => Dumped,
  request: RequestLock = "instance",
): Steps<Result> {
  const found: Attributes = {};
  for (const dl of [...instancesOf(scene.kernel)]) {
    if (dl.netns !== scene.netns || !dl.visible) continue;
    if (!(yield* lockInstance(scene.task, dl, request))) continue;
    // It may have moved to another netns while its lock was waited for
    const one = dl.netns === scene.netns ? of(dl) : undefined;
    leave(scene.task, dl, request);
    const value = valueOf(one);
    if (value !== undefined) found[dl.handle] = value;
    if (one instanceof Last) break;
  }
  scene.task.observation.reply = { [key]: found };
  return "ok";
}

/** Prints what one locked instance gives, at once or by steps; an errno where that is a string. */
export function* get(
  scene: Scene,
  handle: Handle,
  of: (dl: Devlink) => { reply: Json } | Result | Steps<Result>,
  request: RequestLock = "instance",
): Steps<Result> {
  const dl = yield* enter(scene.kernel, scene.task, scene.netns, handle, request);
  if (!dl) return "ENODEV";
  const asked = of(dl);
  const answer = typeof asked === "object" && "next" in asked ? yield* asked : asked;
  leave(scene.task, dl, request);
  if (typeof answer === "string") return answer;
  scene.task.observation.reply = answer.reply;
  return "ok";
}

/** Changes one locked instance. */
export function* change(
  scene: Scene,
  handle: Handle,
  body: (dl: Devlink) => Result,
  request: RequestLock = "instance",
): Steps<Result> {
  const dl = yield* enter(scene.kernel, scene.task, scene.netns, handle, request);
  if (!dl) return "ENODEV";
  const result = body(dl);
  leave(scene.task, dl, request);
  return result;
}

/** A list of objects: dumped of all instances, or of one where the kernel can do that, or one object by its name. */
export function* show(
  scene: Scene,
  key: string,
  handle: Handle | undefined,
  list: (dl: Devlink) => Dumped,
  single: ((dl: Devlink) => Attributes | Result) | undefined,
): Steps<Result> {
  if (handle !== undefined && single) {
    return yield* get(scene, handle, (dl) => {
      const one = single(dl);
      return typeof one === "string" ? one : { reply: { [key]: { [dl.handle]: [one] } } };
    });
  }
  if (handle === undefined) return yield* dump(scene, key, list);
  if (!scene.kernel.era.filteredDumps) return "client";
  return yield* get(scene, handle, (dl) => {
    const value = valueOf(list(dl));
    return { reply: { [key]: value === undefined ? {} : { [dl.handle]: value } } };
  });
}

/** What devlink(8) refuses by itself. */
// deno-lint-ignore require-yield
export function* refused(): Steps<Result> {
  return "client";
}
