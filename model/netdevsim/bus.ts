/**
 * The bus of netdevsim: its devices, and the files of sysfs that belong to them (docs/semantics.md 4.6, 6.2).
 *
 * @module
 */

import type { Era } from "../era/era.ts";
import { FileUsers } from "../file_users.ts";
import { type FileOwner, type Kernel, type VirtualFile, withRtnl } from "../kernel.ts";
import type { Netns } from "../netns.ts";
import { cellOf, reading, writing } from "../race/access.ts";
import { acquire, type Lock, oops, pause, type Steps, type Task } from "../task.ts";
import { MOST_VF_CONFIGS } from "./data.ts";
import { debugfsDirectory, debugfsFile } from "./debugfs.ts";
import { Netdevsim } from "./netdevsim.ts";
import { scan, uint } from "./scan.ts";
import { STATE } from "../race/state.ts";

const INT_MAX = 0x7fff_ffff;
const LINK = /^\s*([+-]?\d+):\s*\d+\s+[+-]?\d+:\s*\d/;
const LINK_FORMAT = 'linking two devices is "netnsfd_a:ifidx_a netnsfd_b:ifidx_b" (int uint int uint)';
const UNLINK = /^\s*(\d+):\s*\d/;
const UNLINK_FORMAT = 'unlinking a device is "netnsfd:ifidx" (int uint)';

/** A device on the bus, with a driver or without. */
export interface NetdevsimDevice {
  /** Those who are in its files of sysfs */
  readonly files: FileUsers;
  readonly id: number;
  /** `netdevsim<id>` */
  readonly name: string;
  readonly lock: Lock;
  /** The netns of whoever created it: a pointer without a reference */
  readonly creator: Netns;
  readonly portCount: number;
  /** How many queues its netdevs have; with none of them no netdev can be made */
  readonly queues: number;
  /** Whether ports can be made and taken away by its files: neither while it comes nor while it goes */
  ready: boolean;
  numVfs: number;
  maxVfs: number;
  driver: Netdevsim | undefined;
}

/** The bus. */
export class NetdevsimBus implements FileOwner {
  readonly devices = new Map<string, NetdevsimDevice>();
  /** Whether a device that comes is offered to the driver */
  #autoprobe = true;
  readonly #kernel: Kernel;
  readonly #lock: Lock;

  [STATE](): readonly unknown[] {
    return [this.#lock, this.#autoprobe];
  }

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#lock = kernel.lock("nsim_bus_dev_list_lock", "nsim_bus");
  }

