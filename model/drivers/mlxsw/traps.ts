/**
 * The packet traps of mlxsw, their groups and their policers: tables of drivers/net/ethernet/mellanox/mlxsw/spectrum_trap.c (7.2).
 *
 * @module
 */

import type { TrapGroupSpec, TrapPolicerSpec, TrapSpec } from "../../devlink/specs.ts";
import type { Facts } from "../../facts.ts";
import type { MlxswEra } from "./era.ts";

/** The traps of all ASICs in the order in which they are registered: their type, their group and their names. */
const COMMON: readonly (readonly [type: TrapSpec["type"], group: string, names: string])[] = [
  [
    "drop",
    "l2_drops",
    "source_mac_is_multicast vlan_tag_mismatch ingress_vlan_filter ingress_spanning_tree_filter port_list_is_empty port_loopback_filter",
  ],
  [
    "drop",
    "l3_drops",
    "blackhole_route non_ip uc_dip_over_mc_dmac dip_is_loopback_address sip_is_mc sip_is_loopback_address ip_header_corrupted ipv4_sip_is_limited_bc ipv6_mc_dip_reserved_scope ipv6_mc_dip_interface_local_scope",
  ],
  [
    "exception",
    "l3_exceptions",
    "mtu_value_is_too_small ttl_value_is_too_small mc_reverse_path_forwarding reject_route unresolved_neigh ipv4_lpm_miss ipv6_lpm_miss",
  ],
  ["drop", "l3_drops", "irif_disabled erif_disabled non_routable_packet"],
  ["exception", "tunnel_drops", "decap_error"],
  ["drop", "tunnel_drops", "overlay_smac_is_mc"],
  ["drop", "acl_drops", "ingress_flow_action_drop egress_flow_action_drop"],
  ["control", "stp", "stp"],
  ["control", "lacp", "lacp"],
  ["control", "lldp", "lldp"],
  [
    "control",
    "mc_snooping",
    "igmp_query igmp_v1_report igmp_v2_report igmp_v3_report igmp_v2_leave mld_query mld_v1_report mld_v2_report mld_v1_done",
  ],
  ["control", "dhcp", "ipv4_dhcp ipv6_dhcp"],
  ["control", "neigh_discovery", "arp_request arp_response arp_overlay ipv6_neigh_solicit ipv6_neigh_advert"],
  ["control", "bfd", "ipv4_bfd ipv6_bfd"],
  ["control", "ospf", "ipv4_ospf ipv6_ospf"],
  ["control", "bgp", "ipv4_bgp ipv6_bgp"],
  ["control", "vrrp", "ipv4_vrrp ipv6_vrrp"],
  ["control", "pim", "ipv4_pim ipv6_pim"],
  ["control", "uc_loopback", "uc_loopback"],
  ["control", "local_delivery", "local_route"],
  ["control", "external_delivery", "external_route"],
  ["control", "local_delivery", "ipv6_uc_dip_link_local_scope ipv4_router_alert ipv6_router_alert"],
  ["control", "ipv6", "ipv6_dip_all_nodes ipv6_dip_all_routers ipv6_router_solicit ipv6_router_advert ipv6_redirect"],
  ["control", "ptp_event", "ptp_event"],
  ["control", "ptp_general", "ptp_general"],
  ["control", "acl_trap", "flow_action_trap"],
  ["drop", "l3_drops", "blackhole_nexthop"],
  ["control", "eapol", "eapol"],
  ["drop", "l2_drops", "locked_port"],
];

/** The further trap of Spectrum-2 and later ASICs, registered before the last trap. */
const EARLY_DROP: TrapSpec = {
  name: "early_drop",
  type: "drop",
  generic: true,
  action: "trap",
  group: "buffer_drops",
  metadata: ["input_port"],
};

/** The last trap of every ASIC. */
const SAMPLE: TrapSpec = {
  name: "flow_action_sample",
  type: "control",
  generic: true,
  action: "mirror",
  group: "acl_sample",
  metadata: ["input_port"],
};

const MIRRORS: ReadonlySet<string> = new Set(["igmp_query", "mld_query", "uc_loopback"]);
const ARP: ReadonlySet<string> = new Set(["arp_request", "arp_response"]);
const OWN: ReadonlySet<string> = new Set(["irif_disabled", "erif_disabled"]);

