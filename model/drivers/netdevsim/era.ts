/**
 * What netdevsim does differently by kernel (drivers/net/netdevsim), as data: the table of the oldest era, and what each later era
 * changes in its parent's. An era that is not named here has what its parent has.
 *
 * @module
 */

import type { Era, EraId } from "../../era/mod.ts";
import { inherited } from "../../era/list.ts";

/** The output of ethtool(8) for a netdev of netdevsim. */
export interface EthtoolFacts {
  /** True if the netdev has coalescing, rings and FEC */
  readonly settings: boolean;
  /** The lines on TX aggregation: `n/a` or `0` */
  readonly aggregation: string;
  /** The lines on completion coalescing: `n/a` or `0` */
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
  /** The params, files, directories and resources that netdevsim lacks, by name; also those that the build of the kernel lacks */
  readonly lacks: ReadonlySet<string>;
  /** True if probe announces all params once more at its end (`devlink_params_publish`) */
  readonly publishesParams: boolean;
  /** True if netdevsim reports its versions, and so has components that a flash can name */
  readonly versions: boolean;
  /** The format of its line that `new_device` logs */
  readonly newDevice: string;
  /** How `new_port` parses its line: as a number by kstrtouint(), or by sscanf() as a number that a MAC address may follow */
  readonly newPort: "number" | "number and address";
  /** True if netdevsim has an eswitch, and ports and rate leaves for its VFs */
  readonly vfPorts: boolean;
  /** The initial limit of VFs of a device; undefined if there is no such limit */
  readonly maxVfs: number | undefined;
  /** The flags of a netdev that is down, as ip(8) prints them */
  readonly netdevFlags: readonly string[];
  /** The initial value of a port's knobs `report_stats_rx` and `report_stats_tx` */
  readonly pauseStats: "Y" | "N";
  /** The number of pieces of a flash, of 1000 bytes each */
  readonly chunks: number;
  /** The sleep for each piece, in ms: msleep(10) rounded to jiffies, or the name of the debugfs file that has the time */
  readonly chunkTime: number | "fw_update_flash_chunk_time_ms";
  /**
   * The arrays under `test_nest` in a message of the reporter `dummy`. `behind-end`: netdevsim ends an array that it never began,
   * so devlink(8) shows nothing that follows this end
   */
  readonly arrays: "whole" | "behind-end";
  /** The size of its module in bytes, as lsmod(8) prints it */
  readonly moduleSize: number;
  /** The qdisc of its netdevs, after they were up once */
  readonly qdisc: string;
  /** The output of ethtool(8) for its netdevs */
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

/** The netdevsim of eras whose kernel was built with other options than Debian's. */
const builds = new WeakMap<Era, NetdevsimEra>();

/** Returns the behaviour of netdevsim of an era; `lacks` also has the files that the build of the kernel leaves out. */
export function netdevsimEra(era: Era): NetdevsimEra {
  const stock = ALL[era.id];
  if (era.configuredOut.length === 0) return stock;
  let build = builds.get(era);
  if (!build) builds.set(era, build = { ...stock, lacks: stock.lacks.union(new Set(era.configuredOut)) });
  return build;
}
