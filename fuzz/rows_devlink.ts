/**
 * The vocabulary of what devlink(8) does with devices and what they hold, other than ports.
 *
 * @module
 */

import * as fc from "fast-check";
import type { DevlinkKind } from "../model/command_line/forms.ts";
import { ifAny } from "../model/drivers/fuzz.ts";
import type { InventoryInstance, InventoryResource } from "../model/mod.ts";
import { listing, maybe, onPort, operation, portOf, type Row, uint32, uint64 } from "./row.ts";
import type { World } from "./world.ts";

/** The kinds of `rows_port.ts`. */
type PortKind = Extract<DevlinkKind, `port.${string}` | `rate.${string}` | "dev.eswitch.show" | "dev.eswitch.set">;

/** What a param may be set to: what fits its type, what devlink(8) reads as that, and what it does not. */
const numbers = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 64 }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom("0", "1", "32", "4294967295") },
  { weight: 1, arbitrary: fc.constantFrom("4294967296", "-1", "+5", "007", "0x10", "8x", "true", "") },
);
const bools = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("true", "false") },
  { weight: 2, arbitrary: fc.constantFrom("1", "0", "enable", "disable") },
  { weight: 1, arbitrary: fc.constantFrom("True", "yes", "on", "2", "tru", "e", "") },
);
const sizes = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("0", "18446744073709551615", "100000", "1000") },
  { weight: 2, arbitrary: fc.nat({ max: 20 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom("18446744073709551614", "-2", "+5", " 7", "1k", "") },
);
const addresses = fc.oneof(
  { weight: 5, arbitrary: fc.nat({ max: 40_000 }) },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 255, 256, 257, 32512, 32767, 32768, 32769) },
  { weight: 1, arbitrary: fc.constantFrom("4294967296", "18446744073709551614", "-2", "+9", "x") },
);
const cmodes = fc.constantFrom(
  "runtime",
  "driverinit",
  "driverinit",
  "driverinit",
  "driverinit",
  "permanent",
) as fc.Arbitrary<"runtime" | "driverinit" | "permanent">;
const actions = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("drop", "trap", "mirror") },
  { weight: 1, arbitrary: fc.constantFrom("DROP", "nosuch", "") },
);
/** Far below or far above any time that passes in a sequence: what lies between is chance on a board. */
const periods = fc.constantFrom(0, 0, 600_000, 3_600_000, 18446744073709);

const names = (
  instance: InventoryInstance | undefined,
  of: (instance: InventoryInstance) => readonly { name: string }[],
) => instance ? of(instance).map(({ name }) => name) : [];

function regionOf(world: World, instance: InventoryInstance | undefined) {
  const regions = instance?.regions ?? [];
  const region = world.name(regions.map(({ name }) => name).length > 0 ? regions.map(({ name }) => name) : ["dummy"]);
  const snapshots = regions.find(({ name }) => name === region)?.snapshots ?? [];
  const snapshot = snapshots.length > 0 && !world.draw.chance(15) ? world.draw.pick(snapshots) : world.draw.of(uint32);
  return { region, snapshot };
}

const reporterOf = (world: World, instance: InventoryInstance | undefined) => ({
  reporter: world.name(
    instance && instance.reporters.length > 0 ? names(instance, (i) => i.reporters) : ["dummy", "empty"],
  ),
});
const withSnapshots = (instance: InventoryInstance) => instance.regions.some(({ snapshots }) => snapshots.length > 0);
const trapOf = (world: World, instance: InventoryInstance | undefined) => ({
  name: world.name(names(instance, (i) => i.traps)),
});
const groupOf = (world: World, instance: InventoryInstance | undefined) => ({
  name: world.name(names(instance, (i) => i.groups)),
});
function policerOf(world: World, instance: InventoryInstance | undefined): number {
  const policers = instance?.policers ?? [];
  return policers.length > 0 && !world.draw.chance(8) ? world.draw.pick(policers).id : world.draw.of(uint32);
}

/** Numbers near the value of a param. */
const around = (value: unknown) =>
  typeof value === "number" ? [value, value + 1, value * 2, Math.floor(value / 2)] : [];

