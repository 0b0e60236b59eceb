/**
 * The files of netdevs in sysfs (net/core/net-sysfs.c).
 *
 * @module
 */

import type { Era } from "../era/mod.ts";
import { attribute, link, partOf, type Sketch, sysfs, type TreeDirectory } from "../kernel/tree.ts";
import { linkFlags, type Netdev } from "./netns.ts";

/** Returns the directory `power` of a device; nothing if the kernel was built without CONFIG_PM. */
export function powerDirectory(era: Era): Sketch {
  return era.configuredOut.includes("power") ? {} : { power: partOf(() => ({})) };
}

/**
 * Returns the directory `net` of a device.
 *
 * @param device The name of the device's directory; undefined for netdevs without a device
 */
export function netDirectory(era: Era, netdevs: readonly Netdev[], device: string | undefined): TreeDirectory {
  return sysfs(() => Object.fromEntries(netdevs.map((netdev) => [netdev.name, netdevDirectory(era, netdev, device)])));
}

function netdevDirectory(era: Era, netdev: Netdev, device: string | undefined): TreeDirectory {
  const flags = linkFlags(netdev);
  const bits: Readonly<Record<string, number>> = { UP: 1, BROADCAST: 2, LOOPBACK: 8, NOARP: 0x80, MULTICAST: 0x1000 };
  return partOf(() => ({
    addr_assign_type: 0o444,
    addr_len: attribute("6"),
    address: 0o444,
    broadcast: 0o444,
    carrier: 0o644,
    carrier_changes: 0o444,
    carrier_down_count: 0o444,
    carrier_up_count: 0o444,
    dev_id: 0o444,
    dev_port: 0o444,
    ...(device === undefined ? {} : { device: link(`../../../${device}`) }),
    dormant: 0o444,
    duplex: 0o444,
    flags: attribute(`0x${flags.reduce((sum, flag) => sum + (bits[flag] ?? 0), 0).toString(16)}`, 0o644),
    ifindex: attribute(String(netdev.ifindex)),
    ifalias: attribute("", 0o644),
    iflink: attribute(String(netdev.ifindex)),
    gro_flush_timeout: 0o644,
    link_mode: 0o444,
    name_assign_type: 0o444,
    napi_defer_hard_irqs: 0o644,
    netdev_group: attribute("0", 0o644),
    mtu: 0o644,
    operstate: 0o444,
    phys_port_id: 0o444,
    phys_port_name: 0o444,
    phys_switch_id: 0o444,
    proto_down: 0o644,
    speed: 0o444,
    subsystem: link("../../../../class/net"),
    testing: 0o444,
    threaded: 0o644,
    tx_queue_len: attribute("1000", 0o644),
    type: attribute(netdev.name === "lo" ? "772" : "1"),
    ...powerDirectory(era),
    queues: partOf(() => ({})),
    statistics: partOf(() => ({})),
    uevent: attribute(`INTERFACE=${netdev.name}\nIFINDEX=${netdev.ifindex}`, 0o644),
  }));
}
