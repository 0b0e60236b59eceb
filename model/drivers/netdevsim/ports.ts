/**
 * The ports of netdevsim, also the ports of VFs, and the eswitch that makes the latter (docs/semantics.md 5.1, 5.7).
 *
 * @module
 */

import { type Devlink, lockForDriver, type Port, unlockForDriver } from "../../devlink/devlink.ts";
import type { EswitchDriver, EswitchMode } from "../../devlink/driver.ts";
import { type VirtualFile, withRtnl } from "../../kernel/host.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { SimulatedDevice } from "./device.ts";
import { netdevsimEra } from "./era.ts";
import { NetdevsimRates, VF_BASE } from "./rates.ts";
import type { Result } from "../../observation.ts";
import { clearPortType, newPort, registerPort, unregisterPort } from "../../devlink/port.ts";
import { registerPortNetdev, unregisterPortNetdev } from "../../devlink/port_netdev.ts";
import { createLeaf, destroyLeaf, destroyNodes } from "../../devlink/rate.ts";
import { newResource } from "../../devlink/resource.ts";
import { acquire, type Lock, type Steps, type Task } from "../../kernel/task.ts";
import { STATE } from "../../kernel/state.ts";

/** The kind of a port: `physical` for `new_port`, `pcivf` for a VF. */
type PortKind = "physical" | "pcivf";

/** The ports of one bound device. */
export class NetdevsimPorts implements EswitchDriver {
  mode: EswitchMode = "legacy";
  readonly rates: NetdevsimRates;
  readonly #kernel: Kernel;
  readonly #device: SimulatedDevice;
  readonly #dl: Devlink;
  /** The ports in the driver's order: the latest first */
  #ports: Port[] = [];
  /** The lock of that list, in eras in which the instance's lock does not protect it */
  readonly #listLock: Lock | undefined;
  /** The lock of tasks that disable reloads */
  readonly #reloadLock: Lock | undefined;
  /** The lock of the VFs and the eswitch, in eras in which each registration of a port takes the instance's lock (to 5.17) */
  readonly #vfsLock: Lock | undefined;

