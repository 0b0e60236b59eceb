/**
 * phylink: the layer between a MAC and its PCS, which calls both (drivers/net/phy/phylink.c; docs/semantics.md 7.1).
 *
 * @module
 */

import type { PhylinkEra } from "../era/era.ts";
import type { Timer } from "../kernel/host.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { LinkSettings, Netdev } from "./netns.ts";
import type { Phy } from "./phylib.ts";
import { acquire, type Lock, pause, type Steps, type Task } from "../kernel/task.ts";
import { Work } from "../kernel/work.ts";
import { STATE } from "../kernel/state.ts";

/** The interface mode between MAC and PCS, by its name in the device tree. */
export type Interface = "1000base-x" | "2500base-x" | "sgmii" | "gmii" | "rgmii";

/** The operations of a PCS. */
export type PcsOp =
  | "pcs_get_state"
  | "pcs_config"
  | "pcs_an_restart"
  | "pcs_link_up"
  | "pcs_enable"
  | "pcs_disable";

/** A PCS, as phylink knows it. */
export interface Pcs {
  /** The name of the object, with its generation */
  readonly name: string;
  /** True if phylink polls the PCS each second */
  readonly poll: boolean;
  /** The speed that the PCS reports, in Mb/s; null if it reports none */
  readonly speed: number | null;
  /** Looks up an operation, which reads the PCS's memory; `frames` are the stack frames of the read */
  read(task: Task, frames: string): void;
  /** Calls an operation; returns true if it succeeded, or, for `pcs_get_state`, if there is a link */
  call(task: Task, op: PcsOp, argument?: string | number): Steps<boolean>;
  /** Calls `pcs_post_config`, if the PCS has it */
  postConfig?(task: Task, frames: string): void;
}

/** The state of a link. */
export interface LinkState {
  interface: Interface;
  link: boolean;
  /** Mb/s, or null if not known */
  speed: number | null;
}

/** The callbacks that a MAC driver gives to phylink. */
export interface Mac {
  /** Returns the PCS for an interface mode, or null if the MAC uses none */
  selectPcs(mode: Interface): Pcs | null;
  config(task: Task, mode: Interface): void;
  linkUp(task: Task, speed: number): void;
  linkDown(task: Task): void;
  /** Writes the current state of a fixed link into `state` */
  fixedState(state: LinkState): void;
}

/** The options of a phylink. */
export interface PhylinkOptions {
  /** Where the state of the link comes from: the PCS, a PHY alone, or it is fixed */
  mode: "inband" | "phy" | "fixed";
  interface: Interface;
  mac: Mac;
  netdev: Netdev;
  /** The prefix of its lines in the kernel log */
  prefix: string;
  /** True if a fixed link is polled each second */
  pollFixed: boolean;
}

/** The interval at which a PCS or a fixed link is polled, in ms. */
const POLL_INTERVAL = 1000;

const SPEEDS: Readonly<Record<number, string>> = { 1000: "1Gbps", 2500: "2.5Gbps" };

/** The phylink of one netdev. */
export class Phylink {
  readonly #kernel: Kernel;
  readonly #era: PhylinkEra;
  readonly #options: PhylinkOptions;
  readonly #mac: Mac;
  readonly #state: Lock;
  readonly #phydev: Lock;
  readonly #resolve: Work;
  /** The PCS: only a pointer, without a reference and without an owner */
  #pcs: Pcs | null = null;
  #interface: Interface;
  #speed: number | null;
  #stopped = true;
  #starting = false;
  #linkFailed = false;
  #configFailed = false;
  #configured = false;
  #timer: Timer | undefined;
  #phy: Phy | undefined;
  /** The link that the PHY reported last: the removal of the PHY's driver does not change this */
  #phyLink = false;
  /** The speed that the PHY reported since it was connected */
  #phySpeed: number | null = null;

  [STATE](): readonly unknown[] {
    return [
      this.#state,
      this.#phydev,
      this.#resolve,
      this.#pcs,
      this.#interface,
      this.#speed,
      this.#stopped,
      this.#starting,
      this.#linkFailed,
      this.#configFailed,
      this.#configured,
      this.#timer,
      this.#phy,
      this.#phyLink,
      this.#phySpeed,
    ];
  }

  /** Models `phylink_create()`, before the netdev is registered. */
  constructor(kernel: Kernel, options: PhylinkOptions) {
    this.#kernel = kernel;
    this.#era = kernel.era.phylink;
    this.#options = options;
    this.#mac = options.mac;
    this.#interface = options.interface;
    this.#speed = options.mode === "fixed" ? 1000 : null;
    const { name } = options.netdev;
    this.#state = kernel.lock(`state_mutex of ${name}`, "phylink");
    this.#phydev = kernel.lock(`phydev_mutex of ${name}`, "phydev");
    this.#resolve = new Work(kernel, `phylink_resolve of ${name}`, true, (task) => this.#resolved(task));
  }

