/**
 * The common part of the profiles of hardware drivers: an instance on the PCI bus with ports and traps. Of the driver only its
 * locks are modelled. Read from the source of the drivers, never run.
 *
 * @module
 */

import { announcePort } from "../devlink/announce.ts";
import type { Device } from "../kernel/device.ts";
import { Devlink, type Port } from "../devlink/devlink.ts";
import type { Driver, ReloadAction, TrapGroupSpec, TrapPolicerSpec, TrapSpec } from "../devlink/driver.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Netdev } from "../net/netns.ts";
import type { Result } from "../observation.ts";
import { newPort, registerPort, unregisterPort } from "../devlink/port.ts";
import { probing, removing } from "../devlink/lifetime.ts";
import { registering } from "../devlink/registering.ts";
import { acquire, type Steps, type Task } from "../kernel/task.ts";
import { registerTraps, unregisterTraps } from "../devlink/trap.ts";
import { STATE } from "../kernel/state.ts";

/** The traps of a profile: just enough to show their lifetimes. */
const TRAPS: {
  policers: readonly TrapPolicerSpec[];
  groups: readonly TrapGroupSpec[];
  traps: readonly TrapSpec[];
} = {
  policers: [{ id: 1, rate: 1000, burst: 128, rateMin: 1, rateMax: 8000, burstMin: 8, burstMax: 65536 }],
  groups: [{ name: "l2_drops", generic: true, policer: 1 }],
  traps: [{
    name: "ingress_vlan_filter",
    type: "drop",
    generic: true,
    action: "drop",
    group: "l2_drops",
    metadata: ["input_port"],
  }],
};

/** A driver that has only a devlink instance, ports and traps. */
export abstract class Profile implements Driver {
  abstract readonly name: string;
  abstract readonly reloadActions: readonly ReloadAction[];
  readonly reloadLimits: readonly "no_reset"[] = [];
  readonly versions = { fixed: {} };
  readonly kernel: Kernel;
  readonly dl: Devlink;
  /** The ports of the driver */
  readonly #ports: Port[] = [];

  [STATE](): readonly unknown[] {
    return [this.#ports];
  }

  constructor(kernel: Kernel, device: Device, handle = `pci/${device.name}`) {
    this.kernel = kernel;
    this.dl = new Devlink(kernel, handle, this, device.lock, kernel.init);
  }

  abstract reloadDown(task: Task): Steps<Result>;
  abstract reloadUp(task: Task): Steps<Result>;

  /** Probes the instance, with the device locked; `body` creates the objects of the instance. */
  *probe(task: Task, body: () => Steps): Steps {
    yield* probing(task, this.dl, function* () {
      yield* body();
      return "ok";
    });
  }

  /** Removes the instance; `body` removes its objects. */
  *remove(task: Task, body: () => Steps): Steps {
    yield* removing(task, this.dl, body);
  }

  /** Adds a port with a netdev. */
  *addPort(task: Task, index: number): Steps {
    const { dl, kernel } = this;
    const port = newPort(dl, index, { flavour: "physical", port: index, splittable: false });
    yield* registerPort(task, dl, port);
    const held = kernel.rtnl.owner === task;
    if (!held) yield* acquire(task, kernel.rtnl);
    const { netns } = dl;
    const netdev = kernel.addNetdev(netns, netns.freeName(), ["BROADCAST", "MULTICAST"], "UP");
    kernel.link(task, "new", netdev);
    if (!held) kernel.rtnl.release(task);
    port.type = "eth";
    port.netdev = netdev;
    yield* announcePort(task, dl, port, "new");
    this.#ports.push(port);
  }

  /** Removes the ports, the latest first. */
  *removePorts(task: Task): Steps {
    const { dl, kernel } = this;
    for (let port = this.#ports.pop(); port; port = this.#ports.pop()) {
      const gone = port;
      const netdev = gone.netdev as Netdev;
      gone.type = "notset";
      gone.netdev = null;
      yield* announcePort(task, dl, gone, "new");
      yield* acquire(task, kernel.rtnl);
      kernel.removeNetdev(task, netdev);
      kernel.rtnl.release(task);
      yield* unregisterPort(task, dl, gone);
    }
  }

  /** Registers the traps. */
  *addTraps(task: Task): Steps {
    yield* registering(task, this.dl, "traps", () => registerTraps(task, this.dl, TRAPS));
  }

  /** Unregisters the traps. */
  *removeTraps(task: Task): Steps {
    yield* registering(task, this.dl, "traps", () => unregisterTraps(task, this.dl));
  }

  trapActionSet(): Result {
    return "ok";
  }

  trapGroupSet(): Result {
    return "ok";
  }

  trapPolicerSet(): Result {
    return "ok";
  }

  trapDropped(): number {
    return 0;
  }
}
