/**
 * A Spectrum switch, limited to its reload: all but the instance itself is unregistered and registered again
 * (drivers/net/ethernet/mellanox/mlxsw/core.c; docs/semantics.md D1, 3.9).
 *
 * @module
 */

import { Device, type DeviceDriver } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { Module } from "../../kernel/module.ts";
import type { Result } from "../../observation.ts";
import { Profile } from "../profile.ts";
import { acquire, type Steps, type Task } from "../../kernel/task.ts";

/** Boots with a Spectrum switch. */
export function* mlxswBoard(kernel: Kernel, task: Task): Steps {
  const device = new Device(kernel, "pci", "0000:01:00.0");
  // deno-lint-ignore require-yield
  const init = function* () {
    return "ok";
  };
  const driver: DeviceDriver = {
    name: "mlxsw_spectrum",
    module: new Module({ name: "mlxsw_spectrum", uses: [], init }),
    matches: (other) => other.name === device.name,
    *probe(task, device) {
      const spectrum = new Mlxsw(kernel, device);
      device.data = spectrum;
      yield* spectrum.probe(task, () => spectrum.init(task));
      return "ok";
    },
    *remove(task, device) {
      const spectrum = device.data as Mlxsw;
      yield* spectrum.remove(task, () => spectrum.fini(task));
    },
  };
  yield* kernel.core.registerDriver(task, "pci", driver);
  yield* kernel.core.addDevice(task, device);
}

/** The driver of one switch. */
class Mlxsw extends Profile {
  readonly name = "mlxsw_spectrum";
  readonly reloadActions = ["driver_reinit", "fw_activate"] as const;

  *init(task: Task): Steps {
    yield* this.addTraps(task);
    for (const index of [1, 2]) yield* this.addPort(task, index);
  }

  *fini(task: Task): Steps {
    yield* this.removePorts(task);
    yield* this.removeTraps(task);
  }

  *reloadDown(task: Task): Steps<Result> {
    const { rtnlOverReload, deviceLockInReload } = this.kernel.era.drivers;
    if (deviceLockInReload) {
      yield* acquire(task, this.dl.deviceLock);
      this.dl.deviceLock.release(task);
    }
    yield* this.fini(task);
    if (rtnlOverReload) yield* acquire(task, this.kernel.rtnl);
    return "ok";
  }

  *reloadUp(task: Task): Steps<Result> {
    yield* this.init(task);
    if (this.kernel.era.drivers.rtnlOverReload) this.kernel.rtnl.release(task);
    return "ok";
  }
}
