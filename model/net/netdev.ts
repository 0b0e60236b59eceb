/**
 * Netdevs as ip(8) and ethtool(8) handle them, and their files in sysfs.
 *
 * @module
 */

import { reading } from "../kernel/access.ts";
import type { Command, Scene } from "../command.ts";
import { type Content, synchronizeNet, type VirtualFile } from "../kernel/host.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Port } from "../devlink/devlink.ts";
import { portOf } from "../devlink/link.ts";
import { linkFlags, type Netdev, type Netns, operstate } from "./netns.ts";
import type { Result } from "../observation.ts";
import { acquire, type Steps, type Task } from "../kernel/task.ts";

/** Sets a netdev up, under RTNL. */
function* openNetdev(kernel: Kernel, task: Task, netdev: Netdev): Steps {
  const { ops } = netdev;
  if (!ops) return kernel.setLink(task, netdev, true);
  if (netdev.up) return;
  netdev.running = true;
  yield* ops.open(task);
  netdev.up = true;
  netdev.activated = netdev.carrier;
  kernel.link(task, "new", netdev);
}

/** Sets a netdev down, under RTNL. */
export function* closeNetdev(kernel: Kernel, task: Task, netdev: Netdev): Steps {
  const { ops } = netdev;
  if (!netdev.up) return;
  if (ops) netdev.running = false;
  yield* synchronizeNet(kernel, task);
  if (!ops) return kernel.setLink(task, netdev, false);
  netdev.activated = false;
  yield* ops.stop(task);
  netdev.up = false;
  kernel.link(task, "new", netdev);
}

/** The operations on a netdev by its name. */
export const NETDEV_COMMANDS: { [K in NetdevKind]: Command<K> } = {
  *"netdev.set"({ kernel, task, netns }, { dev, up }) {
    return yield* onNetdev({ kernel, task, netns }, dev, function* (netdev) {
      yield* (up ? openNetdev : closeNetdev)(kernel, task, netdev);
    });
  },

  *"netdev.show"({ kernel, task, netns }, { dev }) {
    return yield* onNetdev({ kernel, task, netns }, dev, function* (netdev) {
      if (kernel.era.linkwatchSync) yield* kernel.linkwatch.sync(task, netdev);
      task.observation.reply = { ifname: netdev.name, flags: linkFlags(netdev), operstate: operstate(netdev) };
    });
  },

  *"ethtool.show"(scene, { dev }) {
    // ethtool looks the netdev up without RTNL
    reading(scene.kernel.rtnl.cell);
    if (!scene.netns.netdevs.has(dev)) return "ENODEV";
    return yield* ethtool(scene, dev, function* (netdev) {
      const { kernel, task } = scene;
      if (!netdev.ops) return "EOPNOTSUPP";
      const { speed, duplex, autoneg } = yield* netdev.ops.linkSettings(task);
      if (netdev.up && kernel.era.linkwatchSync) yield* kernel.linkwatch.sync(task, netdev);
      task.observation.reply = { speed, duplex, autoneg, link: netdev.up && netdev.carrier };
      return "ok";
    });
  },

  *"ethtool.restart"(scene, { dev }) {
    return yield* ethtool(scene, dev, function* (netdev) {
      if (!netdev.ops) return "EOPNOTSUPP";
      yield* netdev.ops.restartNegotiation(scene.task);
      return "ok";
    });
  },
};

/** The kinds of {@linkcode NETDEV_COMMANDS}. */
export type NetdevKind = "netdev.set" | "netdev.show" | "ethtool.show" | "ethtool.restart";

/** Runs `body` on a netdev for ip(8), which itself reports an error if no netdev has that name. */
function* onNetdev(scene: Scene, dev: string, body: (netdev: Netdev) => Steps): Steps<Result> {
  const { kernel, task, netns } = scene;
  if (!kernel.era.looksUpUnderRtnl) reading(kernel.rtnl.cell);
  if (!kernel.era.looksUpUnderRtnl && !netns.netdevs.has(dev)) return "client";
  yield* acquire(task, kernel.rtnl);
  const netdev = netns.netdevs.get(dev);
  if (netdev) yield* body(netdev);
  kernel.rtnl.release(task);
  return netdev ? "ok" : "client";
}

function* ethtool(scene: Scene, dev: string, body: (netdev: Netdev) => Steps<Result>): Steps<Result> {
  const { kernel, task, netns } = scene;
  yield* acquire(task, kernel.rtnl);
  const netdev = netns.netdevs.get(dev);
  const result = netdev ? yield* body(netdev) : "ENODEV";
  kernel.rtnl.release(task);
  return result;
}

/** The path of a netdev's file: below `/sys/class/net`, or below the device. */
const NETDEV_FILE =
  /^\/sys\/(?:class|(?:bus\/[^/]+\/)?devices\/([^/]+))\/net\/([^/]+)\/(carrier|operstate|phys_port_name)$/;

/** Returns the name of a port on the front panel of its device, as in `phys_port_name`. */
function portName({ flavour }: Port): string {
  return flavour["flavour"] === "physical"
    ? `p${flavour["port"] as number}`
    : `pf${flavour["pfnum"] as number}vf${flavour["vfnum"] as number}`;
}

/** Returns a file of a netdev in sysfs; only the files that show a link. */
export function netdevFile(kernel: Kernel, path: string, netns: Netns): VirtualFile | undefined {
  const match = NETDEV_FILE.exec(path);
  const netdev = match && netns.netdevs.get(match[2]!);
  if (!netdev) return undefined;
  if (match[1] !== undefined || match[3] === "phys_port_name") {
    const found = portOf(kernel, netdev);
    if (match[1] !== undefined && found?.dl.handle.split("/")[1] !== match[1]) return undefined;
    if (match[3] === "phys_port_name") {
      const name = found && portName(found.port);
      return { read: () => name === undefined ? { errno: "EOPNOTSUPP" } : { text: name } };
    }
  }
  if (match[3] === "operstate") {
    const state = netdev.running === false ? "DOWN" : operstate(netdev);
    return { read: () => ({ text: state.toLowerCase() }) };
  }
  return { read: (task) => kernel.era.linkwatchSync ? syncedCarrier(kernel, task, netdev) : carrier(netdev) };
}

function* syncedCarrier(kernel: Kernel, task: Task, netdev: Netdev): Steps<Content> {
  yield* acquire(task, kernel.rtnl);
  if (netdev.running ?? netdev.up) yield* kernel.linkwatch.sync(task, netdev);
  kernel.rtnl.release(task);
  return carrier(netdev);
}

function carrier(netdev: Netdev): Content {
  return netdev.running ?? netdev.up ? { text: netdev.carrier ? "1" : "0" } : { errno: "EINVAL" };
}
