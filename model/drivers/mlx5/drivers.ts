/**
 * The kernel drivers of a function and of its auxiliary devices, as the driver core binds them.
 *
 * @module
 */

import type { Facts } from "../../facts.ts";
import { type Device, type DeviceDriver, named } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import { mlx5Era } from "./era.ts";
import { Card } from "./emulated_card.ts";
import { type FunctionOptions, Mlx5 } from "./function.ts";
import type { Parts } from "./parts.ts";
import { moduleOf, rdmaDriver } from "./rdma.ts";

/** The options of the first bind of a function. */
export interface DriversOptions extends FunctionOptions {
  /** True if the function exists as in the facts, without a message. @default {false: the driver probes the function} */
  adopts?: boolean;
}

/** Registers mlx5_core for the function of the facts, and from 5.11 on the drivers of its auxiliary devices. */
export function* registerDrivers(kernel: Kernel, task: Task, facts: Facts, options: DriversOptions = {}): Steps {
  const { core } = kernel;
  const module = moduleOf("mlx5_core");
  let adopts = options.adopts === true;
  const ofFunction: DeviceDriver = {
    name: "mlx5_core",
    module,
    matches: ({ name }) => name === facts.handle.slice(facts.handle.indexOf("/") + 1),
    *probe(task, device) {
      const card = (device.emulated ??= new Card(facts.rdma === false)) as Card;
      const mlx5 = new Mlx5(kernel, device, facts, card, options);
      device.data = mlx5;
      if (!adopts) return yield* mlx5.probe(task, device);
      yield* mlx5.adopt(task);
      adopts = false;
      return "ok";
    },
    *remove(task, device) {
      yield* (device.data as Mlx5).remove(task);
    },
  };
  if (mlx5Era(kernel.era).netdev === "remade") {
    if (facts.rdma) yield* core.registerDriver(task, "auxiliary", rdmaDriver(kernel));
    yield* core.registerDriver(task, "auxiliary", {
      name: "mlx5_core.eth",
      module,
      matches: named("mlx5_core.eth"),
      *probe(task, device: Device) {
        return yield* (device.data as Parts).probeEthernet(task, device);
      },
    });
  }
  yield* core.registerDriver(task, "pci", ofFunction);
}
