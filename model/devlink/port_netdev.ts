/**
 * Registers and unregisters the netdev of a port; the port gets and loses its type (docs/semantics.md 1.4).
 *
 * @module
 */

import type { Netdev, Netns } from "../net/netns.ts";
import { announcePort, announcePortUnlocked } from "./announce.ts";
import type { Devlink, Port } from "./devlink.ts";
import { acquire, type Steps, type Task } from "../kernel/task.ts";

/** The netdev that a port gets. */
export interface NewNetdev {
  /** The netns of the netdev */
  netns: Netns;
  /** Its flags while it is down, for example `BROADCAST` */
  downFlags: readonly string[];
  /** Its operational state while it is up: `UP`, or `UNKNOWN` if the driver does not report it */
  operstateUp: string;
  /** True if it cannot move to another netns; the default is false */
  stays?: boolean;
}

/** Registers the netdev of a port: `register_netdev()`. */
export function* registerPortNetdev(task: Task, dl: Devlink, port: Port, spec: NewNetdev): Steps {
  const { kernel } = dl;
  const { netns, downFlags, operstateUp, stays = false } = spec;
  if (task.stepping || !kernel.rtnl.tryTake(task)) yield* acquire(task, kernel.rtnl);
  const netdev = kernel.addNetdev(netns, netns.freeName(), downFlags, operstateUp);
  netdev.stays = stays;
  const events = kernel.era.portType === "netdev-events";
  if (events) {
    port.type = "eth";
    announcePortUnlocked(task, dl, port, "new");
    port.netdev = netdev;
    announcePortUnlocked(task, dl, port, "new");
  }
  kernel.link(task, "new", netdev);
  kernel.rtnl.release(task);
  if (events) return;
  port.type = "eth";
  port.netdev = netdev;
  yield* announcePort(task, dl, port, "new");
}

/**
 * Unregisters the netdev of a port: `unregister_netdev()`. In eras in which the driver sets the type of a port, clearing the
 * type is left to the caller.
 */
export function* unregisterPortNetdev(task: Task, dl: Devlink, port: Port, netdev: Netdev): Steps {
  const { kernel } = dl;
  if (task.stepping || !kernel.rtnl.tryTake(task)) yield* acquire(task, kernel.rtnl);
  if (kernel.era.portType === "netdev-events") {
    // The core gets events after the netdev was set down; for a netdev in another netns only the event that clears the type
    if (netdev.up) kernel.setLink(task, netdev, false);
    port.netdev = null;
    if (netdev.netns === dl.netns) announcePortUnlocked(task, dl, port, "new");
    port.type = "notset";
    announcePortUnlocked(task, dl, port, "new");
  }
  kernel.removeNetdev(task, netdev);
  kernel.rtnl.release(task);
}
