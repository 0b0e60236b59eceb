/**
 * The module of netdevsim: the bus, its driver, and the files of sysfs that make and delete devices (docs/semantics.md 4.6, 6.2).
 *
 * @module
 */

import type { Era } from "../../era/mod.ts";
import type { Device, DeviceDriver } from "../../kernel/device.ts";
import { type FileOwner, type VirtualFile, withRtnl } from "../../kernel/host.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { LoadedModule, Module } from "../../kernel/module.ts";
import type { Netns } from "../../net/netns.ts";
import { cellOf, reading, writing } from "../../kernel/access.ts";
import { acquire, type Lock, oops, pause, type Steps, type Task } from "../../kernel/task.ts";
import { MOST_VF_CONFIGS } from "./data.ts";
import { debugfsDirectory, debugfsFile } from "./debugfs.ts";
import { NETDEVSIM, SimulatedDevice } from "./device.ts";
import { netdevsimEra } from "./era.ts";
import { Netdevsim, type NetdevsimDevice } from "./netdevsim.ts";
import { scan, uint } from "./scan.ts";
import { STATE } from "../../kernel/state.ts";

const INT_MAX = 0x7fff_ffff;
const LINK = /^\s*([+-]?\d+):\s*\d+\s+[+-]?\d+:\s*\d/;
const LINK_FORMAT = 'linking two devices is "netnsfd_a:ifidx_a netnsfd_b:ifidx_b" (int uint int uint)';
const UNLINK = /^\s*(\d+):\s*\d/;
const UNLINK_FORMAT = 'unlinking a device is "netnsfd:ifidx" (int uint)';

/** True for a device that sequences make. A board's own device on this bus may have a driver that nobody modelled. */
const isSimulated = (device: Device): device is NetdevsimDevice => device instanceof SimulatedDevice;

/** Returns the devices of netdevsim, in the order in which they were made. */
export function netdevsimDevices(kernel: Kernel): NetdevsimDevice[] {
  return kernel.core.devices(NETDEVSIM).filter(isSimulated);
}

/** The state of the module while it is loaded. */
export class NetdevsimBus implements FileOwner, LoadedModule {
  readonly #kernel: Kernel;
  readonly #driver: DeviceDriver;
  readonly #lock: Lock;

  [STATE](): readonly unknown[] {
    return [this.#lock];
  }

  constructor(kernel: Kernel, module: Module) {
    this.#kernel = kernel;
    this.#lock = kernel.lock("nsim_bus_dev_list_lock", "nsim_bus");
    this.#driver = {
      name: NETDEVSIM,
      module,
      matches: isSimulated,
      *probe(task, device) {
        const { creator } = device as SimulatedDevice;
        const driver = new Netdevsim(kernel, device as SimulatedDevice, creator);
        const result = yield* driver.probe(task);
        if (result === "ok") device.data = driver;
        return result;
      },
      *remove(task, device) {
        yield* (device.data as Netdevsim).remove(task);
      },
    };
  }

