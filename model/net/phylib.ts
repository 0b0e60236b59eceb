/**
 * phylib: a PHY, its state machine, its driver, and its netdev
 * (drivers/net/phy/phy_device.c, phy.c, phy_led_triggers.c).
 *
 * @module
 */

import type { PhylibEra } from "../era/era.ts";
import { ModelGap } from "../gap.ts";
import { Device, type DeviceDriver } from "../kernel/device.ts";
import type { Timer } from "../kernel/host.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Module, type ModuleSource } from "../kernel/module.ts";
import { STATE } from "../kernel/state.ts";
import { acquire, oops, type Steps, type Task } from "../kernel/task.ts";
import { Work } from "../kernel/work.ts";

/** The bus of PHYs. */
export const MDIO_BUS = "mdio_bus";

/** The name of the driver that phylib binds to a PHY without a driver. */
const GENERIC = "Generic PHY";

/** The interval at which phylib polls the link of a PHY, in ms (`PHY_STATE_TIME`). */
const POLL_INTERVAL = 1000;

/** The states of a PHY; the kernel log prints them in capitals. */
export type PhyState = "down" | "ready" | "up" | "running" | "nolink" | "halted";

/** The call chain that fires a freed LED trigger. */
const FIRES = "led_set_brightness <- led_trigger_event <- phy_led_trigger_change_speed <- phy_link_down";

const STARTED: ReadonlySet<PhyState> = new Set(["up", "running", "nolink"]);

/** The LED triggers of a PHY: one object for the triggers of all speeds, from the probe of the PHY's driver to its removal. */
interface Triggers {
  /** True once the memory of the triggers is freed */
  freed: boolean;
}

/** The cable of a PHY, outside of the kernel. */
export interface Wire {
  /** True if a cable is plugged in whose other end is up */
  readonly plugged: boolean;
}

/** The callback by which phylib reports a link change to the user of a PHY, which is phylink. */
export type LinkChange = (task: Task, up: boolean) => Steps;

/** A PHY on its bus. */
export class Phy extends Device {
  readonly phyLock;
  readonly #kernel: Kernel;
  readonly #era: PhylibEra;
  readonly #wire: Wire;
  readonly #generic: DeviceDriver;
  readonly #machine: Work;
  #timer: Timer | undefined;
  #state: PhyState = "down";
  #link = false;
  #triggers: Triggers | undefined;
  /** The triggers that were fired last: the pointer stays when the driver is removed */
  #last: Triggers | undefined;
  #change: LinkChange | undefined;

  [STATE](): readonly unknown[] {
    return [
      this.phyLock,
      this.#machine,
      this.#timer,
      this.#state,
      this.#link,
      this.#triggers,
      this.#last,
      this.#change !== undefined,
    ];
  }

  constructor(kernel: Kernel, name: string, wire: Wire, generic: DeviceDriver) {
    super(kernel, MDIO_BUS, name);
    this.#kernel = kernel;
    this.#era = kernel.era.phylib;
    this.#wire = wire;
    this.#generic = generic;
    this.phyLock = kernel.lock(`lock of ${name}`, "phy");
    this.#machine = new Work(kernel, `phy_state_machine of ${name}`, false, (task) => this.#work(task));
  }

  /** The link settings that ethtool(8) shows: the last known to phylib. */
  get shown(): { speed: number | null; duplex: "full" | null; autoneg: boolean } {
    return this.#link ? { speed: 1000, duplex: "full", autoneg: true } : { speed: null, duplex: null, autoneg: true };
  }

  /** Models `phy_probe()`. */
  probe(task: Task): void {
    this.#state = "ready";
    this.#triggers = { freed: false };
    this.#last = undefined;
    this.#fire(task);
  }

