/**
 * The driver core: buses, binding and unbinding, deferred probes, device links, and managed resources (devres)
 * (drivers/base; docs/semantics.md 6).
 *
 * @module
 */

import { reading, SharedMap } from "./access.ts";
import { type Device, type DeviceDriver, type DeviceLink, type DeviceLinkOptions, PROBE_DEFER } from "./device.ts";
import type { FileOwner, KernelHost, VirtualFile } from "./host.ts";
import type { Result } from "../observation.ts";
import { STATE } from "./state.ts";
import { acquire, type Steps, type Task } from "./task.ts";
import { Work } from "./work.ts";

/** A bus: its devices and its drivers. */
interface Bus {
  readonly devices: Map<string, Device>;
  readonly drivers: Map<string, { driver: DeviceDriver; bound: Device[] }>;
  /** True if a driver of the model registered the bus: the model then knows all devices of the bus */
  registered: boolean;
  /** True if a new device, and each device for a new driver, is probed without a request (`drivers_autoprobe`) */
  autoprobe: boolean;
}

const DRIVER_FILE = /^\/sys\/bus\/([^/]+)\/drivers\/([^/]+)\/(bind|unbind)$/;
const BUS_FILE = /^\/sys\/bus\/([^/]+)\/(drivers_autoprobe|drivers_probe)$/;
const DIRECTORY = /^\/sys\/bus\/([^/]+)(?:\/drivers\/([^/]+)|\/devices\/([^/]+))?$/;

/** The driver core of a kernel. */
export class DriverCore implements FileOwner {
  readonly #kernel: KernelHost;
  readonly #buses = new Map<string, Bus>();
  #pending: Device[] = [];
  #active: Device[] = [];
  #triggers = 0;
  readonly #deferredWork: Work;

  [STATE](): readonly unknown[] {
    return [this.#buses, this.#pending, this.#active, this.#deferredWork];
  }

  constructor(kernel: KernelHost) {
    this.#kernel = kernel;
    this.#deferredWork = new Work(kernel, "deferred_probe_work_func", false, (task) => this.#retry(task));
  }

  #bus(name: string): Bus {
    let bus = this.#buses.get(name);
    if (!bus) {
      const shared = <T>() => new SharedMap<string, T>(`bus ${name}`);
      this.#buses.set(name, bus = { devices: shared(), drivers: shared(), registered: false, autoprobe: true });
    }
    return bus;
  }

  /**
   * Models `bus_register()`: from then on the model has the files of the bus. A bus that no driver of the model registers is the
   * board's.
   */
  registerBus(name: string): void {
    this.#bus(name).registered = true;
  }

  /** Models `bus_unregister()`: the devices and drivers of the bus are gone already. */
  unregisterBus(name: string): void {
    this.#buses.delete(name);
  }

  /** True if a driver of the model registered the bus. */
  registered(name: string): boolean {
    return this.#buses.get(name)?.registered ?? false;
  }

  /** Returns a device by its bus and name. */
  find(bus: string, name: string): Device | undefined {
    return this.#buses.get(bus)?.devices.get(name);
  }

