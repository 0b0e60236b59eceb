/**
 * The PCS of the fixture: its trace, its memory after it was freed, and the driver that makes it
 * (fixtures/pcs/fakepcs.c, fakepcs.h).
 *
 * @module
 */

import { type Device, type DeviceDriver, named } from "../../kernel/device.ts";
import { sleep, waitUntil } from "../../kernel/host.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Module, ModuleSource } from "../../kernel/module.ts";
import type { Pcs, PcsOp } from "../../net/phylink.ts";
import { oops, type Steps, type Task } from "../../kernel/task.ts";
import { STATE } from "../../kernel/state.ts";

/** The number of PCS devices. */
export const PCS_COUNT = 3;

/** The longest time that a slow PCS waits for a removal, in ms. */
const PATIENCE = 60_000;

/** The parts of a PCS that are not in its driver. */
export interface PcsKnobs {
  /** Returns true if its cable is plugged in */
  cable(): boolean;
  /** Returns the duration of a read of its state, in ms, after a removal has begun or {@linkcode PATIENCE} has passed */
  delay(): number;
  /** Returns true if the MAC or a PCS was removed, or is being removed */
  went(): boolean;
}

/** A PCS of the fixture: one object, from the probe of its driver to the removal. */
export class FakePcs implements Pcs {
  readonly name: string;
  readonly speed = 1000;
  /** Set right before its memory is freed */
  removed = false;
  /** The link state that the PCS reported last; undefined if none yet */
  #told: string | undefined;
  readonly #kernel: Kernel;

  [STATE](): readonly unknown[] {
    return [this.#told];
  }

  constructor(
    kernel: Kernel,
    device: string,
    readonly generation: number,
    /** The module with the code of its operations */
    readonly module: Module,
    readonly poll: boolean,
    readonly knobs: PcsKnobs,
  ) {
    this.#kernel = kernel;
    this.name = `${device}#${generation}`;
  }

  read(task: Task, frames: string): void {
    if (!this.removed && this.module.loaded) return;
    const what = `${frames}: ${this.name} was removed`;
    if (this.#kernel.freedMemory === "reported" && !this.#kernel.kasanReported) {
      this.#kernel.kasanReported = true;
      task.log("kasan", `BUG: KASAN: slab-use-after-free in ${what}`);
    }
    if (!this.module.loaded) oops(task, `BUG: unable to handle page fault: ${what}, its module is gone`);
    if (this.#kernel.freedMemory === "poisoned") oops(task, `Oops: general protection fault: ${what}`);
  }

  *call(task: Task, op: PcsOp, argument?: string | number): Steps<boolean> {
    if (op !== "pcs_get_state") {
      this.#trace(task, argument === undefined ? op : `${op} ${argument}`);
      return true;
    }
    const delay = this.knobs.delay();
    if (delay > 0) {
      yield* waitUntil(this.#kernel, task, PATIENCE, () => this.knobs.went());
      yield* sleep(this.#kernel, task, delay);
      // The PCS may have been freed meanwhile
      this.read(task, "fakepcs_get_state");
    }
    const link = this.knobs.cable();
    const told = `${link} ${this.removed}`;
    if (told !== this.#told) this.#trace(task, `pcs_get_state link ${Number(link)}`);
    this.#told = told;
    return link;
  }

  #trace(task: Task, what: string): void {
    if (this.removed) task.log("stale", `fakepcs: ${this.name} ${what} on a removed PCS`);
    else task.log("info", `fakepcs: ${this.name} ${what}`);
  }
}

/** The list of PCS providers, which fakemac has, as the driver of a PCS uses it. */
export interface PcsList {
  make(device: string, id: number, module: Module): FakePcs;
  provide(task: Task, id: number, pcs: FakePcs, device: Device): Steps;
  withdraw(task: Task, id: number): Steps;
}

/** Returns the number after the last dot of a device's name. */
function idOf(device: Device): number {
  return Number(device.name.slice(device.name.lastIndexOf(".") + 1));
}

/** Returns the module of the PCS driver; `list` is called when the module is loaded. */
export function fakepcsModule(kernel: Kernel, list: () => PcsList): ModuleSource {
  return {
    name: "fakepcs",
    uses: ["fakemac"],
    *init(task, module) {
      const driver = pcsDriver(module, list());
      yield* kernel.core.registerDriver(task, "platform", driver);
      return { exit: (task) => kernel.core.unregisterDriver(task, "platform", driver) };
    },
  };
}

function pcsDriver(module: Module, list: PcsList): DeviceDriver {
  return {
    name: "fakepcs",
    module,
    matches: named("fakepcs"),
    *probe(task, device) {
      const id = idOf(device);
      const pcs = list.make(device.name, id, module);
      device.data = pcs;
      task.log("info", `fakepcs ${device.name}: probed, generation ${pcs.generation}`);
      yield* list.provide(task, id, pcs, device);
      device.managed.push(function* (task) {
        yield* list.withdraw(task, id);
        task.log("info", `fakepcs ${device.name}: removed, generation ${pcs.generation}`);
        pcs.removed = true;
      });
      return "ok";
    },
  };
}
