/**
 * The devlink operations, as devlink(8) of iproute2 7.3 carries them out: what it refuses by itself, what it asks the
 * kernel, and what it prints.
 *
 * @module
 */

import { type Devlink, drop, enter, hold, leave, lockInstance } from "./devlink/devlink.ts";
import type { Kernel } from "./kernel.ts";
import {
  type Attributes,
  devAttributes,
  groupAttributes,
  policerAttributes,
  trapAttributes,
} from "./devlink/message.ts";
import type { Netns } from "./netns.ts";
import type { Json, Result } from "./observation.ts";
import type { Handle, Operation, OperationKind } from "./operation.ts";
import { reload } from "./devlink/reload.ts";
import { acquire, type Steps, type Task } from "./task.ts";
import { findGroup, findPolicer, setGroup, setPolicer, setTrap, type TrapAction } from "./devlink/trap.ts";

/** What an operation is carried out with. */
export interface Scene {
  readonly kernel: Kernel;
  readonly task: Task;
  readonly netns: Netns;
}

/** Carries out one kind of operation; gives its result and writes the rest down in the task's observation. */
export type Command<K extends OperationKind> = (scene: Scene, op: Operation<K>) => Steps<Result>;

/** What a dump gives of one instance; `stop` where it ends there without an error, undefined where there is nothing. */
type Dumped = Json | undefined;

/** Prints `{ [key]: { handle: value } }` for each instance that has a value: a dump. */
export function* dump(scene: Scene, key: string, of: (dl: Devlink) => Dumped, byReporters = false): Steps<Result> {
  const found: Attributes = {};
  for (const dl of [...scene.kernel.instances]) {
    if (dl.netns !== scene.netns || !dl.visible) continue;
    const lock = byReporters ? dl.reportersLock : dl.lock;
    if (!(yield* lockInstance(scene.task, dl, lock))) continue;
    // It may have moved to another netns while its lock was waited for
    const value = dl.netns === scene.netns ? of(dl) : undefined;
    if (value !== undefined) found[dl.handle] = value;
    leave(scene.task, dl, lock);
  }
  scene.task.observation.reply = { [key]: found };
  return "ok";
}

/** Prints what one locked instance gives; an errno where that is a string. */
export function* get(
  scene: Scene,
  handle: Handle,
  of: (dl: Devlink) => { reply: Json } | Result,
): Steps<Result> {
  const dl = yield* enter(scene.kernel, scene.task, scene.netns, handle);
  if (!dl) return "ENODEV";
  const answer = of(dl);
  leave(scene.task, dl);
  if (typeof answer === "string") return answer;
  scene.task.observation.reply = answer.reply;
  return "ok";
}

/** Changes one locked instance. */
export function* change(scene: Scene, handle: Handle, body: (dl: Devlink) => Result): Steps<Result> {
  const dl = yield* enter(scene.kernel, scene.task, scene.netns, handle);
  if (!dl) return "ENODEV";
  const result = body(dl);
  leave(scene.task, dl);
  return result;
}

/** A list of objects: dumped of all instances, or of one where the kernel can do that, or one object by its name. */
export function* show(
  scene: Scene,
  key: string,
  handle: Handle | undefined,
  list: (dl: Devlink) => Dumped,
  single: ((dl: Devlink) => Attributes | Result) | undefined,
  byReporters = false,
): Steps<Result> {
  if (handle !== undefined && single) {
    return yield* get(scene, handle, (dl) => {
      const one = single(dl);
      return typeof one === "string" ? one : { reply: { [key]: { [dl.handle]: [one] } } };
    });
  }
  if (handle === undefined) return yield* dump(scene, key, list, byReporters);
  if (!scene.kernel.era.filteredDumps) return "client";
  return yield* get(scene, handle, (dl) => {
    const value = list(dl);
    return { reply: { [key]: value === undefined ? {} : { [dl.handle]: value } } };
  });
}

/** The attributes of all objects, up to the first whose counter cannot be read: there a dump ends, without an error. */
function readable<T>(objects: readonly T[], attributes: (object: T) => Attributes | null): Dumped {
  const list: Json[] = [];
  for (const object of objects) {
    const one = attributes(object);
    if (!one) break;
    list.push(one);
  }
  return list.length > 0 ? list : undefined;
}

const ACTIONS: ReadonlySet<string> = new Set<TrapAction>(["drop", "trap", "mirror"]);