  /** Models `phy_remove()`: notifies neither the netdev nor phylink, and leaves the pointer to the last fired triggers. */
  *remove(task: Task): Steps {
    this.#forget();
    yield* this.#machine.cancel(task);
    if (this.#triggers) this.#triggers.freed = true;
    this.#triggers = undefined;
    this.#state = "down";
  }

  /** Models `phy_attach_direct()`: takes a reference to the module of the driver, not to the driver. */
  *attach(task: Task, change: LinkChange): Steps {
    if (!this.driver) yield* this.#kernel.core.bindTo(task, this, this.#generic);
    if (!this.driver!.module.get()) {
      throw new ModelGap(
        "ip link set up",
        "the module of the PHY's driver is being unloaded, and attaching the PHY fails",
      );
    }
    this.#change = change;
    this.#state = "ready";
  }

  /** Models `phy_disconnect()`: drops a reference to the module of the driver that is bound now. */
  *detach(task: Task): Steps {
    if (STARTED.has(this.#state)) yield* this.stop(task);
    this.#change = undefined;
    this.driver?.module.put();
    if (this.driver === this.#generic) yield* this.#kernel.core.release(task, this, undefined);
  }

  /** Models `phy_start()`. */
  *start(task: Task): Steps {
    yield* acquire(task, this.phyLock);
    this.#state = "up";
    this.phyLock.release(task);
    this.#machine.queue();
  }

  /** Models `phy_stop()`. */
  *stop(task: Task): Steps {
    if (!STARTED.has(this.#state) && this.#state !== "down") {
      task.log("info", `called from state ${this.#state.toUpperCase()}`);
      task.log("warning", "WARNING: phy_stop <- phylink_stop: the state machine does not run");
      return;
    }
    yield* acquire(task, this.phyLock);
    this.#state = "halted";
    yield* this.#step(task);
    this.phyLock.release(task);
    this.#forget();
    yield* this.#machine.cancel(task);
  }

  *#work(task: Task): Steps {
    yield* acquire(task, this.phyLock);
    yield* this.#step(task);
    this.phyLock.release(task);
  }

  /** Models `_phy_state_machine()`, under the PHY's lock. */
  *#step(task: Task): Steps {
    if (STARTED.has(this.#state)) {
      this.#link = this.#wire.plugged;
      const state = this.#link ? "running" : "nolink";
      if (state !== this.#state) {
        this.#state = state;
        yield* this.#linkChange(task);
      }
    } else if (this.#state === "halted" && this.#link) {
      this.#link = false;
      yield* this.#linkChange(task);
    }
    if (this.#era.pollingAsksDriver && !this.driver) {
      oops(
        task,
        "BUG: kernel NULL pointer dereference, address: 00000000000001c0: phy_polling_mode <- _phy_state_machine <- " +
          `phy_stop: ${this.name} has no driver; or, if its LED triggers were freed and reused: ${FIRES}`,
      );
    }
    if (STARTED.has(this.#state)) this.#again();
  }

  /** Models `phy_link_up()` and `phy_link_down()`. */
  *#linkChange(task: Task): Steps {
    if (this.#change) yield* this.#change(task, this.#link);
    this.#fire(task);
  }

  /** Models `phy_led_trigger_change_speed()`. */
  #fire(task: Task): void {
    const now = this.#link ? this.#triggers : undefined;
    if (now === this.#last) return;
    if (this.#last?.freed) this.#fireFreed(task);
    this.#last = now;
  }

  /** Walks the list of LEDs in freed memory: the result depends on the content of that memory. */
  #fireFreed(task: Task): void {
    // The state machine then calls the missing driver: this is an oops in any case
    if (this.#era.pollingAsksDriver) return;
    const { freedMemory } = this.#kernel;
    const what = `${FIRES}: the LED triggers of ${this.name} were freed`;
    if (freedMemory === "poisoned" && !this.#era.triggerLock) oops(task, `Oops: general protection fault: ${what}`);
    if (freedMemory === "reported") {
      if (!this.#kernel.kasanReported) task.log("kasan", `BUG: KASAN: slab-use-after-free in ${what}`);
      this.#kernel.kasanReported = true;
      return;
    }
    mayOops(task, `Oops: ${what}`);
  }

  #again(): void {
    this.#forget();
    this.#timer = this.#kernel.after(POLL_INTERVAL, () => {
      this.#timer = undefined;
      this.#machine.queue();
    });
  }

  #forget(): void {
    this.#kernel.cancel(this.#timer);
    this.#timer = undefined;
  }
}

/** The reason why the outcome of a step is unknown: the step reads freed memory. */
const REUSED = "it reads memory that was freed: if that was reused, the kernel breaks; if not, nothing happens";

/** Records an oops that may happen: the model continues without it, and marks the channels that it would change as unknown. */
function mayOops(task: Task, text: string): void {
  task.log("oops", text);
  const channels = ["result", "notify", "link", "kmsg", "time"] as const;
  task.observation.unknown = {
    ...Object.fromEntries(channels.map((channel) => [channel, REUSED])),
    ...task.observation.unknown,
  };
}

/** Returns a driver of PHYs. */
export function phyDriver(name: string, module: Module, matches: DeviceDriver["matches"]): DeviceDriver {
  return {
    name,
    module,
    matches,
    // deno-lint-ignore require-yield
    *probe(task, device) {
      (device as Phy).probe(task);
      return "ok";
    },
    *remove(task, device) {
      yield* (device as Phy).remove(task);
    },
  };
}

/** Returns the driver that phylib binds to a PHY without a driver. Its module is never unloaded. */
export function genericPhy(): DeviceDriver {
  return phyDriver(GENERIC, new Module({ name: "libphy", uses: [], init: noInit }), () => false);
}

/** Returns a module with one driver of PHYs. */
export function phyModule(kernel: Kernel, name: string, driverName: string): ModuleSource {
  return {
    name,
    uses: [],
    *init(task, module) {
      const driver = phyDriver(driverName, module, (device) => device instanceof Phy);
      yield* kernel.core.registerDriver(task, MDIO_BUS, driver);
      return { exit: (task) => kernel.core.unregisterDriver(task, MDIO_BUS, driver) };
    },
  };
}

// deno-lint-ignore require-yield
function* noInit(): Steps<"ok"> {
  return "ok";
}
