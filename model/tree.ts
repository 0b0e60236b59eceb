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
  /**
   * What else a kernel has in it: nothing (false); some (true), so that neither a name that is not here nor a list of names can
   * be told; `listed`, some that belong to other subsystems, which a list of names does without
   */
  readonly partial: boolean | "listed";
  /** What is in it, by name */
  readonly entries: () => ReadonlyMap<string, TreeNode>;
  /** Names that a kernel does not have in it; matters only in a partial directory */
  readonly absent: () => ReadonlySet<string>;
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

/** How a tree is written down here: a directory, the mode of a file, or a file that holds a text; undefined is known not to be there. */
type Sketch = { readonly [name: string]: Sketch | TreeNode | number | string | undefined };

const RW = 0o600;
const RO = 0o400;
const WO = 0o200;

function directory(
  sketch: () => Sketch,
  size: number,
  { mode = 0o755, partial = false }: Partial<Pick<TreeDirectory, "mode" | "partial">> = {},
): TreeDirectory {
  return {
    type: "dir",
    mode,
    partial,
    absent: () => new Set(Object.entries(sketch()).flatMap(([name, each]) => each === undefined ? [name] : [])),
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
const debugfs = (sketch: () => Sketch): TreeDirectory => directory(sketch, 0);
/** A directory of which only a part is told of here. */
const partOf = (sketch: () => Sketch): TreeDirectory => directory(sketch, PAGE, { partial: true });

/** What a path turned out to be: `absent` where nothing is there, `unknown` where the tree does not tell. */
export type Found = { node: TreeNode; path: string } | "absent" | "unknown";

/** The most links that are followed on the way to a file, as the kernel has it. */
const MOST_LINKS = 40;

/**
 * Looks a path below `/sys` up.
 *
 * @param root The directory `/sys`
 * @param follow Whether links are followed; the last part of the path, too
 */
export function lookUp(root: TreeDirectory, path: string, follow: boolean): Found {
  const left = path.split("/").slice(2);
  let links = 0;
  const way: [name: string, node: TreeNode][] = [["sys", root]];
  while (left.length > 0) {
    const part = left.shift()!;
    if (part === "" || part === ".") continue;
    const [, at] = way.at(-1)!;
    if (at.type !== "dir") return "absent";
    if (part === "..") {
      if (way.length > 1) way.pop();
      continue;
    }
    const node = at.entries().get(part);
    if (!node) return at.partial && !at.absent().has(part) ? "unknown" : "absent";
    if (node.type === "link" && follow) {
      if (++links > MOST_LINKS) return "absent";
      left.unshift(...node.target.split("/"));
    } else way.push([part, node]);
  }
  return { node: way.at(-1)![1], path: `/${way.map(([name]) => name).join("/")}` };
}

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
    ...Object.fromEntries(["block", "dev", "firmware", "fs"].map((name) => [name, partOf(() => ({}))])),
    ...(lacks.has("power") ? {} : { power: partOf(() => ({})) }),
    bus: partOf(() => ({
      // Those of the modelled hardware are told of by their buses, while their drivers are there
      platform: partOf(() => ({ drivers: partOf(() => ({ fakemac: undefined, fakepcs: undefined })) })),
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
    class: partOf(() => ({
      net: sysfs(() =>
        Object.fromEntries(
          [...netns.netdevs.values()].map((netdev) => {
            const folder = deviceOf(devices, netdev)?.name ?? (isBoards(netdev) ? `${BOARD}/virtio0` : "virtual");
            return [netdev.name, link(`../../devices/${folder}/net/${netdev.name}`)];
          }),
        )
      ),
    })),
    devices: partOf(() => ({
      ...each((device) => deviceDirectory(device, netns, lacks)),
      "pci0000:00": partOf(() => ({
        "0000:00:01.0": partOf(() => ({
          virtio0: partOf(() => ({ net: netDirectory(others.filter(isBoards), "virtio0", lacks) })),
        })),
      })),
      virtual: partOf(() => ({
        net: netDirectory(others.filter((netdev) => !isBoards(netdev)), undefined, lacks),
      })),
    })),
    kernel: partOf(() => ({
      // `ip netns exec` mounts a sysfs of that netns, without debugfs on it
      debug: netns === kernel.init
        ? debugfsRoot(bus && debugfs(() => each((one) => knobs(kernel, one))))
        : sysfs(() => ({})),
    })),
    module: partOf(() => ({
      netdevsim: builtIn ? undefined : bus && partOf(() => ({
        coresize: 0o444,
        drivers: sysfs(() => ({ "netdevsim:netdevsim": link("../../../bus/netdevsim/drivers/netdevsim") })),
        holders: sysfs(() => ({})),
        initsize: 0o444,
        initstate: { type: "file", mode: 0o444, size: PAGE, text: "live" },
        parameters: undefined,
        refcnt: { type: "file", mode: 0o444, size: PAGE, text: "0" },
        uevent: WO,
      })),
    })),
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

/** Debugfs, with the directory of netdevsim where its module is loaded. */
function debugfsRoot(netdevsim: TreeDirectory | undefined): TreeDirectory {
  const point = () => ({ enable: 0o640, filter: 0o640, format: 0o440, hist: 0o440, id: 0o440, trigger: 0o640 });
  const devlink = debugfs(() => ({
    ...Object.fromEntries(TRACEPOINTS.map((name) => [name, partOf(point)])),
    enable: 0o640,
    filter: 0o640,
  }));
  return directory(
    () => ({ fakemac: undefined, netdevsim, tracing: partOf(() => ({ events: partOf(() => ({ devlink })) })) }),
    0,
    { mode: 0o700, partial: "listed" },
  );
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
  const attributes = device.files.gone ? {} : { del_port: WO, new_port: WO, sriov_numvfs: 0o664 };
  return sysfs(() => ({
    ...attributes,
    ...(device.driver ? { driver: link("../../bus/netdevsim/drivers/netdevsim") } : {}),
    ...(netdevs.length > 0 ? { net: netDirectory(seen, device.name, lacks) } : {}),
    ...(lacks.has("power") ? {} : { power: partOf(() => ({})) }),
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
  return partOf(() => ({
    addr_assign_type: 0o444,
    addr_len: value("6"),
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
    flags: value(`0x${flags.reduce((sum, flag) => sum + (bits[flag] ?? 0), 0).toString(16)}`, 0o644),
    ifindex: value(String(netdev.ifindex)),
    ifalias: value("", 0o644),
    iflink: value(String(netdev.ifindex)),
    gro_flush_timeout: 0o644,
    link_mode: 0o444,
    name_assign_type: 0o444,
    napi_defer_hard_irqs: 0o644,
    netdev_group: value("0", 0o644),
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
    tx_queue_len: value("1000", 0o644),
    type: value(netdev.name === "lo" ? "772" : "1"),
    ...(lacks.has("power") ? {} : { power: partOf(() => ({})) }),
    queues: partOf(() => ({})),
    statistics: partOf(() => ({})),
    uevent: value(`INTERFACE=${netdev.name}\nIFINDEX=${netdev.ifindex}`, 0o644),
  }));
}

/** What a node of rates, and the port of a VF, can be asked for. */
const RATE_FILES: Sketch = { rate_parent: RO, tx_max: RO, tx_share: RO };

/** The knobs of a bound device in debugfs; undefined where it is not bound. */
function knobs(kernel: Kernel, device: NetdevsimDevice): TreeDirectory | undefined {
  const { driver } = device;
  if (!driver || driver.filesOf("").gone) return undefined;
  const there = (path: string) => !failed && !driver.filesOf(path).gone;
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
