/**
 * The driver core: buses, their devices and drivers, binding and unbinding, probes that are put off, device links, and what a
 * device manages for its driver (drivers/base; docs/semantics.md 6).
 *
 * @module
 */

import type { FileOwner, Kernel, VirtualFile } from "./kernel.ts";
import type { Module } from "./module.ts";
import type { Result } from "./observation.ts";
import { acquire, type Lock, type Steps, type Task } from "./task.ts";
import { Work } from "./work.ts";
import { STATE } from "./race/state.ts";

/** What a probe gives when something that it needs is not there yet; nobody outside of the driver core sees it. */
export const PROBE_DEFER = "EPROBE_DEFER";

/** A driver of devices on a bus. */
export interface DeviceDriver {
  readonly name: string;
  readonly module: Module;
  /** Whether it is for a device of its bus */
  matches(device: Device): boolean;
  /** Gives `ok`, an errno, or {@linkcode PROBE_DEFER} */
  probe(task: Task, device: Device): Steps<Result>;
  /** Comes before what the device manages is released */
  remove?(task: Task, device: Device): Steps;
}

/** A match by name: all of it but a number behind the last dot, if there is one. */
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
  /** Whether it is on the bus */
  registered = true;
  /** References to the struct device: they keep its memory, and nothing that its driver made */
  references = 1;
  /** What its driver made for it: gone with the driver, whoever has a reference to the device */
  data: unknown;
  /** What is undone, last first, when the driver lets go of it (devres) */
  readonly managed: ((task: Task) => Steps)[] = [];
  readonly suppliers: DeviceLink[] = [];
  readonly consumers: DeviceLink[] = [];

  constructor(kernel: Kernel, readonly bus: string, readonly name: string) {
    // The one who adds and deletes auxiliary devices may hold the lock of their parent, and of its devlink instance
    this.lock = kernel.lock(`device ${name}`, bus === "auxiliary" ? "child device" : "device");
  }
}

/** A bus: its devices and its drivers. */
interface Bus {
  readonly devices: Map<string, Device>;
  readonly drivers: Map<string, { driver: DeviceDriver; bound: Device[] }>;
}

const DRIVER_FILE = /^\/sys\/bus\/([^/]+)\/drivers\/([^/]+)\/(bind|unbind)$/;

/** The driver core of a kernel. */
export class DriverCore implements FileOwner {
  readonly #kernel: Kernel;
  readonly #buses = new Map<string, Bus>();
  #pending: Device[] = [];
  #active: Device[] = [];
  #triggers = 0;
  readonly #deferredWork: Work;

  [STATE](): readonly unknown[] {
    return [this.#buses, this.#pending, this.#active, this.#deferredWork];
  }

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#deferredWork = new Work(kernel, "deferred_probe_work_func", false, (task) => this.#retry(task));
  }

