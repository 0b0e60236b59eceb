/**
 * `ip address show`.
 *
 * @module
 */

import { type NetdevShown, operstate } from "../../model/net/netns.ts";
import type { IpOptions } from "./ip_words.ts";
import { chosen, linkObject, linkText } from "./ip_link.ts";
import { writeJson } from "./json_writer.ts";
import type { Call } from "../program.ts";
import type { Run } from "../run.ts";

interface Address {
  family: "inet" | "inet6";
  local: string;
  prefixlen: number;
  scope: string;
  label?: string;
}

/** Returns the addresses that a netdev has: of loopback, of the board's own interface, and link-local ones. */
function addressesOf(call: Call, netdev: NetdevShown): Address[] {
  if (!netdev.up) return [];
  if (netdev.name === "lo") {
    return [
      { family: "inet", local: "127.0.0.1", prefixlen: 8, scope: "host", label: "lo" },
      { family: "inet6", local: "::1", prefixlen: 128, scope: "host" },
    ];
  }
  const { address } = call.system.links.of(netdev);
  const local = linkLocal(address);
  const own: Address[] = [{ family: "inet6", local, prefixlen: 64, scope: "link" }];
  if (!netdev.downFlags.includes("MULTICAST")) return netdev.carrier ? own : [];
  return [{ family: "inet", local: "10.0.2.15", prefixlen: 24, scope: "global", label: netdev.name }, ...own];
}

/** Returns the link-local address of a MAC address (EUI-64). */
function linkLocal(mac: string): string {
  const bytes = mac.split(":").map((byte) => Number.parseInt(byte, 16));
  const eui = [bytes[0]! ^ 2, bytes[1]!, bytes[2]!, 0xff, 0xfe, bytes[3]!, bytes[4]!, bytes[5]!];
  const groups = [0, 2, 4, 6].map((i) => ((eui[i]! << 8) | eui[i + 1]!).toString(16));
  return `fe80::${groups.join(":")}`;
}

/** `ip address show` */
export function* addressShow(call: Call, options: IpOptions, args: readonly string[]): Run {
  const netdevs = yield* chosen(call, "address", args);
  if (typeof netdevs === "number") return netdevs;
  const wanted = (address: Address) =>
    options.family === undefined || address.family === (options.family === "4" ? "inet" : "inet6");
  if (options.json) {
    const list = netdevs.map((netdev) => ({
      ...linkObject(call, netdev, options, false),
      addr_info: addressesOf(call, netdev).filter(wanted).map((address) => ({
        ...address,
        valid_life_time: 4294967295,
        preferred_life_time: 4294967295,
      })),
    }));
    yield* call.out(`${writeJson(list, options.pretty)}\n`);
    return 0;
  }
  for (const netdev of netdevs) {
    const addresses = addressesOf(call, netdev).filter(wanted);
    if (options.brief) {
      const list = addresses.map(({ local, prefixlen }) => `${local}/${prefixlen} `).join("");
      yield* call.out(`${netdev.name.padEnd(16)} ${operstate(netdev).padEnd(14)} ${list}\n`);
      continue;
    }
    let text = linkText(call, netdev, options, { mode: false });
    for (const { family, local, prefixlen, scope, label } of addresses) {
      const origin = local === "::1" ? "kernel_lo" : "kernel_ll";
      const told = family === "inet6" && call.system.facts.addressOrigin ? `proto ${origin} ` : "";
      text += `    ${family} ${local}/${prefixlen} scope ${scope} ${
        label ?? told
      }\n       valid_lft forever preferred_lft forever\n`;
    }
    yield* call.out(text);
  }
  return 0;
}
