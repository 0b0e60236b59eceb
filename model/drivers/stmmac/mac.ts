/**
 * A bound MAC of stmmac: its netdev, its PCS and the PHY on its MDIO bus
 * (stmmac_main.c: stmmac_dvr_probe(), stmmac_open(), stmmac_release(), stmmac_dvr_remove()).
 *
 * @module
 */

import type { Device } from "../../kernel/device.ts";
import { synchronizeNet } from "../../kernel/host.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { acquire, type Steps, type Task } from "../../kernel/task.ts";
import { closeNetdev } from "../../net/netdev.ts";
import type { Netdev } from "../../net/netns.ts";
import type { Phy } from "../../net/phylib.ts";
import { type Mac, type Pcs, type PcsOp, Phylink } from "../../net/phylink.ts";
import type { Cable } from "./cable.ts";
import { stmmacEra } from "./era.ts";

/** The interface mode between a MAC and its PHY. */
export type MacInterface = "sgmii" | "rgmii";

/** The reason why an operation may take longer than the model predicts */
export const SLOW_BUS = "the driver speaks to the PHY by its MDIO bus, at the pace of the bus";

/** The XPCS: an object of the MAC, which phylink polls. It has no driver that could be unbound, and logs nothing. */
class Xpcs implements Pcs {
  readonly name = "the XPCS";
  readonly poll = true;
  readonly speed = 1000;
  readonly #cable: Cable;

  constructor(cable: Cable) {
    this.#cable = cable;
  }

  read(): void {}

  // deno-lint-ignore require-yield
  *call(_task: Task, op: PcsOp): Steps<boolean> {
    return op !== "pcs_get_state" || this.#cable.plugged;
  }
}

/** The netdev of a MAC. */
export class StmmacMac implements Mac {
  readonly netdev: Netdev;
  readonly phylink: Phylink;
  readonly phy: Phy;
  readonly #kernel: Kernel;
  readonly #prefix: string;
  readonly #interface: MacInterface;
  readonly #pcs: Pcs | null;

  /** Creates the netdev, under RTNL. The PHY is on its bus already. */
  constructor(kernel: Kernel, task: Task, device: Device, wiring: { interface: MacInterface; cable: Cable; phy: Phy }) {
    this.#kernel = kernel;
    this.phy = wiring.phy;
    this.#interface = wiring.interface;
    const hasPcs = wiring.interface === "sgmii" && stmmacEra(kernel.era).pcs;
    this.#pcs = hasPcs ? new Xpcs(wiring.cable) : null;
    this.netdev = kernel.addNetdev(kernel.init, kernel.init.freeName(), ["BROADCAST", "MULTICAST"], "UP");
    this.netdev.carrier = this.netdev.followed = false;
    this.#prefix = `${device.driver!.name} ${device.name} ${this.netdev.name}`;
    this.phylink = new Phylink(kernel, {
      mode: hasPcs ? "inband" : "phy",
      interface: wiring.interface,
      mac: this,
      netdev: this.netdev,
      prefix: this.#prefix,
      pollFixed: false,
    });
    this.netdev.ops = {
      open: (task) => this.#open(task),
      stop: (task) => this.#stop(task),
      linkSettings: (task) => this.phylink.linkSettings(task),
      restartNegotiation: (task) => this.phylink.restartNegotiation(task),
    };
    kernel.link(task, "new", this.netdev);
  }

  *#open(task: Task): Steps {
    task.observation.untimed ??= SLOW_BUS;
    yield* this.phylink.connectPhy(task, this.phy);
    yield* this.phylink.start(task);
  }

  *#stop(task: Task): Steps {
    yield* this.phylink.stop(task);
    yield* this.phylink.disconnectPhy(task);
  }

  /** Unregisters the netdev. */
  *unregister(task: Task): Steps {
    const { rtnl, linkwatch } = this.#kernel;
    task.log("info", `${this.#prefix}: stmmac_dvr_remove: removing driver`);
    if (stmmacEra(this.#kernel.era).dropsCarrier) linkwatch.carrier(this.netdev, false);
    yield* acquire(task, rtnl);
    yield* linkwatch.sync(task, this.netdev);
    yield* closeNetdev(this.#kernel, task, this.netdev);
    yield* linkwatch.sync(task, this.netdev);
    yield* synchronizeNet(this.#kernel, task);
    this.#kernel.removeNetdev(task, this.netdev);
    rtnl.release(task);
  }

  selectPcs(): Pcs | null {
    return this.#pcs;
  }

  config(): void {}

  linkUp(task: Task, speed: number): void {
    if (speed > 0 || !stmmacEra(this.#kernel.era).logsSpeed) return;
    task.log("info", `${this.#prefix}: unsupported speed Unknown on ${this.#interface}, leaving the MAC disabled`);
  }

  linkDown(): void {}

  fixedState(): void {}
}
