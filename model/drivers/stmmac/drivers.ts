/**
 * The kernel driver of a MAC and the drivers of its PHY, as the driver core binds them.
 *
 * @module
 */

import { Device, type DeviceDriver } from "../../kernel/device.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { Module } from "../../kernel/module.ts";
import { acquire, type Steps, type Task } from "../../kernel/task.ts";
import { genericPhy, MDIO_BUS, Phy, phyModule } from "../../net/phylib.ts";
import { Cable } from "./cable.ts";
import { type StmmacInstance, stmmacInstance } from "./instance.ts";
import { type MacInterface, SLOW_BUS, StmmacMac } from "./mac.ts";

/** The driver's name in sysfs, on the PCI bus. */
export const DRIVER = "intel-eth-pci";
/** The name of the PHY that the MAC finds on its MDIO bus */
const PHY = "stmmac-1:01";
const PHY_MODULE = { name: "marvell", driver: "Marvell 88E1510" } as const;

/** The objects that the driver has made for a bound device. */
interface Bound {
  mac: StmmacMac;
  phy: Phy;
  instance: StmmacInstance | undefined;
}

/** The options of a MAC. */
export interface MacOptions {
  /** The name of its PCI device */
  name: string;
  /** The interface between the MAC and its PHY */
  interface: MacInterface;
  /** Makes the devlink instance; undefined if the MAC has none */
  instance?: (device: Device) => StmmacInstance | undefined;
}

/** Loads the module of the PHY's driver, and then adds a MAC to its bus. */
export function* addMac(kernel: Kernel, task: Task, options: MacOptions): Steps {
  const { core, modules } = kernel;
  const generic = genericPhy();
  yield* core.registerDriver(task, MDIO_BUS, generic);
  modules.add(phyModule(kernel, PHY_MODULE.name, PHY_MODULE.driver));
  yield* modules.load(task, PHY_MODULE.name, {});
  kernel.owners.push({
    resolve(path) {
      const references = path === `/sys/module/${PHY_MODULE.name}/refcnt` && modules.references(PHY_MODULE.name);
      return typeof references === "number" ? { read: () => ({ text: String(references) }) } : undefined;
    },
    directory: () => false,
  });
  const makes = options.instance ?? ((device) => stmmacInstance(kernel, device));
  const cable = new Cable();
  const device = new Device(kernel, "pci", options.name);
  device.emulated = cable;
  const driver: DeviceDriver = {
    name: DRIVER,
    module: new Module({ name: "dwmac_intel", uses: [], init: noInit }),
    matches: (other) => other === device,
    *probe(task, device) {
      task.observation.untimed ??= SLOW_BUS;
      const phy = new Phy(kernel, PHY, cable, generic);
      yield* core.addDevice(task, phy);
      const instance = makes(device);
      yield* instance?.register(task) ?? [];
      yield* acquire(task, kernel.rtnl);
      const mac = new StmmacMac(kernel, task, device, { interface: options.interface, cable, phy });
      kernel.rtnl.release(task);
      device.data = { mac, phy, instance } satisfies Bound;
      return "ok";
    },
    *remove(task, device) {
      const { mac, phy, instance } = device.data as Bound;
      yield* mac.unregister(task);
      yield* instance?.unregister(task) ?? [];
      yield* mac.phylink.destroy(task);
      yield* core.removeDevice(task, phy);
    },
  };
  yield* core.registerDriver(task, "pci", driver);
  yield* core.addDevice(task, device);
}

/** Boots with a MAC that has time stamps, like the emulated MAC. */
export const stmmacBoard = (wiring: MacInterface) => (kernel: Kernel, task: Task): Steps =>
  addMac(kernel, task, { name: "0000:01:00.0", interface: wiring });

// deno-lint-ignore require-yield
function* noInit(): Steps<"ok"> {
  return "ok";
}
