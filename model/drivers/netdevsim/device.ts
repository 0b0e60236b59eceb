/**
 * A device on the bus of netdevsim.
 *
 * @module
 */

import { Device } from "../../kernel/device.ts";
import { FileUsers } from "../../kernel/file_users.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Netns } from "../../net/netns.ts";
import { netdevsimEra } from "./era.ts";

/** The name of the bus, of its only driver, and of the module that has both. */
export const NETDEVSIM = "netdevsim";

/** A device on the bus of netdevsim, as `new_device` makes it. */
export class SimulatedDevice extends Device {
  /** The users of its files in sysfs */
  readonly files: FileUsers;
  /** True if its files can add and delete ports: not during its creation and its removal */
  ready = false;
  numVfs = 0;
  maxVfs: number;

  constructor(
    kernel: Kernel,
    readonly id: number,
    /** The netns of its creator: a pointer without a reference */
    readonly creator: Netns,
    readonly portCount: number,
    /** The number of queues of its netdevs; with 0, no netdev can be made */
    readonly queues: number,
  ) {
    super(kernel, NETDEVSIM, `netdevsim${id}`);
    this.files = new FileUsers(`the attributes of ${this.name}`, "ENODEV");
    this.maxVfs = netdevsimEra(kernel.era).maxVfs ?? Infinity;
  }
}
