/**
 * The files of netdevsim in sysfs and debugfs, for commands that list and find files. The content of files and the effects of
 * writes
 * are in bus.ts and debugfs.ts. A file with a fixed value that the model does not use has the value here.
 *
 * @module
 */

import type { Kernel } from "../../kernel/kernel.ts";
import {
  attribute,
  debugfs,
  link,
  partOf,
  RO,
  RW,
  type Sketch,
  sysfs,
  type TreeDirectory,
  type TreeFile,
  type TreeNode,
  WO,
} from "../../kernel/tree.ts";
import { netDirectory, powerDirectory } from "../../net/netdev_tree.ts";
import type { Netdev, Netns } from "../../net/netns.ts";
import type { Era } from "../../era/mod.ts";
import type { DriverTree } from "../driver.ts";
import { netdevsimDevices } from "./bus.ts";
import { bandwidthFiles } from "./rates.ts";
import { NETDEVSIM } from "./device.ts";
import { netdevsimEra } from "./era.ts";
import type { NetdevsimDevice } from "./netdevsim.ts";

/** Returns a file of debugfs that only holds a text. */
const fixed = (text: string, mode: number): TreeFile => ({ type: "file", mode, size: 0, text });

/** Returns the files of netdevsim as a process in `netns` sees them. */
export function netdevsimTree(kernel: Kernel, netns: Netns): DriverTree {
  const loaded = kernel.core.registered(NETDEVSIM);
  const builtIn = kernel.era.configuredOut.includes("module");
  const devices = netdevsimDevices(kernel);
  const each = (of: (device: NetdevsimDevice) => TreeNode | undefined): Sketch =>
    Object.fromEntries(devices.map((device) => [device.name, of(device)]));
  return {
    "bus": () => ({ netdevsim: loaded ? busDirectory(kernel, devices, builtIn) : undefined }),
    "devices": () => each((device) => deviceDirectory(kernel, device, netns)),
    "kernel/debug": () => ({ netdevsim: loaded ? debugfs(() => each((one) => knobs(kernel, one))) : undefined }),
    "module": () => ({ netdevsim: loaded && !builtIn ? moduleDirectory() : undefined }),
  };
}

/** Returns the name of the device of a netdev; undefined if it is not a netdevsim. */
export function netdevsimDeviceOf(kernel: Kernel, netdev: Netdev): string | undefined {
  return netdevsimDevices(kernel).find(({ data }) => data?.dl.ports.some((port) => port.netdev === netdev))?.name;
}

function busDirectory(kernel: Kernel, devices: readonly NetdevsimDevice[], builtIn: boolean): TreeDirectory {
  const links = !netdevsimEra(kernel.era).lacks.has("link_device");
  return sysfs(() => ({
    del_device: WO,
    devices: sysfs(() => linksTo(devices, "../../../devices")),
    drivers: sysfs(() => ({
      netdevsim: sysfs(() => ({
        bind: WO,
        ...(builtIn ? {} : { module: link("../../../../module/netdevsim") }),
        ...linksTo(devices.filter(({ data }) => data), "../../../../devices"),
        uevent: WO,
        unbind: WO,
      })),
    })),
    drivers_autoprobe: attribute("1", 0o644),
    drivers_probe: WO,
    ...(links ? { link_device: WO } : {}),
    new_device: WO,
    uevent: WO,
    ...(links ? { unlink_device: WO } : {}),
  }));
}

function linksTo(devices: readonly NetdevsimDevice[], folder: string): Sketch {
  return Object.fromEntries(devices.map(({ name }) => [name, link(`${folder}/${name}`)]));
}

function moduleDirectory(): TreeDirectory {
  return partOf(() => ({
    coresize: 0o444,
    drivers: sysfs(() => ({ "netdevsim:netdevsim": link("../../../bus/netdevsim/drivers/netdevsim") })),
    holders: sysfs(() => ({})),
    initsize: 0o444,
    initstate: attribute("live"),
    parameters: undefined,
    refcnt: attribute("0"),
    uevent: WO,
  }));
}

function deviceDirectory({ era }: Kernel, device: NetdevsimDevice, netns: Netns): TreeDirectory {
  const netdevs = device.data?.dl.ports.flatMap((port) => port.netdev ? [port.netdev] : []) ?? [];
  const seen = netdevs.filter((netdev) => netdev.netns === netns);
  const attributes = device.files.gone ? {} : { del_port: WO, new_port: WO, sriov_numvfs: 0o664 };
  return sysfs(() => ({
    ...attributes,
    ...(device.data ? { driver: link("../../bus/netdevsim/drivers/netdevsim") } : {}),
    ...(netdevs.length > 0 ? { net: netDirectory(era, seen, device.name) } : {}),
    ...powerDirectory(era),
    subsystem: link("../../bus/netdevsim"),
    uevent: attribute(device.data ? "DRIVER=netdevsim" : "", 0o644),
  }));
}

