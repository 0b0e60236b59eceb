/**
 * What there is to see in sysfs and debugfs: directories and what is in them, for who lists and finds files. What a file
 * holds, and what writing it does, is its owner's ({@linkcode FileOwner}); files that do nothing else than hold a value
 * which the model does not use hold it here.
 *
 * @module
 */

import type { Kernel } from "./kernel.ts";
import type { NetdevsimBus, NetdevsimDevice } from "./netdevsim/bus.ts";
import { linkFlags, type Netdev, type Netns } from "./netns.ts";

/** A directory. */
export interface TreeDirectory {
  /** What it is */
  readonly type: "dir";
  /** Its permissions, for example 0o755 */
  readonly mode: number;
  /** What is in it, by name */
  readonly entries: () => ReadonlyMap<string, TreeNode>;
}

/** A symbolic link. */
export interface TreeLink {
  /** What it is */
  readonly type: "link";
  /** Where it points to */
  readonly target: string;
}

/** A file. */
export interface TreeFile {
  /** What it is */
  readonly type: "file";
  /** Its permissions, for example 0o644 */
  readonly mode: number;
  /** What stat(2) says of its size: a page in sysfs, nothing in debugfs */
  readonly size: number;
  /** What it holds where the model has no use for it; undefined where it is somebody's */
  readonly text?: string;
}

/** What a path can be. */
export type TreeNode = TreeDirectory | TreeLink | TreeFile;

/** How a tree is written down here: a directory, the mode of a file, or a file that holds a text. */
type Sketch = { readonly [name: string]: Sketch | TreeNode | number | string | undefined };

const RW = 0o600;
const RO = 0o400;
const WO = 0o200;

function directory(sketch: () => Sketch, size: number, mode = 0o755): TreeDirectory {
  return {
    type: "dir",
    mode,
    entries: () => {
      const result = new Map<string, TreeNode>();
      for (const [name, each] of Object.entries(sketch())) {
        if (each === undefined) continue;
        if (typeof each === "number") result.set(name, { type: "file", mode: each, size });
        else if (typeof each === "string") result.set(name, { type: "file", mode: RW, size, text: each });
        else if ("type" in each && typeof each.type === "string") result.set(name, each as TreeNode);
        else result.set(name, directory(() => each as Sketch, size));
      }
      return result;
    },
  };
}

const link = (target: string): TreeLink => ({ type: "link", target });
const fixed = (text: string, mode: number): TreeFile => ({ type: "file", mode, size: 0, text });
const PAGE = 4096;
const sysfs = (sketch: () => Sketch): TreeDirectory => directory(sketch, PAGE);
const debugfs = (sketch: () => Sketch, mode?: number): TreeDirectory => directory(sketch, 0, mode);

