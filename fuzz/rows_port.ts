/**
 * The vocabulary of ports, rate objects and the eswitch.
 *
 * @module
 */

import * as fc from "fast-check";
import { ifAny } from "../model/drivers/fuzz.ts";
import type { InventoryInstance } from "../model/mod.ts";
import { listing, maybe, onPort, portOf, type Row, uint32 } from "./row.ts";
import type { PortKind } from "./rows_devlink.ts";
import type { World } from "./world.ts";

const rates = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("10mbit", "1gbit", "0", "8bit", "1kbit", "100mbit") },
  { weight: 1, arbitrary: fc.constantFrom("1bit", "7bit", "1mbps", "x", "", "10mbi", "-1") },
);

const classes = ["0", "1", "2", "3", "4", "5", "6", "7"] as const;
/** Bandwidths of traffic classes, and some that devlink(8) does not take. */
const bandwidths = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.shuffledSubarray([...classes], { minLength: 8 }),
      fc.array(fc.constantFrom("0", "1", "100", "4294967295", "4294967296", ""), { minLength: 8, maxLength: 8 }),
    ).map(([order, values]) => order.map((at, i) => `${at}:${values[i]}`)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("0:2", "8:1", "x:1", "7:x", "7", "7:-1", ":", "7:7:7").map((last) => [
      ...classes.slice(0, 7).map((at) => `${at}:1`),
      last,
    ]),
  },
  { weight: 1, arbitrary: fc.constantFrom(["0:1"], [...classes, "8"].map((at) => `${at}:1`)) },
);

const NODES = ["group1", "group2", "node3"];

/** Ports that may have rate objects: ports of VFs, and others whose index is as high as drivers give to VFs. */
const hasVfs = ({ ports }: InventoryInstance) =>
  ports.some(({ index, flavour }) => flavour === "pcivf" || index >= 128);

const nodeOf = (world: World, instance: InventoryInstance | undefined) =>
  world.draw.chance(6) ? world.draw.pick(["7", "", "a b"]) : world.draw.pick([...instance?.rateNodes ?? [], ...NODES]);

const rateOf = (world: World, instance: InventoryInstance | undefined) => ({
  ...maybe(world, 35, "txShare", () => world.draw.of(rates)),
  ...maybe(world, 35, "txMax", () => world.draw.of(rates)),
  ...maybe(world, 8, "txPriority", () => world.draw.of(uint32)),
  ...maybe(world, 8, "txWeight", () => world.draw.of(uint32)),
  ...maybe(world, 12, "tcBw", () => world.draw.of(bandwidths)),
  ...maybe(world, 30, "parent", () => world.draw.chance(25) ? null : nodeOf(world, instance)),
});

