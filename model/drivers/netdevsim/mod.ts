/**
 * The model of netdevsim: writes to its bus make the devices of this driver (drivers/net/netdevsim).
 *
 * @module
 */

import type { DriverModel } from "../driver.ts";
import { NetdevsimBus, netdevsimDevices } from "./bus.ts";
import { FRAME, GROUPS, TRAP_INTERVAL, TRAPS } from "./data.ts";
import { NETDEVSIM } from "./device.ts";
import { FILE_GAPS } from "./file_gaps.ts";
import { FUZZ } from "./fuzz.ts";
import { netdevsimInventory } from "./inventory.ts";
import { netdevsimWith } from "./start.ts";
import { netdevsimDeviceOf, netdevsimTree } from "./tree.ts";

/** netdevsim. */
export const netdevsim: DriverModel = {
  name: NETDEVSIM,
  drivers: [NETDEVSIM],
  modules: (kernel) => [{
    name: NETDEVSIM,
    uses: [],
    *init(task, module) {
      const bus = new NetdevsimBus(kernel, module);
      yield* bus.init(task);
      return bus;
    },
  }],
  boot: [NETDEVSIM],
  inventory: netdevsimInventory,
  start: netdevsimWith,
  devices: (kernel) =>
    netdevsimDevices(kernel).map(({ id, name, data, numVfs, creator }) => ({
      id,
      name,
      bound: data !== undefined,
      vfs: numVfs,
      homeAlive: creator.alive,
      removal: { kind: "file.write", path: "/sys/bus/netdevsim/del_device", value: String(id) },
    })),
  bus: NETDEVSIM,
  makes: (op) =>
    op.kind === "file.write" && /^\/sys\/bus\/netdevsim\/(new_device|del_device)$/.test(op.path)
      ? `netdevsim/netdevsim${parseInt(op.value)}`
      : undefined,
  tree: netdevsimTree,
  deviceOf: netdevsimDeviceOf,
  fileGaps: FILE_GAPS,
  presence: [{
    capability: "netdevsim",
    file: "/sys/bus/netdevsim/new_device",
    lacking: "has no netdevsim (CONFIG_NETDEVSIM, or the module is not loaded)",
  }, {
    capability: "debugfs",
    lacking: "has no debugfs at /sys/kernel/debug, where netdevsim has its knobs",
  }],
  log: [
    /^netdevsim[ :]/,
    /^Failed to (register (fib|nexthop) notifier|create region snapshot|initialize VF id=)/,
    /^Format for (adding|deleting|linking|unlinking) /,
    /^(Value of "id" is too big\.|Could not find netns with fd: |The supplied perm_addr is not a valid MAC |tx_(share|max) rate value )/,
  ],
  fuzz: FUZZ,
  packets: {
    interval: TRAP_INTERVAL,
    bytes: FRAME,
    largestGroup: Math.max(...GROUPS.map(({ name }) => TRAPS.filter(({ group }) => group === name).length)),
    countingGroups: new Set(TRAPS.filter(({ type }) => type !== "drop").map(({ group }) => group)),
  },
};
