import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { readTrace } from "../../diff/trace_file.ts";
import { factsWith } from "../../model/testing.ts";
import { factCommands, type FactReplies, factsOf } from "./facts.ts";

const PCI = "pci/0000:03:00.0";

const reply = (out: unknown) => ({ status: 0, out: JSON.stringify(out), err: "" });
const said = (err: string) => ({ status: 1, out: "\n", err });
const there: FactReplies = { "dev show": reply({ dev: { [PCI]: {}, "pci/0000:03:00.1": {} } }) };

Deno.test("factCommands() only shows; it asks about one instance only if there is no list of all instances", () => {
  const commands = factCommands(PCI);
  for (const { words } of commands) {
    assert(
      words.includes("show") || words.includes("info") || ["uname", "readlink", "test"].includes(words[0]!),
      words.join(" "),
    );
  }
  assertEquals(commands.filter(({ words }) => words.at(-1) === PCI).map(({ name }) => name), [
    "dev info",
    "dev eswitch show",
    "resource show",
    "sb show",
    "dpipe table show",
  ]);
});

Deno.test("factsOf() has no facts of a missing instance", () => {
  assertEquals(factsOf("pci/0000:04:00.0", there), undefined);
  assertEquals(factsOf(PCI, {}), undefined);
  assertEquals(factsOf(PCI, { "dev show": said("kernel answers: Invalid argument\n") }), undefined);
});

Deno.test("factsOf() has empty facts if only `dev show` is answered", () => {
  assertEquals(factsOf(PCI, there), factsWith({ handle: PCI }));
});

Deno.test("factsOf() takes no object of another instance whose handle begins alike", () => {
  const other = `${PCI}1`;
  const drop = { name: "a", type: "drop", generic: true, action: "drop", group: "g" };
  const facts = factsOf(PCI, {
    "dev show": reply({
      dev: { [other]: { reload_failed: true, nested_devlink: { "auxiliary/x.0": {} } }, [PCI]: {} },
    }),
    "port show": reply({ port: { [`${other}/1`]: { type: "eth", netdev: "other" }, [`${PCI}/2`]: { type: "eth" } } }),
    "trap show": reply({ trap: { [other]: [drop], [PCI]: [{ ...drop, name: "b" }] } }),
    "region show": reply({
      regions: { [`${other}/r`]: { size: 1 }, [`${PCI}/1/of-port`]: { size: 2 }, [`${PCI}/own`]: { size: 3, max: 4 } },
    }),
    "health show": reply({ health: { [`${other}/1`]: [{ reporter: "tx", state: "healthy" }] } }),
    "resource show": reply({ resources: { [`${PCI}/1`]: [{ name: "port's", size: 1, unit: "entry" }] } }),
  })!;
  assertEquals(facts.ports, [{ index: 2, type: "eth", flavour: {}, reporters: [] }]);
  assertEquals(facts.traps.map(({ name }) => name), ["b"]);
  assertEquals(facts.regions, [{ name: "own", size: 3, max: 4 }]);
  assertEquals([facts.nested, facts.reloadFailed, facts.reporters, facts.resources], [[], false, [], []]);
});

Deno.test("factsOf() names the errno of each refused command, a hang, and the commands that were not run after it", () => {
  const facts = factsOf(PCI, {
    ...there,
    "sb show": said("kernel answers: No such device\n"),
    "dpipe table show": said("kernel answers: Operation not supported\nerror get headers Success\n"),
    "dev eswitch show": said("Error: Eswitch is busy.\nkernel answers: Device or resource busy\n"),
    "trap show": { status: "hang", out: "", err: "" },
    "trap group show": { status: "not run", out: "", err: "" },
    "resource show": said('Object "resource" not found\n'),
  })!;
  assertEquals(facts.refused, {
    "sb show": "ENODEV",
    "dpipe table show": "EOPNOTSUPP",
    "dev eswitch show": "EBUSY",
    "trap show": "hang",
    "trap group show": "not run",
    "resource show": "client",
  });
});

Deno.test("factsOf() survives replies that iproute2 would not print, and reports them", () => {
  const bad = {
    "dev info": reply({ info: { [PCI]: { driver: 7 } } }),
    "trap show": { status: 0, out: '{"trap":{', err: "" },
    "trap group show": reply({ trap_group: { [PCI]: [{ name: "g", generic: "yes" }] } }),
    "health show": reply(["\u001b[2J"]),
    "port show": reply({}),
    "link show": reply({ no: "list" }),
  };
  const facts = factsOf(PCI, { ...there, ...bad })!;
  const { "link show": _, ...about } = bad;
  assertEquals(facts.refused, Object.fromEntries(Object.keys(about).map((name) => [name, "unreadable"])));
  const poisoned = factsOf(PCI, {
    ...there,
    "dev info": { status: 0, out: `{"info":{"${PCI}":{"versions":{"running":{"__proto__":"x"}}}}}`, err: "" },
  })!;
  assertEquals(Object.getPrototypeOf({}), Object.prototype);
  assertEquals(Object.keys(poisoned.versions), ["running"]);
});

