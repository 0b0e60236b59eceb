/**
 * What netdevsim does differently by kernel (drivers/net/netdevsim), as data: the table of the oldest era, and what each later era
 * changes in its parent's. An era that is not named here has what its parent has.
 *
 * @module
 */

import type { Era, EraId } from "../../era/mod.ts";
import { inherited } from "../../era/list.ts";

/** What ethtool(8) shows of a netdev of netdevsim. */
export interface EthtoolFacts {
  /** True if it has coalescing, rings and FEC */
  readonly settings: boolean;
  /** How packets are gathered for sending: `n/a` or `0` */
  readonly aggregation: string;
  /** How completions are gathered: `n/a` or `0` */
  readonly completion: string;
  /** `RX Push` of a ring: `n/a` or `off` */
  readonly push: string;
  /** The threshold for splitting headers from data (`HDS thresh`), and if data is split (`TCP data split`) */
  readonly headerSplit: readonly [maximum: string, current: string, split: string];
  /** The number of entries of a ring */
  readonly rings: number;
  /** True if the checksum of any protocol can be turned off */
  readonly fixedChecksum: boolean;
}

/** What netdevsim of one family of kernels does differently from the others. */
export interface NetdevsimEra {
  /** The params, files, directories and resources that it does not have, by name; also what the build of the kernel lacks */
  readonly lacks: ReadonlySet<string>;
  /** True if probe announces all params once more at its end (`devlink_params_publish`) */
  readonly publishesParams: boolean;
  /** True if it reports its versions, and so has components that can be named */
  readonly versions: boolean;
  /** The format of its line that `new_device` logs */
  readonly newDevice: string;
  /** How `new_port` reads its line: a number as kstrtouint() takes it, or by sscanf() with a MAC address that may follow */
  readonly newPort: "number" | "number and address";
  /** True if it has an eswitch, and ports and rate leafs for its VFs */
  readonly vfPorts: boolean;
  /** The most VFs of a device at first; undefined where there is no such limit */
  readonly maxVfs: number | undefined;
  /** The flags of a netdev that is down, as ip(8) prints them */
  readonly netdevFlags: readonly string[];
  /** What the knobs `report_stats_rx` and `report_stats_tx` of a port hold at first */
  readonly pauseStats: "Y" | "N";
  /** In how many pieces it flashes, of 1000 bytes each */
  readonly chunks: number;
  /** How long it sleeps for a piece, in ms: msleep(10) rounded to jiffies, or the name of the debugfs file that has the time */
  readonly chunkTime: number | "fw_update_flash_chunk_time_ms";
  /**
   * The arrays under `test_nest` in a message of the reporter `dummy`. `behind-end`: netdevsim ends an array that it never began,
   * which is one end too many, so that devlink(8) shows nothing that follows
   */
  readonly arrays: "whole" | "behind-end";
  /** The size of its module in bytes, as lsmod(8) prints it */
  readonly moduleSize: number;
  /** The qdisc of its netdevs, once they were up */
  readonly qdisc: string;
  /** What ethtool(8) shows of its netdevs */
  readonly ethtool: EthtoolFacts;
}

/** The differences of an era from its parent; `gains` are names that leave `lacks`, `loses` names that join it. */
type Differences = Partial<Omit<NetdevsimEra, "lacks" | "ethtool">> & {
  readonly gains?: readonly string[];
  readonly loses?: readonly string[];
  readonly ethtool?: Partial<EthtoolFacts>;
};

const OLDEST: NetdevsimEra = {
  lacks: new Set([
    "fail_trap_drop_counter_get",
    "fib",
    "fw_update_flash_chunk_time_ms",
    "get_err",
    "hwstats",
    "link_device",
    "max_vfs",
    "nexthops",
    "num_queues",
    "pp_hold",
    "psample",
    "queue_reset",
    "rate_nodes",
    "ring",
    "set_err",
    "test2",
    "unlink_device",
    "vlan",
  ]),
  publishesParams: true,
  versions: false,
  newDevice: '"id port_count" (uint uint)',
  newPort: "number",
  vfPorts: false,
  maxVfs: undefined,
  netdevFlags: ["BROADCAST", "NOARP"],
  pauseStats: "N",
  chunks: 500,
  chunkTime: 20,
  arrays: "whole",
  moduleSize: 69632,
  qdisc: "noqueue",
  ethtool: {
    settings: false,
    aggregation: "n/a",
    completion: "n/a",
    push: "n/a",
    headerSplit: ["n/a", "n/a", "n/a"],
    rings: 0,
    fixedChecksum: true,
  },
};

const CHANGES: { readonly [K in Exclude<EraId, "5.10">]?: Differences } = {
  "5.15": {
    gains: [
      "fail_trap_drop_counter_get",
      "fib",
      "get_err",
      "hwstats",
      "max_vfs",
      "nexthops",
      "num_queues",
      "psample",
      "rate_nodes",
      "ring",
      "set_err",
    ],
    newDevice: '"id port_count num_queues" (uint uint unit)',
    vfPorts: true,
    maxVfs: 4,
    arrays: "behind-end",
  },
  "5.16": { publishesParams: false },
  "6.1": { versions: true, moduleSize: 98304, ethtool: { settings: true } },
  "6.12": {
    gains: ["link_device", "pp_hold", "unlink_device"],
    netdevFlags: ["BROADCAST"],
    pauseStats: "Y",
    chunkTime: 16,
    moduleSize: 135168,
    ethtool: { aggregation: "0", push: "off" },
  },
  "7.2": {
    gains: ["fw_update_flash_chunk_time_ms", "queue_reset", "test2", "vlan"],
    loses: ["udp_ports_sleep"],
    newDevice: '"id port_count num_queues" (uint uint uint)',
    newPort: "number and address",
    chunks: 50,
    chunkTime: "fw_update_flash_chunk_time_ms",
    moduleSize: 159744,
    qdisc: "fq_codel",
    ethtool: { completion: "0", headerSplit: ["1024", "0", "on"], rings: 512, fixedChecksum: false },
  },
  "7.3": { loses: ["max_vfs"] },
};

const ALL = inherited<NetdevsimEra>((id, parent) => {
  if (parent === undefined) return OLDEST;
  const { gains = [], loses = [], ...rest } = (CHANGES as Partial<Record<EraId, Differences>>)[id] ?? {};
  return { ...rest, lacks: parent.lacks.difference(new Set(gains)).union(new Set(loses)) };
});

/** The eras of kernels that were not built as Debian's are, with what their netdevsim lacks. */
const builds = new WeakMap<Era, NetdevsimEra>();

/** Returns how netdevsim of an era behaves, without what the build of the kernel leaves out. */
export function netdevsimEra(era: Era): NetdevsimEra {
  const stock = ALL[era.id];
  if (era.configuredOut.length === 0) return stock;
  let build = builds.get(era);
  if (!build) builds.set(era, build = { ...stock, lacks: stock.lacks.union(new Set(era.configuredOut)) });
  return build;
}
