/**
 * Files of netdevsim for which the model has no answer, as data: the paths, and the reasons (drivers/net/netdevsim). The initial
 * content of such a file may be known (tree.ts); the effect of a write is not.
 *
 * @module
 */

import type { FileGap } from "../driver.ts";

const DEVICE = String.raw`^/sys/kernel/debug/netdevsim/netdevsim\d+/`;
const file = (pattern: string, why: string): FileGap => ({ files: new RegExp(pattern), why });

/** The files; the first match gives the reason. */
export const FILE_GAPS: readonly FileGap[] = [
  file(`${DEVICE}ports/\\d+/bpf_`, "programs of BPF that a netdev takes (bpf.c)"),
  file(`${DEVICE}ports/\\d+/ethtool/(?:get|set)_err$`, "errors of ethtool(8)'s settings (ethtool.c)"),
  file(`${DEVICE}ports/\\d+/ethtool/`, "pause frames and ring sizes of ethtool(8) (ethtool.c)"),
  file(`${DEVICE}ports/\\d+/ipsec$`, "offload of IPsec (ipsec.c)"),
  file(`${DEVICE}ports/\\d+/pp_hold$`, "a page of the netdev's page pool (netdev.c)"),
  file(`${DEVICE}ports/\\d+/queue_reset$`, "the queues of a netdev (netdev.c)"),
  file(`${DEVICE}ports/\\d+/udp_ports/`, "offload of UDP tunnel ports (udp_tunnels.c)"),
  file(`${DEVICE}ports/\\d+/vlan$`, "the VLANs that a netdev filters by (netdev.c)"),
  file(`${DEVICE}fib/nexthop_bucket_activity$`, "resilient groups of nexthops (fib.c)"),
  file(`${DEVICE}hwstats/`, "offloaded L3 statistics (hwstats.c)"),
  file(`${DEVICE}psample/`, "samples of packets (psample.c)"),
  file(
    "^/sys/module/netdevsim/(?:coresize|initsize|notes|sections|srcversion|taint|version)",
    "how the module was built",
  ),
];
