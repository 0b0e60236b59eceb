/**
 * Operations with values for which the model has no answer, as data: when this is so, and why.
 *
 * @module
 */

import type { Scene } from "./command.ts";
import { ModelGap } from "./gap.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { portOf } from "./devlink/link.ts";
import type { Netdev, Netns } from "./net/netns.ts";
import type { Operation, OperationKind } from "./operation.ts";

/** A gap of a kind of operation: when an operation is in the gap, what it requests, and why there is no answer. */
interface OperationGap<K extends OperationKind> {
  when(op: Operation<K>, scene: Scene): boolean;
  what(op: Operation<K>): string;
  readonly why: string;
}

const gap = <K extends OperationKind>(
  when: OperationGap<K>["when"],
  what: OperationGap<K>["what"],
  why: string,
): OperationGap<K> => ({ when, what, why });

const netdevOf = ({ netns }: Scene, dev: string): Netdev | undefined => netns.netdevs.get(dev);
/** True if a netdev is the board's own: it has no devlink port and is not of modelled hardware. */
const isBoards = (kernel: Kernel, netdev: Netdev | undefined): boolean =>
  netdev !== undefined && netdev.ops === undefined && !portOf(kernel, netdev);

/** The prefixes that the model reads: four numbers and perhaps a length. ip(8) may accept other forms: `MAYBE_PREFIX`. */
const PREFIX = /^\d+\.\d+\.\d+\.\d+(?:\/\d+)?$/;
const MAYBE_PREFIX = /:|^(?:default|any|all)(?:$|\/)|^(?:0x[\da-f]+|\d+)(?:\.(?:0x[\da-f]+|\d+)){0,3}(?:\/[\d.]+)?$/i;

/** Returns `read` if the model reads the prefix, `other` if perhaps only ip(8) does, else `neither`. */
export const readsPrefix = (prefix: string): "read" | "other" | "neither" =>
  PREFIX.test(prefix) ? "read" : MAYBE_PREFIX.test(prefix) ? "other" : "neither";

const otherPrefix = <K extends "route.add" | "route.del">(verb: string): OperationGap<K> =>
  gap<K>(
    ({ prefix }) => readsPrefix(prefix) === "other",
    ({ prefix }) => `ip route ${verb} ${prefix}`,
    "routes of IPv6, the default route and short forms of prefixes",
  );
const boardsRoute = <K extends "route.add" | "route.del">(verb: string): OperationGap<K> =>
  gap<K>(
    ({ dev, prefix }, scene) =>
      dev !== "lo" && isBoards(scene.kernel, netdevOf(scene, dev)) && !scene.netns.routes.has(prefix),
    ({ prefix, dev }) => `ip route ${verb} ${prefix} dev ${dev}`,
    "the board decides which routes its own interface has",
  );
const otherSettings = <K extends "ethtool.show" | "ethtool.restart">(option: string): OperationGap<K> =>
  gap<K>(
    ({ dev }, scene) => isBoards(scene.kernel, netdevOf(scene, dev)),
    ({ dev }) => `ethtool ${option}${dev}`,
    "the answer depends on the driver of the board's own interface",
  );
const otherModule = <K extends "module.load" | "module.unload">(program: string): OperationGap<K> =>
  gap<K>(
    ({ name }, { kernel }) => !kernel.modules.has(name),
    ({ name }) => `${program} ${name}`,
    "the board decides which other modules exist",
  );

/** The effect of `fail_route_delete` on each removed route. */
const KEPT_ROUTES = "a device with fail_route_delete set keeps a removed route and then drops all its routes (fib.c)";

const failsDeletes = ({ routeKeepers }: Kernel, netns: Netns) =>
  routeKeepers.size > 0 && netns.fibListeners.some((listener) => routeKeepers.has(listener));
/** True if setting a netdev down may remove routes that a device keeps. */
const keepsRoutes = ({ kernel }: Scene) =>
  kernel.routeKeepers.size > 0 &&
  [...kernel.netns.values()].some((netns) =>
    failsDeletes(kernel, netns) && [...netns.netdevs.values()].some((netdev) => netdev.up && portOf(kernel, netdev))
  );
const keptRoute: OperationGap<"route.del"> = gap(
  (_op, { kernel, netns }) => failsDeletes(kernel, netns),
  ({ prefix }) => `ip route del ${prefix}`,
  KEPT_ROUTES,
);
const keptRoutes = <K extends OperationKind>(when: (op: Operation<K>) => boolean = () => true): OperationGap<K> =>
  gap<K>((op, scene) => when(op) && keepsRoutes(scene), ({ kind }) => `${kind} while netdevs are up`, KEPT_ROUTES);

/** The operations by their kind. */
export const OPERATION_GAPS: { readonly [K in OperationKind]?: readonly OperationGap<K>[] } = {
  "route.add": [otherPrefix("add"), boardsRoute("add")],
  "route.del": [otherPrefix("del"), boardsRoute("del"), keptRoute],
  "link.set": [keptRoutes(({ up }) => !up)],
  "link.move": [keptRoutes()],
  "dev.reload": [keptRoutes()],
  "dev.eswitch.set": [keptRoutes()],
  "file.write": [
    keptRoutes(({ path }) => /\/(?:del_device|del_port|sriov_numvfs|unbind)$/.test(path)),
  ],
  "netdev.set": [
    gap(
      ({ dev, up }, { kernel, netns }) => dev === "lo" && !up && failsDeletes(kernel, netns),
      () => "ip link set lo down",
      KEPT_ROUTES,
    ),
    keptRoutes(({ up }) => !up),
    gap(
      ({ dev, up }, scene) => {
        const netdev = netdevOf(scene, dev);
        return dev !== "lo" && isBoards(scene.kernel, netdev) && netdev!.up !== up;
      },
      ({ dev, up }) => `ip link set ${dev} ${up ? "up" : "down"}`,
      "the board decides which addresses and routes its own interface has",
    ),
  ],
  "ethtool.show": [otherSettings("")],
  "ethtool.restart": [otherSettings("-r ")],
  "module.load": [
    otherModule("modprobe"),
    gap(
      ({ name, params = {} }, { kernel }) => kernel.modules.untaken(name, params) !== undefined,
      ({ name, params }) => `modprobe ${name} ${Object.keys(params!).join(" ")}`,
      "the kernel logs that a module ignores a parameter which it does not take",
    ),
  ],
  "module.unload": [otherModule("rmmod"), keptRoutes()],
  "netns.add": [
    gap(({ name }) => name === "init", () => "ip netns add init", "init stands for the netns that a board booted with"),
  ],
  "netns.del": [
    keptRoutes(),
    gap(({ name }) => name === "init", () => "ip netns del init", "init stands for the netns that a board booted with"),
  ],
};

/**
 * Checks that the model has an answer for an operation.
 *
 * @throws {ModelGap} If the model has no answer
 */
export function refuseGaps(scene: Scene, op: Operation): void {
  for (const one of (OPERATION_GAPS[op.kind] ?? []) as readonly OperationGap<OperationKind>[]) {
    if (one.when(op, scene)) throw new ModelGap(one.what(op), one.why);
  }
}
