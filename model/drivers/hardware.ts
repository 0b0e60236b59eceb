/**
 * Hardware of dependent devices, such as a MAC and its PCS: of the drivers, only the parts are modelled that show the effect of an
 * unbind. Read from the source of the drivers, never run.
 *
 * @module
 */

import { Device, type DeviceDriver, named, PROBE_DEFER } from "../kernel/device.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { mlx5Board } from "./mlx5/hardware.ts";
import { mlxswBoard } from "./mlxsw/hardware.ts";
import { stmmacBoard } from "./stmmac/drivers.ts";
import { Module } from "../kernel/module.ts";
import { closeNetdev } from "../net/netdev.ts";
import type { LinkSettings, Netdev, NetdevOps } from "../net/netns.ts";
import { acquire, oops, pause, type Steps, type Task } from "../kernel/task.ts";

/**
 * `rzn1_miic`: the switch of an RZ/N1 on the MII converter that is its PCS, held by a device link
 * (drivers/net/pcs/pcs-rzn1-miic.c). `serdes_phy`: the MAC of an Armada 8040 on a serdes PHY of the generic PHY framework. It is
 * held by references to its module and its device (drivers/phy/phy-core.c). `mlx5`, `mlx5_no_rdma`, `mlx5_subfunction`: a ConnectX
 * whose
 * reload deletes its auxiliary device and adds it again, with its RDMA driver or without, and with a subfunction;
 * `mlx5_slave`: the slave of a multi-port function, which is not reloaded. `mlxsw`: a Spectrum switch with the locks of its reload.
 * `stmmac_sgmii`, `stmmac_rgmii`: an Intel MAC with a Marvell PHY, by SGMII with a PCS between them or by RGMII; seen on real
 * kernels.
 */
export type HardwareId =
  | "rzn1_miic"
  | "serdes_phy"
  | "mlx5"
  | "mlx5_no_rdma"
  | "mlx5_subfunction"
  | "mlx5_slave"
  | "mlxsw"
  | "stmmac_sgmii"
  | "stmmac_rgmii";

/** By hardware: adds the devices to a kernel at its boot. */
export const HARDWARE: Readonly<Record<HardwareId, (kernel: Kernel, task: Task) => Steps>> = {
  rzn1_miic: miicBoard,
  serdes_phy: serdesBoard,
  mlx5: mlx5Board("rdma"),
  mlx5_no_rdma: mlx5Board("no rdma"),
  mlx5_subfunction: mlx5Board("subfunction"),
  mlx5_slave: mlx5Board("slave"),
  mlxsw: mlxswBoard,
  stmmac_sgmii: stmmacBoard("sgmii"),
  stmmac_rgmii: stmmacBoard("rgmii"),
};

/** The ids of all hardware. */
export const HARDWARE_IDS = Object.keys(HARDWARE) as HardwareId[];

/** Returns the words that are ids of hardware, for example from the requirements of a sequence. */
export function hardwareIn(words: readonly string[]): HardwareId[] {
  return words.filter((word): word is HardwareId => Object.hasOwn(HARDWARE, word));
}

/** Returns a driver that is never unloaded: it is part of the kernel image or of a module that stays. */
function driverOf(name: string, device: string, rest: Pick<DeviceDriver, "probe" | "remove">): DeviceDriver {
  const module = new Module({
    name,
    uses: [],
    // deno-lint-ignore require-yield
    *init() {
      return "ok";
    },
  });
  return { name, module, matches: named(device), ...rest };
}

/** Adds the netdev of a port whose cable is always plugged in, and returns the netdev; the rest is done by the driver. */
function addPort(
  kernel: Kernel,
  task: Task,
  name: string,
  driver: Partial<Pick<NetdevOps, "open" | "stop">> = {},
): Netdev {
  const netdev = kernel.addNetdev(kernel.init, name, ["BROADCAST", "MULTICAST"], "UP");
  netdev.carrier = netdev.followed = false;
  netdev.ops = {
    *open(task) {
      if (driver.open) yield* driver.open(task);
      kernel.linkwatch.carrier(netdev, true);
    },
    *stop(task) {
      kernel.linkwatch.carrier(netdev, false);
      if (driver.stop) yield* driver.stop(task);
    },
    // deno-lint-ignore require-yield
    *linkSettings(): Steps<LinkSettings> {
      return netdev.carrier
        ? { speed: 1000, duplex: "full", autoneg: true }
        : { speed: null, duplex: null, autoneg: true };
    },
    *restartNegotiation() {},
  };
  kernel.link(task, "new", netdev);
  return netdev;
}

