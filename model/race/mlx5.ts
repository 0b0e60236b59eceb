/**
 * A ConnectX, as far as its reload goes: traps and params stay, ports are made anew, and so are its auxiliary devices, of which one
 * is the RDMA driver's, who asks to be told of netdevs (drivers/net/ethernet/mellanox/mlx5/core, drivers/infiniband/hw/mlx5;
 * docs/semantics.md D3, D8).
 *
 * @module
 */

import type { ReloadAction } from "../devlink/driver.ts";
import { Device, type DeviceDriver, named } from "../device.ts";
import type { Kernel } from "../kernel.ts";
import { Module } from "../module.ts";
import type { Result } from "../observation.ts";
import { Profile } from "./profile.ts";
import { acquire, type Lock, type Steps, type Task } from "../task.ts";
import { STATE } from "./state.ts";

function moduleOf(name: string): Module {
  return new Module({
    name,
    uses: [],
    // deno-lint-ignore require-yield
    *init() {
      return "ok";
    },
  });
}

/**
 * What there is of it: with the RDMA driver, without it, with a subfunction that has an instance of its own; or a function that is
 * the slave of a multi-port one, which is not reloaded.
 */
type Variant = "rdma" | "no rdma" | "subfunction" | "slave";

const hasRdma = (variant: Variant) => variant === "rdma" || variant === "subfunction";

/** Boots with one of them. */
export function mlx5Board(variant: Variant): (kernel: Kernel, task: Task) => Steps {
  return function* (kernel, task) {
    const { core } = kernel;
    if (hasRdma(variant)) yield* core.registerDriver(task, "auxiliary", rdmaDriver(kernel));
    const pci = new Device(kernel, "pci", "0000:08:00.0");
    const driver: DeviceDriver = {
      name: "mlx5_core",
      module: moduleOf("mlx5_core"),
      matches: (device) => device.name === pci.name,
      *probe(task, device) {
        const mlx5 = new Mlx5(kernel, device, variant);
        device.data = mlx5;
        yield* mlx5.probe(task, () => mlx5.init(task));
        return "ok";
      },
      *remove(task, device) {
        const mlx5 = device.data as Mlx5;
        yield* mlx5.remove(task, () => mlx5.fini(task));
      },
    };
    yield* core.registerDriver(task, "pci", driver);
    yield* core.addDevice(task, pci);
  };
}

/** mlx5_ib, bound to the auxiliary device: who joins or leaves the notifiers of all netns waits for those that come and go. */
function rdmaDriver(kernel: Kernel): DeviceDriver {
  const notifier = function* (task: Task): Steps {
    const scope = kernel.era.notifierScope;
    if (scope === "module_init") return;
    if (scope === "global") yield* kernel.pernetOps.acquireWrite(task);
    yield* acquire(task, kernel.rtnl);
    kernel.rtnl.release(task);
    if (scope === "global") kernel.pernetOps.release(task);
  };
  return {
    name: "mlx5_ib.rdma",
    module: moduleOf("mlx5_ib"),
    matches: named("mlx5_core.rdma"),
    *probe(task) {
      yield* notifier(task);
      return "ok";
    },
    *remove(task) {
      yield* notifier(task);
    },
  };
}

/** The driver of one function. */
class Mlx5 extends Profile {
  readonly name = "mlx5_core";
  readonly reloadActions: readonly ReloadAction[];
  override readonly reloadLimits = ["no_reset"] as const;
  readonly withholdsReload: boolean;
  readonly #interface: Lock;
  readonly #variant: Variant;
  #rdma: Device | undefined;
  #subfunction: Subfunction | undefined;

  override [STATE](): readonly unknown[] {
    return [...super[STATE](), this.#interface, this.#rdma, this.#subfunction];
  }

  constructor(kernel: Kernel, device: Device, variant: Variant) {
    super(kernel, device);
    this.#interface = kernel.lock(`intf_state_mutex of ${device.name}`, "driver");
    this.#variant = variant;
    // Operations of its own are none for a reload; those of all instances are kept from it in another way
    this.withholdsReload = variant === "slave" && kernel.era.opsMode === "static";
    this.reloadActions = variant === "slave" && !this.withholdsReload ? [] : ["driver_reinit", "fw_activate"];
  }

  *init(task: Task): Steps {
    yield* this.addTraps(task);
    if (this.#variant === "subfunction") this.#subfunction = new Subfunction(this.kernel, this);
    yield* this.#load(task);
  }

  *fini(task: Task): Steps {
    yield* this.#unload(task);
    yield* this.removeTraps(task);
  }

  *reloadDown(task: Task): Steps<Result> {
    if (this.withholdsReload) {
      return task.fail("EOPNOTSUPP", "reload is unsupported for multi port slave", "mlx5_core");
    }
    yield* this.#unload(task);
    return "ok";
  }

  *reloadUp(task: Task): Steps<Result> {
    yield* this.#load(task);
    return "ok";
  }

  *#load(task: Task): Steps {
    yield* acquire(task, this.#interface);
    yield* this.addPort(task, 0);
    if (hasRdma(this.#variant)) {
      this.#rdma = new Device(this.kernel, "auxiliary", "mlx5_core.rdma.0");
      yield* this.kernel.core.addDevice(task, this.#rdma);
    }
    this.#interface.release(task);
    yield* this.#tellSubfunction(task);
  }

  *#unload(task: Task): Steps {
    yield* this.#tellSubfunction(task);
    yield* acquire(task, this.#interface);
    if (this.#rdma) yield* this.kernel.core.removeDevice(task, this.#rdma);
    this.#rdma = undefined;
    yield* this.removePorts(task);
    this.#interface.release(task);
  }

  /** A driver that locks the function first and what is part of it then. */
  *#tellSubfunction(task: Task): Steps {
    const sf = this.#subfunction;
    if (!sf || this.kernel.era.drivers.nestedOrder !== "parent first") return;
    yield* acquire(task, sf.dl.lock);
    sf.dl.lock.release(task);
  }
}

/** A subfunction: an instance that is part of another one. */
class Subfunction extends Profile {
  readonly name = "mlx5_core";
  readonly reloadActions = ["driver_reinit"] as const;

  constructor(kernel: Kernel, parent: Mlx5) {
    super(kernel, new Device(kernel, "auxiliary", "mlx5_core.sf.4"), "auxiliary/mlx5_core.sf.4");
    this.dl.parent = parent.dl;
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

  /** A driver that locks the part first, and the function then. */
  *#tellParent(task: Task): Steps {
    if (this.kernel.era.drivers.nestedOrder !== "nested first") return;
    const { parent } = this.dl;
    yield* acquire(task, parent!.lock);
    parent!.lock.release(task);
  }
}
