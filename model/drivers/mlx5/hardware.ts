/**
 * A ConnectX only for the model, for what no board shows: the locks of its reload with the RDMA driver and without it, with a
 * subfunction, and as the slave of a multi-port function (docs/semantics.md D3, D8).
 *
 * @module
 */

import type { Driver } from "../../devlink/driver.ts";
import { Devlink } from "../../devlink/devlink.ts";
import type { Facts } from "../../facts.ts";
import { Device } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { acquire, type Steps, type Task } from "../../kernel/task.ts";
import type { Result } from "../../observation.ts";
import { registerDrivers } from "./drivers.ts";
import { mlx5Era } from "./era.ts";

/** The variants of the card. */
type Variant = "rdma" | "no rdma" | "subfunction" | "slave";

const ADDRESS = "0000:08:00.0";

/** Returns the facts of a ConnectX, without what only a real card has: params with limits, versions. */
function factsOf(kernel: Kernel, variant: Variant): Facts {
  const traps = ["ingress_vlan_filter", "dmac_filter"].map((name) => ({
    name,
    type: "drop" as const,
    generic: true,
    action: "drop" as const,
    group: "l2_drops",
    metadata: ["input_port"],
  }));
  const trapped = mlx5Era(kernel.era).traps !== "none";
  return {
    handle: `pci/${ADDRESS}`,
    driver: "mlx5_core",
    kernel: kernel.era.id,
    versions: {},
    reloadActions: ["driver_reinit", "fw_activate"],
    reloadLimits: ["no_reset"],
    reloadFailed: false,
    nested: [],
    ports: [],
    traps: trapped ? traps : [],
    groups: trapped ? [{ name: "l2_drops", generic: true }] : [],
    policers: [],
    params: [],
    resources: [],
    reporters: [],
    regions: [],
    rdma: variant === "rdma" || variant === "subfunction",
    refused: {},
  };
}

/** Boots with a ConnectX of a variant. */
export function mlx5Board(variant: Variant): (kernel: Kernel, task: Task) => Steps {
  return function* (kernel, task) {
    const parts: Subfunction[] = [];
    yield* registerDrivers(kernel, task, factsOf(kernel, variant), {
      slave: variant === "slave",
      *beside(task) {
        // A driver that locks the function first, and then its subfunctions
        if (kernel.era.drivers.nestedOrder !== "parent first") return;
        for (const { dl } of parts) {
          yield* acquire(task, dl.lock);
          dl.lock.release(task);
        }
      },
    });
    yield* kernel.core.addDevice(task, new Device(kernel, "pci", ADDRESS));
    if (variant !== "subfunction") return;
    const parent = kernel.find(kernel.init, `pci/${ADDRESS}`) as Devlink;
    parts.push(new Subfunction(kernel, parent));
  };
}

/** A subfunction: an instance nested in the function's. Of its driver only the locks are modelled. */
class Subfunction implements Driver {
  readonly name = "mlx5_core";
  readonly reloadActions = ["driver_reinit"] as const;
  readonly reloadLimits = [] as const;
  readonly versions = undefined;
  readonly dl: Devlink;

  constructor(kernel: Kernel, parent: Devlink) {
    const device = new Device(kernel, "auxiliary", "mlx5_core.sf.4");
    this.dl = new Devlink(kernel, `auxiliary/${device.name}`, this, device.lock, kernel.init);
    this.dl.parent = parent;
    this.dl.registered = true;
  }

  *reloadDown(task: Task): Steps<Result> {
    yield* this.#tellParent(task);
    return "ok";
  }

  *reloadUp(task: Task): Steps<Result> {
    yield* this.#tellParent(task);
    return "ok";
  }

  /** Models a driver that locks the subfunction first, and then the function. */
  *#tellParent(task: Task): Steps {
    const { dl } = this;
    if (dl.kernel.era.drivers.nestedOrder !== "nested first") return;
    yield* acquire(task, dl.parent!.lock);
    dl.parent!.lock.release(task);
  }
}
