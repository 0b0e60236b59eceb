/**
 * The MAC of the fixture: a driver with three netdevs on one device, the list of PCSs, and the designs that keep a used
 * PCS (fixtures/pcs/fakemac.c; docs/semantics.md 7.3).
 *
 * @module
 */

import { Device, type DeviceDriver, type DeviceLink, named, PROBE_DEFER } from "../../kernel/device.ts";
import { FakePcs, PCS_COUNT, type PcsList } from "./fakepcs.ts";
import { FakemacKnobs } from "./fakemac_knobs.ts";
import { BoundMac, type FakemacNet } from "./fakemac_net.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Module, ModuleParameters, ModuleSource } from "../../kernel/module.ts";
import type { Result } from "../../observation.ts";
import { SrcuPcs } from "./srcu_pcs.ts";
import { acquire, type Lock, type Steps, type Task } from "../../kernel/task.ts";
import { STATE } from "../../kernel/state.ts";

/**
 * The designs that keep a used PCS. The last three exist only in the model: a device link that exists while a netdev that is up
 * uses the PCS; a wrapper that outlives its PCS (docs/semantics.md 7.2, 2025); and that wrapper as it was posted, which breaks in a
 * configuration after its PCS is gone.
 */
const DESIGNS = [
  "none",
  "module_ref",
  "device_ref",
  "device_link",
  "notified",
  "device_link_used",
  "srcu_wrapper",
  "srcu_wrapper_posted",
] as const;
type Design = (typeof DESIGNS)[number];

/** Returns the module of the MAC driver; `list` returns its list of PCSs for the PCS driver, while the module is loaded. */
export function fakemacModule(kernel: Kernel): { source: ModuleSource; list: () => PcsList } {
  let fakemac: Fakemac | undefined;
  return {
    list: () => fakemac!,
    source: {
      name: "fakemac",
      uses: [],
      parameters: ["design", "poll", "self"],
      *init(task, module, parameters) {
        const design = DESIGNS.find((one) => one === (parameters.design ?? "none"));
        if (design === undefined) return "EINVAL";
        fakemac = new Fakemac(kernel, module, design, parameters);
        yield* fakemac.init(task);
        return fakemac;
      },
    },
  };
}

/** The state of the module while it is loaded. */
class Fakemac implements PcsList {
  readonly #kernel: Kernel;
  readonly #module: Module;
  readonly #design: Design;
  readonly #poll: boolean;
  readonly #self: boolean;
  readonly #lock: Lock;
  readonly #driver: DeviceDriver;
  readonly #devices: Device[] = [];
  readonly #providers: ({ pcs: FakePcs; device: Device } | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #knobs: FakemacKnobs;
  #mac: BoundMac | undefined;

  [STATE](): readonly unknown[] {
    return [this.#lock, this.#devices, this.#providers, this.#generations, this.#knobs, this.#mac];
  }

  constructor(kernel: Kernel, module: Module, design: Design, parameters: ModuleParameters) {
    this.#kernel = kernel;
    this.#module = module;
    this.#design = design;
    this.#poll = Number(parameters.poll ?? 0) === 1;
    this.#self = Number(parameters.self ?? 0) === 1;
    this.#lock = kernel.lock("lock of fakemac", "providers");
    this.#knobs = new FakemacKnobs((task, index) => this.#tell(task, index));
    this.#driver = {
      name: "fakemac",
      module,
      matches: named("fakemac"),
      probe: (task, device) => this.#probe(task, device),
    };
  }

