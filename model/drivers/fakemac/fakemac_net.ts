/**
 * The bound MAC of the fixture: its three netdevs, and the callbacks of each for phylink (fixtures/pcs/mac.c).
 *
 * @module
 */

import type { Device } from "../../kernel/device.ts";
import type { FakemacKnobs } from "./fakemac_knobs.ts";
import type { FakePcs } from "./fakepcs.ts";
import { synchronizeNet } from "../../kernel/host.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { closeNetdev } from "../../net/netdev.ts";
import type { Netdev } from "../../net/netns.ts";
import { type Interface, type LinkState, type Mac, type Pcs, Phylink } from "../../net/phylink.ts";
import type { Steps, Task } from "../../kernel/task.ts";

/** The initial interface mode of each netdev. */
const INTERFACES: readonly Interface[] = ["1000base-x", "gmii", "sgmii"];

/** A PCS of the MAC itself that never has a link: phylink gets it if the real PCS is missing. */
const ABSENT: Pcs = {
  name: "the absent PCS",
  poll: false,
  speed: null,
  read() {},
  // deno-lint-ignore require-yield
  *call(_task, op) {
    return op !== "pcs_get_state";
  },
};

/** The data of the MAC driver for its bound device. */
export class BoundMac {
  readonly pcs: (Pcs | undefined)[] = [];
  /** The PCSs that the MAC made itself */
  readonly own: FakePcs[] = [];
  readonly nets: FakemacNet[] = [];
  /** Functions that release what the design took */
  readonly puts: (() => void)[] = [];
  /** Called with the id of the PCS that a netdev uses from now on, -1 for none; set by the designs that need it */
  used: ((net: FakemacNet, id: number) => void) | undefined;

  constructor(
    readonly kernel: Kernel,
    readonly device: Device,
    readonly knobs: FakemacKnobs,
    readonly poll: boolean,
  ) {}

  addNets(task: Task): void {
    for (let index = 0; index < INTERFACES.length; index++) this.nets.push(new FakemacNet(task, this, index));
  }
}

/** One netdev of the MAC. */
export class FakemacNet implements Mac {
  readonly netdev: Netdev;
  readonly phylink: Phylink;
  readonly first: Interface;
  /** The PCS to which phylink has a pointer, by what phylink's documentation states */
  held: Pcs | null = null;
  lettingGo = false;
  readonly #mac: BoundMac;
  readonly #prefix: string;

  constructor(task: Task, mac: BoundMac, readonly index: number) {
    const { kernel } = mac;
    const name = `fm${index}`;
    this.#mac = mac;
    this.#prefix = `fakemac ${mac.device.name} ${name}`;
    this.first = INTERFACES[index]!;
    this.netdev = kernel.addNetdev(kernel.init, name, ["BROADCAST", "MULTICAST"], "UP");
    this.netdev.carrier = false;
    this.netdev.followed = false;
    this.phylink = new Phylink(kernel, {
      mode: index === 0 ? "inband" : "fixed",
      interface: this.first,
      mac: this,
      netdev: this.netdev,
      prefix: this.#prefix,
      pollFixed: mac.poll,
    });
    const pcs = mac.pcs[this.uses(this.first)];
    if (!kernel.era.phylink.selects && pcs) this.phylink.setPcs(this.held = pcs);
    this.netdev.ops = {
      open: (task) => this.phylink.start(task),
      stop: (task) => this.#stop(task),
      linkSettings: (task) => this.phylink.linkSettings(task),
      restartNegotiation: (task) => this.phylink.restartNegotiation(task),
    };
    kernel.link(task, "new", this.netdev);
  }

  /** Returns the id of the PCS that the netdev uses in a mode; -1 for none. */
  uses(mode: Interface): number {
    if (this.index === 0) return 0;
    if (this.index === 2 && mode === "sgmii") return 1;
    if (this.index === 2 && mode === "2500base-x") return 2;
    return -1;
  }

  /** Has phylink select its PCS again, with the netdev up or down. */
  *restart(task: Task): Steps {
    const { up } = this.netdev;
    if (up) yield* this.phylink.stop(task);
    yield* this.phylink.start(task);
    if (!up) yield* this.phylink.stop(task);
  }

  *#stop(task: Task): Steps {
    yield* this.phylink.stop(task);
    this.#mac.used?.(this, -1);
  }

  *unregister(task: Task): Steps {
    const { kernel } = this.#mac;
    yield* closeNetdev(kernel, task, this.netdev);
    yield* kernel.linkwatch.sync(task, this.netdev);
    yield* synchronizeNet(kernel, task);
    kernel.removeNetdev(task, this.netdev);
  }

  selectPcs(mode: Interface): Pcs | null {
    const id = this.uses(mode);
    if (id < 0) return this.lettingGo ? ABSENT : null;
    return this.#mac.pcs[id] ?? ABSENT;
  }

  config(task: Task, mode: Interface): void {
    const pcs = this.selectPcs(mode);
    this.#mac.used?.(this, this.uses(mode));
    if (pcs || this.#mac.kernel.era.phylink.noAnswer === "drops") this.held = pcs;
    task.log("info", `${this.#prefix}: mac_config ${mode}`);
  }

  linkUp(task: Task, speed: number): void {
    task.log("info", `${this.#prefix}: mac_link_up ${speed}`);
  }

  linkDown(task: Task): void {
    task.log("info", `${this.#prefix}: mac_link_down`);
  }

  fixedState(state: LinkState): void {
    const { knobs, pcs } = this.#mac;
    if (this.index === 2) {
      state.interface = knobs.mode;
      state.speed = knobs.mode === "2500base-x" ? 2500 : 1000;
    }
    const id = this.uses(state.interface);
    state.link = knobs.cables[this.index]! && (id < 0 || pcs[id] !== undefined);
  }
}