  [STATE](): readonly unknown[] {
    return [this.#ports, this.#listLock, this.#reloadLock, this.#vfsLock];
  }

  constructor(kernel: Kernel, device: SimulatedDevice, dl: Devlink) {
    this.#kernel = kernel;
    this.#device = device;
    this.#dl = dl;
    this.rates = new NetdevsimRates(dl);
    if (kernel.era.locks.holdsReloadsOff) this.#reloadLock = kernel.lock("nsim_bus_reload_lock", "driver");
    if (kernel.era.locks.registration === "takes") this.#vfsLock = kernel.lock(`vfs_lock of ${device.name}`, "driver");
    if (kernel.era.locks.portListLock) {
      this.#listLock = kernel.lock(`port_list_lock of ${device.name}`, "nsim_port_list");
    }
  }

  /** The number of netdevs that are up. */
  get up(): number {
    let up = 0;
    for (const port of this.#ports) if (port.netdev?.up) up++;
    return up;
  }

  /** Adds a port: `new_port`. */
  *newPort(task: Task, index: number): Steps<Result> {
    const dl = this.#dl;
    if (this.#reloadLock) yield* acquire(task, this.#reloadLock);
    yield* lockForDriver(task, dl);
    if (this.#listLock) yield* acquire(task, this.#listLock);
    const exists = this.#ports.some((port) => port.index === index);
    const result = exists ? "EEXIST" : yield* this.add(task, "physical", index);
    this.#listLock?.release(task);
    yield* unlockForDriver(task, dl);
    this.#reloadLock?.release(task);
    return result;
  }

  /** Deletes the port with an index, also the port of a VF: `del_port`. */
  *delPort(task: Task, index: number): Steps<Result> {
    const dl = this.#dl;
    if (this.#reloadLock) yield* acquire(task, this.#reloadLock);
    yield* lockForDriver(task, dl);
    if (this.#listLock) yield* acquire(task, this.#listLock);
    const port = this.#ports.find((each) => each.index === index);
    if (port) yield* this.#remove(task, port);
    this.#listLock?.release(task);
    yield* unlockForDriver(task, dl);
    this.#reloadLock?.release(task);
    return port ? "ok" : "ENOENT";
  }

  /** Sets the number of VFs, with the device locked: `sriov_numvfs`. */
  *setVfs(task: Task, count: number): Steps<Result> {
    const dl = this.#dl;
    const device = this.#device;
    const lock = this.#vfsLock ?? dl.lock;
    yield* acquire(task, lock);
    let result: Result = "ok";
    if (count !== device.numVfs) {
      if (count > 0 && device.numVfs > 0) result = "EBUSY";
      else if (count > device.maxVfs) result = "ENOMEM";
      else {
        yield* this.#countVfs(task, count);
        if (this.mode === "switchdev") {
          if (count === 0) yield* this.#toLegacy(task);
          else {
            result = yield* this.#toSwitchdev(task);
            if (result !== "ok") yield* this.#countVfs(task, 0);
          }
        }
      }
    }
    lock.release(task);
    return result;
  }

  *#countVfs(task: Task, count: number): Steps {
    yield* withRtnl(this.#kernel, task, () => {
      this.#device.numVfs = count;
    });
  }

  *setMode(task: Task, mode: EswitchMode): Steps<Result> {
    if (mode === this.mode) return "ok";
    if (mode === "switchdev_inactive") return "EINVAL";
    if (this.#vfsLock) yield* acquire(task, this.#vfsLock);
    let result: Result = "ok";
    if (mode === "switchdev") result = yield* this.#toSwitchdev(task);
    else yield* this.#toLegacy(task);
    this.#vfsLock?.release(task);
    return result;
  }

  *#toSwitchdev(task: Task): Steps<Result> {
    for (let vf = 0; vf < this.#device.numVfs; vf++) {
      const result = yield* this.add(task, "pcivf", VF_BASE + vf);
      if (result === "ok") continue;
      task.log("info", `Failed to initialize VF id=${vf}. ${result === "EEXIST" ? -17 : -16}.`);
      yield* this.#removeVfs(task);
      return task.fail(result, "Failed to initialize VFs' netdevsim ports", "netdevsim");
    }
    this.mode = "switchdev";
    return "ok";
  }

  *#toLegacy(task: Task): Steps {
    destroyNodes(this.#dl);
    yield* this.#removeVfs(task);
    this.mode = "legacy";
  }

  *#removeVfs(task: Task): Steps {
    for (const port of [...this.#ports]) if (port.flavour["flavour"] === "pcivf") yield* this.#remove(task, port);
  }

  /** Adds a port, with the instance locked. */
  *add(task: Task, kind: PortKind, index: number): Steps<Result> {
    const dl = this.#dl;
    const kernel = this.#kernel;
    const flavour = kind === "physical"
      ? { flavour: kind, port: (index + 1) >>> 0, splittable: false }
      : { flavour: kind, controller: 0, pfnum: 0, vfnum: index - VF_BASE, external: false, splittable: false };
    const resources = kind === "physical" && kernel.era.ports.resources
      ? [newResource("test_resource", { size: 20n, max: 100n })]
      : [];
    const port = newPort(dl, index, flavour, resources);
    const inserted = yield* registerPort(task, dl, port);
    if (inserted !== "ok") return inserted;
    if (this.#device.queues === 0) {
      task.log("info", "alloc_netdev: Unable to allocate device with zero queues");
      yield* unregisterPort(task, dl, port);
      return "ENOMEM";
    }
    const downFlags = netdevsimEra(kernel.era).netdevFlags;
    yield* registerPortNetdev(task, dl, port, { netns: dl.netns, downFlags, operstateUp: "UNKNOWN" });
    if (kind === "pcivf") createLeaf(dl, port);
    this.#ports.unshift(port);
    return "ok";
  }

  /**
   * Empties the driver's list of ports before a reload adds ports: ports that were added after a failed reload stay in devlink
   * only.
   */
  forget(): void {
    this.#ports = [];
  }

  /** Removes all ports, with the instance locked: first the VFs with their ports, then the other ports, the latest first. */
  *removeAll(task: Task): Steps {
    if (netdevsimEra(this.#kernel.era).vfPorts && this.#device.numVfs > 0) {
      yield* this.#countVfs(task, 0);
      if (this.mode === "switchdev") yield* this.#toLegacy(task);
    }
    if (this.#listLock) yield* acquire(task, this.#listLock);
    for (const port of [...this.#ports]) yield* this.#remove(task, port);
    this.#listLock?.release(task);
  }

  *#remove(task: Task, port: Port): Steps {
    const dl = this.#dl;
    const netdev = port.netdev!;
    this.#ports.splice(this.#ports.indexOf(port), 1);
    destroyLeaf(dl, port);
    yield* clearPortType(task, dl, port);
    yield* unregisterPortNetdev(task, dl, port, netdev);
    yield* unregisterPort(task, dl, port);
  }

  // debugfs

  /** Returns a file below the device's directory, if it is a file of a port or a rate node. */
  file(path: string, device: (path: string) => VirtualFile | undefined): VirtualFile | undefined {
    const [top, name, file, ...rest] = path.split("/");
    if (name === undefined || file === undefined) return undefined;
    if (top === "rate_nodes") return rest.length > 0 ? undefined : this.rates.nodeFile(name, file);
    const port = top === "ports" ? this.#portNamed(name) : undefined;
    if (!port) return undefined;
    if (file === "dev") return rest.length > 0 ? device(rest.join("/")) : undefined;
    return rest.length === 0 && port.flavour["flavour"] === "pcivf" ? this.rates.vfFile(port.index, file) : undefined;
  }

  /** True if a path below the device's directory is a directory of ports or rate nodes. */
  directory(path: string, device: (path: string) => boolean): boolean {
    const [top, name, ...rest] = path.split("/");
    if (top !== "ports" && top !== "rate_nodes") return false;
    if (name === undefined) return true;
    if (top === "rate_nodes") return rest.length === 0 && this.rates.hasNode(name);
    if (!this.#portNamed(name)) return false;
    if (rest.length === 0) return true;
    return rest[0] === "dev" && (rest.length === 1 || device(rest.slice(1).join("/")));
  }

  #portNamed(name: string): Port | undefined {
    return this.#ports.find((port) => String(port.index) === name);
  }
}
