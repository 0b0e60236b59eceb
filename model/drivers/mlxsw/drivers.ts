/**
 * The kernel driver of a switch, as the driver core binds it.
 *
 * @module
 */

import type { Facts } from "../../facts.ts";
import { Device, type DeviceDriver } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { Module } from "../../kernel/module.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import { instantiate as generic } from "../generic/instantiate.ts";
import { Asic } from "./emulated_asic.ts";
import { mlxswEra } from "./era.ts";
import { Spectrum } from "./spectrum.ts";

/** Adds the switch to its bus, bound as in the facts; on a kernel whose driver nobody read, it uses the generic driver. */
export function* instantiate(kernel: Kernel, task: Task, facts: Facts): Steps {
  const [bus, name] = facts.handle.split("/") as [string, string];
  if (bus !== "pci" || !mlxswEra(kernel.era).modelled) return yield* generic(kernel, task, facts);
  const device = new Device(kernel, bus, name);
  const module = new Module({
    name: "mlxsw_spectrum",
    uses: [],
    // deno-lint-ignore require-yield
    *init() {
      return "ok";
    },
  });
  let adopts = true;
  const driver: DeviceDriver = {
    name: facts.driver,
    module,
    matches: (other) => other === device,
    *probe(task, device) {
      const asic = (device.emulated ??= new Asic()) as Asic;
      const spectrum = new Spectrum(kernel, device, facts, asic);
      device.data = spectrum;
      if (adopts) spectrum.adopt();
      else yield* spectrum.probe(task);
      adopts = false;
      return "ok";
    },
    *remove(task, device) {
      yield* (device.data as Spectrum).remove(task);
    },
  };
  yield* kernel.core.registerDriver(task, bus, driver);
  yield* kernel.core.addDevice(task, device);
}