/** The directory `/sys` of a kernel as somebody in `netns` sees it; debugfs is mounted in the first netns alone. */
export function sysfsTree(kernel: Kernel, netns: Netns): TreeDirectory {
  const bus = kernel.owners.find((owner): owner is NetdevsimBus => "devices" in owner && owner.devices instanceof Map);
  const { lacks } = kernel.era.netdevsim;
  const builtIn = lacks.has("module");
  const devices = bus ? [...bus.devices.values()] : [];
  const others = [...netns.netdevs.values()].filter((netdev) => !deviceOf(devices, netdev));
  const each = (of: (device: NetdevsimDevice) => TreeNode | undefined): Sketch =>
    Object.fromEntries(devices.map((device) => [device.name, of(device)]));
  return sysfs(() => ({
    bus: sysfs(() => ({
      netdevsim: bus && sysfs(() => ({
        del_device: WO,
        devices: sysfs(() => each((device) => link(`../../../devices/${device.name}`))),
        drivers: sysfs(() => ({
          netdevsim: sysfs(() => ({
            bind: WO,
            ...(builtIn ? {} : { module: link("../../../../module/netdevsim") }),
            ...Object.fromEntries(
              devices.filter((device) => device.driver).map(
                (device) => [device.name, link(`../../../../devices/${device.name}`)],
              ),
            ),
            uevent: WO,
            unbind: WO,
          })),
        })),
        drivers_autoprobe: { type: "file", mode: 0o644, size: PAGE, text: "1" },
        drivers_probe: WO,
        ...(lacks.has("link_device") ? {} : { link_device: WO }),
        new_device: WO,
        uevent: WO,
        ...(lacks.has("link_device") ? {} : { unlink_device: WO }),
      })),
    })),
    class: sysfs(() => ({
      net: sysfs(() =>
        Object.fromEntries(
          [...netns.netdevs.values()].map((netdev) => {
            const folder = deviceOf(devices, netdev)?.name ?? (isBoards(netdev) ? `${BOARD}/virtio0` : "virtual");
            return [netdev.name, link(`../../devices/${folder}/net/${netdev.name}`)];
          }),
        )
      ),
    })),
    devices: sysfs(() => ({
      ...each((device) => deviceDirectory(device, netns, lacks)),
      "pci0000:00": sysfs(() => ({
        "0000:00:01.0": sysfs(() => ({
          virtio0: sysfs(() => ({ net: netDirectory(others.filter(isBoards), "virtio0", lacks) })),
        })),
      })),
      virtual: sysfs(() => ({
        net: netDirectory(others.filter((netdev) => !isBoards(netdev)), undefined, lacks),
      })),
    })),
    kernel: sysfs(() => ({
      debug: debugfs(
        () => netns === kernel.init && bus ? { netdevsim: debugfs(() => each((one) => knobs(kernel, one))) } : {},
        0o700,
      ),
    })),
    module: sysfs(() => ({
      netdevsim: builtIn ? undefined : bus && sysfs(() => ({
        coresize: 0o444,
        drivers: sysfs(() => ({ "netdevsim:netdevsim": link("../../../bus/netdevsim/drivers/netdevsim") })),
        holders: sysfs(() => ({})),
        initsize: 0o444,
        initstate: { type: "file", mode: 0o444, size: PAGE, text: "live" },
        refcnt: { type: "file", mode: 0o444, size: PAGE, text: "0" },
        uevent: WO,
      })),
    })),
  }));
}

/** The board's own interface, and where it is. */
const BOARD = "pci0000:00/0000:00:01.0";
const isBoards = (netdev: Netdev) => netdev.downFlags.includes("MULTICAST");

function deviceOf(devices: readonly NetdevsimDevice[], netdev: Netdev): NetdevsimDevice | undefined {
  return devices.find((device) => device.driver?.dl.ports.some((port) => port.netdev === netdev));
}

function deviceDirectory(device: NetdevsimDevice, netns: Netns, lacks: ReadonlySet<string>): TreeDirectory {
  const netdevs = device.driver?.dl.ports.flatMap((port) => port.netdev ? [port.netdev] : []) ?? [];
  const seen = netdevs.filter((netdev) => netdev.netns === netns);
  return sysfs(() => ({
    del_port: WO,
    ...(device.driver ? { driver: link("../../bus/netdevsim/drivers/netdevsim") } : {}),
    ...(netdevs.length > 0 ? { net: netDirectory(seen, device.name, lacks) } : {}),
    new_port: WO,
    ...(lacks.has("power") ? {} : { power: sysfs(() => ({})) }),
    sriov_numvfs: 0o664,
    subsystem: link("../../bus/netdevsim"),
    uevent: { type: "file", mode: 0o644, size: PAGE, text: device.driver ? "DRIVER=netdevsim" : "" },
  }));
}

function netDirectory(
  netdevs: readonly Netdev[],
  device: string | undefined,
  lacks: ReadonlySet<string>,
): TreeDirectory {
  return sysfs(() =>
    Object.fromEntries(netdevs.map((netdev) => [netdev.name, netdevDirectory(netdev, device, lacks)]))
  );
}