  *init(task: Task): Steps {
    const { core, owners } = this.#kernel;
    yield* core.registerDriver(task, "platform", this.#driver);
    owners.push(this.#knobs);
    for (const name of ["fakemac.0", "fakepcs.0", "fakepcs.1", "fakepcs.2"]) {
      const device = new Device(this.#kernel, "platform", name);
      this.#devices.push(device);
      yield* core.addDevice(task, device);
    }
  }

  *exit(task: Task): Steps {
    const { core, owners } = this.#kernel;
    for (const device of this.#devices.toReversed()) yield* core.removeDevice(task, device);
    yield* core.unregisterDriver(task, "platform", this.#driver);
    owners.splice(owners.indexOf(this.#knobs), 1);
  }

  make(device: string, id: number, module: Module): FakePcs {
    const generation = this.#generations[id] = (this.#generations[id] ?? 0) + 1;
    return new FakePcs(this.#kernel, device, generation, module, this.#poll, {
      cable: () => this.#knobs.cables[id === 0 ? 0 : 2]!,
      delay: () => this.#knobs.delay,
      went: () => this.#knobs.went,
    });
  }

  *provide(task: Task, id: number, pcs: FakePcs, device: Device): Steps {
    const mac = yield* this.#enter(task);
    this.#providers[id] = { pcs, device };
    if (mac) {
      mac.pcs[id] = pcs;
      for (const net of mac.nets) {
        if (net.netdev.up && net.uses(this.#knobs.mode) === id) yield* net.restart(task);
      }
    }
    if (this.#design === "device_link_used" && this.#mac) this.#mac.pcs[id] = pcs;
    this.#leave(task);
    // The work that was queued here runs before a driver handles its next PCS
    if (!task.stepping) this.#kernel.runWorkers();
  }

  *withdraw(task: Task, id: number): Steps {
    const mac = yield* this.#enter(task);
    this.#knobs.went = true;
    if (mac) {
      const pcs = mac.pcs[id] ?? null;
      mac.pcs[id] = undefined;
      for (const net of mac.nets) {
        if (net.held !== pcs) continue;
        net.lettingGo = true;
        yield* net.restart(task);
        net.lettingGo = false;
      }
    }
    if (this.#design === "device_link_used" && this.#mac) this.#mac.pcs[id] = undefined;
    const wrapper = this.#mac?.pcs[id];
    if (wrapper instanceof SrcuPcs) {
      yield* wrapper.unregister(task);
      for (const net of this.#mac!.nets) {
        if (net.held === wrapper && !this.#poll) yield* net.phylink.macChange(task, false);
      }
    }
    this.#providers[id] = undefined;
    this.#leave(task);
  }

  /** Takes the locks of the list; returns the MAC to notify, if the design notifies it. */
  *#enter(task: Task): Steps<BoundMac | undefined> {
    const notified = this.#design === "notified";
    if (notified) yield* acquire(task, this.#kernel.rtnl);
    yield* acquire(task, this.#lock);
    return notified && !this.#self ? this.#mac : undefined;
  }

  #leave(task: Task): void {
    this.#lock.release(task);
    if (this.#design === "notified") this.#kernel.rtnl.release(task);
  }

  *#probe(task: Task, device: Device): Steps<Result> {
    const { rtnl } = this.#kernel;
    const mac = new BoundMac(this.#kernel, device, this.#knobs, this.#poll);
    yield* acquire(task, rtnl);
    yield* acquire(task, this.#lock);
    const result = this.#getPcs(mac);
    this.#lock.release(task);
    if (result === "ok") {
      mac.addNets(task);
      yield* acquire(task, this.#lock);
      this.#mac = mac;
      this.#lock.release(task);
    }
    rtnl.release(task);
    if (result !== "ok") {
      yield* this.#remove(task, mac);
      return result;
    }
    task.log("info", `fakemac ${device.name}: probed`);
    device.managed.push((task) => this.#removed(task, mac));
    return "ok";
  }

  *#removed(task: Task, mac: BoundMac): Steps {
    yield* this.#remove(task, mac);
    task.log("info", `fakemac ${mac.device.name}: removed`);
  }

  *#remove(task: Task, mac: BoundMac): Steps {
    const { rtnl } = this.#kernel;
    yield* acquire(task, rtnl);
    // A failed probe ends here, too.
    if (this.#mac === mac) this.#knobs.went = true;
    yield* acquire(task, this.#lock);
    this.#mac = undefined;
    this.#lock.release(task);
    for (const net of mac.nets) yield* net.unregister(task);
    rtnl.release(task);
    for (const net of mac.nets) yield* net.phylink.destroy(task);
    for (const pcs of mac.own) pcs.removed = true;
    for (const put of mac.puts) put();
  }

  /** Adds and deletes device links so that each used PCS has one. */
  #linkUsed(mac: BoundMac): void {
    const links = new Map<FakemacNet, DeviceLink>();
    const { core } = this.#kernel;
    mac.used = (net, id) => {
      const before = links.get(net);
      if (before) core.unlink(before);
      links.delete(net);
      const supplier = this.#providers[id]?.device;
      const link = supplier && core.link(mac.device, supplier, { autoremoveConsumer: true });
      if (link) links.set(net, link);
    };
  }

  /** Looks up the PCSs of the MAC, and keeps each as the design does. */
  #getPcs(mac: BoundMac): Result {
    if (this.#self) {
      for (let id = 0; id < PCS_COUNT; id++) {
        if (this.#design === "module_ref") this.#holdModule(mac, this.#module);
        const pcs = this.make(id === 0 ? "self" : `self.${id}`, id, this.#module);
        mac.own.push(pcs);
        mac.pcs[id] = pcs;
      }
      return "ok";
    }
    for (let id = 0; id < PCS_COUNT; id++) {
      if (!this.#providers[id] && this.#design !== "notified") return PROBE_DEFER;
    }
    for (let id = 0; id < PCS_COUNT; id++) {
      const provider = this.#providers[id];
      if (!provider) continue;
      const { device, pcs } = provider;
      mac.pcs[id] = this.#design.startsWith("srcu") ? new SrcuPcs(pcs, this.#design === "srcu_wrapper") : pcs;
      if (this.#design === "module_ref" && !this.#holdModule(mac, device.driver!.module)) return "ENODEV";
      if (this.#design === "device_ref") {
        device.references++;
        mac.puts.push(() => device.references--);
      }
      if (this.#design === "device_link") {
        if (!this.#kernel.core.link(mac.device, device, { autoremoveConsumer: true })) return "EINVAL";
      }
    }
    if (this.#design === "device_link_used") this.#linkUsed(mac);
    return "ok";
  }

  #holdModule(mac: BoundMac, module: Module): boolean {
    if (!module.get()) return false;
    mac.puts.push(() => module.put());
    return true;
  }

  /** Reports to phylink that a cable was plugged in or pulled out, unless phylink polls. */
  *#tell(task: Task, index: number): Steps {
    yield* acquire(task, this.#lock);
    const net = this.#mac?.nets[index];
    if (net && !this.#poll) yield* net.phylink.macChange(task, this.#knobs.cables[index]!);
    this.#lock.release(task);
  }
}