/** Sizes that a resource may have, and some that are just out of its bounds or no multiple of its granularity. */
const sizesOf = ({ size, min, max, granularity }: InventoryResource) => [
  ...[size, size + granularity, size - granularity, min, max].filter((one) => one >= 0n),
  size + 1n,
  max + granularity,
];

/** Paths that are nearly right. */
function misspelt(paths: readonly string[]): string[] {
  const [top = "IPv4"] = paths;
  const child = paths.find((path) => path.includes("/")) ?? `${top}/fib`;
  return [`${top}/`, `/${top}`, child.slice(child.lastIndexOf("/") + 1), `${child}/x`, ""];
}

/** A command on one reporter. */
const onReporter =
  <K extends "health.recover" | "health.diagnose" | "health.dump.show" | "health.dump.clear" | "health.test">(
    kind: K,
  ) =>
  (world: World) => {
    const instance = world.instance(({ reporters }) => reporters.length > 0);
    return operation(kind, { ...world.target(instance), ...reporterOf(world, instance) });
  };

/** Returns a command on a device without further parameters. */
const onDevice = <K extends DevlinkKind>(kind: K, more: (world: World) => object = () => ({})) => (world: World) =>
  operation(kind, { ...world.target(world.instance()), ...more(world) });

const sb = (world: World) => maybe(world, 50, "sb", () => world.draw.of(uint32));

