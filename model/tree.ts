/**
 * The trees of sysfs and debugfs: directories and their entries, for commands that list and find files. The owner of a file
 * ({@linkcode FileOwner}) knows its content and the effect of a write; the files of a driver are in `DriverModel.tree`.
 *
 * @module
 */

import { DRIVERS } from "./drivers/mod.ts";
import type { TreePlace } from "./drivers/driver.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { debugfs, directory, link, partOf, type Sketch, sysfs, type TreeDirectory } from "./kernel/tree.ts";
import { netDirectory } from "./net/netdev_tree.ts";
import type { Netdev, Netns } from "./net/netns.ts";

/** Returns the directory `/sys` as a process in `netns` sees it; debugfs is mounted only in the initial netns. */
export function sysfsTree(kernel: Kernel, netns: Netns): TreeDirectory {
  const { era } = kernel;
  const trees = DRIVERS.map(({ tree }) => tree?.(kernel, netns));
  const of = (place: TreePlace): Sketch => Object.assign({}, ...trees.map((tree) => tree?.[place]?.()));
  const deviceOf = (netdev: Netdev) => {
    for (const driver of DRIVERS) {
      const device = driver.deviceOf?.(kernel, netdev);
      if (device !== undefined) return device;
    }
    return undefined;
  };
  const others = [...netns.netdevs.values()].filter((netdev) => deviceOf(netdev) === undefined);
  return sysfs(() => ({
    ...Object.fromEntries(["block", "dev", "firmware", "fs"].map((name) => [name, partOf(() => ({}))])),
    ...(era.configuredOut.includes("power") ? {} : { power: partOf(() => ({})) }),
    bus: partOf(() => ({
      platform: partOf(() => ({ drivers: partOf(() => of("bus/platform/drivers")) })),
      ...of("bus"),
    })),
    class: partOf(() => ({
      net: sysfs(() =>
        Object.fromEntries(
          [...netns.netdevs.values()].map((netdev) => {
            const folder = deviceOf(netdev) ?? (isBoards(netdev) ? `${BOARD}/virtio0` : "virtual");
            return [netdev.name, link(`../../devices/${folder}/net/${netdev.name}`)];
          }),
        )
      ),
    })),
    devices: partOf(() => ({
      ...of("devices"),
      "pci0000:00": partOf(() => ({
        "0000:00:01.0": partOf(() => ({
          virtio0: partOf(() => ({ net: netDirectory(era, others.filter(isBoards), "virtio0") })),
        })),
      })),
      virtual: partOf(() => ({
        net: netDirectory(era, others.filter((netdev) => !isBoards(netdev)), undefined),
      })),
    })),
    kernel: partOf(() => ({
      // `ip netns exec` mounts a new sysfs for the netns, without debugfs
      debug: netns === kernel.init ? debugfsRoot(of("kernel/debug")) : sysfs(() => ({})),
    })),
    module: partOf(() => of("module")),
  }));
}

/** The tracepoints of devlink (include/trace/events/devlink.h). */
const TRACEPOINTS = [
  "devlink_health_recover_aborted",
  "devlink_health_report",
  "devlink_health_reporter_state_update",
  "devlink_hwerr",
  "devlink_hwmsg",
  "devlink_trap_report",
];

/** Returns the root of debugfs, with the directories of drivers. */
function debugfsRoot(drivers: Sketch): TreeDirectory {
  const point = () => ({ enable: 0o640, filter: 0o640, format: 0o440, hist: 0o440, id: 0o440, trigger: 0o640 });
  const devlink = debugfs(() => ({
    ...Object.fromEntries(TRACEPOINTS.map((name) => [name, partOf(point)])),
    enable: 0o640,
    filter: 0o640,
  }));
  return directory(
    () => ({ ...drivers, tracing: partOf(() => ({ events: partOf(() => ({ devlink })) })) }),
    0,
    { mode: 0o700, partial: "listed" },
  );
}

/** The device of the board's own interface, below `/sys/devices`. */
const BOARD = "pci0000:00/0000:00:01.0";
const isBoards = (netdev: Netdev) => netdev.downFlags.includes("MULTICAST");