/** Returns the files of a rate node or of a VF's port. */
const rateFiles = (era: Era): Sketch => ({
  rate_parent: RO,
  ...Object.fromEntries(bandwidthFiles(era).map((name) => [name, RO])),
  tx_max: RO,
  tx_share: RO,
});

/** Returns the knobs of a bound device in debugfs; undefined if the device is not bound. */
function knobs(kernel: Kernel, device: NetdevsimDevice): TreeDirectory | undefined {
  const driver = device.data;
  if (!driver || driver.filesOf("").gone) return undefined;
  const there = (path: string) => !failed && !driver.filesOf(path).gone;
  const { lacks, pauseStats } = netdevsimEra(kernel.era);
  const failed = driver.dl.reloadFailed;
  const has = (sketch: Sketch): Sketch =>
    Object.fromEntries(Object.entries(sketch).filter(([name]) => !lacks.has(name)));
  const existing = (sketch: Sketch): Sketch => has(Object.fromEntries(Object.entries(sketch).sort()));
  const ports = () =>
    Object.fromEntries(driver.dl.ports.map((port) => [
      String(port.index),
      portKnobs(kernel.era, device, port.flavour["flavour"] === "pcivf", pauseStats, has),
    ]));
  const tops = [...driver.knobs.keys()].filter((path) => !path.includes("/"));
  return debugfs(() =>
    existing({
      ...Object.fromEntries(tops.map((path) => [path, RW])),
      bpf_bound_progs: {},
      hwstats: failed ? undefined : { l3: { disable_ifindex: WO, enable_ifindex: WO, fail_next_enable: WO } },
      max_vfs: RW,
      ports: debugfs(ports),
      rate_nodes: Object.fromEntries(driver.ports.rates.nodes.map((name) => [name, rateFiles(kernel.era)])),
      take_snapshot: there("take_snapshot") ? WO : undefined,
      trap_flow_action_cookie: RW,
      ...(failed ? {} : {
        fib: {
          fail_nexthop_bucket_replace: RW,
          fail_res_nexthop_group_replace: RW,
          fail_route_delete: RW,
          fail_route_offload: RW,
          nexthop_bucket_activity: WO,
        },
        health: there("health/") ? { binary_len: RW, break_health: WO, fail_recover: RW } : undefined,
        psample: {
          enable: WO,
          group_num: "10",
          in_ifindex: "1",
          latency_max: "50",
          out_ifindex: "2",
          out_tc: "0",
          out_tc_occ_max: "10000",
          rate: "100",
          trunc_size: "0",
        },
      }),
    })
  );
}

function portKnobs(
  era: Era,
  device: NetdevsimDevice,
  virtual: boolean,
  pauseStats: string,
  has: (sketch: Sketch) => Sketch,
): TreeDirectory {
  const all: Sketch = {
    bpf_map_accept: "Y",
    bpf_offloaded_id: fixed("0", RO),
    bpf_tc_accept: "Y",
    bpf_tc_non_bound_accept: "N",
    bpf_xdpdrv_accept: "Y",
    bpf_xdpoffload_accept: "Y",
    dev: link(`../../../${device.name}`),
    ethtool: has({
      get_err: "0",
      pause: { report_stats_rx: pauseStats, report_stats_tx: pauseStats },
      ring: {
        rx_jumbo_max_pending: "4096",
        rx_max_pending: "4096",
        rx_mini_max_pending: "4096",
        tx_max_pending: "4096",
      },
      set_err: "0",
    }),
    ipsec: fixed("SA count=0 tx=0", RO),
    pp_hold: "n",
    queue_reset: WO,
    udp_ports: {
      inject_error: "0",
      reset: WO,
      table0: fixed("0\n0\n0\n0", RO),
      table1: fixed("0\n0\n0\n0", RO),
    },
    vlan: fixed("", RO),
  };
  if (!virtual) return debugfs(() => has(all));
  const { dev, ethtool, pp_hold, queue_reset, vlan } = all;
  return debugfs(() => has({ dev, ethtool, pp_hold, queue_reset, ...rateFiles(era), vlan }));
}