Deno.test("factsOf() reads 64-bit numbers as exactly as JavaScript can", () => {
  const printed =
    `{"resources":{"${PCI}":[{"name":"a","size":"unlimited","size_min":0,"size_max":18446744073709551614,` +
    `"size_gran":1,"unit":"entry"},{"name":"fixed","size":9007199254740993,"unit":"entry"}]}}`;
  const [a, fixed] = factsOf(PCI, { ...there, "resource show": { status: 0, out: printed, err: "" } })!.resources;
  assertEquals([a?.size, a?.max], [2 ** 64, 2 ** 64]);
  assertEquals(fixed, {
    name: "fixed",
    size: 2 ** 53,
    min: 2 ** 53,
    max: 2 ** 53,
    granularity: 1,
    unit: "entry",
    children: [],
  });
});

Deno.test("factsOf() follows nested instances, also in ports, and keeps their ports apart", () => {
  const eth = "auxiliary/mlx5_core.eth.0";
  const facts = factsOf(PCI, {
    "dev show": reply({
      dev: {
        [PCI]: { nested_devlink: { [eth]: {} } },
        "auxiliary/sf.2": { nested_devlink: { "auxiliary/eth.2": {} } },
      },
    }),
    "port show": reply({
      port: {
        [`${PCI}/32768`]: {
          type: "eth",
          netdev: "rep0",
          flavour: "pcisf",
          sfnum: 88,
          nested_devlink: "auxiliary/sf.2",
          function: { hw_addr: "00:00:00:00:88:88", state: "active", opstate: "attached" },
        },
        [`${eth}/131071`]: { type: "eth", netdev: "eth1", flavour: "physical", port: 0, splittable: false },
        "auxiliary/eth.2/0": { type: "eth", netdev: "sf0", flavour: "virtual" },
      },
    }),
    "health show": reply({
      health: { [`${eth}/131071`]: [{ reporter: "tx", state: "healthy", grace_period: 500, auto_recover: true }] },
    }),
    "link show": reply([{ ifname: "eth1", flags: ["BROADCAST", "UP"] }, {}, { ifname: "rep0", flags: [] }]),
  })!;
  assertEquals(facts.nested, [eth, "auxiliary/sf.2", "auxiliary/eth.2"]);
  assertEquals(facts.ports, [{
    index: 32768,
    type: "eth",
    flavour: {
      flavour: "pcisf",
      sfnum: 88,
      "function.hw_addr": "00:00:00:00:88:88",
      "function.state": "active",
      "function.opstate": "attached",
    },
    netdev: "rep0",
    up: false,
    reporters: [],
  }]);
  assertEquals(facts.nestedPorts?.[eth], [{
    index: 131071,
    type: "eth",
    flavour: { flavour: "physical", port: 0, splittable: false },
    netdev: "eth1",
    up: true,
    reporters: [{ name: "tx", state: "healthy", gracePeriod: 500, autoRecover: true }],
  }]);
  assertEquals(facts.nestedPorts?.["auxiliary/eth.2"]?.[0]?.netdev, "sf0");
});

Deno.test("factsOf() reads the reload actions from the statistics, and the driver from sysfs if `dev info` has none", () => {
  const facts = factsOf(PCI, {
    "dev show": reply({
      dev: {
        [PCI]: {
          reload_failed: true,
          stats: {
            reload: { driver_reinit: { unspecified: 1 }, fw_activate: { unspecified: 0, no_reset: 0 } },
            remote_reload: { driver_reinit: { unspecified: 0 }, fw_activate: { unspecified: 0, no_reset: 0 } },
          },
        },
      },
    }),
    "driver": { status: 0, out: "../../../bus/pci/drivers/mlx5_core\n", err: "" },
    "kernel": { status: 0, out: "6.12.0\n", err: "" },
  })!;
  assertObjectMatch(facts, {
    driver: "mlx5_core",
    kernel: "6.12.0",
    reloadActions: ["driver_reinit", "fw_activate"],
    reloadLimits: ["no_reset"],
    reloadFailed: true,
  });
});

