import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { loadBoard } from "./board.ts";
import { loadFacts, parseFacts } from "./facts.ts";
import { factsText } from "./facts_text.ts";

const example = (name: string) => new URL(`./examples/${name}`, import.meta.url).pathname;

Deno.test("loadFacts() loads the examples, whose handles and drivers are those in the board files", async () => {
  for (const name of ["spectrum-2-serial", "connectx-7-ssh"]) {
    const board = await loadBoard(example(`${name}.toml`));
    const facts = await loadFacts(example(`${name}.facts.json`));
    assertEquals([facts.handle, facts.driver], [board.handle, board.driver]);
  }
});

Deno.test("the facts of a Spectrum-2 have its traps, policers, tables and ports", async () => {
  const facts = await loadFacts(example("spectrum-2-serial.facts.json"));
  const { traps, groups, policers, ports, resources, params, reporters } = facts;
  assertEquals([traps.length, groups.length, policers.length, ports.length], [78, 26, 124, 9]);
  assertEquals([facts.reloadActions, facts.reloadLimits], [["driver_reinit", "fw_activate"], []]);
  assertEquals(ports[1], {
    index: 1,
    type: "eth",
    flavour: { flavour: "physical", port: 1, splittable: true, lanes: 4 },
    netdev: "eth1",
    up: false,
    reporters: [],
    params: [],
  });
  const [, , counters] = resources;
  const [, flow] = counters!.children;
  assertEquals([counters!.name, flow?.name, flow?.size, flow?.occupied], ["counters", "flow", 12288, 4]);
  assertEquals(params, [{
    name: "fw_load_policy",
    generic: true,
    values: [{ cmode: "driverinit", value: "driver" }],
  }, {
    name: "acl_region_rehash_interval",
    generic: false,
    values: [{ cmode: "runtime", value: 5000 }],
  }]);
  assertEquals(reporters, [{ name: "fw_fatal", state: "healthy", autoDump: true }]);
});

Deno.test("the facts of a ConnectX have its netdev on a nested instance, and the commands that the driver refused", async () => {
  const facts = await loadFacts(example("connectx-7-ssh.facts.json"));
  const [nested] = facts.nested;
  assertEquals(facts.nestedPorts?.[nested!]?.map(({ netdev }) => netdev), ["eth1"]);
  assertEquals(facts.refused["resource show"], "EOPNOTSUPP");
  assertEquals(facts.reporters.map(({ name }) => name), ["fw", "fw_fatal", "vnic"]);
});

Deno.test("loadFacts() names the file and each key that is wrong, as text that is safe to print", async () => {
  const facts = await loadFacts(example("connectx-7-ssh.facts.json"));
  const error = assertThrows(
    () => parseFacts(JSON.stringify({ ...facts, driver: 1, "\u001b[2J": 2 }), "a.json"),
    Error,
  );
  const lines = error.message.split("\n");
  assertEquals(lines.length, 2);
  assertEquals(lines[0], 'Cannot read facts "a.json": driver: Invalid input: expected string, received number');
  assertEquals(lines[1]!.includes("\u001b"), false);
  await assertRejects(
    () => loadFacts("/no/such/file"),
    Error,
    'Cannot open facts "/no/such/file": there is no such file',
  );
});

Deno.test("factsText() shows numbers that JavaScript cannot hold, and what a board lacks", () => {
  const [resource, region] = [{ min: 0, granularity: 1, unit: "entry" }, { name: "cr-space", max: 8 }];
  const lines = factsText({
    handle: "pci/0000:03:00.0",
    driver: "nic",
    kernel: "6.12",
    versions: { running: { fw: "1", "fw.mgmt": "2" } },
    reloadActions: ["driver_reinit"],
    reloadLimits: [],
    reloadFailed: true,
    nested: [],
    ports: [],
    traps: [],
    groups: [{ name: "a", generic: true, policer: 7 }, { name: "b", generic: true, policer: 7 }],
    policers: [{ policer: 7, rate: 1, burst: 16 }, { policer: 8, rate: 1, burst: 16 }],
    params: [{
      name: "p",
      generic: false,
      values: [{ cmode: "runtime", value: false, default: true }, { cmode: "permanent" }],
    }],
    resources: [{
      ...resource,
      name: "kvd",
      size: 2 ** 64,
      max: 2 ** 64,
      children: [{ ...resource, name: "single", size: 2 ** 60, max: 2 ** 61, occupied: 3, children: [] }],
    }],
    reporters: [],
    regions: [{ ...region, size: 1024 }],
    refused: { "sb show": "ENODEV" },
  });
  assertEquals(lines, [
    "handle     pci/0000:03:00.0",
    "driver     nic",
    "kernel     6.12",
    "versions   running: fw 1, fw.mgmt 2",
    "reload     driver_reinit; the last reload failed",
    "eswitch    none",
    "nested     none",
    "traps      none",
    "groups     2: 2 with a policer",
    "policers   2: 1 used by a group",
    "params     p (driver's own)  runtime false, default true",
    "           p (driver's own)  permanent not readable",
    "resources  kvd  unlimited, unit entry, from 0 to unlimited by 1",
    "             single  about 1.153e+18, unit entry, 3 in use, from 0 to about 2.306e+18 by 1",
    "ports      none",
    "reporters  none",
    "regions    cr-space  1024 bytes, up to 8 snapshots",
    "refused    devlink sb show: ENODEV",
  ]);
});

Deno.test("factsText() shows a port's own params and resources, and contradictions with the model", async () => {
  const facts = await loadFacts(example("spectrum-2-serial.facts.json"));
  const { occupied: _, ...resource } = facts.resources[0]!;
  const port = {
    ...facts.ports[0]!,
    params: [{ name: "fec", generic: false, values: [{ cmode: "runtime", value: 3 }] }] as const,
    resources: [{ ...resource, name: "macs", size: 8, min: 8, max: 8, unit: "entry", children: [] }],
  };
  const text = factsText({ ...facts, ports: [port] }, ["one", "two"]);
  assertEquals(text.filter((line) => /fec|macs/.test(line)).map((line) => line.trim()), [
    "param fec (driver's own)  runtime 3",
    "resource macs  8, unit entry",
  ]);
  assertEquals(text.slice(-2), ["differs    one", "           two"]);
});
