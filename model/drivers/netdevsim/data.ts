/**
 * The objects that netdevsim declares (docs/semantics.md 4.2, 5.2, 5.3); the era of netdevsim lists those that a kernel lacks.
 *
 * @module
 */

import type { ParamSpec, TrapGroupSpec, TrapPolicerSpec, TrapSpec } from "../../devlink/driver.ts";

const BOUNDS = { rateMin: 1, rateMax: 8000, burstMin: 8, burstMax: 65536 };

/** Policers, in the order of their registration. */
export const POLICERS: readonly TrapPolicerSpec[] = [
  { id: 1, rate: 1000, burst: 128, ...BOUNDS },
  { id: 2, rate: 2000, burst: 256, ...BOUNDS },
  { id: 3, rate: 3000, burst: 512, ...BOUNDS },
];

/** Trap groups, in the order of their registration. */
export const GROUPS: readonly TrapGroupSpec[] = [
  { name: "l2_drops", generic: true, policer: 0 },
  { name: "l3_drops", generic: true, policer: 1 },
  { name: "l3_exceptions", generic: true, policer: 1 },
  { name: "buffer_drops", generic: true, policer: 2 },
  { name: "acl_drops", generic: true, policer: 3 },
  { name: "mc_snooping", generic: true, policer: 3 },
];

const PORT = Object.freeze(["input_port"]);
const COOKIE = Object.freeze(["input_port", "flow_action_cookie"]);

function drop(name: string, group: string, metadata: readonly string[] = PORT): TrapSpec {
  return { name, type: "drop", generic: true, action: "drop", group, metadata };
}

/** Traps, in the order of their registration. */
export const TRAPS: readonly TrapSpec[] = [
  drop("source_mac_is_multicast", "l2_drops"),
  drop("vlan_tag_mismatch", "l2_drops"),
  drop("ingress_vlan_filter", "l2_drops"),
  drop("ingress_spanning_tree_filter", "l2_drops"),
  drop("port_list_is_empty", "l2_drops"),
  drop("port_loopback_filter", "l2_drops"),
  { name: "fid_miss", type: "exception", generic: false, action: "trap", group: "l2_drops", metadata: PORT },
  drop("blackhole_route", "l3_drops"),
  {
    name: "ttl_value_is_too_small",
    type: "exception",
    generic: true,
    action: "trap",
    group: "l3_exceptions",
    metadata: PORT,
  },
  drop("tail_drop", "buffer_drops"),
  drop("ingress_flow_action_drop", "acl_drops", COOKIE),
  drop("egress_flow_action_drop", "acl_drops", COOKIE),
  { name: "igmp_query", type: "control", generic: true, action: "mirror", group: "mc_snooping", metadata: PORT },
  { name: "igmp_v1_report", type: "control", generic: true, action: "trap", group: "mc_snooping", metadata: PORT },
];

/** Params, in the order of their ids. */
export const PARAMS: readonly ParamSpec[] = [
  { name: "max_macs", generic: true, type: "u32", cmode: "driverinit", default: 32 },
  { name: "test1", generic: false, type: "bool", cmode: "driverinit", default: true },
  { name: "test2", generic: false, type: "u32", cmode: "runtime", default: 1234 },
];

/** Time between two rounds of trapped packets, in ms. */
export const TRAP_INTERVAL = 100;
/** One jiffy at Debian's CONFIG_HZ of 250, in ms. */
export const JIFFY = 4;
/** Length of each trapped frame, in bytes. */
export const FRAME = 142;
/** The region `dummy`: its size in bytes, and the most snapshots. */
export const DUMMY_REGION = { name: "dummy", size: 32768, max: 16 };

/** A knob in debugfs. */
export interface Knob {
  /** The path below the device's directory */
  readonly path: string;
  /** A `bool` reads as `Y` or `N`; a `u32` in decimal */
  readonly type: "bool" | "u32";
  /** The initial value */
  readonly initial: number | boolean;
  /** An effect that is not modelled, if this knob is set together with another knob */
  readonly gap?: { readonly beside: string; readonly why: string };
}

const TUNNELS = "no port can be made then (udp_tunnels.c, nsim_udp_tunnels_info_create())";

/**
 * Knobs that exist as long as the device. They have the same effect as on a kernel, or they affect only features that the model
 * does not have: BPF programs (`bpf_`), UDP tunnels (`udp_ports_`), resilient nexthop groups.
 */
export const KNOBS: readonly Knob[] = [
  { path: "bpf_bind_accept", type: "bool", initial: true },
  { path: "bpf_bind_verifier_accept", type: "bool", initial: true },
  { path: "bpf_bind_verifier_delay", type: "u32", initial: 0 },
  { path: "dont_allow_reload", type: "bool", initial: false },
  { path: "fail_reload", type: "bool", initial: false },
  { path: "fail_trap_drop_counter_get", type: "bool", initial: false },
  { path: "fail_trap_group_set", type: "bool", initial: false },
  { path: "fail_trap_policer_counter_get", type: "bool", initial: false },
  { path: "fail_trap_policer_set", type: "bool", initial: false },
  { path: "fw_update_flash_chunk_time_ms", type: "u32", initial: 100 },
  { path: "fw_update_overwrite_mask", type: "u32", initial: 0 },
  { path: "fw_update_status", type: "bool", initial: true },
  { path: "max_macs", type: "u32", initial: 32 },
  { path: "test1", type: "bool", initial: true },
  { path: "test2", type: "u32", initial: 1234 },
  { path: "udp_ports_ipv4_only", type: "bool", initial: false },
  { path: "udp_ports_open_only", type: "bool", initial: false, gap: { beside: "udp_ports_shared", why: TUNNELS } },
  { path: "udp_ports_shared", type: "bool", initial: false, gap: { beside: "udp_ports_open_only", why: TUNNELS } },
  { path: "udp_ports_sleep", type: "u32", initial: 0 },
  { path: "udp_ports_static_iana_vxlan", type: "bool", initial: false },
  { path: "udp_ports_sync_all", type: "bool", initial: false },
];

/** Knobs that are created and removed with a part of the device, each time with their initial values. */
export const PART_KNOBS: readonly Knob[] = [
  { path: "fib/fail_nexthop_bucket_replace", type: "bool", initial: false },
  { path: "fib/fail_res_nexthop_group_replace", type: "bool", initial: false },
  // The effect of these two: see model/operation_gaps.ts, and the flags of routes at the prompt
  { path: "fib/fail_route_delete", type: "bool", initial: false },
  { path: "fib/fail_route_offload", type: "bool", initial: false },
  { path: "health/binary_len", type: "u32", initial: 16 },
  { path: "health/fail_recover", type: "bool", initial: false },
];

/** The most VFs whose settings, 24 bytes each, fit into the 4 MiB that one kmalloc() returns at most. */
export const MOST_VF_CONFIGS = Math.floor(4 * 1024 * 1024 / 24);