/** The rows by kind. */
export const PORT_ROWS: { readonly [K in PortKind]: Row<K> } = {
  "dev.eswitch.show": {
    theme: "rates",
    weight: 2,
    draw: (world) => ({ kind: "dev.eswitch.show", ...world.target(world.instance()) }),
  },
  "dev.eswitch.set": {
    theme: "rates",
    // VFs have ports in one of its modes only
    weight: (world) => world.inventory.devices.some(({ vfs }) => vfs > 0) && !world.some(hasVfs) ? 12 : 4,
    draw: (world) => ({
      kind: "dev.eswitch.set",
      ...world.target(world.instance()),
      ...maybe(
        world,
        85,
        "mode",
        () => world.draw.pick(["switchdev", "switchdev", "switchdev", "legacy", "legacy", "switchdev_inactive", "x"]),
      ),
      ...maybe(world, 8, "inlineMode", () => world.draw.pick(["none", "link", "network", "transport", "x"])),
      ...maybe(world, 8, "encapMode", () => world.draw.pick(["none", "basic", "x"])),
    }),
  },
  "port.show": { weight: 6, draw: listing("port.show", (world, instance) => ({ port: portOf(world, instance) })) },
  "port.set": {
    weight: 1,
    draw: onPort("port.set", (world) => ({ type: world.draw.pick(["eth", "ib", "auto", "x"]) })),
  },
  "port.split": {
    weight: 1,
    draw: onPort("port.split", (world) => maybe(world, 90, "count", () => world.draw.of(uint32))),
  },
  "port.unsplit": { weight: 1, draw: onPort("port.unsplit") },
  "port.add": {
    weight: 1,
    draw: (world) => {
      const instance = world.instance();
      return {
        kind: "port.add",
        ...world.target(instance),
        ...maybe(world, 30, "port", () => portOf(world, instance)),
        flavour: world.draw.pick(["pcisf", "pcisf", "pcipf", "pcivf", "x"]),
        ...maybe(world, 70, "pfnum", () => world.draw.of(uint32)),
        ...maybe(world, 60, "sfnum", () => world.draw.of(uint32)),
        ...maybe(world, 20, "controller", () => world.draw.of(uint32)),
      };
    },
  },
  "port.del": { weight: 1, draw: onPort("port.del") },
  "port.function.set": {
    weight: 2,
    draw: onPort("port.function.set", (world) => ({
      ...maybe(
        world,
        50,
        "hwAddr",
        () => world.draw.pick(["00:11:22:33:44:55", "00:00:00:00:00:00", "01:00:5e:00:00:01", "00:11:22", "x"]),
      ),
      ...maybe(world, 25, "state", () => world.draw.pick(["active", "inactive", "x"])),
      ...maybe(world, 12, "roce", () => world.draw.chance(50)),
      ...maybe(world, 12, "migratable", () => world.draw.chance(50)),
      ...maybe(world, 8, "ipsecCrypto", () => world.draw.chance(50)),
      ...maybe(world, 8, "ipsecPacket", () => world.draw.chance(50)),
      ...maybe(world, 8, "maxIoEqs", () => world.draw.of(uint32)),
    })),
  },
  "port.param.show": {
    weight: 1,
    draw: listing(
      "port.param.show",
      (world, instance) => ({ port: portOf(world, instance), ...maybe(world, 60, "name", () => "test1") }),
    ),
  },
  "port.param.set": {
    weight: 1,
    draw: onPort(
      "port.param.set",
      (world) => ({ name: "test1", value: world.draw.pick(["true", "1"]), cmode: "driverinit" }),
    ),
  },
  "rate.show": {
    theme: "rates",
    weight: ifAny(4, ({ rateNodes }) => rateNodes.length > 0),
    draw: listing(
      "rate.show",
      (world, instance) =>
        world.draw.chance(50) ? { port: portOf(world, instance) } : { node: nodeOf(world, instance) },
    ),
  },
  "rate.set": {
    theme: "rates",
    weight: ifAny(6, hasVfs),
    draw: (world) => {
      const instance = world.instance(hasVfs);
      const object = world.draw.chance(50)
        ? { port: Math.abs(portOf(world, instance)) }
        : { node: nodeOf(world, instance) };
      const { handle, netns } = world.target(instance);
      return { kind: "rate.set", handle, ...(netns ? { netns } : {}), ...object, ...rateOf(world, instance) };
    },
  },
  "rate.add": {
    theme: "rates",
    weight: (world) => world.some(hasVfs) ? 8 : 2,
    draw: (world) => {
      const instance = world.instance(hasVfs);
      return { kind: "rate.add", ...world.target(instance), node: nodeOf(world, instance), ...rateOf(world, instance) };
    },
  },
  "rate.del": {
    theme: "rates",
    weight: ifAny(4, ({ rateNodes }) => rateNodes.length > 0),
    draw: (world) => {
      const instance = world.instance(({ rateNodes }) => rateNodes.length > 0);
      return { kind: "rate.del", ...world.target(instance), node: nodeOf(world, instance) };
    },
  },
};
