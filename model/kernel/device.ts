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
 * The lock class of a device by its bus, if it differs from the class of most devices. A task that adds or deletes an auxiliary
 * device may hold the lock of the parent device and of its devlink instance. A task that detaches from a PHY on an MDIO bus holds
 * RTNL.
 */
const CHILDREN: Readonly<Record<string, LockClass>> = { auxiliary: "child device", mdio_bus: "mdio device" };

/** The result of a probe that needs something that does not exist yet; it is not visible outside of the driver core. */
export const PROBE_DEFER = "EPROBE_DEFER";

/** A driver of devices on a bus. */
export interface DeviceDriver {
  readonly name: string;
  readonly module: Module;
  /** True if the driver can drive a device of its bus */
  matches(device: Device): boolean;
  /** Probes a device; returns `ok`, an errno, or {@linkcode PROBE_DEFER} */
  probe(task: Task, device: Device): Steps<Result>;
  /** Removes the driver from a device; called before the managed resources are released */
  remove?(task: Task, device: Device): Steps;
}

/** Returns a `matches` that compares the device's name, without a number after its last dot. */
export function named(name: string): DeviceDriver["matches"] {
  return (device) => device.name.replace(/\.\d+$/, "") === name;
}

/** The flags of a device link; each is off by default. */
export interface DeviceLinkOptions {
  /** The link is deleted when the consumer is unbound (`DL_FLAG_AUTOREMOVE_CONSUMER`) */
  autoremoveConsumer?: boolean;
  /** The consumer is probed again when the supplier is bound (`DL_FLAG_AUTOPROBE_CONSUMER`) */
  autoprobeConsumer?: boolean;
  /** The link orders only suspend and resume (`DL_FLAG_STATELESS`) */
  stateless?: boolean;
}

/** A device link between a supplier and a consumer; unrelated to devlink. */
export interface DeviceLink {
  readonly supplier: Device;
  readonly consumer: Device;
  readonly options: DeviceLinkOptions;
  status: "dormant" | "available" | "consumer probe" | "active" | "supplier unbind";
}

/** A device on a bus. */
export class Device {
  readonly lock: Lock;
  /** The driver that is bound to the device, or that is being probed or removed */
  driver: DeviceDriver | undefined;
  /** The state of the binding to the driver */
  state: "no driver" | "probing" | "bound" | "unbinding" = "no driver";
  /** True if the device is on its bus */
  registered = true;
  /** References to the struct device: they keep its memory, but not the data of the driver */
  references = 1;
  /** The driver's data (`dev_set_drvdata()`): gone when the driver is unbound, even while the device is referenced */
  data: unknown;
  /** The emulated device that a test operates, if there is one: it stays when the driver is unbound */
  emulated: unknown;
  /** The managed resources (devres): released last first when the driver is unbound */
  readonly managed: ((task: Task) => Steps)[] = [];
  readonly suppliers: DeviceLink[] = [];
  readonly consumers: DeviceLink[] = [];

  constructor(kernel: KernelHost, readonly bus: string, readonly name: string) {
    this.lock = kernel.lock(`device ${name}`, CHILDREN[bus] ?? "device");
  }
}
