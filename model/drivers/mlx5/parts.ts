/**
 * The parts of a function that have their own drivers: RDMA and Ethernet. From 5.11 on each is a device of the auxiliary bus, which
 * a load adds and an unload removes (core/dev.c).
 *
 * @module
 */

import type { Devlink } from "../../devlink/devlink.ts";
import type { Facts } from "../../facts.ts";
import { Device } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { STATE } from "../../kernel/state.ts";
import type { Steps, Task } from "../../kernel/task.ts";
import type { Result } from "../../observation.ts";
import type { Part } from "./commands.ts";
import { mlx5Era } from "./era.ts";
import { Ethernet, type EthernetHost } from "./ethernet.ts";
import type { Card } from "./emulated_card.ts";
import { codeOf } from "./faults.ts";
import { changeNotifier, failToRegister } from "./rdma.ts";
import { unprobed } from "./words.ts";

/** The interface of the function for its parts. */
export interface PartsHost extends EthernetHost {
  readonly dl: Devlink;
  /** Carries out the commands of a part; returns the errno of the first that the card refuses and the part needs */
  commands(task: Task, part: Part): Steps<Result>;
  /** Logs lines that begin with the name of a function of the driver. */
  logs(task: Task, lines: readonly string[]): void;
}

/** The parts of one function. */
export class Parts {
  readonly #kernel: Kernel;
  readonly #facts: Facts;
  readonly #card: Card;
  readonly #host: PartsHost;
  /** The Ethernet part, in eras without the auxiliary bus */
  #ethernet: Ethernet | undefined;
  #auxiliary = new Map<"eth" | "rdma", Device>();
  /** True while the parts are created from the facts */
  #adopting = false;
  /** True once the driver has tried to add the Ethernet part that the era keeps */
  #added = false;
  /** False if the kept Ethernet part could not be attached to the function again */
  #attached = true;

  [STATE](): readonly unknown[] {
    return [this.#ethernet, this.#auxiliary, this.#adopting, this.#added, this.#attached];
  }

  /** Creates the parts of a function; `host` has to be ready when parts are added. */
  constructor(kernel: Kernel, facts: Facts, card: Card, host: PartsHost) {
    this.#kernel = kernel;
    this.#facts = facts;
    this.#card = card;
    this.#host = host;
  }

  /** True if the netdev, if there is one, is present: its function is loaded, and the part attached to it. */
  get attached(): boolean {
    return this.#attached;
  }

  get #kept(): boolean {
    return mlx5Era(this.#kernel.era).netdev === "kept";
  }

  #enabled(name: string): boolean {
    return this.#host.dl.params.find(({ spec }) => spec.name === name)?.value !== false;
  }

  /** True if the facts have no port: the Ethernet device was unbound, or could not be bound. */
  get #portless(): boolean {
    const { ports, nestedPorts = {} } = this.#facts;
    return ports.length + Object.values(nestedPorts).flat().length === 0;
  }

  /** The number of the function's auxiliary devices: from the facts if they have a nested instance, else 0. */
  get #number(): string {
    return this.#facts.nested.map((handle) => /\.eth\.(\d+)$/.exec(handle)?.[1]).find(Boolean) ?? "0";
  }

  /** Adds the parts in the driver's order: RDMA before Ethernet. With `adopting`, they are as in the facts, without messages. */
  *add(task: Task, adopting: boolean): Steps {
    const kernel = this.#kernel;
    if (this.#kept) {
      if (this.#facts.rdma) yield* changeNotifier(kernel, task);
      if (this.#card.blueflame) failToRegister(task);
      return yield* this.#addKept(task, adopting);
    }
    this.#adopting = adopting;
    const here = { rdma: this.#enabled("enable_rdma"), eth: this.#enabled("enable_eth") };
    if (adopting && this.#portless) here.eth = false;
    for (const kind of ["rdma", "eth"] as const) {
      if (!here[kind]) continue;
      const device = new Device(kernel, "auxiliary", `mlx5_core.${kind}.${this.#number}`);
      device.data = this;
      this.#auxiliary.set(kind, device);
      yield* kernel.core.addDevice(task, device);
    }
    this.#adopting = false;
  }

  /** Adds the Ethernet part that the era keeps over an unload, or attaches it again (main.c of 5.10: mlx5_attach_device()). */
  *#addKept(task: Task, adopting: boolean): Steps {
    if (this.#ethernet) {
      this.#attached = (yield* this.#host.commands(task, "ethernet")) === "ok";
      return;
    }
    // A part whose probe failed is not tried again (dev.c of 5.10: mlx5_add_device())
    if (this.#added) return;
    this.#added = true;
    if (adopting && this.#portless) return;
    const ethernet = new Ethernet(this.#kernel, this.#host.dl, undefined, this.#host);
    if (adopting) ethernet.adopt();
    else {
      const result = yield* ethernet.probe(task, () => this.#host.commands(task, "ethernet"));
      if (result !== "ok") return this.#host.logs(task, [`mlx5e_add: mlx5e_attach failed, -${codeOf(result)}`]);
    }
    this.#ethernet = ethernet;
  }

  /** Removes the parts in the reverse order; an Ethernet part that the era keeps over an unload stays. */
  *remove(task: Task, loaded: boolean): Steps {
    const kernel = this.#kernel;
    if (this.#kept) {
      if (this.#facts.rdma && loaded) yield* changeNotifier(kernel, task);
      return;
    }
    for (const [kind, device] of [...this.#auxiliary].toReversed()) {
      yield* kernel.core.removeDevice(task, device);
      this.#auxiliary.delete(kind);
    }
  }

  /** Removes the Ethernet part that the era keeps over an unload, when the function is removed. */
  *removeKept(task: Task): Steps {
    if (this.#ethernet) yield* this.#ethernet.remove(task);
    this.#ethernet = undefined;
  }

  /** Probes the device `mlx5_core.eth`. */
  *probeEthernet(task: Task, device: Device): Steps<Result> {
    const ethernet = new Ethernet(this.#kernel, this.#host.dl, device, this.#host);
    if (this.#adopting) ethernet.adopt();
    else {
      const result = yield* ethernet.probe(task, () => this.#host.commands(task, "ethernet"));
      if (result !== "ok") {
        task.log("info", unprobed(mlx5Era(this.#kernel.era).words, device, result));
        return result;
      }
    }
    device.managed.push((task) => ethernet.remove(task));
    return "ok";
  }
}
