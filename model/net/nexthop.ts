/**
 * Blackhole nexthop objects, which FIB listeners count (net/ipv4/nexthop.c).
 *
 * @module
 */

import type { Command } from "../command.ts";
import { withRtnl } from "../kernel/host.ts";
import type { Result } from "../observation.ts";

/** The kinds of {@linkcode NEXTHOP_COMMANDS}. */
export type NexthopKind = "nexthop.add" | "nexthop.del";

/** True if ip(8) accepts the id: 32 bits. */
const isId = (id: number) => Number.isInteger(id) && id >= 0 && id < 2 ** 32;

/** The commands of ip(8) on nexthop objects. */
export const NEXTHOP_COMMANDS: { [K in NexthopKind]: Command<K> } = {
  *"nexthop.add"({ kernel, task, netns }, { id }) {
    if (!isId(id)) return "client";
    let result: Result = "ok";
    const unused = () => {
      do netns.lastNexthop++; while (netns.nexthops.has(netns.lastNexthop));
      return netns.lastNexthop;
    };
    yield* withRtnl(kernel, task, () => {
      // The device of a blackhole nexthop is `lo`
      if (!netns.netdevs.get("lo")!.up) result = task.fail("ENETDOWN", "Device for nexthop is not up");
      else if (netns.nexthops.has(id)) result = "EEXIST";
      else {
        // The kernel uses up the id even if a device then refuses the nexthop
        const number = id || unused();
        result = netns.addEntry(task, "nexthops");
        if (result === "ok") netns.nexthops.add(number);
      }
    });
    return result;
  },

  *"nexthop.del"({ kernel, task, netns }, { id }) {
    if (!isId(id)) return "client";
    if (id === 0) return task.fail("EINVAL", "Invalid nexthop id");
    let result: Result = "ok";
    yield* withRtnl(kernel, task, () => {
      if (!netns.nexthops.delete(id)) result = "ENOENT";
      else netns.occupancy["nexthops"]--;
    });
    return result;
  },
};
