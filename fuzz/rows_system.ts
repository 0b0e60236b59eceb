/**
 * The vocabulary of what is not devlink(8)'s: netns, links, routes, and the files of netdevsim in sysfs and debugfs.
 *
 * @module
 */

import * as fc from "fast-check";
import type { DevlinkKind } from "../model/command_line/forms.ts";
import type { InventoryInstance, Operation } from "../model/mod.ts";
import { type GeneratedKind, ifAny, operation, portOf, type Row, type Rows } from "./row.ts";
import { DEVICE_IDS, NETNS_NAMES, type World } from "./world.ts";

const BUS = "/sys/bus/netdevsim";

/** What the kernel reads with `kstrtouint`. */
const indices = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 6 }).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "127",
      "128",
      "4294967295",
      "4294967296",
      "-1",
      "0x3",
      "07",
      "08",
      "+2",
      " 1",
      "1 ",
      "x",
      "",
    ),
  },
);
const bools = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("Y", "N", "1", "0") },
  { weight: 1, arbitrary: fc.constantFrom("on", "off", "t", "x", "", "yes please", "2") },
);
const lengths = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("0", "1", "4", "16", "64") },
  { weight: 1, arbitrary: fc.constantFrom("x", "", "-1", "4294967296", "0x10") },
);

const deviceName = (world: World) => {
  const { devices } = world.inventory;
  return devices.length > 0 && !world.draw.chance(5)
    ? `netdevsim${world.draw.pick(devices).id}`
    : world.draw.pick(["netdevsim10", "netdevsim99", "nosuch", ""]);
};

/** Files of sysfs are mostly written to from `init`. */
const anywhere = (world: World) => {
  const netns = world.draw.chance(90) ? "init" : world.netns();
  return netns === "init" ? {} : { netns };
};

const write =
  (path: (world: World) => string, value: (world: World) => string) => (world: World): Operation<"file.write"> => ({
    kind: "file.write",
    path: path(world),
    value: value(world),
    ...anywhere(world),
  });

const attribute = (name: string) => (world: World) => `${BUS}/devices/${deviceName(world) || "netdevsim10"}/${name}`;

function debugfs(world: World, file: (instance: InventoryInstance | undefined) => string): string {
  const instance = world.instance();
  const device = instance?.handle.slice(instance.handle.indexOf("/") + 1) ?? "netdevsim10";
  return `/sys/kernel/debug/netdevsim/${device}/${file(instance)}`;
}

/** The knobs that change what devlink does, and so are worth more than the others. */
const TELLING = [
  "fail_reload",
  "dont_allow_reload",
  "fail_trap_group_set",
  "fail_trap_policer_set",
  "fail_trap_drop_counter_get",
  "fail_trap_policer_counter_get",
  "health/fail_recover",
  "max_macs",
  "test1",
  "fw_update_status",
];

function knobOf(world: World, instance: InventoryInstance | undefined): string {
  const all = [...instance?.knobs.keys() ?? []];
  const telling = all.filter((path) => TELLING.includes(path));
  return telling.length > 0 && world.draw.chance(75) ? world.draw.pick(telling) : world.name(all, 4);
}

const idle = (world: World) => DEVICE_IDS.filter((id) => !world.inventory.devices.some((device) => device.id === id));
const newPortIndex = (world: World) => world.draw.of(indices);
function oldPortIndex(world: World): string {
  const ports = world.instance()?.ports ?? [];
  return ports.length > 0 && !world.draw.chance(15) ? String(world.draw.pick(ports).index) : world.draw.of(indices);
}

