/**
 * Objects, options, verbs and words that ip(8) of iproute2 7.3 accepts and the model has no answer for, as data.
 *
 * @module
 */

import { ModelGap } from "../../model/gap.ts";
import type { IpOptions } from "./ip_words.ts";

/** The objects, in the order in which ip(8) tries them, since any start of a word will do; with why there is no answer. */
export const IP_OBJECTS: Readonly<Record<string, string | undefined>> = {
  address: undefined,
  addrlabel: "labels of addresses",
  maddress: "multicast addresses",
  route: undefined,
  rule: undefined,
  neighbor: "neighbours",
  neighbour: "neighbours",
  ntable: "tables of neighbours",
  ntbl: "tables of neighbours",
  link: undefined,
  l2tp: "tunnels",
  fou: "tunnels",
  ila: "identifiers and locators of IPv6",
  macsec: "MACsec",
  tunnel: "tunnels",
  tunl: "tunnels",
  tuntap: "TUN and TAP",
  tap: "TUN and TAP",
  token: "tokens of IPv6",
  tcpmetrics: "metrics of TCP",
  tcp_metrics: "metrics of TCP",
  monitor: undefined,
  xfrm: "IPsec",
  mroute: "multicast routes",
  mrule: "rules of multicast routes",
  netns: undefined,
  netconf: "settings of IP",
  vrf: "VRFs",
  sr: "segment routing",
  nexthop: undefined,
  mptcp: "MPTCP",
  ioam: "IOAM",
  help: undefined,
  stats: "counters of netdevs",
};

/** Options of ip(8) that change what it prints or does, and that the model lacks. */
export const IP_OPTIONS: Readonly<Record<string, string>> = {
  loops: "how often a flush is tried again",
  timestamp: "times before messages",
  tshort: "times before messages",
  batch: "command lines from a file",
  iec: "units of counters",
  resolve: "names of hosts",
  rcvbuf: "sizes of sockets",
  Numeric: "numbers instead of names",
  all: "all netns at once",
  color: "colours",
  "human-readable": "units of counters",
  echo: "what the kernel made of a request",
};

type Flag = Exclude<keyof IpOptions, "family">;

/** The options that each object supports here. */
const HAD: Readonly<Record<string, readonly Flag[]>> = {
  address: ["json", "pretty", "brief"],
  link: ["json", "pretty", "brief", "oneline", "details"],
  monitor: ["oneline"],
  netns: ["json"],
  nexthop: ["json", "pretty", "details"],
  route: ["json", "pretty"],
  rule: [],
};

const FLAGS: readonly Flag[] = ["oneline", "brief", "details", "statistics", "json", "pretty"];

