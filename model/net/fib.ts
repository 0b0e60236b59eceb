/**
 * What the addresses of netdevs put into the FIB of their netns, which a listener may count.
 *
 * @module
 */

import type { Era } from "../era/mod.ts";
import type { KernelHost } from "../kernel/host.ts";
import type { Netdev, Netns } from "./netns.ts";

/** How long it takes to see that an IPv6 address is nobody else's, in ms: 1 to 2 s on a board. */
const DUPLICATE_DETECTION = 1500;

/** What 127.0.0.1/8 and ::1 put into the FIB. */
export function countLoopback(era: Era, netns: Netns, up: boolean): void {
  for (let i = 0; i < era.loopbackRoutes; i++) netns.count("IPv4/fib", up);
  netns.count("IPv6/fib", up);
}

/**
 * What a link-local address puts into the FIB: fe80::/64 and ff00::/8 once for all netdevs, and the address itself once it
 * is known to be unique (at once without ARP).
 */
export function countLinkLocal(kernel: KernelHost, netdev: Netdev, up: boolean): void {
  const { netns } = netdev;
  const others = netns.linkLocal.size;
  if (up) {
    if (others === 0) { for (let i = 0; i < 2; i++) netns.count("IPv6/fib", true); }
    const assigned = netdev.downFlags.includes("NOARP");
    netns.linkLocal.set(netdev, assigned);
    if (assigned) netns.count("IPv6/fib", true);
    else kernel.after(DUPLICATE_DETECTION, () => assign(netdev));
  } else {
    const assigned = netns.linkLocal.get(netdev);
    netns.linkLocal.delete(netdev);
    if (assigned) netns.count("IPv6/fib", false);
    if (others === 1) { for (let i = 0; i < 2; i++) netns.count("IPv6/fib", false); }
  }
}

function assign(netdev: Netdev): void {
  if (netdev.netns.linkLocal.get(netdev) !== false) return;
  netdev.netns.linkLocal.set(netdev, true);
  netdev.netns.count("IPv6/fib", true);
}