  /** Models `phylink_set_pcs()`, for eras in which phylink does not ask the MAC for its PCS. */
  setPcs(pcs: Pcs): void {
    this.#pcs = pcs;
  }

  /** Models `phylink_connect_phy()`, under RTNL. */
  *connectPhy(task: Task, phy: Phy): Steps {
    yield* phy.attach(task, (task, up) => this.#phyChange(task, up));
    this.#carrier(false);
    this.#log(task, `PHY [${phy.name}] driver [${phy.driver!.name}] (irq=POLL)`);
    this.#phySpeed = null;
    this.#phy = phy;
  }

  /** Models `phylink_disconnect_phy()`, under RTNL. */
  *disconnectPhy(task: Task): Steps {
    const phy = this.#phy;
    this.#phy = undefined;
    if (!phy) return;
    yield* this.#resolve.flush(task);
    yield* phy.detach(task);
  }

  /** Models `phylink_phy_change()`, under the PHY's lock. */
  *#phyChange(task: Task, up: boolean): Steps {
    yield* acquire(task, this.#state);
    this.#phyLink = up;
    this.#phySpeed = this.#phy?.shown.speed ?? null;
    if (!up) this.#linkFailed = true;
    this.#state.release(task);
    yield* this.#runResolve(task);
  }

  /** Models `phylink_start()`, under RTNL. */
  *start(task: Task): Steps {
    this.#log(task, `configuring for ${this.#options.mode}/${this.#interface} link mode`);
    this.#carrier(false);
    this.#starting = true;
    const state: LinkState = { interface: this.#interface, link: false, speed: this.#speed };
    if (this.#options.mode === "fixed") this.#mac.fixedState(state);
    yield* this.#majorConfig(task, true, state.interface, "phylink_start");
    this.#starting = false;
    this.#stopped = false;
    yield* this.#runResolve(task);
    if (this.#options.mode === "fixed" ? this.#options.pollFixed : this.#era.pollsFrom === "start" && this.#pcs?.poll) {
      this.#startPolling();
    }
    if (this.#phy) yield* this.#phy.start(task);
  }

  /** Models `phylink_stop()`, under RTNL. */
  *stop(task: Task): Steps {
    if (this.#phy) yield* this.#phy.stop(task);
    this.#stopPolling();
    const was = this.#stopped;
    this.#stopped = true;
    if (!was) {
      this.#resolve.queue();
      yield* this.#resolve.flush(task);
    }
    if (this.#era.enables && this.#pcs) yield* this.#call(task, this.#pcs, "phylink_stop", "pcs_disable");
  }

  /** Models `phylink_mac_change()`: the MAC reports a change of its link. */
  *macChange(task: Task, up: boolean): Steps {
    if (!up) this.#linkFailed = true;
    yield* this.#runResolve(task);
  }

  /** Models `phylink_destroy()`, after the netdev is gone. */
  *destroy(task: Task): Steps {
    yield* this.#resolve.cancel(task);
  }

  /** Returns the link settings that ethtool(8) shows, under RTNL. */
  *linkSettings(task: Task): Steps<LinkSettings> {
    // The state that phylib knows, even if the PHY has no driver any more
    if (this.#phy) return this.#phy.shown;
    // The mode is not set before the first configuration: the kernel shows values that were never written
    if (!this.#configured && this.#era.modeFrom === "configuration") {
      return { speed: null, duplex: "half", autoneg: false };
    }
    const state: LinkState = { interface: this.#interface, link: false, speed: this.#speed };
    if (this.#options.mode === "fixed") this.#mac.fixedState(state);
    else yield* this.#getState(task, state, "phylink_ethtool_ksettings_get");
    return { speed: state.speed, duplex: state.speed === null ? null : "full", autoneg: true };
  }

  /** Models `phylink_ethtool_nway_reset()`, under RTNL. */
  *restartNegotiation(task: Task): Steps {
    yield* this.#restart(task, "phylink_ethtool_nway_reset");
  }

  *#majorConfig(task: Task, restart: boolean, mode: Interface, caller: string): Steps {
    const era = this.#era;
    const frames = `phylink_major_config <- ${caller}`;
    this.#configFailed = false;
    this.#configured = true;
    let changed = false;
    let answer: Pcs | null = this.#pcs;
    if (era.selects) {
      answer = this.#mac.selectPcs(mode);
      changed = (answer !== null || era.noAnswer === "drops") && answer !== this.#pcs;
    }
    if (era.asksInband && mode !== "gmii") answer?.read(task, frames);
    if (era.pollsFrom === "configuration" && this.#options.mode === "inband") this.#stopPolling();
    if (changed) {
      if (era.enables && this.#pcs) yield* this.#call(task, this.#pcs, frames, "pcs_disable");
      this.#pcs = answer;
    }
    const pcs = this.#pcs;
    if (era.enables) pcs?.read(task, frames);
    this.#mac.config(task, mode);
    if (pcs) {
      if (era.enables) pcs.postConfig?.(task, frames);
      if (era.enables && (this.#starting || changed)) yield* this.#call(task, pcs, frames, "pcs_enable");
      this.#configFailed = !(yield* this.#call(task, pcs, frames, "pcs_config", mode));
      if (this.#configFailed) this.#log(task, "pcs_config failed: -ENODEV");
    }
    if (restart) yield* this.#restart(task, frames);
    if (era.pollsFrom === "configuration" && this.#pcs?.poll && this.#options.mode === "inband") this.#startPolling();
  }

  *#restart(task: Task, frames: string): Steps {
    if (this.#pcs && this.#options.mode === "inband" && this.#interface.endsWith("base-x")) {
      yield* this.#call(task, this.#pcs, frames, "pcs_an_restart");
    }
  }

  *#getState(task: Task, state: LinkState, caller: string): Steps {
    state.interface = this.#interface;
    state.speed = null;
    state.link = false;
    if (!this.#pcs) return;
    const frames = `phylink_mac_pcs_get_state <- ${caller}`;
    state.link = yield* this.#call(task, this.#pcs, frames, "pcs_get_state");
    state.speed = this.#pcs.speed;
  }

  /** The resolve work: determines the state of the link, and updates MAC, PCS and carrier. */
  *#resolved(task: Task): Steps {
    const { netdev, mode } = this.#options;
    if (this.#era.phydevMutex) yield* acquire(task, this.#phydev);
    const phyLock = this.#era.phydevMutex ? this.#phy?.phyLock : undefined;
    if (phyLock) yield* acquire(task, phyLock);
    yield* acquire(task, this.#state);
    let up = netdev.carrier;
    let reconfigure = false;
    let retrigger = false;
    const state: LinkState = { interface: this.#interface, link: false, speed: this.#speed };
    if (this.#stopped) this.#linkFailed = false;
    else if (this.#linkFailed) retrigger = true;
    else if (mode === "fixed") {
      this.#mac.fixedState(state);
      reconfigure = state.link && state.interface !== this.#interface;
    } else if (mode === "phy") {
      state.link = this.#phyLink;
      state.speed = this.#phySpeed;
    } else {
      yield* this.#getState(task, state, "phylink_resolve");
      if (!state.link && this.#era.rereads) {
        if (up) retrigger = true;
        else yield* this.#getState(task, state, "phylink_resolve");
      }
      if (this.#phy) state.link &&= this.#phyLink;
    }
    if (reconfigure) {
      if (up) {
        this.#linkDown(task);
        up = false;
      }
      yield* this.#majorConfig(task, false, state.interface, "phylink_resolve");
      this.#interface = state.interface;
    }
    if (this.#configFailed && this.#era.failureKeepsDown) state.link = false;
    if (state.link !== up) {
      if (state.link) yield* this.#linkUp(task, state.speed ?? 0);
      else this.#linkDown(task);
    }
    if (!state.link && retrigger) {
      this.#linkFailed = false;
      this.#resolve.queue();
    }
    this.#state.release(task);
    phyLock?.release(task);
    if (this.#era.phydevMutex) this.#phydev.release(task);
  }

  *#linkUp(task: Task, speed: number): Steps {
    if (this.#pcs) yield* this.#call(task, this.#pcs, "phylink_link_up <- phylink_resolve", "pcs_link_up", speed);
    this.#mac.linkUp(task, speed);
    this.#carrier(true);
    this.#log(task, `Link is Up - ${SPEEDS[speed] ?? "Unknown"}/Full - flow control off`);
  }

  #linkDown(task: Task): void {
    this.#carrier(false);
    this.#mac.linkDown(task);
    this.#log(task, "Link is Down");
  }

  /** Calls an operation of a PCS. All such calls go through this function. */
  *#call(task: Task, pcs: Pcs, frames: string, op: PcsOp, argument?: string | number): Steps<boolean> {
    yield* pause(task, `${op} of ${pcs.name}`);
    pcs.read(task, frames);
    return yield* pcs.call(task, op, argument);
  }

  *#runResolve(task: Task): Steps {
    if (this.#stopped) return;
    yield* pause(task, "phylink_run_resolve");
    this.#resolve.queue();
  }

  #carrier(on: boolean): void {
    this.#kernel.linkwatch.carrier(this.#options.netdev, on);
  }

  #log(task: Task, text: string): void {
    task.log("info", `${this.#options.prefix}: ${text}`);
  }

  #startPolling(): void {
    const due = this.#kernel.now + POLL_INTERVAL;
    if (this.#timer) {
      this.#timer.due = due;
      return;
    }
    const timer: Timer = {
      due,
      run: (now) => {
        timer.due = now + POLL_INTERVAL;
        if (!this.#stopped) this.#resolve.queue();
      },
    };
    this.#timer = timer;
    this.#kernel.timers.push(timer);
  }

  #stopPolling(): void {
    this.#kernel.cancel(this.#timer);
    this.#timer = undefined;
  }
}