Deno.test("factsOf() reads the output of iproute2 7.3 for eswitch, params and traps", () => {
  const facts = factsOf(PCI, {
    ...there,
    "dev eswitch show": reply({ dev: { [PCI]: { mode: "switchdev", "inline-mode": "link", "encap-mode": "basic" } } }),
    "dev param show": reply({
      param: {
        [PCI]: [
          { name: "max_macs", type: "generic", values: [{ cmode: "driverinit", value: 32, default: 32 }] },
          {
            name: "steering",
            type: "driver-specific",
            values: [{ cmode: "runtime", value: "dmfs" }, { cmode: "permanent" }],
          },
        ],
      },
    }),
    "trap show": reply({
      trap: {
        [PCI]: [{
          name: "egress_flow_action_drop",
          type: "drop",
          generic: true,
          action: "drop",
          group: "acl_drops",
          metadata: ["input_port", "flow_action_cookie"],
          stats: { rx: { bytes: 0, packets: 0, dropped: 3 } },
        }],
      },
    }),
  })!;
  assertEquals(facts.eswitch, { mode: "switchdev", inlineMode: "link", encapMode: "basic" });
  assertEquals(facts.params, [
    { name: "max_macs", generic: true, values: [{ cmode: "driverinit", value: 32, default: 32 }] },
    { name: "steering", generic: false, values: [{ cmode: "runtime", value: "dmfs" }, { cmode: "permanent" }] },
  ]);
  assertEquals(facts.traps, [{
    name: "egress_flow_action_drop",
    type: "drop",
    generic: true,
    action: "drop",
    group: "acl_drops",
    metadata: ["input_port", "flow_action_cookie"],
  }]);
});

/** The commands that list all objects of a kind, by the kind of the operation in a recording. */
const SHOWN: Readonly<Record<string, string>> = {
  "dev.show": "dev show",
  "dev.info": "dev info",
  "port.show": "port show",
  "param.show": "dev param show",
  "health.show": "health show",
  "region.show": "region show",
  "trap.show": "trap show",
  "trap.group.show": "trap group show",
  "trap.policer.show": "trap policer show",
  "dev.eswitch.show": "dev eswitch show",
  "resource.show": "resource show",
};

Deno.test("factsOf() reads all output of the recorded kernels", async () => {
  const handle = "netdevsim/netdevsim10";
  for (const era of ["5.10", "6.1", "6.12", "7.2", "7.3"]) {
    const path = new URL(`../../boards/recordings/${era}.jsonl.gz`, import.meta.url).pathname;
    const { sequences } = await readTrace(path);
    const read = new Set<string>();
    for (const { op, observation } of sequences.flatMap(({ steps }) => steps)) {
      const name = SHOWN[op.kind];
      if (name === undefined || observation?.result !== "ok" || !observation.reply) continue;
      const facts = factsOf(handle, {
        ...{ "dev show": reply({ dev: { [handle]: {} } }) },
        [name]: reply(observation.reply),
      });
      if (!facts) continue;
      assertEquals(facts.refused, {}, `${era} ${op.kind}: ${JSON.stringify(observation.reply)}`);
      read.add(name);
    }
    assertEquals([...read].sort(), Object.values(SHOWN).sort(), era);
  }
});

Deno.test("factsOf() has the params and resources of a port if the board lists them, and none if it refuses", () => {
  const port = { index: 1, type: "eth", flavour: {}, reporters: [] };
  const ports = reply({ port: { [`${PCI}/1`]: { type: "eth" }, [`${PCI}/2`]: { type: "eth" } } });
  const param = { name: "fec", type: "driver-specific", values: [{ cmode: "runtime", value: 3 }] };
  const resource = { name: "macs", size: 8, unit: "entry" };
  const listed = factsOf(PCI, {
    ...there,
    "port show": ports,
    "port param show": reply({ param: { [`${PCI}/1`]: [param] } }),
    "resource show scope port": reply({ resources: { [`${PCI}/1`]: [resource] } }),
  })!;
  assertEquals(listed.ports, [{
    ...port,
    params: [{ name: "fec", generic: false, values: [{ cmode: "runtime", value: 3 }] }],
    resources: [{ ...resource, min: 8, max: 8, granularity: 1, children: [] }],
  }, { ...port, index: 2, params: [], resources: [] }]);
  const refused = factsOf(PCI, {
    ...there,
    "port show": ports,
    "port param show": said("kernel answers: Operation not supported\n"),
    "resource show scope port": said('Unknown option "scope"\n'),
  })!;
  assertEquals([refused.ports[0], refused.refused], [port, {}]);
});
