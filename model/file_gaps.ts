/**
 * Files that a kernel has and that the model has no answer for, as data: which, and why. What a file holds from the start may be
 * known all the same (tree.ts); what a write to it does is not.
 *
 * @module
 */

/** Files with the reason why there is no answer for them. */
export interface FileGap {
  /** What their paths look like */
  readonly files: RegExp;
  /** What a kernel does there */
  readonly why: string;
}

const DEVICE = String.raw`^/sys/kernel/debug/netdevsim/netdevsim\d+/`;
const NETDEV = String.raw`/net/[^/]+/`;
const file = (pattern: string, why: string): FileGap => ({ files: new RegExp(pattern), why });

/** The files, the first that matches says why; sources are those of drivers/net/netdevsim where no other is named. */
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
  file("^/sys/kernel/debug/tracing/", "tracing: the model has no tracepoints"),
  file("^/sys/(?:bus|devices|module)/.*uevent$", "messages to udev (lib/kobject_uevent.c)"),
  file(
    "^/sys/module/netdevsim/(?:coresize|initsize|notes|sections|srcversion|taint|version)",
    "how the module was built",
  ),
  file("/power(?:/|$)", "power management of a device"),
  file(`${NETDEV}queues(?:/|$)`, "the queues of a netdev"),
  file(`${NETDEV}statistics(?:/|$)`, "the counters of a netdev"),
  file(`${NETDEV}carrier$`, "a write sets the carrier where a netdev's driver allows it"),
  file(`${NETDEV}(?:address|broadcast|addr_assign_type)$`, "MAC addresses are drawn at random"),
  file(`${NETDEV}`, "attributes of a netdev other than its link's state (net/core/net-sysfs.c)"),
  file("^/proc/", "the model has no /proc"),
  file("^/sys/", "a part of sysfs outside netdevsim and its netdevs"),
  file("", "a file outside /sys, /run and /lib/firmware"),
];

/** Why there is no answer for a file. */
export const reasonOf = (path: string): string => FILE_GAPS.find(({ files }) => files.test(path))!.why;
