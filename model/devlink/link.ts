/**
 * The netdevs of ports as ip(8) handles them: looked up by their port, set up and down, renamed, and moved to another netns.
 *
 * @module
 */

import type { Command, Scene } from "../command.ts";
import { type Devlink, findInstance, instancesOf, peek, type Port } from "./devlink.ts";
import { withRtnl } from "../kernel/host.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { linkFlags, type Netdev, type Netns, operstate } from "../net/netns.ts";
import type { Result } from "../observation.ts";
import { announcePortUnlocked } from "./announce.ts";
import type { Steps, Task } from "../kernel/task.ts";

/** The commands on the netdev of a port. */
export const LINK_COMMANDS: { [K in LinkKind]: Command<K> } = {
  "link.set": (scene, op) =>
    onNetdev(scene, op, (netdev, { dl, port }) => {
      if (netdev.up === op.up) return "ok";
      const result = dl.driver.linkSet?.(scene.task, port, op.up) ?? "ok";
      if (result === "ok") scene.kernel.setLink(scene.task, netdev, op.up);
      return result;
    }),

  "link.show": (scene, op) =>
    onNetdev(scene, op, (netdev) => {
      scene.task.observation.reply = { ifname: netdev.name, flags: linkFlags(netdev), operstate: operstate(netdev) };
      return "ok";
    }),

  "link.move": (scene, op) => {
    const { kernel, task } = scene;
    return onNetdev(scene, op, (netdev) => {
      const to = kernel.netns.get(op.to);
      if (!to) return "client";
      const { moveImmutable, moveChecksFirst, moveCollision } = kernel.era.ports;
      if (netdev.stays && (moveChecksFirst || to !== netdev.netns)) {
        return moveImmutable === undefined ? "EINVAL" : task.fail("EINVAL", moveImmutable);
      }
      if (to === netdev.netns) return "ok";
      const { name } = netdev;
      if (to.netdevs.has(name)) {
        return moveCollision === undefined ? "EEXIST" : task.fail("EEXIST", moveCollision);
      }
      moveNetdev(kernel, task, netdev, to, name);
      return "ok";
    });
  },

  "link.rename": (scene, op) => onNetdev(scene, op, (netdev) => rename(scene.kernel, scene.task, netdev, op.name)),
};

/** The kinds of {@linkcode LINK_COMMANDS}. */
export type LinkKind = "link.set" | "link.show" | "link.move" | "link.rename";

/** Runs `body` on the netdev that devlink(8) shows for a port; it shows no netdev that is in another netns. */
function* onNetdev(
  { kernel, task, netns }: Scene,
  { handle, port: index }: { handle: string; port: number },
  body: (netdev: Netdev, of: { dl: Devlink; port: Port }) => Result,
): Steps<Result> {
  const dl = peek(findInstance(kernel, netns, handle));
  const port = dl?.ports.find((each) => each.index === index);
  if (!dl || !port) return "ENODEV";
  const { netdev } = port;
  if (netdev?.netns !== netns) return "client";
  let result: Result = "ok";
  yield* withRtnl(kernel, task, () => {
    // The netdev may have been removed or moved while this task waited for RTNL
    result = netdev.netns === netns && netns.netdevs.get(netdev.name) === netdev
      ? body(netdev, { dl, port })
      : "client";
  });
  return result;
}

/** Returns the port of a netdev, and its instance. */
export function portOf(kernel: Kernel, netdev: Netdev): { dl: Devlink; port: Port } | undefined {
  for (const dl of instancesOf(kernel)) {
    const port = dl.ports.find((each) => each.netdev === netdev);
    if (port) return { dl, port };
  }
  return undefined;
}

/**
 * Passes a netdev event to the devlink core, in eras in which the core listens: the port's netdev appeared, was renamed or is gone.
 */
function tellPort(kernel: Kernel, task: Task, netdev: Netdev, there: boolean): void {
  const found = kernel.era.portType === "netdev-events" ? portOf(kernel, netdev) : undefined;
  if (!found || found.dl.netns !== netdev.netns) return;
  const { dl, port } = found;
  if (!there) port.netdev = null;
  announcePortUnlocked(task, dl, port, "new");
  port.netdev = netdev;
}

/** Moves a netdev to another netns, under RTNL: it goes down, is deleted from its netns and appears in the other. */
function moveNetdev(kernel: Kernel, task: Task, netdev: Netdev, to: Netns, name: string): void {
  const { netns } = netdev;
  if (netdev.up) kernel.setLink(task, netdev, false);
  tellPort(kernel, task, netdev, false);
  kernel.link(task, "del", netdev);
  netns.netdevs.delete(netdev.name);
  netdev.netns = to;
  netdev.name = name;
  if ([...to.netdevs.values()].some((other) => other.ifindex === netdev.ifindex)) netdev.ifindex = ++to.lastIfindex;
  to.netdevs.set(name, netdev);
  tellPort(kernel, task, netdev, true);
  kernel.link(task, "new", netdev);
}

/** Moves the netdevs of a dying netns to the initial netns; a netdev whose name is taken there gets a new name. */
export function* returnNetdevs(kernel: Kernel, task: Task, netns: Netns): Steps {
  const left = [...netns.netdevs.values()].filter((netdev) => netdev.name !== "lo");
  if (left.length === 0) return;
  yield* withRtnl(kernel, task, () => {
    const { init } = kernel;
    for (const netdev of left) {
      const taken = init.netdevs.has(netdev.name);
      moveNetdev(kernel, task, netdev, init, taken ? `dev${netdev.ifindex}` : netdev.name);
    }
  });
}

/** The names that ip(8) accepts for a netdev. */
const NAME = /^(?!\.{1,2}$)[^\s/]{1,15}$/;

function rename(kernel: Kernel, task: Task, netdev: Netdev, wish: string): Result {
  if (!NAME.test(wish)) return "client";
  const { netns } = netdev;
  // ip(8) sends no request if the name is the same
  if (wish === netdev.name) return "ok";
  if (netdev.up && !kernel.era.ports.renamesUp) return "EBUSY";
  let name = wish;
  if (wish.includes("%")) {
    if (!/^[^%]*%d[^%]*$/.test(wish)) return "EINVAL";
    for (let i = 0; netns.netdevs.has(name) || name === wish; i++) name = wish.replace("%d", String(i));
  }
  if (netns.netdevs.has(name)) return "EEXIST";
  for (const [prefix, dev] of netns.routes) if (dev === netdev.name) netns.routes.set(prefix, name);
  netns.netdevs.delete(netdev.name);
  netdev.name = name;
  netns.netdevs.set(name, netdev);
  tellPort(kernel, task, netdev, true);
  kernel.link(task, "new", netdev);
  return "ok";
}
