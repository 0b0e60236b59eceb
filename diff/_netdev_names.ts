/**
 * Netdev names of one side of a comparison. They are learned from what devlink reports of its ports, so that `eth3` here and `enp0s1`
 * there can be seen to be the same port.
 */

import type { LinkEvent, Notification, Observation } from "../model/observation.ts";
import type { NetnsName, Operation } from "../model/operation.ts";
import { canonical, isObject } from "./_json.ts";

const label = (handle: string) => `<port ${handle}>`;

/** The known names of one netns. */
class Names {
  /** Handle of the port by the netdev's name */
  readonly ports = new Map<string, string>();
  /** The last reported attributes of a port, without its netdev */
  readonly said = new Map<string, string>();

  nameOf(handle: string): string | undefined {
    for (const [name, port] of this.ports) if (port === handle) return name;
    return undefined;
  }

  /** Notes that the sequence renames the netdev of a port. */
  rename(handle: string, name: string): void {
    const before = this.nameOf(handle);
    if (before !== undefined) this.ports.delete(before);
    this.ports.set(name, handle);
  }
}

/** Learns names from a side's observations in order, and replaces them with `<port HANDLE>`. */
export class NetdevNames {
  #netns = new Map<NetnsName, Names>();
  #named: ReadonlySet<string>;

  /** Takes the names in `named`: these netdevs belong to no port and keep their names. */
  constructor(named: ReadonlySet<string> = new Set()) {
    this.#named = named;
  }

  #names(netns: NetnsName): Names {
    let names = this.#netns.get(netns);
    if (!names) this.#netns.set(netns, names = new Names());
    return names;
  }

  /** Relabels an observation in place; the observations of a sequence must come in their order. */
  relabel(observation: Observation, op: Operation): void {
    const { notify, link, reply } = observation;
    if (op.kind === "link.rename" && observation.result === "ok") {
      this.#names(op.netns ?? "init").rename(`${op.handle}/${op.port}`, op.name);
    }
    for (const netns of new Set([...Object.keys(notify), ...Object.keys(link)])) {
      const names = this.#names(netns);
      // The ports that a name has meant, in order: a reload takes eth1 away and makes another eth1.
      const generations = new Map([...names.ports].map(([name, handle]) => [name, [handle]]));
      if (notify[netns]) notify[netns] = this.#relabelPorts(names, generations, notify[netns]);
      if (link[netns]) link[netns] = relabelLinks(generations, link[netns], this.#named);
    }
    const names = this.#names(op.netns ?? "init");
    if (op.kind === "port.show" && isObject(reply) && isObject(reply.port)) {
      for (const [handle, attributes] of Object.entries(reply.port)) {
        if (!isObject(attributes) || typeof attributes.netdev !== "string") continue;
        names.ports.set(attributes.netdev, handle);
        attributes.netdev = label(handle);
      }
    }
    if (op.kind === "link.show" && isObject(reply) && typeof reply.ifname === "string") {
      const handle = names.ports.get(reply.ifname);
      // The board found the netdev by its port: if devlink has not reported the port yet, this reply is the first with its name.
      if (handle === undefined) names.ports.set(reply.ifname, `${op.handle}/${op.port}`);
      reply.ifname = label(handle ?? `${op.handle}/${op.port}`);
    }
  }

  #relabelPorts(names: Names, generations: Map<string, string[]>, messages: Notification[]): Notification[] {
    return messages.filter((message) => {
      if (message.object !== "port") return true;
      const { handle, attributes } = message;
      const { netdev, ...others } = attributes;
      const said = canonical(others);
      const before = names.nameOf(handle);
      if (message.command === "del" || typeof netdev !== "string") {
        if (before !== undefined) names.ports.delete(before);
        names.said.delete(handle);
        if (typeof netdev === "string") attributes.netdev = label(handle);
        return true;
      }
      const renamed = before !== undefined && before !== netdev && names.said.get(handle) === said;
      if (before !== undefined && before !== netdev) names.ports.delete(before);
      if (names.ports.get(netdev) !== handle) generations.set(netdev, [...generations.get(netdev) ?? [], handle]);
      names.ports.set(netdev, handle);
      names.said.set(handle, said);
      attributes.netdev = label(handle);
      // udev gave the netdev another name (a PORT NEW from Linux 6.2 on): the board's user space, not the subsystem.
      return !renamed;
    });
  }
}

/** Relabels link events; events of netdevs without a port and without a name in the sequence are left out. */
function relabelLinks(
  generations: Map<string, string[]>,
  events: LinkEvent[],
  named: ReadonlySet<string>,
): LinkEvent[] {
  const deleted = new Map<string, number>();
  const last = new Map<string, { ifname: string; shown: string }>();
  const relabelled: LinkEvent[] = [];
  for (const event of events) {
    const handles = generations.get(event.ifname);
    if (!handles) {
      if (named.has(event.ifname)) relabelled.push(event);
      continue;
    }
    const generation = deleted.get(event.ifname) ?? 0;
    if (event.event === "del") deleted.set(event.ifname, generation + 1);
    // More events than generations: extra events get the last port, so that they show.
    const handle = handles[Math.min(generation, handles.length - 1)]!;
    const shown = canonical({ ...event, ifname: "" });
    const before = last.get(handle);
    last.set(handle, { ifname: event.ifname, shown });
    // A rename repeats the last event under the new name.
    if (before && before.ifname !== event.ifname && before.shown === shown) continue;
    relabelled.push({ ...event, ifname: label(handle) });
  }
  return relabelled;
}