/** The rows by kind. */
export const DEVLINK_ROWS: { readonly [K in Exclude<DevlinkKind, PortKind>]: Row<K> } = {
  "dev.show": { weight: 4, draw: listing("dev.show") },
  "dev.info": { weight: 2, draw: listing("dev.info") },
  "dev.reload": {
    // After a reload of the board's own device, only its driver knows the rest
    weight: (world) => ifAny(world.own ? 6 : 24, () => true)(world),
    draw: (world) => {
      const { draw } = world;
      return {
        kind: "dev.reload",
        ...world.target(world.instance()),
        ...maybe(world, 35, "to", () => draw.chance(94) ? world.netns() : { pid: draw.pick([1, 4194304]) }),
        ...maybe(world, 12, "action", () => draw.pick(["driver_reinit", "driver_reinit", "fw_activate"] as const)),
        ...maybe(world, 5, "limit", () => "no_reset" as const),
      };
    },
  },
  "dev.flash": {
    weight: 1,
    draw: (world) => ({
      kind: "dev.flash",
      ...world.target(world.instance()),
      // What is there takes 5 to 10 s: mostly what is not
      file: world.draw.pick(["nosuch.bin", "nosuch.bin", "nosuch.bin", "dummy"]),
      ...maybe(world, 30, "component", () => world.draw.pick(["fw.mgmt", "nosuch"])),
      ...maybe(
        world,
        30,
        "overwrite",
        () => world.draw.pick([["settings"], ["identifiers"], ["settings", "identifiers"]] as const),
      ),
    }),
  },
  "dev.selftests.show": { weight: 1, draw: listing("dev.selftests.show") },
  "dev.selftests.run": {
    weight: 1,
    draw: onDevice("dev.selftests.run", (world) => maybe(world, 70, "id", () => world.draw.pick(["flash", "nosuch"]))),
  },
  "param.show": {
    weight: 5,
    draw: listing("param.show", (world, instance) => ({ name: world.name(names(instance, (i) => i.params)) })),
  },
  "param.set": {
    weight: ifAny(10, ({ params }) => params.length > 0),
    draw: (world) => {
      const { draw } = world;
      const instance = world.instance();
      const name = world.name(names(instance, (i) => i.params));
      const param = instance?.params.find((param) => param.name === name);
      const bool = param?.type === "bool";
      const value = param?.type === "string"
        ? draw.pick([String(param.value), String(param.value), "nosuch", ""])
        : bool !== draw.chance(5)
        ? draw.of(bools)
        : world.near(around(param?.value), numbers);
      // `default` is a word of devlink(8) for kernels from 7.0 on
      const given = draw.chance(8) ? { default: true as const } : { value };
      const target = world.target(instance);
      const cmode = world.own && param && draw.chance(70) ? param.cmode : draw.of(cmodes);
      return { kind: "param.set", ...target, name, ...given, cmode };
    },
  },
  "resource.show": {
    weight: 5,
    draw: listing(
      "resource.show",
      (world, instance) =>
        world.draw.chance(10)
          ? { port: portOf(world, instance) }
          : maybe(world, 10, "scope", () => world.draw.pick(["dev", "port", "x"])),
    ),
  },
  "resource.set": {
    weight: ifAny(9, ({ resources }) => resources.length > 0),
    draw: (world) => {
      const { draw } = world;
      const instance = world.instance();
      const paths = instance?.resources.map(({ path }) => path) ?? [];
      const path = draw.chance(4) ? draw.pick(misspelt(paths)) : world.name(paths);
      const target = world.target(instance);
      const resource = instance?.resources.find((one) => one.path === path);
      const size = world.near(resource ? sizesOf(resource) : [], sizes);
      return { kind: "resource.set", ...target, path, size };
    },
  },
  "region.show": {
    weight: 5,
    draw: listing("region.show", (world, instance) => ({ region: regionOf(world, instance).region })),
  },
  "region.new": {
    weight: ifAny(9, ({ regions }) => regions.length > 0),
    draw: (world) => {
      const instance = world.instance();
      const { region } = regionOf(world, instance);
      return {
        kind: "region.new",
        ...world.target(instance),
        region,
        ...maybe(world, 60, "snapshot", () => world.draw.of(uint32)),
      };
    },
  },
  "region.del": {
    weight: ifAny(7, withSnapshots),
    draw: (world) => {
      const instance = world.instance(withSnapshots);
      return { kind: "region.del", ...world.target(instance), ...regionOf(world, instance) };
    },
  },
  "region.dump": {
    weight: ifAny(2, withSnapshots),
    draw: (world) => {
      const instance = world.instance(withSnapshots);
      const { region, snapshot } = regionOf(world, instance);
      return {
        kind: "region.dump",
        ...world.target(instance),
        region,
        ...maybe(world, 85, "snapshot", () => snapshot),
      };
    },
  },
  "region.read": {
    weight: ifAny(4, withSnapshots),
    draw: (world) => {
      const instance = world.instance(withSnapshots);
      const { region, snapshot } = regionOf(world, instance);
      return {
        kind: "region.read",
        ...world.target(instance),
        region,
        ...maybe(world, 85, "snapshot", () => snapshot),
        address: world.draw.of(addresses),
        length: world.draw.of(addresses),
      };
    },
  },
  "sb.show": { weight: 0.5, draw: listing("sb.show", sb) },
  "sb.pool.show": { weight: 0.5, draw: listing("sb.pool.show", sb) },
  "sb.pool.set": {
    weight: 0.5,
    draw: onDevice(
      "sb.pool.set",
      (world) => ({
        ...sb(world),
        pool: world.draw.of(uint32),
        size: world.draw.of(uint32),
        thtype: world.draw.pick(["static", "dynamic", "x"]),
      }),
    ),
  },
  "sb.port.pool.show": {
    weight: 0.5,
    draw: listing("sb.port.pool.show", (world, i) => ({ port: portOf(world, i), ...sb(world) })),
  },
  "sb.tc.bind.show": {
    weight: 0.5,
    draw: listing("sb.tc.bind.show", (world, i) => ({ port: portOf(world, i), ...sb(world) })),
  },
  "sb.port.pool.set": {
    weight: 0.5,
    draw: onPort("sb.port.pool.set", (world) => ({
      ...sb(world),
      pool: world.draw.of(uint32),
      threshold: world.draw.of(uint32),
    })),
  },
  "sb.tc.bind.set": {
    weight: 0.5,
    draw: onPort("sb.tc.bind.set", (world) => ({
      ...sb(world),
      tc: world.draw.of(uint32),
      type: world.draw.pick(["ingress", "egress", "x"]),
      pool: world.draw.of(uint32),
      threshold: world.draw.of(uint32),
    })),
  },
  "sb.occupancy.snapshot": { weight: 0.5, draw: onDevice("sb.occupancy.snapshot", sb) },
  "sb.occupancy.clearmax": { weight: 0.5, draw: onDevice("sb.occupancy.clearmax", sb) },
  "dpipe.table.show": {
    weight: 0.5,
    draw: onDevice("dpipe.table.show", (world) => maybe(world, 50, "name", () => "mlxsw_erif")),
  },
  "dpipe.table.set": {
    weight: 0.5,
    draw: onDevice("dpipe.table.set", (world) => ({ name: "mlxsw_erif", counters: world.draw.chance(50) })),
  },
  "dpipe.table.dump": { weight: 0.5, draw: onDevice("dpipe.table.dump", () => ({ name: "mlxsw_erif" })) },
  "dpipe.header.show": { weight: 0.5, draw: onDevice("dpipe.header.show") },
  "linecard.show": { weight: 0.5, draw: listing("linecard.show", (world) => ({ lc: world.draw.of(uint32) })) },
  "linecard.set": {
    weight: 0.5,
    draw: onDevice(
      "linecard.set",
      (world) => ({ lc: world.draw.of(uint32), type: world.draw.pick(["16x100G", null]) }),
    ),
  },
  "health.show": { weight: 5, draw: listing("health.show", reporterOf) },
  "health.set": {
    theme: "health",
    weight: ifAny(6, ({ reporters }) => reporters.length > 0),
    draw: (world) => {
      const instance = world.instance(({ reporters }) => reporters.length > 0);
      const { draw } = world;
      return {
        kind: "health.set",
        ...world.target(instance),
        ...reporterOf(world, instance),
        ...maybe(world, 35, "gracePeriod", () => draw.of(periods)),
        ...maybe(world, 40, "autoRecover", () => draw.chance(40)),
        ...maybe(world, 35, "autoDump", () => draw.chance(50)),
        ...(world.era.id.startsWith("7.") ? maybe(world, 10, "burstPeriod", () => draw.of(periods)) : {}),
      };
    },
  },
  "health.recover": {
    theme: "health",
    weight: (world) => world.some(({ reporters }) => reporters.some(({ healthy }) => !healthy)) ? 8 : 2,
    draw: onReporter("health.recover"),
  },
  "health.diagnose": { weight: 2, draw: onReporter("health.diagnose") },
  "health.dump.show": {
    theme: "health",
    weight: ifAny(3, ({ reporters }) => reporters.length > 0),
    draw: onReporter("health.dump.show"),
  },
  "health.dump.clear": {
    theme: "health",
    weight: ifAny(3, ({ reporters }) => reporters.length > 0),
    draw: onReporter("health.dump.clear"),
  },
  "health.test": { weight: 2, draw: onReporter("health.test") },
  "trap.show": { weight: 5, draw: listing("trap.show", trapOf) },
  "trap.set": {
    weight: ifAny(14, ({ traps }) => traps.length > 0),
    draw: (world) => {
      const instance = world.instance();
      return {
        kind: "trap.set",
        ...world.target(instance),
        ...trapOf(world, instance),
        action: world.draw.of(actions),
      };
    },
  },
  "trap.group.show": { weight: 4, draw: listing("trap.group.show", groupOf) },
  "trap.group.set": {
    weight: ifAny(10, ({ groups }) => groups.length > 0),
    draw: (world) => {
      const { draw } = world;
      const instance = world.instance();
      return {
        kind: "trap.group.set",
        ...world.target(instance),
        ...groupOf(world, instance),
        ...maybe(world, 60, "action", () => draw.of(actions)),
        ...maybe(world, 50, "policer", () => draw.chance(20) ? null : policerOf(world, instance)),
      };
    },
  },
  "trap.policer.show": {
    weight: 4,
    draw: listing("trap.policer.show", (world, instance) => ({ policer: policerOf(world, instance) })),
  },
  "trap.policer.set": {
    weight: ifAny(9, ({ policers }) => policers.length > 0),
    draw: (world) => {
      const instance = world.instance();
      return {
        kind: "trap.policer.set",
        ...world.target(instance),
        policer: policerOf(world, instance),
        ...maybe(world, 75, "rate", () => world.draw.of(uint64)),
        ...maybe(world, 75, "burst", () => world.draw.of(uint64)),
      };
    },
  },
};

/** The kinds that `rows_port.ts` has rows for. */
export type { PortKind };
