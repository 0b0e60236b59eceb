/**
 * Devices, their drivers, and the device links between them (drivers/base; docs/semantics.md 6).
 *
 * @module
 */

import type { KernelHost } from "./host.ts";
import type { Module } from "./module.ts";
import type { Result } from "../observation.ts";
import type { Lock, LockClass, Steps, Task } from "./task.ts";

/**
 * The class of a device's lock by its bus, where that is not the one of most devices: who adds and deletes auxiliary devices may hold the
 * lock of their parent, and of its devlink instance. Who detaches from a PHY on an MDIO bus holds RTNL.
 */
const CHILDREN: Readonly<Record<string, LockClass>> = { auxiliary: "child device", mdio_bus: "mdio device" };

/** What a probe gives when something that it needs is not there yet; nobody outside of the driver core sees it. */
export const PROBE_DEFER = "EPROBE_DEFER";

/** A driver of devices on a bus. */
export interface DeviceDriver {
  readonly name: string;
  readonly module: Module;
  /** True if it is for a device of its bus */
  matches(device: Device): boolean;
  /** Gives `ok`, an errno, or {@linkcode PROBE_DEFER} */
  probe(task: Task, device: Device): Steps<Result>;
  /** Comes before what the device manages is released */
  remove?(task: Task, device: Device): Steps;
}

/** Returns a match by name: all of it but a number after the last dot, if there is one. */
export function named(name: string): DeviceDriver["matches"] {
  return (device) => device.name.replace(/\.\d+$/, "") === name;
}

/** The flags of a device link, and what is so without them. */
export interface DeviceLinkOptions {
  /** Deleted when the consumer is unbound (`DL_FLAG_AUTOREMOVE_CONSUMER`) */
  autoremoveConsumer?: boolean;
  /** The consumer is probed again when the supplier is bound (`DL_FLAG_AUTOPROBE_CONSUMER`) */
  autoprobeConsumer?: boolean;
  /** Orders nothing but suspend and resume (`DL_FLAG_STATELESS`) */
  stateless?: boolean;
}

/** A device link: never to be confused with devlink. */
export interface DeviceLink {
  readonly supplier: Device;
  readonly consumer: Device;
  readonly options: DeviceLinkOptions;
  status: "dormant" | "available" | "consumer probe" | "active" | "supplier unbind";
}

/** A device on a bus. */
export class Device {
  readonly lock: Lock;
  /** The driver that is bound to it, or just being probed or removed */
  driver: DeviceDriver | undefined;
  /** How far its driver has come with it */
  state: "no driver" | "probing" | "bound" | "unbinding" = "no driver";
  /** True if it is on the bus */
  registered = true;
  /** References to the struct device: they keep its memory, and nothing that its driver made */
  references = 1;
  /** What its driver made for it (`dev_set_drvdata()`): gone with the driver, even while the device is referenced */
  data: unknown;
  /** The emulated device that a test operates, where it is one: it stays when its driver goes */
  emulated: unknown;
  /** What is undone, last first, when the driver releases it (devres) */
  readonly managed: ((task: Task) => Steps)[] = [];
  readonly suppliers: DeviceLink[] = [];
  readonly consumers: DeviceLink[] = [];

  constructor(kernel: KernelHost, readonly bus: string, readonly name: string) {
    this.lock = kernel.lock(`device ${name}`, CHILDREN[bus] ?? "device");
  }
}
