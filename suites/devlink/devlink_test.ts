/**
 * The suites of any driver: they name no driver, and they compile on netdevsim for each era. On devices that only facts describe
 * they run on the board's own handle and leave the device as they found it.
 */

import { assert, assertEquals } from "@std/assert";
import {
  type EraId,
  ERAS,
  type Facts,
  type Inventory,
  type InventoryInstance,
  Machine,
  type PortFact,
  type ResourceFact,
  type TrapFact,
} from "../../model/mod.ts";
import { DRIVERS } from "../../model/drivers/mod.ts";
import { innerOperations, type Operation } from "../../model/operation.ts";
import { factsWith } from "../../model/testing.ts";
import { DEVLINK_SUITES, loadSuites } from "../../run/load_suites.ts";
import { compile } from "../../sdk/compile.ts";
import { type Compiled, holdsIn, type Sequence } from "../../sdk/suite.ts";

const suites = await loadSuites(DEVLINK_SUITES);
const ALL = Object.keys(ERAS) as EraId[];

/** A NIC, as mlx5_core on 6.12 shows a ConnectX: its port is on a nested instance. */
const NIC: Facts = {
  handle: "pci/0000:00:02.0",
  driver: "mlx5_core",
  kernel: "6.12.118",
  versions: {
    fixed: { "fw.psid": "TWL0000000001" },
    running: { "fw.version": "16.35.2024", fw: "16.35.2024" },
    stored: { "fw.version": "16.35.2024", fw: "16.35.2024" },
  },
  reloadActions: ["driver_reinit", "fw_activate"],
  reloadLimits: ["no_reset"],
  reloadFailed: false,
  nested: ["auxiliary/mlx5_core.eth.0"],
  ports: [],
  traps: ["ingress_vlan_filter", "dmac_filter"].map((name) => trap(name, "drop", "l2_drops")),
  groups: [{ name: "l2_drops", generic: true }],
  policers: [],
  params: [
    ...([["enable_roce", false], ["enable_eth", true], ["enable_rdma", true], ["io_eq_size", 1024], [
      "event_eq_size",
      4096,
    ]] as const).map(([name, value]) => ({ name, generic: true, values: [{ cmode: "driverinit" as const, value }] })),
    { name: "flow_steering_mode", generic: false, values: [{ cmode: "runtime", value: "dmfs" }] },
    ...([["fdb_large_groups", 15], ["hairpin_num_queues", 2], ["hairpin_queue_size", 1]] as const).map((
      [name, value],
    ) => ({ name, generic: false, values: [{ cmode: "driverinit" as const, value }] })),
  ],
  resources: [],
  reporters: [
    { name: "fw", state: "healthy", autoDump: true },
    { name: "fw_fatal", state: "healthy", gracePeriod: 60_000, autoRecover: true, autoDump: true },
    { name: "vnic", state: "healthy" },
  ],
  regions: [],
  eswitch: { mode: "legacy", inlineMode: "none", encapMode: "basic" },
  refused: { "sb show": "ENODEV", "dpipe table show": "EOPNOTSUPP" },
};

/** The port of a NIC, as the facts of its kernel have it. */
const PORT: PortFact = {
  index: 0x1ffff,
  type: "eth",
  flavour: { flavour: "physical", port: 0, splittable: false },
  netdev: "eth1",
  up: false,
  reporters: [],
};

/** Returns the NIC on a kernel: where its port is, and if it has traps. */
function nicOf(era: EraId): Facts {
  if (era === "5.10") return { ...NIC, nested: [], ports: [{ ...PORT, index: 1 }], traps: [], groups: [] };
  if (era === "6.1") return { ...NIC, nested: [], ports: [PORT] };
  return { ...NIC, nestedPorts: { "auxiliary/mlx5_core.eth.0": [PORT] } };
}

function trap(name: string, type: TrapFact["type"], group: string): TrapFact {
  return { name, type, generic: true, action: type === "drop" ? "drop" : "trap", group, metadata: ["input_port"] };
}

const resource = (
  name: string,
  size: number,
  [min, max, granularity]: readonly [number, number, number] = [size, size, 1],
  children: readonly ResourceFact[] = [],
): ResourceFact => ({ name, size, min, max, granularity, unit: "entry", children });

