/**
 * Creates a board's own device, bound to the generic driver or to a driver model that extends it.
 *
 * @module
 */

import type { Facts } from "../../facts.ts";
import { Device, type DeviceDriver } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { Module } from "../../kernel/module.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import { Generic } from "./generic.ts";

/** Adds a board's own device to its bus, bound to the driver of the facts; `Class` is {@linkcode Generic} or a subclass. */
export const instantiateAs = (Class: typeof Generic) =>
  function* (kernel: Kernel, task: Task, facts: Facts): Steps {
    const slash = facts.handle.indexOf("/");
    const bus = facts.handle.slice(0, slash);
    const device = new Device(kernel, bus, facts.handle.slice(slash + 1));
    const module = new Module({
      name: facts.driver,
      uses: [],
      // deno-lint-ignore require-yield
      *init() {
        return "ok";
      },
    });
    const driver: DeviceDriver = {
      name: facts.driver,
      module,
      matches: (other) => other === device,
      // deno-lint-ignore require-yield
      *probe(_task, device) {
        const bound = new Class(kernel, device, facts);
        device.data = bound;
        bound.populate();
        return "ok";
      },
    };
    yield* kernel.core.registerDriver(task, bus, driver);
    yield* kernel.core.addDevice(task, device);
  };

/** Adds a board's own device to its bus, bound to a driver that nobody modelled. */
export const instantiate = instantiateAs(Generic);