  *init(task: Task): Steps {
    const { core, owners } = this.#kernel;
    core.registerBus(NETDEVSIM);
    yield* core.registerDriver(task, NETDEVSIM, this.#driver);
    owners.push(this);
  }

  /** Deletes all devices, in the order in which they were made. */
  *exit(task: Task): Steps {
    const { core, owners } = this.#kernel;
    yield* acquire(task, this.#lock);
    for (const device of netdevsimDevices(this.#kernel)) yield* this.#delete(task, device);
    this.#lock.release(task);
    yield* core.unregisterDriver(task, NETDEVSIM, this.#driver);
    core.unregisterBus(NETDEVSIM);
    owners.splice(owners.indexOf(this), 1);
  }

  #find(name: string): NetdevsimDevice | undefined {
    const device = this.#kernel.core.find(NETDEVSIM, name);
    return device && isSimulated(device) ? device : undefined;
  }

  resolve(path: string): VirtualFile | undefined {
    const own = this.#files[path];
    if (own) return own;
    if (!netdevsimEra(this.#kernel.era).lacks.has("link_device") && this.#linkFiles[path]) return this.#linkFiles[path];
    const match = /^\/sys\/(bus\/netdevsim\/devices|devices|kernel\/debug\/netdevsim)\/(netdevsim\d+)\/(.+)$/.exec(
      path,
    );
    const device = match && this.#find(match[2]!);
    if (!device) return undefined;
    look(device);
    return match[1] === "kernel/debug/netdevsim"
      ? debugfsFile(this.#kernel, device, match[3]!)
      : this.#attribute(device, match[3]!);
  }

  directory(path: string): boolean {
    const match = /^\/sys\/(bus\/netdevsim\/devices|devices|kernel\/debug\/netdevsim)\/(netdevsim\d+)(?:\/(.+))?$/.exec(
      path,
    );
    const device = match && this.#find(match[2]!);
    if (!device) return false;
    return match[1] === "kernel/debug/netdevsim"
      ? debugfsDirectory(this.#kernel, device, match[3])
      : match[3] === undefined ||
        (match[3] === "net" && device.data !== undefined && device.data.dl.ports.length > 0);
  }

  readonly #files: Record<string, VirtualFile> = {
    "/sys/bus/netdevsim/new_device": { write: (task, value, netns) => this.#newDevice(task, value, netns) },
    "/sys/bus/netdevsim/del_device": { write: (task, value) => this.#delDevice(task, value) },
  };

  readonly #linkFiles: Record<string, VirtualFile> = {
    "/sys/bus/netdevsim/link_device": {
      write: (task, value) => this.#link(task, LINK, LINK_FORMAT, value),
    },
    "/sys/bus/netdevsim/unlink_device": {
      write: (task, value) => this.#link(task, UNLINK, UNLINK_FORMAT, value),
    },
  };

  /**
   * Writes `link_device` or `unlink_device`, whose line names each netns by an open file of the writer: a shell has no such file
   * open.
   */
  // deno-lint-ignore require-yield
  *#link(task: Task, form: RegExp, format: string, value: string): Steps<string> {
    const fd = form.exec(value)?.[1];
    task.log("info", fd === undefined ? `Format for ${format}.` : `Could not find netns with fd: ${Number(fd)}`);
    return "EINVAL";
  }

  *#newDevice(task: Task, value: string, netns: Netns): Steps<string> {
    const fields = scan(this.#kernel.era, value, 3);
    const id = fields[0];
    if (id === undefined) {
      task.log("info", `Format for adding new device is ${netdevsimEra(this.#kernel.era).newDevice}.`);
      return "EINVAL";
    }
    if (id > INT_MAX) return tooBig(task);
    yield* acquire(task, this.#lock);
    let result = "ENOSPC";
    if (!this.#find(`netdevsim${id}`)) {
      const queues = netdevsimEra(this.#kernel.era).lacks.has("num_queues") ? 1 : fields[2] ?? 1;
      const device = new SimulatedDevice(this.#kernel, id, netns, fields[1] ?? 1, queues);
      yield* this.#kernel.core.addDevice(task, device);
      this.#setReady(device, true);
      result = "ok";
    }
    this.#lock.release(task);
    return result;
  }

  *#delDevice(task: Task, value: string): Steps<string> {
    const id = scan(this.#kernel.era, value, 1)[0];
    if (id === undefined) {
      task.log("info", 'Format for deleting device is "id" (uint).');
      return "EINVAL";
    }
    if (id > INT_MAX) return tooBig(task);
    yield* acquire(task, this.#lock);
    const device = this.#find(`netdevsim${id}`);
    if (device) yield* this.#delete(task, device);
    this.#lock.release(task);
    return device ? "ok" : "ENOENT";
  }

  *#delete(task: Task, device: SimulatedDevice): Steps {
    this.#setReady(device, false);
    yield* pause(task, `device_unregister() of ${device.name}`);
    yield* device.files.remove(task);
    yield* this.#kernel.core.removeDevice(task, device);
  }

  #setReady(device: SimulatedDevice, ready: boolean): void {
    writing(cellOf(`readiness of ${device.name}`));
    device.ready = ready;
  }

  #attribute(device: NetdevsimDevice, name: string): VirtualFile | undefined {
    // device_del() removes these files before the driver is unbound, and the directory after that
    if (device.files.gone) return undefined;
    switch (name) {
      case "new_port":
      case "del_port":
        return { write: (task, value) => device.files.enter(task, () => this.#port(task, device, name, value)) };
      case "sriov_numvfs":
        return {
          read: () => ({ text: String(device.numVfs) }),
          write: (task, value) => device.files.enter(task, () => this.#numVfs(task, device, value)),
        };
    }
    return undefined;
  }

  *#port(task: Task, device: NetdevsimDevice, name: "new_port" | "del_port", value: string): Steps<string> {
    reading(cellOf(`readiness of ${device.name}`));
    if (!device.ready) return "EBUSY";
    const index = name === "new_port" && netdevsimEra(this.#kernel.era).newPort === "number and address"
      ? scanPort(this.#kernel.era, task, value)
      : uint(value);
    if (typeof index === "string") return index;
    const driver = device.data;
    if (!driver) oops(task, `BUG: kernel NULL pointer dereference: ${name} of ${device.name} without a driver`);
    return name === "new_port" ? yield* driver.ports.newPort(task, index) : yield* driver.ports.delPort(task, index);
  }

  *#numVfs(task: Task, device: NetdevsimDevice, value: string): Steps<string> {
    const count = uint(value);
    if (typeof count === "string") return count;
    if (!netdevsimEra(this.#kernel.era).vfPorts) return yield* this.#countVfs(task, device, count);
    yield* acquire(task, device.lock);
    const result = device.data ? yield* device.data.ports.setVfs(task, count) : "ENOENT";
    device.lock.release(task);
    return result;
  }

  /** Sets the number of VFs in eras in which VFs have no ports and only the bus knows them. */
  *#countVfs(task: Task, device: NetdevsimDevice, count: number): Steps<string> {
    let result = "ok";
    yield* withRtnl(this.#kernel, task, () => {
      if (count === device.numVfs) return;
      if (count > 0 && device.numVfs > 0) result = "EBUSY";
      else if (count > MOST_VF_CONFIGS) result = "ENOMEM";
      else device.numVfs = count;
    });
    return result;
  }
}

/** Records that sysfs or debugfs reads a device without a lock. */
function look({ lock, data }: NetdevsimDevice): void {
  reading(lock.cell);
  if (data) reading(data.dl.lock.cell);
}

function tooBig(task: Task): string {
  task.log("info", 'Value of "id" is too big.');
  return "EINVAL";
}

/** Parses `sscanf("%u %hhx:%hhx:%hhx:%hhx:%hhx:%hhx")`: returns the index of a port, which a MAC address may follow. */
function scanPort(era: Era, task: Task, text: string): number | "EINVAL" {
  const index = scan(era, text, 1)[0];
  if (index !== undefined) {
    const bytes: number[] = [];
    let rest = text.replace(/^\s*\d+/, "");
    for (;;) {
      const match = /^\s*(?:0[xX])?([0-9a-fA-F]+)/.exec(rest);
      if (!match) break;
      bytes.push(parseInt(match[1]!.slice(-2), 16));
      rest = rest.slice(match[0].length);
      if (bytes.length === 6 || !rest.startsWith(":")) break;
      rest = rest.slice(1);
    }
    if (bytes.length === 0) return index;
    if (bytes.length === 6) {
      if ((bytes[0]! & 1) === 0 && bytes.some((byte) => byte !== 0)) return index;
      task.log("info", "The supplied perm_addr is not a valid MAC address");
      return "EINVAL";
    }
  }
  task.log("info", 'Format for adding new port is "id [perm_addr]" (uint MAC).');
  return "EINVAL";
}
