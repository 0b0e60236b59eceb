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

/** The name of the bus, of its one driver, and of the module that brings both. */
export const NETDEVSIM = "netdevsim";

/** A device on the bus of netdevsim, as `new_device` makes it. */
export class SimulatedDevice extends Device {
  /** Those who are in its files of sysfs */
  readonly files: FileUsers;
  /** True if ports can be made and taken away by its files: neither while it comes nor while it goes */
  ready = false;
  numVfs = 0;
  maxVfs: number;

  constructor(
    kernel: Kernel,
    readonly id: number,
    /** The netns of its creator: a pointer without a reference */
    readonly creator: Netns,
    readonly portCount: number,
    /** How many queues its netdevs have; with none of them no netdev can be made */
    readonly queues: number,
  ) {
    super(kernel, NETDEVSIM, `netdevsim${id}`);
    this.files = new FileUsers(`the attributes of ${this.name}`, "ENODEV");
    this.maxVfs = netdevsimEra(kernel.era).maxVfs ?? Infinity;
  }
}