/** Removes netdevs when their driver is unbound from the device. */
function managePorts(kernel: Kernel, device: Device, ports: readonly Netdev[]): void {
  device.managed.push(function* (task) {
    yield* acquire(task, kernel.rtnl);
    for (const netdev of ports) {
      yield* closeNetdev(kernel, task, netdev);
      yield* kernel.linkwatch.sync(task, netdev);
      kernel.removeNetdev(task, netdev);
    }
    kernel.rtnl.release(task);
  });
}

function* miicBoard(kernel: Kernel, task: Task): Steps {
  const { core } = kernel;
  const miic = new Device(kernel, "platform", "44030000.eth-miic");
  const converter = driverOf("rzn1_miic", miic.name, {
    // deno-lint-ignore require-yield
    *probe() {
      return "ok";
    },
  });
  const dsa = driverOf("rzn1_a5psw", "44050000.switch", {
    *probe(task, device) {
      // miic_create(): the converter has to be bound, and the device link requires this from then on
      if (miic.state !== "bound") return PROBE_DEFER;
      core.link(device, miic, { autoremoveConsumer: true });
      yield* acquire(task, kernel.rtnl);
      managePorts(kernel, device, ["lan0", "lan1"].map((name) => addPort(kernel, task, name)));
      kernel.rtnl.release(task);
      return "ok";
    },
  });
  yield* core.registerDriver(task, "platform", converter);
  yield* core.registerDriver(task, "platform", dsa);
  yield* core.addDevice(task, miic);
  yield* core.addDevice(task, new Device(kernel, "platform", "44050000.switch"));
}

function* serdesBoard(kernel: Kernel, task: Task): Steps {
  const { core } = kernel;
  const phy = new Device(kernel, "platform", "f2120000.phy");
  const comphy = driverOf("mvebu-comphy", phy.name, {
    // deno-lint-ignore require-yield
    *probe(_task, device) {
      const lanes = { freed: false };
      device.data = lanes;
      // deno-lint-ignore require-yield
      device.managed.push(function* () {
        lanes.freed = true;
      });
      return "ok";
    },
  });
  const mac = driverOf("mvpp2", "f2000000.ethernet", {
    *probe(task, device) {
      const lanes = phy.data as { freed: boolean } | undefined;
      if (phy.state !== "bound" || !lanes) return PROBE_DEFER;
      // phy_get(): the module and the struct device stay, but not the data of the PHY's driver
      comphy.module.get();
      phy.references++;
      // deno-lint-ignore require-yield
      device.managed.push(function* () {
        comphy.module.put();
        phy.references--;
      });
      const call = (op: string) => (task: Task) => callLane(kernel, task, lanes, op);
      yield* acquire(task, kernel.rtnl);
      managePorts(kernel, device, [
        addPort(kernel, task, "eth1", { open: call("phy_power_on"), stop: call("phy_power_off") }),
        addPort(kernel, task, "eth2"),
      ]);
      kernel.rtnl.release(task);
      return "ok";
    },
  });
  yield* core.registerDriver(task, "platform", comphy);
  yield* core.registerDriver(task, "platform", mac);
  yield* core.addDevice(task, phy);
  yield* core.addDevice(task, new Device(kernel, "platform", "f2000000.ethernet"));
}

/** Calls an operation on a lane of the serdes, through the pointer that the MAC keeps. */
function* callLane(kernel: Kernel, task: Task, lanes: { freed: boolean }, op: string): Steps {
  yield* pause(task, op);
  if (!lanes.freed) return;
  if (kernel.freedMemory === "poisoned") oops(task, `Oops: general protection fault: ${op}: the lane was removed`);
  if (kernel.freedMemory === "reported" && !kernel.kasanReported) {
    kernel.kasanReported = true;
    task.log("kasan", `BUG: KASAN: slab-use-after-free in ${op}: the lane was removed`);
  }
}
