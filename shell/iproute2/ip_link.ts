/**
 * `ip link show`.
 *
 * @module
 */

import type { JsonObject } from "../../model/mod.ts";
import { linkFlags, type NetdevShown, operstate } from "../../model/net/netns.ts";
import type { IpOptions } from "./ip_words.ts";
import { refuseWord } from "./ip_gaps.ts";
import { writeJson } from "./json_writer.ts";
import { qdiscOf } from "../link_states.ts";
import type { Call } from "../program.ts";
import { portName, portOf, switchId, vfs } from "../ports.ts";
import type { Run } from "../run.ts";

/** Returns the netdevs that ip(8) shows; prints an error if one does not exist. */
export function* chosen(call: Call, object: "link" | "address", args: readonly string[]): Run<NetdevShown[] | number> {
  let netdevs = [...call.system.machine.netdevs(call.process.netns)].sort((a, b) => a.ifindex - b.ifindex);
  const words = [...args];
  while (words.length > 0) {
    const word = words.shift()!;
    if (word === "up") netdevs = netdevs.filter(({ up }) => up);
    else {
      if (word !== "dev" && !netdevs.some(({ name }) => name === word)) refuseWord(object, word);
      const name = word === "dev" ? words.shift() : word;
      if (name === undefined) {
        yield* call.err('Command line is not complete. Try option "help"\n');
        return 255;
      }
      netdevs = netdevs.filter((netdev) => netdev.name === name);
      if (netdevs.length > 0) continue;
      yield* call.err(`Device "${name}" does not exist.\n`);
      return 1;
    }
  }
  return netdevs;
}

/** `ip link show` */
export function* linkShow(call: Call, options: IpOptions, args: readonly string[]): Run {
  const netdevs = yield* chosen(call, "link", args);
  if (typeof netdevs === "number") return netdevs;
  for (const netdev of netdevs) {
    call.system.perform({ kind: "netdev.show", dev: netdev.name, netns: call.process.netns });
  }
  if (options.json) {
    const list = netdevs.map((netdev) => options.brief ? briefObject(call, netdev) : linkObject(call, netdev, options));
    yield* call.out(`${writeJson(list, options.pretty)}\n`);
    return 0;
  }
  for (const netdev of netdevs) {
    yield* call.out(options.brief ? briefLine(call, netdev) : linkText(call, netdev, options));
  }
  return 0;
}

function briefObject(call: Call, netdev: NetdevShown): JsonObject {
  const { address } = call.system.links.of(netdev);
  return { ifname: netdev.name, operstate: operstate(netdev), address, flags: linkFlags(netdev) };
}

function briefLine(call: Call, netdev: NetdevShown): string {
  const { address } = call.system.links.of(netdev);
  return `${netdev.name.padEnd(16)} ${operstate(netdev).padEnd(14)} ${address} <${linkFlags(netdev).join(",")}> \n`;
}

const broadcastOf = (netdev: NetdevShown) => netdev.name === "lo" ? "00:00:00:00:00:00" : "ff:ff:ff:ff:ff:ff";

/** Returns a netdev as JSON, with the fields that the kernel of the machine has. */
export function linkObject(call: Call, netdev: NetdevShown, options: IpOptions, mode = true): JsonObject {
  const { system } = call;
  const state = system.links.of(netdev);
  const port = portOf(system.machine, netdev.name, netdev.netns.name);
  const object: JsonObject = {
    ifindex: netdev.ifindex,
    ifname: netdev.name,
    flags: linkFlags(netdev),
    mtu: state.mtu,
    qdisc: qdiscOf(netdev, state, system.facts.qdiscs),
    operstate: operstate(netdev),
    ...(mode ? { linkmode: "DEFAULT" } : {}),
    group: "default",
    txqlen: 1000,
    link_type: netdev.name === "lo" ? "loopback" : "ether",
    address: state.address,
    broadcast: broadcastOf(netdev),
  };
  if (options.details) Object.assign(object, details(call, netdev));
  const ofPort = port === undefined ? undefined : vfs(system.machine, port.handle, port.port);
  if (ofPort !== undefined && mode) object["vfinfo_list"] = ofPort;
  return object;
}

