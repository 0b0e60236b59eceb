/**
 * The operations that add and delete a netns, and the routes in it.
 *
 * @module
 */

import type { Command } from "../command.ts";
import { drop, findInstance, hold, instancesOf } from "./devlink.ts";
import { reloadIntoInit } from "./reload.ts";
import { withRtnl } from "../kernel/host.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { returnNetdevs } from "./link.ts";
import { Netns } from "../net/netns.ts";
import type { Result } from "../observation.ts";
import { acquire, type Steps, type Task } from "../kernel/task.ts";

/** The kinds of {@linkcode NETNS_COMMANDS}. */
export type NetnsKind = "route.add" | "route.del" | "lo.up" | "netns.add" | "netns.del";

/** The longest time that `netns.del` waits for an instance to return to the initial netns, in ms. */
const UNTIL_BOUND = 5000;

/** The operations on netns, their routes and their `lo`. */
export const NETNS_COMMANDS: { readonly [K in NetnsKind]: Command<K> } = {
  *"route.add"({ kernel, task, netns }, { prefix, dev }) {
    const parsed = parsePrefix(prefix);
    const netdev = netns.netdevs.get(dev);
    if (!parsed || !netdev) return "client";
    let result: Result = "ok";
    yield* withRtnl(kernel, task, () => {
      // The kernel checks the prefix before it creates the table, or finds that there is none
      netns.hasTable ||= !parsed.host;
      if (parsed.host) result = task.fail("EINVAL", "Invalid prefix for given prefix length");
      else if (!netdev.up) result = task.fail("ENETDOWN", "Device for nexthop is not up");
      else if (netns.routes.has(parsed.key)) result = "EEXIST";
      else {
        result = netns.addEntry(task, "IPv4/fib");
        if (result === "ok") netns.routes.set(parsed.key, dev);
      }
    });
    return result;
  },

  *"route.del"({ kernel, task, netns }, { prefix, dev }) {
    const parsed = parsePrefix(prefix);
    if (!parsed || !netns.netdevs.has(dev)) return "client";
    let result: Result = "ok";
    yield* withRtnl(kernel, task, () => {
      if (parsed.host) result = task.fail("EINVAL", "Invalid prefix for given prefix length");
      else if (!netns.hasTable) result = task.fail("ESRCH", "FIB table does not exist");
      else if (netns.routes.get(parsed.key) !== dev) result = "ESRCH";
      else {
        netns.routes.delete(parsed.key);
        netns.occupancy["IPv4/fib"]--;
      }
    });
    return result;
  },

  *"lo.up"({ kernel, task, netns }) {
    yield* withRtnl(kernel, task, () => kernel.setLink(task, netns.netdevs.get("lo")!, true));
    return "ok";
  },

  *"netns.add"({ kernel, task }, { name }) {
    if (kernel.netns.has(name) || kernel.runFiles.has(`/run/netns/${name}`)) return "client";
    yield* kernel.pernetOps.acquireRead(task);
    kernel.pernetOps.release(task);
    const netns = new Netns(name, { heard: kernel.listeners, entries: kernel.era.fibEntries });
    kernel.addNetdev(netns, "lo", ["LOOPBACK"], "UNKNOWN");
    kernel.netns.set(name, netns);
    return "ok";
  },

  *"netns.del"({ kernel, task }, { name, until }) {
    const netns = kernel.netns.get(name);
    if (!netns || netns === kernel.init) return kernel.runFiles.delete(`/run/netns/${name}`) ? "ok" : "client";
    kernel.netns.delete(name);
    // An open socket keeps its netns alive: the listener in it ends first
    netns.heard = false;
    netns.alive = false;
    kernel.start("cleanup_net", (worker) => cleanup(kernel, worker, netns), task.stepping);
    if (until === undefined) return "ok";
    while (!findInstance(kernel, kernel.init, until)) {
      if (kernel.workers.length === 0) {
        kernel.advance(UNTIL_BOUND);
        task.observation.time = "blocked";
        return "client";
      }
      yield { kind: "blocked", what: `${until} to come back`, task: task.name };
    }
    return "ok";
  },
};

/** Returns an IPv4 prefix with its length; `host`: bits after that length are set. Undefined if the text is not a prefix. */
function parsePrefix(prefix: string): { key: string; host: boolean } | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(prefix);
  if (!match) return undefined;
  const bytes = match.slice(1, 5).map(Number);
  const length = match[5] === undefined ? 32 : Number(match[5]);
  if (bytes.some((byte) => byte > 255) || length > 32) return undefined;
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return { key: `${bytes.join(".")}/${length}`, host: address % 2 ** (32 - length) !== 0 };
}

/** Ends a netns: reloads each instance in it into the initial netns, and then moves the netdevs there. */
function* cleanup(kernel: Kernel, task: Task, netns: Netns): Steps {
  yield* netns.unused.wait(task);
  yield* kernel.pernetOps.acquireRead(task);
  if (kernel.devlinkMutex) yield* acquire(task, kernel.devlinkMutex);
  for (const dl of [...instancesOf(kernel)]) {
    if (dl.netns !== netns || !dl.visible) continue;
    hold(task, dl);
    for (const lock of kernel.era.reloadLocks) yield* acquire(task, lock === "device" ? dl.deviceLock : dl.lock);
    if (dl.registered && dl.netns === netns) yield* reloadIntoInit(task, dl);
    for (const lock of kernel.era.reloadLocks.toReversed()) (lock === "device" ? dl.deviceLock : dl.lock).release(task);
    drop(task, dl);
  }
  kernel.devlinkMutex?.release(task);
  yield* returnNetdevs(kernel, task, netns);
  netns.gone = true;
  kernel.pernetOps.release(task);
}
