/**
 * Operations that are raced against each other, by name: the state in which they begin, and the pairs that make sense.
 *
 * @module
 */

import { netdevsimEra } from "../../model/drivers/netdevsim/era.ts";
import { type Era, Machine, type MachineOptions, type Operation } from "../../model/mod.ts";

/** The device that all operations use. */
export const DEVICE = "netdevsim/netdevsim10";

const SYSFS = "/sys/bus/netdevsim";
const DEBUGFS = "/sys/kernel/debug/netdevsim/netdevsim10";
const write = (path: string, value: string): Operation => ({ kind: "file.write", path, value });

/** The set-up of every race: a device with a port, another device, a netns, a snapshot, and firmware to flash. */
export const BEFORE: readonly Operation[] = [
  { kind: "netns.add", name: "t1" },
  write("/lib/firmware/mock_fw.bin", "firmware"),
  write(`${SYSFS}/new_device`, "10 1"),
  write(`${SYSFS}/new_device`, "11 0"),
  { kind: "region.new", handle: DEVICE, region: "dummy", snapshot: 7 },
];

/** The operations by name. */
export const RACE_OPERATIONS = {
  reload: { kind: "dev.reload", handle: DEVICE },
  reload_netns: { kind: "dev.reload", handle: DEVICE, to: "t1" },
  reload_other: { kind: "dev.reload", handle: "netdevsim/netdevsim11" },
  dev_show: { kind: "dev.show" },
  dev_info: { kind: "dev.info", handle: DEVICE },
  dev_flash: { kind: "dev.flash", handle: DEVICE, file: "mock_fw.bin" },
  eswitch_set: { kind: "dev.eswitch.set", handle: DEVICE, mode: "switchdev" },
  port_show: { kind: "port.show" },
  param_show: { kind: "param.show", handle: DEVICE, name: "max_macs" },
  param_set: { kind: "param.set", handle: DEVICE, name: "max_macs", value: 16, cmode: "driverinit" },
  resource_show: { kind: "resource.show", handle: DEVICE },
  resource_set: { kind: "resource.set", handle: DEVICE, path: "/IPv4/fib", size: 100 },
  region_show: { kind: "region.show" },
  region_new: { kind: "region.new", handle: DEVICE, region: "dummy" },
  region_del: { kind: "region.del", handle: DEVICE, region: "dummy", snapshot: 7 },
  health_show: { kind: "health.show" },
  health_recover: { kind: "health.recover", handle: DEVICE, reporter: "dummy" },
  dump_show: { kind: "health.dump.show", handle: DEVICE, reporter: "dummy" },
  dump_clear: { kind: "health.dump.clear", handle: DEVICE, reporter: "dummy" },
  break_health: write(`${DEBUGFS}/health/break_health`, "broken"),
  take_snapshot: write(`${DEBUGFS}/take_snapshot`, "1"),
  trap_show: { kind: "trap.show" },
  trap_set: { kind: "trap.set", handle: DEVICE, name: "source_mac_is_multicast", action: "trap" },
  trap_group_set: { kind: "trap.group.set", handle: DEVICE, name: "l2_drops", policer: 1 },
  trap_policer_set: { kind: "trap.policer.set", handle: DEVICE, policer: 1, rate: 2000 },
  new_device: write(`${SYSFS}/new_device`, "12 1"),
  del_device: write(`${SYSFS}/del_device`, "10"),
  unbind: write(`${SYSFS}/drivers/netdevsim/unbind`, "netdevsim10"),
  bind: write(`${SYSFS}/drivers/netdevsim/bind`, "netdevsim10"),
  new_port: write(`${SYSFS}/devices/netdevsim10/new_port`, "5"),
  del_port: write(`${SYSFS}/devices/netdevsim10/del_port`, "0"),
  numvfs: write(`${SYSFS}/devices/netdevsim10/sriov_numvfs`, "2"),
  link_up: { kind: "link.set", handle: DEVICE, port: 0, up: true },
  ethtool_info: { kind: "ethtool.info", handle: DEVICE, port: 0 },
  netns_add: { kind: "netns.add", name: "t2" },
  netns_del: { kind: "netns.del", name: "t1" },
} as const satisfies Readonly<Record<string, Operation>>;

/** The name of an operation. */
export type RaceOperation = keyof typeof RACE_OPERATIONS;

/** True if the text is the name of an operation. */
export function isRaceOperation(name: string): name is RaceOperation {
  return Object.hasOwn(RACE_OPERATIONS, name);
}

/** Returns the operations that a kernel of an era has. */
export function operationsOf(era: Era): RaceOperation[] {
  const lacking = netdevsimEra(era).vfPorts ? [] : ["eswitch_set"];
  return (Object.keys(RACE_OPERATIONS) as RaceOperation[]).filter((name) => !lacking.includes(name));
}

/** Returns a machine in the state in which the operations begin. */
export function machineBefore(options: MachineOptions, before: readonly Operation[] = BEFORE): Machine {
  const machine = new Machine({ listeners: "all", ...options });
  for (const op of before) machine.perform(op);
  return machine;
}
