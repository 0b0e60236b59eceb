/**
 * The type of a command, and the common parts of the commands of devlink(8), as in iproute2 7.3: how instances are looked up and
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

/** The context in which an operation is carried out. */
export interface Scene {
  readonly kernel: Kernel;
  readonly task: Task;
  readonly netns: Netns;
}

/** Carries out one kind of operation: returns the result, and records the rest in the task's observation. */
export type Command<K extends OperationKind> = (scene: Scene, op: Operation<K>) => Steps<Result>;

/** The part of a dump about one instance; undefined if the instance has nothing to show. */
export type Dumped = Json | undefined | Last;

/** The last part of a dump: the dump ends after this instance without an error, even if there are other instances. */
export class Last {
  constructor(readonly value: Json | undefined) {}
}

const valueOf = (one: Dumped) => one instanceof Last ? one.value : one;

/** Dumps all instances: the reply is `{ [key]: { handle: value } }`, with each instance that has a value. */
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
    // The instance may have moved to another netns while this task waited for the lock
    const one = dl.netns === scene.netns ? of(dl) : undefined;
    leave(scene.task, dl, request);
    const value = valueOf(one);
    if (value !== undefined) found[dl.handle] = value;
    if (one instanceof Last) break;
  }
  scene.task.observation.reply = { [key]: found };
  return "ok";
}

/**
 * Runs a read on one locked instance, at once or by steps. Puts the reply into the observation; if the read returns a string,
 * returns this errno.
 */
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

/** Runs a change on one locked instance. */
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

/** Shows the objects of all instances, the objects of one instance if the kernel can filter a dump, or one object by its name. */
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

/** Returns `client`: devlink(8) itself refuses the command. */
// deno-lint-ignore require-yield
export function* refused(): Steps<Result> {
  return "client";
}