function netdevDirectory(netdev: Netdev, device: string | undefined, lacks: ReadonlySet<string>): TreeDirectory {
  const value = (text: string, mode = 0o444): TreeFile => ({ type: "file", mode, size: PAGE, text });
  const flags = linkFlags(netdev);
  const bits: Readonly<Record<string, number>> = { UP: 1, BROADCAST: 2, LOOPBACK: 8, NOARP: 0x80, MULTICAST: 0x1000 };
  return sysfs(() => ({
    addr_assign_type: value("1"),
    addr_len: value("6"),
    address: 0o444,
    broadcast: 0o444,
    carrier: 0o644,
    carrier_changes: value("0"),
    carrier_down_count: value("0"),
    carrier_up_count: value("0"),
    dev_id: value("0x0"),
    dev_port: value("0"),
    ...(device === undefined ? {} : { device: link(`../../../${device}`) }),
    dormant: value("0"),
    duplex: 0o444,
    flags: value(`0x${flags.reduce((sum, flag) => sum + (bits[flag] ?? 0), 0).toString(16)}`, 0o644),
    ifindex: value(String(netdev.ifindex)),
    ifalias: value("", 0o644),
    iflink: value(String(netdev.ifindex)),
    gro_flush_timeout: value("0", 0o644),
    link_mode: value("0"),
    name_assign_type: value("4"),
    napi_defer_hard_irqs: value("0", 0o644),
    netdev_group: value("0", 0o644),
    mtu: 0o644,
    operstate: 0o444,
    phys_port_id: 0o444,
    phys_port_name: 0o444,
    phys_switch_id: 0o444,
    proto_down: value("0", 0o644),
    speed: 0o444,
    subsystem: link("../../../../class/net"),
    testing: value("0"),
    threaded: value("0", 0o644),
    tx_queue_len: value("1000", 0o644),
    type: value(netdev.name === "lo" ? "772" : "1"),
    ...(lacks.has("power") ? {} : { power: sysfs(() => ({})) }),
    queues: sysfs(() => ({})),
    statistics: sysfs(() => ({})),
    uevent: value(`INTERFACE=${netdev.name}\nIFINDEX=${netdev.ifindex}`, 0o644),
  }));
}

/** What a node of rates, and the port of a VF, can be asked for. */
const RATE_FILES: Sketch = { rate_parent: RO, tx_max: RO, tx_share: RO };

/** The knobs of a bound device in debugfs; undefined where it is not bound. */
function knobs(kernel: Kernel, device: NetdevsimDevice): TreeDirectory | undefined {
  const { driver } = device;
  if (!driver) return undefined;
  const { lacks, pauseStats } = kernel.era.netdevsim;
  const failed = driver.dl.reloadFailed;
  const has = (sketch: Sketch): Sketch =>
    Object.fromEntries(Object.entries(sketch).filter(([name]) => !lacks.has(name)));
  const existing = (sketch: Sketch): Sketch => has(Object.fromEntries(Object.entries(sketch).sort()));
  const ports = () =>
    Object.fromEntries(driver.dl.ports.map((port) => [
      String(port.index),
      portKnobs(device, port.flavour["flavour"] === "pcivf", pauseStats, has),
    ]));
  const tops = [...driver.knobs.keys()].filter((path) => !path.includes("/"));
  return debugfs(() =>
    existing({
      ...Object.fromEntries(tops.map((path) => [path, RW])),
      bpf_bound_progs: {},
      hwstats: failed ? undefined : { l3: { disable_ifindex: WO, enable_ifindex: WO, fail_next_enable: WO } },
      max_vfs: RW,
      ports: debugfs(ports),
      rate_nodes: Object.fromEntries(driver.ports.rates.nodes.map((name) => [name, RATE_FILES])),
      take_snapshot: failed ? undefined : WO,
      trap_flow_action_cookie: RW,
      ...(failed ? {} : {
        fib: {
          fail_nexthop_bucket_replace: RW,
          fail_res_nexthop_group_replace: RW,
          fail_route_delete: RW,
          fail_route_offload: RW,
          nexthop_bucket_activity: WO,
        },
        health: { binary_len: RW, break_health: WO, fail_recover: RW },
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
  const { dev, ethtool, pp_hold, queue_reset } = all;
  return debugfs(() => has({ dev, ethtool, pp_hold, queue_reset, ...RATE_FILES }));
}
