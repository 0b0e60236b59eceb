/** For tests: machines with a MAC of stmmac, and operations on them. */

import { assertEquals } from "@std/assert";
import {
  BOOTED_ERAS,
  type EraId,
  type FreedMemory,
  type HardwareId,
  Machine,
  type Observation,
  type Operation,
} from "../../mod.ts";

export { BOOTED_ERAS as BOOTED };

export const HANDLE = "pci/0000:01:00.0";
const PHY = { bus: "mdio_bus", driver: "Marvell 88E1510", device: "stmmac-1:01" } as const;
const MAC = { bus: "pci", driver: "intel-eth-pci", device: "0000:01:00.0" } as const;

const file = (of: typeof PHY | typeof MAC, name: "bind" | "unbind"): Operation => ({
  kind: "file.write",
  path: `/sys/bus/${of.bus}/drivers/${of.driver}/${name}`,
  value: of.device,
  settle: 3000,
});
export const unbindPhy = file(PHY, "unbind");
export const bindPhy = file(PHY, "bind");
export const unbindMac = file(MAC, "unbind");
export const bindMac = file(MAC, "bind");
export const up: Operation = { kind: "netdev.set", dev: "eth1", up: true, settle: 3000 };
export const down: Operation = { kind: "netdev.set", dev: "eth1", up: false, settle: 3000 };
export const ethtool: Operation = { kind: "ethtool.show", dev: "eth1" };
export const restart: Operation = { kind: "ethtool.restart", dev: "eth1", settle: 3000 };
export const unload: Operation = { kind: "module.unload", name: "marvell" };
export const cable = (plugged: boolean): Operation => ({
  kind: "device",
  handle: HANDLE,
  operation: { link: { port: 0, up: plugged } },
  settle: 3000,
});

/** Returns a machine whose link is up. */
export function linked(
  era: EraId,
  hardware: HardwareId = "stmmac_sgmii",
  freedMemory: FreedMemory = "kept",
): Machine {
  const machine = new Machine({ era, hardware: [hardware], freedMemory });
  assertEquals(machine.perform(up).result, "ok");
  assertEquals(carrier(machine), "1");
  return machine;
}

const shown = (machine: Machine, path: string) => {
  const { result, sysfs } = machine.perform({ kind: "file.read", path });
  return sysfs ?? result;
};
export const carrier = (machine: Machine) => shown(machine, "/sys/class/net/eth1/carrier");
export const references = (machine: Machine) => shown(machine, "/sys/module/marvell/refcnt");

export const log = ({ kmsg }: Observation) =>
  kmsg.map(({ text }) => text.replace("intel-eth-pci 0000:01:00.0 eth1: ", ""));

/** Returns the result of a step in a few words: with its findings, and `?` if the model does not know whether the kernel breaks. */
export function outcome(machine: Machine, step: Operation): string {
  const observation = machine.perform(step);
  const found = observation.unknown?.result === undefined
    ? new Set(observation.kmsg.flatMap(({ class: kind }) => kind === "info" ? [] : [kind]))
    : ["?"];
  return [observation.result, ...found].join(" ");
}