/** Verbs and words by object that ip(8) knows; with why there is no answer for them. */
export const IP_WORDS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  address: {
    "addresses are not kept": ["add", "change", "chg", "replace", "delete", "flush", "save", "restore", "showdump"],
    "what addresses are chosen by": [
      "scope",
      "to",
      "label",
      "permanent",
      "dynamic",
      "secondary",
      "primary",
      "tentative",
      "deprecated",
      "dadfailed",
      "temporary",
      "mngtmpaddr",
      "home",
      "nodad",
      "noprefixroute",
      "autojoin",
      "proto",
      "metric",
    ],
    "what netdevs are chosen by": ["type", "master", "group", "vrf", "nomaster", "novf"],
    "the text of its help": ["help"],
  },
  link: {
    "netdevs of other kinds than netdevsim": ["add", "replace", "property", "afstats", "xstats"],
    "what netdevs are chosen by": ["type", "master", "group", "vrf", "nomaster", "novf", "group", "alias"],
    "the text of its help": ["help"],
  },
  "link set": {
    "attributes of a netdev other than its state, name and netns": [
      "address",
      "broadcast",
      "brd",
      "peer",
      "mtu",
      "txqueuelen",
      "qlen",
      "txqlen",
      "alias",
      "group",
      "master",
      "nomaster",
      "vrf",
      "vf",
      "promisc",
      "allmulticast",
      "multicast",
      "arp",
      "dynamic",
      "trailers",
      "carrier",
      "mode",
      "state",
      "numtxqueues",
      "numrxqueues",
      "addrgenmode",
      "link-netns",
      "link-netnsid",
      "link",
      "protodown",
      "protodown_reason",
      "gso_max_size",
      "gso_max_segs",
      "gso_ipv4_max_size",
      "gro_max_size",
      "gro_ipv4_max_size",
      "max_reordering",
      "parentdev",
      "xdp",
      "xdpgeneric",
      "xdpdrv",
      "xdpoffload",
      "type",
      "index",
      "headroom",
      "tailroom",
      "netns-immutable",
      "help",
    ],
  },
  route: {
    "verbs other than add, delete, show and flush": [
      "get",
      "change",
      "chg",
      "replace",
      "prepend",
      "append",
      "test",
      "save",
      "restore",
      "showdump",
    ],
    "attributes and selectors of routes other than prefix and netdev": [
      "src",
      "via",
      "from",
      "tos",
      "dsfield",
      "expires",
      "metric",
      "priority",
      "preference",
      "scope",
      "mtu",
      "hoplimit",
      "advmss",
      "reordering",
      "rtt",
      "window",
      "features",
      "quickack",
      "congctl",
      "rttvar",
      "realms",
      "realm",
      "onlink",
      "nexthop",
      "nhid",
      "protocol",
      "table",
      "oif",
      "iif",
      "vrf",
      "encap",
      "ttl-propagate",
      "fastopen_no_cookie",
      "initcwnd",
      "initrwnd",
      "cwnd",
      "rto_min",
      "pref",
      "type",
      "local",
      "broadcast",
      "anycast",
      "multicast",
      "blackhole",
      "unreachable",
      "prohibit",
      "throw",
      "nat",
      "cached",
      "cloned",
      "match",
      "mark",
      "default",
      "any",
      "all",
      "help",
    ],
  },
  rule: {
    "rules of routing": ["add", "delete", "flush", "save", "restore", "help"],
    "what rules are chosen by": [
      "all",
      "from",
      "to",
      "preference",
      "order",
      "priority",
      "not",
      "tos",
      "dsfield",
      "fwmark",
      "iif",
      "dev",
      "oif",
      "l3mdev",
      "uidrange",
      "lookup",
      "table",
      "suppress_prefixlength",
      "protocol",
      "ipproto",
      "sport",
      "dport",
      "tun_id",
      "realms",
      "goto",
      "nop",
      "type",
    ],
  },
  netns: {
    "netns by their numbers and processes": ["set", "attach", "monitor", "list-id"],
  },
  nexthop: {
    "objects that are no `blackhole`": [
      "via",
      "onlink",
      "dst_port",
      "encap",
      "group",
      "fdb",
      "type",
      "protocol",
      "groups",
      "vrf",
      "master",
      "bucket",
      "nhid",
      "hw_stats",
      "buckets",
      "idle_timer",
      "unbalanced_timer",
    ],
  },
  monitor: {
    "messages about objects other than netdevs": [
      "address",
      "route",
      "mroute",
      "maddress",
      "acaddress",
      "prefix",
      "neigh",
      "netconf",
      "rule",
      "nsid",
      "nexthop",
      "stats",
      "all",
    ],
    "options of the output": ["label", "file", "dev", "all-nsid", "help"],
  },
};

/**
 * Checks a word that the model does not support.
 *
 * @param object The object, or the object and a verb that has words of its own
 * @throws {ModelGap} If ip(8) knows the word
 */
export function refuseWord(object: string, word: string, said = object): void {
  for (const [why, words] of Object.entries(IP_WORDS[object]!)) {
    if (words.some((each) => each === word || (each.startsWith(word) && word.length > 1))) {
      throw new ModelGap(`ip ${said} ${word}`, why);
    }
  }
}

/**
 * Checks the options before an object.
 *
 * @throws {ModelGap} If the object does not support one of them here
 */
export function refuseOptions(object: string, options: IpOptions): void {
  const given = FLAGS.filter((flag) => options[flag]);
  for (const flag of given) {
    if (HAD[object]!.includes(flag)) continue;
    throw new ModelGap(`ip -${flag} ${object}`, "what it prints of this object");
  }
  if (object === "address" && options.json && options.brief) {
    throw new ModelGap("ip -json -brief address", "what it prints of this object");
  }
  if (options.family === "6" && (object === "route" || object === "rule")) {
    throw new ModelGap(`ip -6 ${object}`, "routes and rules of IPv6");
  }
}