  resolve(path: string): VirtualFile | undefined {
    const own = this.#files[path];
    if (own) return own;
    if (!this.#kernel.era.netdevsim.lacks.has("link_device") && this.#linkFiles[path]) return this.#linkFiles[path];
    const match = /^\/sys\/(bus\/netdevsim\/devices|devices|kernel\/debug\/netdevsim)\/(netdevsim\d+)\/(.+)$/.exec(
      path,
    );
    const device = match && this.devices.get(match[2]!);
    if (match) this.#look(device ?? undefined);
    if (!device) return undefined;
    return match[1] === "kernel/debug/netdevsim"
      ? debugfsFile(this.#kernel, device, match[3]!)
      : this.#attribute(device, match[3]!);
  }

  directory(path: string): boolean {
    if (path === "/sys/bus/netdevsim" || path === "/sys/bus/netdevsim/drivers/netdevsim") return true;
    const match = /^\/sys\/(bus\/netdevsim\/devices|devices|kernel\/debug\/netdevsim)\/(netdevsim\d+)(?:\/(.+))?$/.exec(
      path,
    );
    const device = match && this.devices.get(match[2]!);
    if (!device) return false;
    return match[1] === "kernel/debug/netdevsim"
      ? debugfsDirectory(this.#kernel, device, match[3])
      : match[3] === undefined ||
        (match[3] === "net" && device.driver !== undefined && device.driver.dl.ports.length > 0);
  }

  /** Sysfs and debugfs look at devices without a lock. */
  #look(device: NetdevsimDevice | undefined): void {
    reading(this.#lock.cell);
    if (!device) return;
    reading(device.lock.cell);
    if (device.driver) reading(device.driver.dl.lock.cell);
  }

  readonly #files: Record<string, VirtualFile> = {
    "/sys/bus/netdevsim/new_device": { write: (task, value, netns) => this.#newDevice(task, value, netns) },
    "/sys/bus/netdevsim/del_device": { write: (task, value) => this.#delDevice(task, value) },
    "/sys/bus/netdevsim/drivers_autoprobe": {
      read: () => ({ text: this.#autoprobe ? "1" : "0" }),
      write: (_task, value) => this.#setAutoprobe(value),
    },
    "/sys/bus/netdevsim/drivers_probe": { write: (task, value) => this.#driversProbe(task, value) },
    "/sys/bus/netdevsim/drivers/netdevsim/bind": { write: (task, value) => this.#bind(task, value) },
    "/sys/bus/netdevsim/drivers/netdevsim/unbind": { write: (task, value) => this.#unbind(task, value) },
  };

  readonly #linkFiles: Record<string, VirtualFile> = {
    "/sys/bus/netdevsim/link_device": {
      write: (task, value) => this.#link(task, LINK, LINK_FORMAT, value),
    },
    "/sys/bus/netdevsim/unlink_device": {
      write: (task, value) => this.#link(task, UNLINK, UNLINK_FORMAT, value),
    },
  };

  // deno-lint-ignore require-yield
  *#setAutoprobe(value: string): Steps<string> {
    this.#autoprobe = !value.startsWith("0");
    return "ok";
  }

  /** A device that has a driver stays as it is. */
  *#driversProbe(task: Task, value: string): Steps<string> {
    const device = this.devices.get(value);
    if (!device) return "ENODEV";
    if (!device.driver) yield* this.#probe(task, device);
    return "ok";
  }

  /** Takes a line that names netns by open files of the writer. A shell that only writes has none of that kind. */
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
      task.log("info", `Format for adding new device is ${this.#kernel.era.netdevsim.newDevice}.`);
      return "EINVAL";
    }
    if (id > INT_MAX) return tooBig(task);
    yield* acquire(task, this.#lock);
    const name = `netdevsim${id}`;
    let result = "ENOSPC";
    if (!this.devices.has(name)) {
      const device: NetdevsimDevice = {
        files: new FileUsers(`the attributes of ${name}`, "ENODEV"),
        id,
        name,
        lock: this.#kernel.lock(`device ${name}`, "device"),
        creator: netns,
        portCount: fields[1] ?? 1,
        queues: this.#kernel.era.netdevsim.lacks.has("num_queues") ? 1 : fields[2] ?? 1,
        ready: false,
        numVfs: 0,
        maxVfs: this.#kernel.era.ports.maxVfs ?? Infinity,
        driver: undefined,
      };
      this.devices.set(name, device);
      if (this.#autoprobe) yield* this.#probe(task, device);
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
    const device = this.devices.get(`netdevsim${id}`);
    if (device) {
      this.#setReady(device, false);
      yield* pause(task, `device_unregister() of ${device.name}`);
      yield* device.files.remove(task);
      yield* this.#remove(task, device);
      this.devices.delete(device.name);
    }
    this.#lock.release(task);
    return device ? "ok" : "ENOENT";
  }

  #setReady(device: NetdevsimDevice, ready: boolean): void {
    writing(cellOf(`readiness of ${device.name}`));
    device.ready = ready;
  }

  /** Deletes all devices, in the order in which they came. */
  *deleteAll(task: Task): Steps {
    yield* acquire(task, this.#lock);
    for (const device of this.devices.values()) yield* this.#remove(task, device);
    this.devices.clear();
    this.#lock.release(task);
  }

  *#bind(task: Task, value: string): Steps<string> {
    const device = this.devices.get(value);
    this.#look(device);
    if (!device) return "ENODEV";
    const result = yield* this.#probe(task, device);
    return result === "ok" || this.#kernel.era.bindErrno === "own" ? result : "ENODEV";
  }

  *#unbind(task: Task, value: string): Steps<string> {
    const device = this.devices.get(value);
    this.#look(device);
    if (!device?.driver) return "ENODEV";
    return (yield* this.#remove(task, device)) ? "ok" : "ENODEV";
  }

  *#probe(task: Task, device: NetdevsimDevice): Steps<string> {
    yield* acquire(task, device.lock);
    let result = "EBUSY";
    if (!device.driver) {
      const driver = new Netdevsim(this.#kernel, device, device.creator);
      result = yield* driver.probe(task);
      if (result === "ok") device.driver = driver;
    }
    device.lock.release(task);
    return result;
  }

  *#remove(task: Task, device: NetdevsimDevice): Steps<boolean> {
    yield* acquire(task, device.lock);
    const { driver } = device;
    if (driver) {
      yield* driver.remove(task);
      device.driver = undefined;
    }
    device.lock.release(task);
    return driver !== undefined;
  }

  #attribute(device: NetdevsimDevice, name: string): VirtualFile | undefined {
    // device_del() takes them away before the driver lets go, and the directory behind that
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
    const index = name === "new_port" && this.#kernel.era.ports.newPort === "number and address"
      ? scanPort(this.#kernel.era, task, value)
      : uint(value);
    if (typeof index === "string") return index;
    const { driver } = device;
    if (!driver) oops(task, `BUG: kernel NULL pointer dereference: ${name} of ${device.name} without a driver`);
    return name === "new_port" ? yield* driver.ports.newPort(task, index) : yield* driver.ports.delPort(task, index);
  }

  *#numVfs(task: Task, device: NetdevsimDevice, value: string): Steps<string> {
    const count = uint(value);
    if (typeof count === "string") return count;
    if (!this.#kernel.era.ports.vfPorts) return yield* this.#countVfs(task, device, count);
    yield* acquire(task, device.lock);
    const result = device.driver ? yield* device.driver.ports.setVfs(task, count) : "ENOENT";
    device.lock.release(task);
    return result;
  }

  /** VFs without ports, which the bus alone knows of. */
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

function tooBig(task: Task): string {
  task.log("info", 'Value of "id" is too big.');
  return "EINVAL";
}

/** `sscanf("%u %hhx:%hhx:%hhx:%hhx:%hhx:%hhx")`: the index of a port, with a MAC address or without. */
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