  /** Returns the devices of a bus, in the order in which they were added. */
  devices(bus: string): Device[] {
    return [...this.#buses.get(bus)?.devices ?? []].map(([, device]) => device);
  }

  /** Models `device_add()`: puts a device on its bus, and probes it if there is a driver. */
  *addDevice(task: Task, device: Device): Steps {
    const bus = this.#bus(device.bus);
    bus.devices.set(device.name, device);
    if (bus.autoprobe) yield* this.#attach(task, device);
  }

  /** Models `device_del()`: unbinds the driver of a device, and removes the device from its bus. */
  *removeDevice(task: Task, device: Device): Steps {
    this.#forget(device);
    yield* this.release(task, device, undefined);
    this.#bus(device.bus).devices.delete(device.name);
    device.registered = false;
    device.references--;
  }

  /** Models `driver_register()`: probes all matching devices; a probe that fails is no error. */
  *registerDriver(task: Task, busName: string, driver: DeviceDriver): Steps {
    const bus = this.#bus(busName);
    bus.drivers.set(driver.name, { driver, bound: [] });
    if (!bus.autoprobe) return;
    for (const device of this.devices(busName)) {
      if (!driver.matches(device)) continue;
      yield* acquire(task, device.lock);
      yield* this.#probeOrDefer(task, driver, device);
      device.lock.release(task);
    }
  }

  /** Models `driver_unregister()`: unbinds all devices of the driver, the last bound first. */
  *unregisterDriver(task: Task, busName: string, driver: DeviceDriver): Steps {
    const { drivers } = this.#bus(busName);
    const { bound } = drivers.get(driver.name)!;
    for (let device = bound.at(-1); device; device = bound.at(-1)) yield* this.release(task, device, driver);
    drivers.delete(driver.name);
  }

  /** Models `device_bind_driver()` and the probe: binds a driver that the caller has chosen, even if it does not match */
  *bindTo(task: Task, device: Device, driver: DeviceDriver): Steps<Result> {
    return yield* this.#probe(task, driver, device);
  }

  /**
   * Models `device_link_add()`.
   *
   * @returns Undefined if the supplier depends on the consumer over other device links
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
    return this.#driverFile(path) ?? this.#busFile(path);
  }

  #driverFile(path: string): VirtualFile | undefined {
    const [, name, driverName, file] = DRIVER_FILE.exec(path) ?? [];
    const bus = this.#buses.get(name!);
    const entry = bus?.drivers.get(driverName!);
    if (!entry) return undefined;
    return file === "bind"
      ? { write: (task, value) => this.#bind(task, bus!, entry.driver, value) }
      : { write: (task, value) => this.#unbind(task, bus!, entry.driver, value) };
  }

  #busFile(path: string): VirtualFile | undefined {
    const [, name, file] = BUS_FILE.exec(path) ?? [];
    const bus = this.#buses.get(name!);
    if (!bus?.registered) return undefined;
    if (file === "drivers_probe") return { write: (task, value) => this.#driversProbe(task, bus, value) };
    return {
      read: () => ({ text: bus.autoprobe ? "1" : "0" }),
      // deno-lint-ignore require-yield
      *write(_task, value) {
        bus.autoprobe = !value.startsWith("0");
        return "ok";
      },
    };
  }

  directory(path: string): boolean {
    const [, name, driver, device] = DIRECTORY.exec(path) ?? [];
    const bus = this.#buses.get(name!);
    if (!bus) return false;
    if (driver !== undefined) return bus.drivers.has(driver);
    return device === undefined ? bus.registered : bus.devices.has(device);
  }

  *#bind(task: Task, bus: Bus, driver: DeviceDriver, name: string): Steps<Result> {
    const device = look(bus, name);
    if (!device || !driver.matches(device)) return "ENODEV";
    if (this.#kernel.era.bindLooksFirst && device.driver) return "ENODEV";
    yield* acquire(task, device.lock);
    const result = yield* this.#probe(task, driver, device);
    device.lock.release(task);
    if (result !== "ok" && this.#kernel.era.bindErrno !== "own") return "ENODEV";
    // A probe that is deferred here is not put on the list of deferred probes
    return result === PROBE_DEFER ? "EAGAIN" : result;
  }

  /**
   * Models `unbind_store()`, which reads the driver without the device's lock in all eras: two unbinds at the same time both
   * succeed
   * if both read the driver before it is gone.
   */
  *#unbind(task: Task, bus: Bus, driver: DeviceDriver, name: string): Steps<Result> {
    const device = look(bus, name);
    if (device?.driver !== driver) return "ENODEV";
    yield* this.release(task, device, undefined);
    return "ok";
  }

  /** Models `drivers_probe`: a device that has a driver stays as it is; a probe that fails is no error. */
  *#driversProbe(task: Task, bus: Bus, name: string): Steps<Result> {
    const device = look(bus, name);
    if (!device) return "ENODEV";
    if (!device.driver) yield* this.#attach(task, device);
    return "ok";
  }

  /** Probes a device with the first driver of its bus that matches. */
  *#attach(task: Task, device: Device): Steps {
    yield* acquire(task, device.lock);
    if (device.registered && !device.driver) {
      for (const [, { driver }] of [...this.#bus(device.bus).drivers]) {
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
    // A driver may have been bound during the probe: the device is then tried again at once
    if (before !== this.#triggers) this.#trigger();
  }

  /** Probes a device; the caller holds the device's lock. */
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

  /** Unbinds a device from its driver, or only from `driver` if that is given. Unbinds the consumers of the device first. */
  *release(task: Task, device: Device, driver: DeviceDriver | undefined): Steps {
    yield* acquire(task, device.lock);
    const was = device.driver;
    if (was && (driver === undefined || was === driver)) {
      while (device.consumers.some(holdsSupplier)) {
        device.lock.release(task);
        yield* this.#unbindConsumers(task, device);
        yield* acquire(task, device.lock);
        // Another task may have unbound the driver meanwhile
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

  /** Releases the managed resources of a device, and then updates its device links. */
  *#cleanUp(task: Task, device: Device): Steps {
    for (let action = device.managed.pop(); action; action = device.managed.pop()) yield* action(task);
    device.driver = undefined;
    device.data = undefined;
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

  /** Has a kernel thread try all deferred probes again. */
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

/** Looks up a device of a bus and records the read of its driver without a lock, as in bind and unbind. */
function look(bus: Bus, name: string): Device | undefined {
  const device = bus.devices.get(name);
  if (device) reading(device.lock.cell);
  return device;
}

/** True if unbinding the supplier of a device link has to unbind its consumer first. */
function holdsSupplier({ options, status }: DeviceLink): boolean {
  return !options.stateless && (status === "consumer probe" || status === "active");
}

/** Returns the status of a new device link (drivers/base/core.c, device_link_init_status). */
function initialStatus(consumer: Device, supplier: Device): DeviceLink["status"] {
  if (supplier.state === "unbinding") return "supplier unbind";
  if (supplier.state === "no driver") return "dormant";
  if (consumer.state === "probing") return "consumer probe";
  if (supplier.state === "probing") return "dormant";
  return consumer.state === "bound" ? "active" : "available";
}

/** True if a device is the other device, or its consumer over any number of device links. */
function dependsOn(device: Device, other: Device): boolean {
  return device === other || device.suppliers.some((link) => dependsOn(link.supplier, other));
}
