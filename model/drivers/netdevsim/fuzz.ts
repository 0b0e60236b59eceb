/**
 * The part of netdevsim in generated sequences: making and removing devices on its bus, and its files in sysfs and debugfs.
 *
 * @module
 */

import type { InventoryInstance } from "../../inventory.ts";
import type { Operation } from "../../operation.ts";
import { type FuzzDevices, type FuzzRow, type FuzzWorld, ifAny, type Texts } from "../fuzz.ts";
import type { FuzzVocabulary } from "../fuzz.ts";
import { FUZZ_EXCLUSIONS } from "./fuzz_exclusions.ts";

const BUS = "/sys/bus/netdevsim";
const DEBUGFS = "/sys/kernel/debug/netdevsim";
const IDS = [10, 11, 12];
/** The device that operations name if no device exists. */
const FIRST = `netdevsim${IDS[0]}`;

/** Texts that the kernel parses with `kstrtouint`. */
const INDICES: Texts = [
  { weight: 8, of: { upTo: 6 } },
  {
    weight: 1,
    of: ["127", "128", "4294967295", "4294967296", "-1", "0x3", "07", "08", "+2", " 1", "1 ", "x", ""],
  },
];
const BOOLS: Texts = [
  { weight: 8, of: ["Y", "N", "1", "0"] },
  { weight: 1, of: ["on", "off", "t", "x", "", "yes please", "2"] },
];
const LENGTHS: Texts = [
  { weight: 8, of: ["0", "1", "4", "16", "64"] },
  { weight: 1, of: ["x", "", "-1", "4294967296", "0x10"] },
];

const deviceName = ({ inventory: { devices }, draw }: FuzzWorld) =>
  devices.length > 0 && !draw.chance(5)
    ? `netdevsim${draw.pick(devices).id}`
    : draw.pick([FIRST, "netdevsim99", "nosuch", ""]);

/** Draws the netns of a write to sysfs: mostly `init`. */
const anywhere = (world: FuzzWorld) => {
  const netns = world.draw.chance(90) ? "init" : world.netns();
  return netns === "init" ? {} : { netns };
};

const write =
  (path: (world: FuzzWorld) => string, value: (world: FuzzWorld) => string) =>
  (world: FuzzWorld): Operation<"file.write"> => ({
    kind: "file.write",
    path: path(world),
    value: value(world),
    ...anywhere(world),
  });

const attribute = (name: string) => (world: FuzzWorld) => `${BUS}/devices/${deviceName(world) || FIRST}/${name}`;

const debugfsOf = (instance: InventoryInstance | undefined, file: string) =>
  `${DEBUGFS}/${instance?.handle.slice(instance.handle.indexOf("/") + 1) ?? FIRST}/${file}`;

function debugfs(world: FuzzWorld, file: (instance: InventoryInstance | undefined) => string): string {
  const instance = world.instance();
  return debugfsOf(instance, file(instance));
}

/** The knobs that change the behaviour of devlink: they get a higher weight than the others. */
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

/** The files to read that are not knobs. */
const READABLE = [
  "max_vfs",
  "take_snapshot",
  "trap_flow_action_cookie",
  "nosuch",
  "health/break_health",
  "fib",
  "fw_update_status",
];

function knobOf(world: FuzzWorld, instance: InventoryInstance | undefined): string {
  const all = [...instance?.knobs.keys() ?? []];
  const telling = all.filter((path) => TELLING.includes(path));
  return telling.length > 0 && world.draw.chance(75) ? world.draw.pick(telling) : world.name(all, 4);
}

const idle = ({ inventory: { devices } }: FuzzWorld) => IDS.filter((id) => !devices.some((device) => device.id === id));

function oldPortIndex(world: FuzzWorld): string {
  const ports = world.instance()?.ports ?? [];
  return ports.length > 0 && !world.draw.chance(15) ? String(world.draw.pick(ports).index) : world.draw.text(INDICES);
}

