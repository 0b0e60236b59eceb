/**
 * The vocabulary of what is not devlink(8)'s and of any driver: netns, links, routes, time.
 *
 * @module
 */

import type { DevlinkKind } from "../model/command_line/forms.ts";
import { ifAny } from "../model/drivers/fuzz.ts";
import type { Operation } from "../model/mod.ts";
import { type GeneratedKind, operation, portOf, type Row } from "./row.ts";
import { NETNS_NAMES, type World } from "./world.ts";

/** The kinds that are drawn here: all that are generated for any driver and no commands of devlink(8). */
export type SystemKind = Exclude<GeneratedKind, DevlinkKind>;

const onLink = <K extends "link.set" | "link.show" | "link.move" | "link.rename" | "ethtool.info" | "ethtool.flash">(
  kind: K,
  more: (world: World) => object = () => ({}),
) =>
(world: World) => {
  const instance = world.instance(({ ports }) => ports.length > 0);
  return operation(kind, { ...world.target(instance), port: portOf(world, instance), ...more(world) });
};

// The routes of a board's own netns are its own.
const routed = <K extends "route.add" | "route.del">(kind: K) => (world: World): Operation<K> | undefined => {
  const named = world.inventory.netns.filter((name) => name !== "init");
  if (named.length === 0) return undefined;
  return operation(kind, {
    netns: world.draw.pick(named),
    prefix: world.draw.pick(PREFIXES),
    dev: world.draw.chance(93) ? "lo" : "nosuch",
  });
};
// Not in a board's own netns: nobody would take them away.
const nexthop = <K extends "nexthop.add" | "nexthop.del">(kind: K) => (world: World): Operation<K> | undefined => {
  const named = world.inventory.netns.filter((name) => name !== "init");
  if (named.length === 0) return undefined;
  return operation(kind, { netns: world.draw.pick(named), id: world.draw.pick([1, 2, 3]) });
};
const PREFIXES = [
  "10.0.0.0/8",
  "10.1.0.0/16",
  "10.1.1.0/24",
  "10.1.1.1/32",
  "10.1.1.1",
  "10.1.1.1/24",
  "10.1.1.0/33",
  "x",
];

/** The rows by kind. */
export const SYSTEM_ROWS: { readonly [K in Exclude<SystemKind, "wait">]: Row<K> } = {
  "link.set": {
    weight: ifAny(6, ({ ports }) => ports.length > 0),
    draw: onLink("link.set", (world) => ({ up: world.draw.chance(65) })),
  },
  "link.show": { weight: ifAny(3, ({ ports }) => ports.length > 0), draw: onLink("link.show") },
  "link.move": { weight: 2, draw: onLink("link.move", (world) => ({ to: world.netns() })) },
  "link.rename": {
    weight: 2,
    draw: onLink("link.rename", (world) => ({ name: world.draw.pick(["sim0", "sim1", "lo", "a b"]) })),
  },
  "ethtool.info": { weight: 2, draw: onLink("ethtool.info") },
  // What is there takes 5 to 10 s
  "ethtool.flash": { weight: 0.5, draw: onLink("ethtool.flash", () => ({ file: "nosuch.bin" })) },
  "route.add": { weight: 4, draw: routed("route.add") },
  "route.del": { weight: 2, draw: routed("route.del") },
  "nexthop.add": { weight: 3, draw: nexthop("nexthop.add") },
  "nexthop.del": { weight: 2, draw: nexthop("nexthop.del") },
  "lo.up": {
    weight: 2,
    draw: (world) => {
      const named = world.inventory.netns.filter((name) => name !== "init");
      return named.length > 0 ? { kind: "lo.up", netns: world.draw.pick(named) } : undefined;
    },
  },
  "netns.add": {
    weight: (world) => world.inventory.netns.length > 3 ? 0.5 : 4,
    draw: (world) => ({ kind: "netns.add", name: world.draw.pick(NETNS_NAMES) }),
  },
  "netns.del": {
    weight: (world) => world.inventory.netns.length > 1 ? 4 : 0.5,
    draw: (world) => {
      const named = world.inventory.netns.filter((name) => name !== "init");
      const name = named.length > 0 && !world.draw.chance(5) ? world.draw.pick(named) : world.draw.pick(NETNS_NAMES);
      // It dies unseen by its command: the last instance in it to come back logs it
      const last = world.instances.findLast(({ netns }) => netns === name);
      return { kind: "netns.del", name, ...(last ? { until: last.handle } : {}) };
    },
  },
};

/** Time that passes. */
export const TIME_ROWS: { readonly "wait": Row<"wait"> } = {
  "wait": { weight: 1, draw: (world) => ({ kind: "wait", ms: world.draw.pick([50, 100, 300]) }) },
};
