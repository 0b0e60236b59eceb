/**
 * The part of mlx5_ib that affects mlx5_core: it registers for netdev events, and its removal waits for all netns that are being
 * created or are dying (drivers/infiniband/hw/mlx5/main.c; docs/semantics.md D3).
 *
 * @module
 */

import { type DeviceDriver, named } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { Module } from "../../kernel/module.ts";
import { acquire, oops, type Steps, type Task } from "../../kernel/task.ts";

/** Registers or unregisters a notifier of netdev events; in some eras that waits for all netns. */
export function* changeNotifier(kernel: Kernel, task: Task): Steps {
  const scope = kernel.era.notifierScope;
  if (scope === "module_init") return;
  if (scope === "global") yield* kernel.pernetOps.acquireWrite(task);
  yield* acquire(task, kernel.rtnl);
  kernel.rtnl.release(task);
  if (scope === "global") kernel.pernetOps.release(task);
}

/**
 * Models a failed registration of the RDMA device by mlx5_ib of 5.10: its test of BlueFlame fails, and ib_core destroys the device
 * with the completion queue pools that it has not created yet. The task dies with an oops during a load
 * (drivers/infiniband/core/device.c:
 * enable_device_and_get(), disable_device(); core/cq.c: ib_cq_pool_destroy(); hw/mlx5/mem.c: mlx5_ib_test_wc()).
 */
export function failToRegister(task: Task): never {
  task.log("info", "infiniband mlx5_0: mlx5_ib_test_wc: Error -110 while trying to test write-combining support");
  oops(task, "BUG: kernel NULL pointer dereference in ib_cq_pool_destroy()");
}

/** Returns a module that has only drivers of the model. */
export function moduleOf(name: string): Module {
  return new Module({
    name,
    uses: [],
    // deno-lint-ignore require-yield
    *init() {
      return "ok";
    },
  });
}

/** Returns the driver of auxiliary devices `mlx5_core.rdma`. */
export function rdmaDriver(kernel: Kernel): DeviceDriver {
  return {
    name: "mlx5_ib.rdma",
    module: moduleOf("mlx5_ib"),
    matches: named("mlx5_core.rdma"),
    *probe(task) {
      yield* changeNotifier(kernel, task);
      return "ok";
    },
    *remove(task) {
      yield* changeNotifier(kernel, task);
    },
  };
}