function details(call: Call, netdev: NetdevShown): JsonObject {
  const { system } = call;
  const lo = netdev.name === "lo";
  const { linkLacks: lacks, immutableLo: immutable } = system.facts;
  const port = portOf(system.machine, netdev.name, netdev.netns.name);
  const device = port?.handle.split("/");
  const all: JsonObject = {
    promiscuity: 0,
    allmulti: 0,
    min_mtu: lo ? 0 : 68,
    max_mtu: lo ? 0 : 65535,
    ...(lo && immutable ? { "netns-immutable": true } : {}),
    inet6_addr_gen_mode: "eui64",
    num_tx_queues: 1,
    num_rx_queues: 1,
    gso_max_size: 65536,
    gso_max_segs: 65535,
    tso_max_size: lo ? 524280 : 65536,
    tso_max_segs: 65535,
    gro_max_size: 65536,
    gso_ipv4_max_size: 65536,
    gro_ipv4_max_size: 65536,
  };
  if (port && device) {
    const id = switchId(device[1]!);
    Object.assign(all, { phys_port_name: portName(port.port), phys_switch_id: id });
    Object.assign(all, { parentbus: device[0]!, parentdev: device[1]! });
  } else if (!lo) Object.assign(all, { parentbus: "virtio", parentdev: "virtio0" });
  for (const name of lacks) delete all[name];
  return all;
}

/** How ip(8) names in a line what it names otherwise in JSON. */
const WORDS: Readonly<Record<string, string>> = {
  min_mtu: "minmtu",
  max_mtu: "maxmtu",
  inet6_addr_gen_mode: "addrgenmode",
  num_tx_queues: "numtxqueues",
  num_rx_queues: "numrxqueues",
  phys_port_name: "portname",
  phys_switch_id: "switchid",
};

/** Returns a netdev in lines. */
export function linkText(
  call: Call,
  netdev: NetdevShown,
  options: IpOptions,
  { mode = true, qlen = true } = {},
): string {
  const { linkmode, qdisc, mtu, txqlen, link_type, address, broadcast, vfinfo_list, ...rest } = linkObject(
    call,
    netdev,
    options,
  );
  const between = options.oneline ? "\\" : "\n";
  let text = `${netdev.ifindex}: ${netdev.name}: <${linkFlags(netdev).join(",")}> mtu ${mtu} qdisc ${qdisc} ` +
    `state ${operstate(netdev)} ${mode ? `mode ${linkmode} ` : ""}group default ${qlen ? `qlen ${txqlen}` : ""}`;
  text += `${between}    link/${link_type} ${address} brd ${broadcast}`;
  if (options.details) {
    const skipped = ["ifindex", "ifname", "flags", "operstate", "group"];
    const words = Object.entries(rest).filter(([key]) => !skipped.includes(key));
    text += ` ${words.map(([key, value]) => value === true ? key : `${WORDS[key] ?? key} ${value}`).join(" ")} `;
  }
  for (const vf of (mode ? vfinfo_list ?? [] : []) as JsonObject[]) {
    const { max_tx: most, min_tx: least } = vf["rate"] as { max_tx: number; min_tx: number };
    const rate = (most > 0 ? `tx rate ${most} (Mbps), max_tx_rate ${most}Mbps, ` : "") +
      (least > 0 ? `min_tx_rate ${least}Mbps, ` : "");
    text += `${between}    vf ${vf["vf"]}     link/ether ${vf["address"]} brd ff:ff:ff:ff:ff:ff, ${rate}` +
      `spoof checking off, link-state auto, trust off, query_rss off`;
  }
  return `${text}\n`;
}