/** A switch, as mlxsw_spectrum on 6.12 shows a Spectrum, with fewer traps and policers. */
const SWITCH: Facts = {
  handle: "pci/0000:00:02.0",
  driver: "mlxsw_spectrum",
  kernel: "6.12.118",
  versions: { fixed: { "hw.revision": "A1" }, running: { "fw.version": "13.2010.1006" } },
  reloadActions: ["driver_reinit", "fw_activate"],
  reloadLimits: [],
  reloads: { driver_reinit: 0, fw_activate: 0 },
  reloadFailed: false,
  nested: [],
  ports: [
    { index: 0, type: "notset", flavour: { flavour: "cpu", port: 0, splittable: false }, reporters: [] },
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((port) => ({
      index: port,
      type: "eth",
      flavour: { flavour: "physical", port, splittable: true, lanes: 4 },
      netdev: `eth${port}`,
      up: port === 1,
      reporters: [],
    })),
  ],
  traps: [
    trap("source_mac_is_multicast", "drop", "l2_drops"),
    trap("vlan_tag_mismatch", "drop", "l2_drops"),
    trap("blackhole_route", "drop", "l3_drops"),
    { ...trap("irif_disabled", "drop", "l3_drops"), generic: false },
    trap("mtu_value_is_too_small", "exception", "l3_exceptions"),
    trap("decap_error", "exception", "tunnel_drops"),
    trap("overlay_smac_is_mc", "drop", "tunnel_drops"),
    trap("ingress_flow_action_drop", "drop", "acl_drops"),
    trap("stp", "control", "stp"),
    trap("lacp", "control", "lacp"),
    { ...trap("flow_action_sample", "control", "acl_sample"), action: "mirror" },
  ],
  groups: [
    ...[["l2_drops", 1], ["l3_drops", 1], ["l3_exceptions", 1], ["tunnel_drops", 1], ["acl_drops", 1], ["stp", 2], [
      "lacp",
      3,
    ]].map(([name, policer]) => ({ name: name as string, generic: true, policer: policer as number })),
    { name: "acl_sample", generic: true },
  ],
  policers: [
    { policer: 1, rate: 10_240, burst: 4096 },
    { policer: 2, rate: 128, burst: 128 },
    { policer: 3, rate: 128, burst: 128 },
    { policer: 124, rate: 1, burst: 16 },
  ],
  params: [{ name: "fw_load_policy", generic: true, values: [{ cmode: "driverinit", value: "driver" }] }],
  resources: [
    resource("kvd", 245_760, [245_760, 245_760, 128], [
      resource("linear", 98_304, [0, 147_456, 128], [
        resource("singles", 16_384, [0, 147_456, 1]),
        resource("chunks", 49_152, [0, 147_456, 32]),
        resource("large_chunks", 32_768, [0, 147_456, 512]),
      ]),
      resource("hash_double", 60_416, [32_768, 180_224, 128]),
      resource("hash_single", 87_040, [65_536, 212_992, 128]),
    ]),
    resource("span_agents", 3),
    resource("counters", 24_576, undefined, [resource("rif", 4096), resource("flow", 12_288)]),
  ],
  reporters: [{ name: "fw_fatal", state: "healthy", autoDump: true }],
  regions: [{ name: "cr-space", size: 1_048_576, max: 8 }],
  refused: { "dev selftests show": "EOPNOTSUPP" },
};

/** A switch that shows little, as dsa_loop on 6.12 shows it: no reload, no information, a resource of a fixed size. */
const BARE = factsWith({
  handle: "mdio_bus/fixed-0:1f",
  driver: "dsa-loop",
  kernel: "6.12.118",
  ports: [
    ...[0, 1].map((index) => ({
      index,
      type: "eth",
      flavour: { flavour: "physical", port: index, splittable: false },
      netdev: `lan${index}`,
      up: false,
      reporters: [],
    })),
    { index: 4, type: "notset", flavour: { flavour: "<unknown flavour>", splittable: false }, reporters: [] },
    { index: 5, type: "notset", flavour: { flavour: "cpu", port: 5, splittable: false }, reporters: [] },
  ],
  resources: [resource("VTU", 4096), resource("ATU", 8192, undefined, [resource("ATU_bin_0", 2048)])],
  refused: { "dev info": "EOPNOTSUPP", "sb show": "ENODEV", "dpipe table show": "EOPNOTSUPP" },
});

const sequencesOf = (era: EraId) =>
  suites.flatMap((suite) =>
    suite.sequences.filter((one) => holdsIn(one, era)).map((sequence) => ({ suite, sequence }))
  );

/** Compiles every sequence for a board that only facts describe; leaves out sequences that need what the board lacks. */
async function pushed(facts: Facts, era: EraId): Promise<(Compiled & { sequence: Sequence })[]> {
  const compiled = [];
  for (const { suite, sequence } of sequencesOf(era)) {
    const one = await compile(suite, sequence, era, { board: { driver: facts.driver, facts } });
    if (one.plan.lacks === undefined) compiled.push({ ...one, sequence });
  }
  return compiled;
}

