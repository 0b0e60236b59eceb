/**
 * Ports of devices as their netdevs show them: names, switch ids, VFs.
 *
 * @module
 */

import type { Json, Machine } from "../model/mod.ts";
import type { LinkStates } from "./link_states.ts";

/** The index of the port of the first VF. */
const FIRST_VF = 128;

/** Returns the devlink port of a netdev in the netns of its instance. Nobody asks devlink for it: no lock is waited for. */
export function portOf(machine: Machine, netdev: string, netns: string): { handle: string; port: number } | undefined {
  for (const instance of machine.inventory().instances) {
    if (instance.netns !== netns) continue;
    const port = instance.ports.find((one) => one.ifname === netdev && one.netns === netns);
    if (port) return { handle: instance.handle, port: port.index };
  }
  return undefined;
}

/** Returns the VFs of a port as ip(8) shows them; undefined if the port can have none. */
export function vfs(machine: Machine, handle: string, port: number): Json[] | undefined {
  if (port >= FIRST_VF) return undefined;
  const path = `/sys/bus/netdevsim/devices/${handle.split("/")[1]}/sriov_numvfs`;
  const { sysfs } = machine.perform({ kind: "file.read", path });
  const reply = Number(sysfs ?? 0) > 0 ? machine.perform({ kind: "rate.show" }).reply : null;
  const rates = (reply as { rate?: Record<string, { tx_max?: number; tx_share?: number }> } | null)?.rate ?? {};
  const megabits = (bytes = 0) => Math.floor(bytes * 8 / 1e6);
  const rateOf = (vf: number) => rates[`${handle}/${FIRST_VF + vf}`] ?? {};
  return Array.from({ length: Number(sysfs ?? 0) }, (_, vf) => ({
    vf,
    link_type: "ether",
    address: "00:00:00:00:00:00",
    broadcast: "ff:ff:ff:ff:ff:ff",
    vlan_list: [{}],
    rate: { max_tx: megabits(rateOf(vf).tx_max), min_tx: megabits(rateOf(vf).tx_share) },
    spoofchk: false,
    link_state: "auto",
    trust: false,
    query_rss_en: false,
  }));
}

/** `phys_port_name` of a port. */
export function portName(port: number): string {
  return port >= FIRST_VF ? `pf0vf${port - FIRST_VF}` : `p${port + 1}`;
}

/** `phys_switch_id` of a device: 32 bytes that it drew at random. */
export function switchId(device: string): string {
  let state = 0;
  for (const char of device) state = (Math.imul(state, 31) + char.charCodeAt(0)) >>> 0;
  return Array.from({ length: 32 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return ((state >>> 16) & 0xff).toString(16).padStart(2, "0");
  }).join("");
}

/** Returns the content of a file of `/sys/class/net` that the model does not keep; undefined for all other files. */
export function netdevFile(
  machine: Machine,
  links: LinkStates,
  path: string,
  netns: string,
): { text: string } | { errno: string } | undefined {
  const match = /^\/sys\/class\/net\/([^/]+)\/([^/]+)$/.exec(path);
  const netdev = match && machine.netdevs(netns).find(({ name }) => name === match[1]);
  if (!netdev) return undefined;
  const state = links.of(netdev);
  const lo = netdev.name === "lo";
  const port = portOf(machine, netdev.name, netns);
  switch (match[2]) {
    case "address":
      return { text: state.address };
    case "broadcast":
      return { text: lo ? "00:00:00:00:00:00" : "ff:ff:ff:ff:ff:ff" };
    case "mtu":
      return { text: String(state.mtu) };
    case "speed":
    case "duplex":
      return port || lo ? { errno: "EINVAL" } : undefined;
    case "phys_port_name":
      return port ? { text: portName(port.port) } : { errno: "EOPNOTSUPP" };
    case "phys_switch_id":
      return port ? { text: switchId(port.handle.split("/")[1]!) } : { errno: "EOPNOTSUPP" };
  }
  return undefined;
}
