/**
 * The commands on traps, trap groups and trap policers.
 *
 * @module
 */

import { change, type Command, type Dumped, Last, refused, show } from "../command.ts";
import type { Json } from "../observation.ts";
import { type Attributes, groupAttributes, policerAttributes, trapAttributes } from "./message.ts";
import { findGroup, findPolicer, setGroup, setPolicer, setTrap, type TrapAction } from "./trap.ts";

/** The kinds of {@linkcode TRAP_COMMANDS}. */
export type TrapKind =
  | "trap.show"
  | "trap.set"
  | "trap.group.show"
  | "trap.group.set"
  | "trap.policer.show"
  | "trap.policer.set";

const ACTIONS: ReadonlySet<string> = new Set<TrapAction>(["drop", "trap", "mirror"]);

/**
 * Returns the attributes of all objects up to the first with an unreadable counter: there the whole dump ends, without an error.
 */
function readable<T>(objects: readonly T[], attributes: (object: T) => Attributes | null): Dumped {
  const list: Json[] = [];
  for (const object of objects) {
    const one = attributes(object);
    if (!one) return new Last(list.length > 0 ? list : undefined);
    list.push(one);
  }
  return list.length > 0 ? list : undefined;
}

/** The operations on traps by their kind. */
export const TRAP_COMMANDS: { readonly [K in TrapKind]: Command<K> } = {
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
      (dl) => dl.groups.length > 0 ? dl.groups.map((group) => groupAttributes(dl, group)) : undefined,
      name === undefined ? undefined : (dl) => {
        if (dl.groups.length === 0) return "EOPNOTSUPP";
        const group = findGroup(dl, name);
        if (group) return groupAttributes(dl, group);
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

  // devlink(8) shows all policers or one policer; it refuses to show the policers of one instance
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
