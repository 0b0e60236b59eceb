/**
 * The devlink instance of a MAC: one param and nothing else (stmmac_main.c: stmmac_devlink_params[], stmmac_devlink_ops).
 *
 * @module
 */

import { announceAll, announceAllGone } from "../../devlink/announce.ts";
import { Devlink } from "../../devlink/devlink.ts";
import type { Driver, ParamSpec } from "../../devlink/driver.ts";
import type { Device } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { STATE } from "../../kernel/state.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import { stmmacEra } from "./era.ts";

/** The param of the instance: true if the clock of the MAC counts in coarse steps. */
export const PHC_COARSE_ADJ: ParamSpec = {
  name: "phc_coarse_adj",
  generic: false,
  type: "bool",
  cmode: "runtime",
  default: undefined,
};

/** The instance of one MAC; the driver has no devlink operations. */
export class StmmacInstance implements Driver {
  readonly name: string;
  readonly reloadActions = [] as const;
  readonly reloadLimits = [] as const;
  readonly versions = undefined;
  readonly dl: Devlink;
  #coarse = false;

  [STATE](): readonly unknown[] {
    return [this.#coarse];
  }

  constructor(kernel: Kernel, device: Device) {
    this.name = device.driver!.name;
    this.dl = new Devlink(kernel, `pci/${device.name}`, this, device.lock, kernel.init);
    this.dl.params = [{ spec: PHC_COARSE_ADJ, value: undefined, initial: undefined, pending: undefined }];
  }

  /** Registers the instance with a value of the param, without messages. */
  adopt(coarse: boolean): void {
    this.#coarse = coarse;
    this.dl.registered = true;
  }

  /** Models `devlink_register()`, after the param is registered. */
  *register(task: Task): Steps {
    this.dl.registered = true;
    yield* announceAll(task, this.dl);
  }

  /** Models `devlink_unregister()`. */
  *unregister(task: Task): Steps {
    yield* this.dl.waitForUsers(task);
    yield* announceAllGone(task, this.dl);
    this.dl.registered = false;
    this.dl.params = [];
    this.dl.free(task);
  }

  paramGet(): boolean {
    return this.#coarse;
  }

  paramSet(_spec: ParamSpec, value: number | boolean | string): void {
    this.#coarse = Boolean(value);
  }
}

/** Returns the instance of a MAC with time stamps; undefined on kernels that make none. */
export function stmmacInstance(kernel: Kernel, device: Device): StmmacInstance | undefined {
  return stmmacEra(kernel.era).devlink ? new StmmacInstance(kernel, device) : undefined;
}