  #bus(name: string): Bus {
    let bus = this.#buses.get(name);
    if (!bus) this.#buses.set(name, bus = { devices: new Map(), drivers: new Map() });
    return bus;
  }

  /** A device by its bus and name. */
  find(bus: string, name: string): Device | undefined {
    return this.#buses.get(bus)?.devices.get(name);
  }

  /** `device_add()`: puts a device on its bus, and probes it if a driver is there. */
  *addDevice(task: Task, device: Device): Steps {
    this.#bus(device.bus).devices.set(device.name, device);
    yield* this.#attach(task, device);
  }

  /** `device_del()`: takes its driver from a device, and takes it from its bus. */
  *removeDevice(task: Task, device: Device): Steps {
    this.#forget(device);
    yield* this.release(task, device, undefined);
    this.#bus(device.bus).devices.delete(device.name);
    device.registered = false;
    device.references--;
  }

  /** `driver_register()`: probes all devices that it is for; that some cannot be probed is no error. */
  *registerDriver(task: Task, busName: string, driver: DeviceDriver): Steps {
    const bus = this.#bus(busName);
    bus.drivers.set(driver.name, { driver, bound: [] });
    for (const device of [...bus.devices.values()]) {
      if (!driver.matches(device)) continue;
      yield* acquire(task, device.lock);
      yield* this.#probeOrDefer(task, driver, device);
      device.lock.release(task);
    }
  }

  /** `driver_unregister()`: unbinds all of its devices, the last one that was bound first. */
  *unregisterDriver(task: Task, busName: string, driver: DeviceDriver): Steps {
    const { drivers } = this.#bus(busName);
    const { bound } = drivers.get(driver.name)!;
    for (let device = bound.at(-1); device; device = bound.at(-1)) yield* this.release(task, device, driver);
    drivers.delete(driver.name);
  }

  /**
   * `device_link_add()`
   *
   * @returns Nothing where the consumer is, by other device links, a supplier of its supplier
   */
  link(consumer: Device, supplier: Device, options: DeviceLinkOptions): DeviceLink | undefined {
    if (dependsOn(supplier, consumer)) return undefined;
    const existing = supplier.consumers.find((one) => one.consumer === consumer);
    if (existing) return existing;
    const link: DeviceLink = { supplier, consumer, options, status: initialStatus(consumer, supplier) };
    supplier.consumers.push(link);
    consumer.suppliers.push(link);
    supplier.references++;
    consumer.references++;
    return link;
  }

  /** Deletes a device link. */
  unlink({ supplier, consumer }: DeviceLink): void {
    const of = (one: DeviceLink) => one.supplier === supplier && one.consumer === consumer;
    supplier.consumers.splice(supplier.consumers.findIndex(of), 1);
    consumer.suppliers.splice(consumer.suppliers.findIndex(of), 1);
    supplier.references--;
    consumer.references--;
  }

  resolve(path: string): VirtualFile | undefined {
    const match = DRIVER_FILE.exec(path);
    const bus = match && this.#buses.get(match[1]!);
    const entry = bus?.drivers.get(match![2]!);
    if (!entry) return undefined;
    return match![3] === "bind"
      ? { write: (task, value) => this.#bind(task, bus!, entry.driver, value) }
      : { write: (task, value) => this.#unbind(task, bus!, entry.driver, value) };
  }

  directory(path: string): boolean {
    const match = /^\/sys\/bus\/([^/]+)\/(?:drivers\/([^/]+)|devices\/([^/]+))$/.exec(path);
    const bus = match && this.#buses.get(match[1]!);
    if (!bus) return false;
    return match[2] === undefined ? bus.devices.has(match[3]!) : bus.drivers.has(match[2]);
  }

  *#bind(task: Task, bus: Bus, driver: DeviceDriver, name: string): Steps<Result> {
    const device = bus.devices.get(name);
    if (!device || !driver.matches(device)) return "ENODEV";
    yield* acquire(task, device.lock);
    const result = yield* this.#probe(task, driver, device);
    device.lock.release(task);
    // One that asks for patience here is not put on the list of those that are tried again
    return result === PROBE_DEFER ? "EAGAIN" : result;
  }

  *#unbind(task: Task, bus: Bus, driver: DeviceDriver, name: string): Steps<Result> {
    const device = bus.devices.get(name);
    if (device?.driver !== driver) return "ENODEV";
    yield* this.release(task, device, undefined);
    return "ok";
  }

  /** Probes a device with whichever driver is for it. */
  *#attach(task: Task, device: Device): Steps {
    yield* acquire(task, device.lock);
    if (device.registered && !device.driver) {
      for (const { driver } of [...this.#bus(device.bus).drivers.values()]) {
        if (!driver.matches(device)) continue;
        yield* this.#probeOrDefer(task, driver, device);
        break;
      }
    }
    device.lock.release(task);
  }

  *#probeOrDefer(task: Task, driver: DeviceDriver, device: Device): Steps {
    const before = this.#triggers;
    const result = yield* this.#probe(task, driver, device);
    if (result !== PROBE_DEFER) return;
    if (!this.#pending.includes(device) && !this.#active.includes(device)) this.#pending.push(device);
    // Something may have come while it was probed
    if (before !== this.#triggers) this.#trigger();
  }

  /** Probes a device, its lock held. */
  *#probe(task: Task, driver: DeviceDriver, device: Device): Steps<Result> {
    if (!device.registered) return "ENODEV";
    if (device.driver) return "EBUSY";
    for (const link of device.suppliers) {
      if (link.options.stateless) continue;
      if (link.status !== "available") return PROBE_DEFER;
      link.status = "consumer probe";
    }
    device.driver = driver;
    device.state = "probing";
    const result = yield* driver.probe(task, device);
    if (result !== "ok") {
      yield* this.#cleanUp(task, device);
      return result;
    }
    device.state = "bound";
    this.#bus(device.bus).drivers.get(driver.name)!.bound.push(device);
    for (const link of device.consumers) {
      if (link.options.stateless || link.status === "consumer probe" || link.status === "active") continue;
      link.status = "available";
      if (link.options.autoprobeConsumer && !link.consumer.driver && !this.#pending.includes(link.consumer)) {
        this.#pending.push(link.consumer);
      }
    }
    for (const link of device.suppliers) if (!link.options.stateless) link.status = "active";
    this.#forget(device);
    this.#trigger();
    return "ok";
  }

  /** Takes its driver from a device: from whichever it is bound to, or only from `driver`. Its consumers lose theirs first. */
  *release(task: Task, device: Device, driver: DeviceDriver | undefined): Steps {
    yield* acquire(task, device.lock);
    const was = device.driver;
    if (was && (driver === undefined || was === driver)) {
      while (device.consumers.some(holdsSupplier)) {
        device.lock.release(task);
        yield* this.#unbindConsumers(task, device);
        yield* acquire(task, device.lock);
        // Somebody else may have done it meanwhile
        if (device.driver !== was) {
          device.lock.release(task);
          return;
        }
      }
      for (const link of device.consumers) if (!link.options.stateless) link.status = "supplier unbind";
      device.state = "unbinding";
      if (was.remove) yield* was.remove(task, device);
      yield* this.#cleanUp(task, device);
      const { bound } = this.#bus(device.bus).drivers.get(was.name)!;
      bound.splice(bound.indexOf(device), 1);
    }
    device.lock.release(task);
  }

  *#unbindConsumers(task: Task, device: Device): Steps {
    for (let link = device.consumers.find(holdsSupplier); link; link = device.consumers.find(holdsSupplier)) {
      if (link.status === "consumer probe") {
        yield { kind: "blocked", what: `probe of ${link.consumer.name}`, task: task.name };
        continue;
      }
      link.status = "supplier unbind";
      yield* this.release(task, link.consumer, undefined);
    }
  }

  /** What was managed for the driver goes, and the device links follow. */
  *#cleanUp(task: Task, device: Device): Steps {
    for (let action = device.managed.pop(); action; action = device.managed.pop()) yield* action(task);
    device.driver = undefined;
    device.state = "no driver";
    for (const link of device.consumers) if (!link.options.stateless) link.status = "dormant";
    for (const link of device.suppliers.toReversed()) {
      if (link.options.stateless) continue;
      if (link.options.autoremoveConsumer) this.unlink(link);
      else if (link.status === "consumer probe" || link.status === "active") {
        link.status = link.supplier.state === "bound" ? "available" : "dormant";
      } else if (link.supplier.state !== "bound") link.status = "dormant";
    }
  }

  /** All whose probe was put off are tried again, by a kernel thread. */
  #trigger(): void {
    this.#triggers++;
    this.#active.push(...this.#pending);
    this.#pending = [];
    if (this.#active.length > 0) this.#deferredWork.queue();
  }

  *#retry(task: Task): Steps {
    for (let device = this.#active.shift(); device; device = this.#active.shift()) yield* this.#attach(task, device);
  }

  #forget(device: Device): void {
    this.#pending = this.#pending.filter((one) => one !== device);
    this.#active = this.#active.filter((one) => one !== device);
  }
}

/** Whether unbinding the supplier of a device link has to unbind its consumer first. */
function holdsSupplier({ options, status }: DeviceLink): boolean {
  return !options.stateless && (status === "consumer probe" || status === "active");
}

/** The status of a new device link (drivers/base/core.c, device_link_init_status). */
function initialStatus(consumer: Device, supplier: Device): DeviceLink["status"] {
  if (supplier.state === "unbinding") return "supplier unbind";
  if (supplier.state === "no driver") return "dormant";
  if (consumer.state === "probing") return "consumer probe";
  if (supplier.state === "probing") return "dormant";
  return consumer.state === "bound" ? "active" : "available";
}

/** Whether a device is, over any number of device links, a consumer of another one. */
function dependsOn(device: Device, other: Device): boolean {
  return device === other || device.suppliers.some((link) => dependsOn(link.supplier, other));
}
