/**
 * Counts the FIB entries that the addresses of netdevs add to their netns; a FIB listener may limit them.
 *
 * @module
 */

import type { Era } from "../era/mod.ts";
import type { KernelHost } from "../kernel/host.ts";
import type { Netdev, Netns } from "./netns.ts";

/** The time of duplicate address detection of IPv6, in ms: 1 to 2 s on a board. */
const DUPLICATE_DETECTION = 1500;

/** Counts the FIB entries of 127.0.0.1/8 and ::1. */
export function countLoopback(era: Era, netns: Netns, up: boolean): void {
  for (let i = 0; i < era.loopbackRoutes; i++) netns.count("IPv4/fib", up);
  netns.count("IPv6/fib", up);
}

/**
 * Counts the FIB entries of a link-local address: fe80::/64 and ff00::/8 once for all netdevs, and the address itself after
 * duplicate address detection (at once if the netdev has NOARP).
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