/** The groups of all ASICs with their initial policers. */
const GROUPS: readonly (readonly [name: string, policer: number])[] = [
  ["l2_drops", 1],
  ["l3_drops", 1],
  ["l3_exceptions", 1],
  ["tunnel_drops", 1],
  ["acl_drops", 1],
  ["stp", 2],
  ["lacp", 3],
  ["lldp", 4],
  ["mc_snooping", 5],
  ["dhcp", 6],
  ["neigh_discovery", 7],
  ["bfd", 8],
  ["ospf", 9],
  ["bgp", 10],
  ["vrrp", 11],
  ["pim", 12],
  ["uc_loopback", 13],
  ["local_delivery", 14],
  ["external_delivery", 19],
  ["ipv6", 15],
  ["ptp_event", 16],
  ["ptp_general", 17],
  ["acl_trap", 18],
  ["eapol", 21],
];

/** The rates and bursts of the driver's own policers, from policer 1 on (`mlxsw_sp_trap_policer_items_arr`). */
const POLICERS: readonly (readonly [rate: number, burst: number])[] = [
  [10240, 4096],
  [128, 128],
  [128, 128],
  [128, 128],
  [16384, 8192],
  [128, 128],
  [1024, 512],
  [20480, 8192],
  [128, 128],
  [1024, 512],
  [256, 128],
  [128, 128],
  [128, 128],
  [1024, 512],
  [1024, 512],
  [24576, 16384],
  [19456, 8192],
  [1024, 512],
  [1024, 512],
  [10240, 4096],
  [128, 128],
];

/** Groups of Spectrum-2 and later ASICs whose policer does not change (`fixed_policer`). */
export const FIXED_POLICERS: ReadonlySet<string> = new Set(["buffer_drops", "acl_sample"]);

function trapSpec(type: TrapSpec["type"], group: string, name: string, { arp }: MlxswEra): TrapSpec {
  const control = MIRRORS.has(name) ? "mirror" : ARP.has(name) ? arp : "trap";
  return {
    name,
    type,
    generic: !OWN.has(name),
    action: type === "drop" ? "drop" : control,
    group,
    metadata: group === "acl_drops" ? ["input_port", "flow_action_cookie"] : ["input_port"],
  };
}

/** Returns the traps of an era in the order in which they are registered; `later` for Spectrum-2 and the ASICs after it. */
export function trapsOf(era: MlxswEra, later: boolean): TrapSpec[] {
  const common = COMMON.flatMap(([type, group, names]) =>
    names.split(" ").map((name) => trapSpec(type, group, name, era))
  );
  return [...common.filter(({ name }) => !era.lacksTraps.has(name)), ...(later ? [EARLY_DROP] : []), SAMPLE];
}

/** Returns the groups of an era in the order in which they are registered. */
export function groupsOf(era: MlxswEra, later: boolean): TrapGroupSpec[] {
  const common = GROUPS.filter(([name]) => !era.lacksTraps.has(name));
  const own: typeof GROUPS = [...(later ? [["buffer_drops", 20] as const] : []), ["acl_sample", 0]];
  return [...common, ...own].map(([name, policer]) => ({ name, generic: true, policer }));
}

/** Returns the policer of a number: policers after the driver's own are free for users. */
function policerOf(id: number, { ownPolicers }: MlxswEra): TrapPolicerSpec {
  const [rate, burst] = id <= ownPolicers ? POLICERS[id - 1]! : [1, 16];
  return { id, rate, burst, rateMin: 1, rateMax: 2_000_000_000, burstMin: 1 << 4, burstMax: 1 << 24 };
}

/** Returns the policers of a switch. The firmware decides their number: the policers of the facts, or else the driver's own. */
export function policersOf(era: MlxswEra, { policers }: Pick<Facts, "policers">): TrapPolicerSpec[] {
  const ids = policers.length > 0
    ? policers.map(({ policer }) => policer)
    : Array.from({ length: era.ownPolicers }, (_, index) => index + 1);
  return ids.map((id) => policerOf(id, era));
}

/** Returns the table entries of the objects in the facts; all entries if the facts have no objects. */
const asDeclared = <T extends { readonly name: string }>(
  tables: readonly T[],
  facts: readonly { readonly name: string }[],
): T[] => facts.length === 0 ? [...tables] : tables.filter(({ name }) => facts.some((fact) => fact.name === name));

/** Returns the objects that the driver registers for a switch: the objects of its facts, each in its initial state. */
export function registeredBy(era: MlxswEra, later: boolean, facts: Facts): {
  policers: TrapPolicerSpec[];
  groups: TrapGroupSpec[];
  traps: TrapSpec[];
} {
  const groups = asDeclared(groupsOf(era, later), facts.groups);
  const traps = asDeclared(trapsOf(era, later), facts.traps);
  return {
    policers: policersOf(era, facts),
    groups,
    traps: traps.filter(({ group }) => groups.some(({ name }) => name === group)),
  };
}