const ROWS: Readonly<Record<string, FuzzRow>> = {
  "file.write new_device": {
    // Without a device, most operations have no effect
    always: true,
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
  "file.write del_device": {
    weight: 4,
    draw: write(
      () => `${BUS}/del_device`,
      ({ inventory: { devices }, draw }) =>
        devices.length > 0 && !draw.chance(15)
          ? String(draw.pick(devices).id)
          : draw.pick(["10", "99", "x", "", "2147483648", "10 x"]),
    ),
  },
  "file.write bind": {
    weight: (world) => world.inventory.devices.some(({ bound }) => !bound) ? 20 : 1,
    draw: write(() => `${BUS}/drivers/netdevsim/bind`, (world) => {
      const unbound = world.inventory.devices.filter(({ bound }) => !bound);
      return unbound.length > 0 && !world.draw.chance(10)
        ? `netdevsim${world.draw.pick(unbound).id}`
        : deviceName(world);
    }),
  },
  "file.write unbind": { weight: 3, draw: write(() => `${BUS}/drivers/netdevsim/unbind`, deviceName) },
  "file.write new_port": {
    weight: ifAny(8, () => true),
    draw: write(attribute("new_port"), ({ draw }) => draw.text(INDICES)),
  },
  "file.write del_port": {
    weight: ifAny(6, ({ ports }) => ports.length > 0),
    draw: write(attribute("del_port"), oldPortIndex),
  },
  "file.write sriov_numvfs": {
    theme: "rates",
    weight: ifAny(5, () => true),
    draw: write(attribute("sriov_numvfs"), (world) => {
      const some = world.inventory.devices.some(({ vfs }) => vfs > 0);
      return world.draw.chance(25)
        ? world.draw.pick(["5", "x", "", "-1"])
        : world.draw.pick(some ? ["0", "0", "1"] : ["1", "2", "4"]);
    }),
  },
  "file.write max_vfs": {
    weight: 1,
    draw: write((world) => debugfs(world, () => "max_vfs"), (world) => world.draw.pick(["0", "1", "4", "8", "x", ""])),
  },
  "file.write knob": {
    theme: "health",
    weight: ifAny(9, () => true),
    draw: (world) => {
      const instance = world.instance();
      const knob = knobOf(world, instance);
      const bool = typeof instance?.knobs.get(knob) === "boolean";
      return write(() => debugfsOf(instance, knob), () => world.draw.text(bool ? BOOLS : LENGTHS))(world);
    },
  },
  "file.write take_snapshot": {
    weight: ifAny(5, () => true),
    draw: write((world) => debugfs(world, () => "take_snapshot"), (world) => world.draw.pick(["1", "x", ""])),
  },
  "file.write break_health": {
    theme: "health",
    weight: ifAny(6, ({ reporters }) => reporters.length > 0),
    draw: write(
      (world) => debugfs(world, () => "health/break_health"),
      (world) => world.draw.pick(["broken", "x", "two words"]),
    ),
  },
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
};

/** Returns the id that `new_device` reads: the kernel takes the lowest 32 bits, and refuses an id that is not an int. */
function idOf(op: Operation): number | undefined {
  if (op.kind !== "file.write" || op.path !== `${BUS}/new_device`) return undefined;
  const id = /^\s*(\d+)/.exec(op.value)?.[1];
  const taken = BigInt.asUintN(32, BigInt(id ?? 2 ** 31));
  return taken < 2n ** 31n ? Number(taken) : undefined;
}

const DEVICES: FuzzDevices = {
  ids: IDS,
  absent: ["netdevsim/nosuch", "pci/0000:00:1f.7", `nosuch/${FIRST}`],
  requires: ["netdevsim"],
  handle: (id) => `netdevsim/netdevsim${id}`,
  make: ({ id, ports, netns }) => ({
    kind: "file.write",
    path: `${BUS}/new_device`,
    value: `${id} ${ports}`,
    ...(netns === undefined ? {} : { netns }),
  }),
  remove: (id) => ({ kind: "file.write", path: `${BUS}/del_device`, value: String(id) }),
  madeBy: idOf,
};

/** The fuzz vocabulary of netdevsim. */
export const FUZZ: FuzzVocabulary = {
  devices: DEVICES,
  rows: ROWS,
  exclusions: FUZZ_EXCLUSIONS,
  // A counter that cannot be read suppresses messages, and cuts dumps short
  hides: (op) => op.kind === "file.write" && /\/fail_trap_(drop|policer)_counter_get$/.test(op.path),
};