const FILES: { readonly [about: string]: Row<"file.write"> } = {
  "new_device": {
    weight: (world) => world.instances.length === 0 ? 40 : 6,
    draw: (world) => {
      const { draw } = world;
      const free = idle(world);
      const id = free.length > 0 && !draw.chance(10)
        ? draw.pick(free)
        : draw.pick([10, 11, "", "x", 2147483648, 4294967296]);
      const ports = draw.chance(85) ? ` ${draw.weighted([[2, 0], [6, 1], [4, 2], [1, 3]])}` : "";
      const netns = draw.chance(70) ? "init" : world.netns();
      return {
        kind: "file.write",
        path: `${BUS}/new_device`,
        value: `${id}${ports}${ports && draw.chance(8) ? ` ${draw.pick([1, 2])}` : ""}`,
        ...(netns === "init" ? {} : { netns }),
      };
    },
  },
  "del_device": {
    weight: 4,
    draw: write(() => `${BUS}/del_device`, (world) => {
      const { devices } = world.inventory;
      return devices.length > 0 && !world.draw.chance(15)
        ? String(world.draw.pick(devices).id)
        : world.draw.pick(["10", "99", "x", "", "2147483648", "10 x"]);
    }),
  },
  "bind": {
    weight: (world) => world.inventory.devices.some(({ bound }) => !bound) ? 20 : 1,
    draw: write(() => `${BUS}/drivers/netdevsim/bind`, (world) => {
      const unbound = world.inventory.devices.filter(({ bound }) => !bound);
      return unbound.length > 0 && !world.draw.chance(10)
        ? `netdevsim${world.draw.pick(unbound).id}`
        : deviceName(world);
    }),
  },
  "unbind": { weight: 3, draw: write(() => `${BUS}/drivers/netdevsim/unbind`, deviceName) },
  "new_port": { weight: ifAny(8, () => true), draw: write(attribute("new_port"), newPortIndex) },
  "del_port": { weight: ifAny(6, ({ ports }) => ports.length > 0), draw: write(attribute("del_port"), oldPortIndex) },
  "sriov_numvfs": {
    weight: ifAny(5, () => true),
    draw: write(attribute("sriov_numvfs"), (world) => {
      const some = world.inventory.devices.some(({ vfs }) => vfs > 0);
      return world.draw.chance(25)
        ? world.draw.pick(["5", "x", "", "-1"])
        : world.draw.pick(some ? ["0", "0", "1"] : ["1", "2", "4"]);
    }),
  },
  "max_vfs": {
    weight: 1,
    draw: write((world) => debugfs(world, () => "max_vfs"), (world) => world.draw.pick(["0", "1", "4", "8", "x", ""])),
  },
  "knob": {
    weight: ifAny(9, () => true),
    draw: (world) => {
      const instance = world.instance();
      const knob = knobOf(world, instance);
      const bool = typeof instance?.knobs.get(knob) === "boolean";
      return write(
        () => `/sys/kernel/debug/netdevsim/${instance?.handle.split("/")[1] ?? "netdevsim10"}/${knob}`,
        () => world.draw.of(bool ? bools : lengths),
      )(world);
    },
  },
  "take_snapshot": {
    weight: ifAny(5, () => true),
    draw: write((world) => debugfs(world, () => "take_snapshot"), (world) => world.draw.pick(["1", "x", ""])),
  },
  "break_health": {
    weight: ifAny(6, ({ reporters }) => reporters.length > 0),
    draw: write(
      (world) => debugfs(world, () => "health/break_health"),
      (world) => world.draw.pick(["broken", "x", "two words"]),
    ),
  },
};

const READABLE = [
  "max_vfs",
  "take_snapshot",
  "trap_flow_action_cookie",
  "nosuch",
  "health/break_health",
  "fib",
  "fw_update_status",
];

/** The kinds that are drawn here: all that are generated and no commands of devlink(8). */
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
export const SYSTEM_ROWS: { readonly [K in SystemKind]: Rows<K> } = {
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
      // It dies behind its command's back: the last instance in it to come back says that it did
      const last = world.instances.findLast(({ netns }) => netns === name);
      return { kind: "netns.del", name, ...(last ? { until: last.handle } : {}) };
    },
  },
  "file.write": FILES,
  "file.read": {
    weight: ifAny(5, () => true),
    draw: (world) => ({
      kind: "file.read",
      path: world.draw.chance(15)
        ? attribute(world.draw.pick(["sriov_numvfs", "new_port", "nosuch"]))(world)
        : debugfs(world, (instance) => world.draw.chance(80) ? knobOf(world, instance) : world.draw.pick(READABLE)),
      ...(world.draw.chance(95) ? {} : anywhere(world)),
    }),
  },
  "file.remove": {
    weight: 0.5,
    draw: (world) => ({
      kind: "file.remove",
      path: world.draw.pick(["/lib/firmware/nosuch.bin", "/run/nosuch"]),
    }),
  },
  "wait": { weight: 1, draw: (world) => ({ kind: "wait", ms: world.draw.pick([50, 100, 300]) }) },
};
