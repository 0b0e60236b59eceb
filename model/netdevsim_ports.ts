/**
 * The ports of netdevsim: how they come and go with their netdevs (SEMANTICS 5.1).
 *
 * @module
 */

import { announcePort, announcePortUnlocked } from "./announce.ts";
import { type Devlink, lockForDriver, type Port, unlockForDriver } from "./devlink.ts";
import type { Kernel } from "./kernel.ts";
import type { Result } from "./observation.ts";
import { acquire, type Steps, type Task } from "./task.ts";

/** The ports of one bound device. */
export class NetdevsimPorts {
  readonly #kernel: Kernel;
  readonly #dl: Devlink;
  /** In the driver's order: the latest first */
  #ports: Port[] = [];

  constructor(kernel: Kernel, dl: Devlink) {
    this.#kernel = kernel;
    this.#dl = dl;
  }

  /** How many of the netdevs are up. */
  get up(): number {
    let up = 0;
    for (const port of this.#ports) if (port.netdev?.up) up++;
    return up;
  }

  /** `new_port` */
  *newPort(task: Task, index: number): Steps<Result> {
    const dl = this.#dl;
    yield* lockForDriver(task, dl);
    const exists = this.#ports.some((port) => port.index === index);
    if (!exists) yield* this.add(task, index);
    yield* unlockForDriver(task, dl);
    return exists ? "EEXIST" : "ok";
  }

  /** `del_port` */
  *delPort(task: Task, index: number): Steps<Result> {
    const dl = this.#dl;
    yield* lockForDriver(task, dl);
    const port = this.#ports.find((each) => each.index === index);
    if (port) yield* this.#remove(task, port);
    yield* unlockForDriver(task, dl);
    return port ? "ok" : "ENOENT";
  }

  /** Adds a port, the instance locked. */
  *add(task: Task, index: number): Steps {
    const dl = this.#dl;
    const kernel = this.#kernel;
    const port: Port = { index, handle: `${dl.handle}/${index}`, number: index + 1, type: "notset", netdev: null };
    dl.ports.push(port);
    if (index < (dl.ports[dl.ports.length - 2]?.index ?? -1)) dl.ports.sort((a, b) => a.index - b.index);
    yield* announcePort(task, dl, port, "new");
    const events = kernel.era.portType === "netdev-events";
    if (task.stepping || !kernel.rtnl.tryTake(task)) yield* acquire(task, kernel.rtnl);
    const { netns } = dl;
    const netdev = kernel.addNetdev(netns, netns.freeName(), kernel.era.netdevFlags, "UNKNOWN");
    if (events) {
      port.type = "eth";
      announcePortUnlocked(task, dl, port, "new");
      port.netdev = netdev;
      announcePortUnlocked(task, dl, port, "new");
    }
    kernel.link(task, "new", netdev);
    kernel.rtnl.release(task);
    if (!events) {
      port.type = "eth";
      port.netdev = netdev;
      yield* announcePort(task, dl, port, "new");
    }
    this.#ports.unshift(port);
  }

  /** Removes all ports, the instance locked: the latest first. */
  *removeAll(task: Task): Steps {
    for (const port of [...this.#ports]) yield* this.#remove(task, port);
  }

  *#remove(task: Task, port: Port): Steps {
    const dl = this.#dl;
    const kernel = this.#kernel;
    const netdev = port.netdev!;
    const events = kernel.era.portType === "netdev-events";
    this.#ports.splice(this.#ports.indexOf(port), 1);
    if (!events) {
      port.type = "notset";
      port.netdev = null;
      yield* announcePort(task, dl, port, "new");
    }
    if (task.stepping || !kernel.rtnl.tryTake(task)) yield* acquire(task, kernel.rtnl);
    if (events) {
      // The core is told while the netdev goes, after it was taken down
      if (netdev.up) kernel.setLink(task, netdev, false);
      port.netdev = null;
      announcePortUnlocked(task, dl, port, "new");
      port.type = "notset";
      announcePortUnlocked(task, dl, port, "new");
    }
    kernel.removeNetdev(task, netdev);
    kernel.rtnl.release(task);
    yield* announcePort(task, dl, port, "del");
    dl.ports.splice(dl.ports.indexOf(port), 1);
  }
}