/** The devlink operations by their kind. */
export const DEVLINK_COMMANDS: { [K in DevlinkKind]: Command<K> } = {
  "dev.show": (scene, { handle }) =>
    handle === undefined
      ? dump(scene, "dev", devAttributes)
      : get(scene, handle, (dl) => ({ reply: { dev: { [dl.handle]: devAttributes(dl) } } })),

  *"dev.reload"(scene, op) {
    const { kernel, task, netns } = scene;
    const { era } = kernel;
    const target = targetOf(kernel, op.to);
    if (target === "client") return "client";
    if (op.limit !== undefined && era.limitRefusedBy === "policy") {
      return task.fail("EINVAL", "Attribute failed policy validation");
    }
    const dl = kernel.find(netns, op.handle);
    if (!dl) return "ENODEV";
    target?.hold(task);
    const deviceFirst = era.reloadLocks[0] === "device";
    hold(task, dl);
    if (deviceFirst) yield* acquire(task, dl.deviceLock);
    const instance = era.reloadLocks.includes("instance");
    let result: Result = "ENODEV";
    if (instance ? yield* lockInstance(task, dl, dl.lock) : dl.registered) {
      const action = op.action ?? "driver_reinit";
      result = yield* reload(task, dl, { action, limit: op.limit, target });
      if (result === "ok" && (op.action !== undefined || op.limit !== undefined)) {
        task.observation.reply = { reload: { reload_actions_performed: [action] } };
      }
      if (instance) leave(task, dl);
    }
    if (deviceFirst) dl.deviceLock.release(task);
    drop(task, dl);
    target?.drop(task);
    return result;
  },

  "trap.show": (scene, { handle, name }) =>
    show(
      scene,
      "trap",
      handle,
      (dl) => readable(dl.traps, (trap) => trapAttributes(dl, trap)),
      name === undefined ? undefined : (dl) => {
        if (dl.traps.length === 0) return "EOPNOTSUPP";
        const trap = dl.trapByName.get(name);
        if (!trap) return scene.task.fail("ENOENT", "Device did not register this trap", dl.kernel.era.corePrefix);
        return trapAttributes(dl, trap) ?? "EMSGSIZE";
      },
    ),

  "trap.set": (scene, { handle, name, action }) =>
    ACTIONS.has(action)
      ? change(scene, handle, (dl) => setTrap(scene.task, dl, name, action as TrapAction))
      : refused(),

  "trap.group.show": (scene, { handle, name }) =>
    show(
      scene,
      "trap_group",
      handle,
      (dl) => dl.groups.length > 0 ? dl.groups.map(groupAttributes) : undefined,
      name === undefined ? undefined : (dl) => {
        if (dl.groups.length === 0) return "EOPNOTSUPP";
        const group = findGroup(dl, name);
        if (group) return groupAttributes(group);
        return scene.task.fail("ENOENT", "Device did not register this trap group", dl.kernel.era.corePrefix);
      },
    ),

  "trap.group.set": (scene, { handle, name, action, policer }) =>
    action === undefined || ACTIONS.has(action)
      ? change(
        scene,
        handle,
        (dl) => setGroup(scene.task, dl, name, { action: action as TrapAction | undefined, policer }),
      )
      : refused(),

  // devlink(8) asks for all policers or for one: those of one instance it refuses
  "trap.policer.show": (scene, { handle, policer: id }) =>
    handle !== undefined && id === undefined ? refused() : show(
      scene,
      "trap_policer",
      handle,
      (dl) => readable(dl.policers, (policer) => policerAttributes(dl, policer)),
      id === undefined ? undefined : (dl) => {
        if (dl.policers.length === 0) return "EOPNOTSUPP";
        const policer = findPolicer(dl, id);
        if (policer) return policerAttributes(dl, policer) ?? "EMSGSIZE";
        return scene.task.fail("ENOENT", "Device did not register this trap policer", dl.kernel.era.corePrefix);
      },
    ),

  "trap.policer.set": (scene, { handle, policer, rate, burst }) =>
    change(scene, handle, (dl) => setPolicer(scene.task, dl, policer, { rate, burst })),
};

/** The kinds that devlink(8) carries out. */
export type DevlinkKind =
  | "dev.show"
  | "dev.reload"
  | "trap.show"
  | "trap.set"
  | "trap.group.show"
  | "trap.group.set"
  | "trap.policer.show"
  | "trap.policer.set";

/** What devlink(8) refuses by itself. */
// deno-lint-ignore require-yield
export function* refused(): Steps<Result> {
  return "client";
}

/** The netns that a reload is to move to: null where the kernel finds none, `client` where devlink(8) finds none. */
function targetOf(kernel: Kernel, to: Operation<"dev.reload">["to"]): Netns | null | undefined | "client" {
  if (to === undefined) return undefined;
  // devlink(8) opens the netns of the process itself
  if (typeof to === "object") return to.pid === 1 ? kernel.init : "client";
  const netns = kernel.netns.get(to);
  if (netns) return netns;
  // Any file under /run/netns can be opened; the kernel then sees that it is no netns (N08)
  return kernel.runFiles.has(`/run/netns/${to}`) ? null : "client";
}