const every = (op: Operation): Operation[] => [op, ...innerOperations(op).flatMap(every)];

/** Returns what a sequence may have changed and has to put back. */
function stateOf({ instances }: Inventory, handle: string): unknown {
  const device = instances.find((one) => one.handle === handle)!;
  const { netns, reloadFailed, ports, traps, groups, policers, regions, reporters } = device;
  // A restored value still waits for a reload
  const params = device.params.map(({ name, value }) => ({ name, value }));
  const resources = device.resources.map(({ path, wanted }) => ({ path, wanted }));
  return structuredClone({
    netns,
    reloadFailed,
    ports,
    traps,
    groups,
    policers,
    regions,
    reporters,
    params,
    resources,
  });
}

/** Returns the names of a driver's own objects on netdevsim, which a sequence of any driver cannot know. */
function ownNames(device: InventoryInstance): string[] {
  return [
    ...device.traps.map(({ name }) => name),
    ...device.groups.map(({ name }) => name),
    ...device.params.map(({ name }) => name),
    ...device.regions.map(({ name }) => name),
    ...device.reporters.map(({ name }) => name),
    ...device.resources.filter(({ path }) => path.includes("/")).map(({ path }) => path),
  ];
}

Deno.test("no file of suites/devlink names a driver, a device or an object that a driver has", async () => {
  const machine = new Machine({ era: "7.3" });
  machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" });
  const words = [
    ...DRIVERS.flatMap(({ name, drivers }) => [name, ...drivers]).filter((word) => word !== "generic"),
    ...["mlx5", "mlxsw", "netdevsim10", "debugfs", "/sys/"],
    ...ownNames(machine.inventory().instances[0]!),
  ];
  // "empty" is a reporter of netdevsim and a word of English: only a string of its own counts
  const named = (text: string, word: string) =>
    /^[a-z]+$/.test(word) && word.length < 7 ? text.includes(`"${word}"`) : text.includes(word);
  const found: string[] = [];
  for (const { name } of Deno.readDirSync(new URL(".", import.meta.url))) {
    if (name.endsWith("_test.ts")) continue;
    const text = await Deno.readTextFile(new URL(name, import.meta.url));
    found.push(...words.filter((word) => named(text, word)).map((word) => `${name}: ${word}`));
  }
  assertEquals(found, []);
});

for (const era of ALL) {
  Deno.test(`every sequence compiles on netdevsim of ${era}, and lacks nothing`, async () => {
    const lacking: string[] = [];
    for (const { suite, sequence } of sequencesOf(era)) {
      const { plan } = await compile(suite, sequence, era);
      if (plan.lacks !== undefined) lacking.push(`${suite.name} > ${sequence.name}: ${plan.lacks}`);
      assertEquals(plan.requires, ["netdevsim"]);
    }
    assertEquals(lacking, []);
  });
}

Deno.test("each sequence states where its expectation comes from", () => {
  const bare = suites.flatMap(({ sequences }) => sequences).filter(({ source }) => source.trim() === "");
  assertEquals(bare.map(({ name }) => name), []);
});

for (
  const [kind, factsOf, least] of [
    ["a NIC", nicOf, 60],
    ["a switch", () => SWITCH, 60],
    ["a bare switch", () => BARE, 30],
  ] as const
) {
  for (const era of ["5.10", "6.1", "6.12", "7.3"] as const) {
    const name = `${kind} of ${era}: more than ${least} sequences, on its own handle, and it is left as it was found`;
    Deno.test(name, async () => {
      const facts = factsOf(era);
      const all = await pushed(facts, era);
      assert(all.length > least, `${all.length} sequences`);
      for (const { plan, expected } of all) {
        const name = `${plan.suite} > ${plan.sequence}`;
        assert(plan.steps.some(({ phase }) => phase === "body"), `${name} has no step`);
        const ops = plan.steps.flatMap(({ op }) => every(op));
        const handles = new Set(ops.flatMap((op) => "handle" in op && op.handle !== undefined ? [op.handle] : []));
        assertEquals([...handles].filter((handle) => handle !== facts.handle), [], name);
        const machine = new Machine({ era, facts });
        const before = stateOf(machine.inventory(), facts.handle);
        const netns = machine.inventory().netns;
        // An operation without an answer of the model is not performed on a board either
        const gaps = new Set(expected.steps.filter(({ lost }) => lost !== undefined).map(({ id }) => id));
        for (const { id, op } of plan.steps) if (!gaps.has(id)) machine.perform(op);
        assertEquals(stateOf(machine.inventory(), facts.handle), before, name);
        assertEquals(machine.inventory().netns, netns, name);
      }
    });
  }
}
