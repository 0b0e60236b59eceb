import { assertEquals, assertThrows } from "@std/assert";
import type { Facts } from "../../facts.ts";
import { ModelGap } from "../../gap.ts";
import type { EraId } from "../../era/mod.ts";
import { Machine } from "../../machine.ts";
import { countedSince, type Json, NOT_KNOWN } from "../../observation.ts";
import { factsWith } from "../../testing.ts";

const handle = "pci/0000:01:00.0";

const FACTS = factsWith({
  handle,
  driver: "some_driver",
  kernel: "6.12.0",
  reloadActions: ["driver_reinit"],
  traps: [{ name: "a", type: "drop", generic: true, action: "drop", group: "g", metadata: [] }],
  groups: [{ name: "g", generic: true }],
  params: [{ name: "mode", generic: false, values: [{ cmode: "runtime", value: "one" }] }],
  regions: [{ name: "r", size: 64, max: 2 }],
  refused: { "sb show": "ENODEV" },
});

/** The reply of `devlink -s dev show`. */
type Shown = { dev: Record<string, { stats: { reload: Record<string, { unspecified: Json }> } }> };

const machine = (facts: Facts = FACTS) => new Machine({ era: "6.12", facts });

Deno.test("a text that a param has already is not sent; only the driver can judge another text", () => {
  const set = (value: string) =>
    machine().perform({ kind: "param.set", handle, name: "mode", value, cmode: "runtime" });
  assertEquals([set("one").result, set("one").unknown], ["ok", undefined]);
  assertEquals([set("two").result, set("two").unknown?.result], ["ok", "only some_driver knows what it does"]);
});

Deno.test("only the driver knows if a snapshot is taken, and what it holds", () => {
  const board = machine();
  const refused = board.perform({ kind: "region.new", handle, region: "nosuch", snapshot: 1 });
  assertEquals([refused.result, refused.unknown], ["EINVAL", undefined]);
  const taken = board.perform({ kind: "region.new", handle, region: "r", snapshot: 1 });
  assertEquals([taken.result, taken.unknown?.result], ["ok", "only some_driver knows what it does"]);
  const read = board.perform({ kind: "region.read", handle, region: "r", snapshot: 1, address: 0, length: 4 });
  assertEquals([read.unknown?.reply, read.unknown?.result], ["only some_driver knows what it holds", undefined]);
});

Deno.test("a driver without policers may bind none: only the driver knows", () => {
  const set = (facts: Facts) => machine(facts).perform({ kind: "trap.group.set", handle, name: "g", policer: 1337 });
  assertEquals([set(FACTS).result, set(FACTS).unknown?.result], ["EOPNOTSUPP", "only some_driver knows what it does"]);
  const bound = set({ ...FACTS, policers: [{ policer: 1, rate: 1, burst: 1 }] });
  assertEquals([bound.result, bound.unknown], ["ENOENT", undefined]);
});

Deno.test("objects that the facts did not ask for may exist; objects that the kernel refused do not", () => {
  const board = machine();
  assertEquals(board.perform({ kind: "sb.show", handle }).unknown, undefined);
  assertEquals(
    board.perform({ kind: "dpipe.table.show", handle }).unknown?.result,
    "only some_driver knows what it has",
  );
});

Deno.test("the files of the device are not modelled: a step on them is a gap, and nothing is done", () => {
  const ports = [{ index: 1, type: "eth", flavour: { flavour: "physical" }, netdev: "eth1", up: true, reporters: [] }];
  const board = machine({ ...FACTS, ports });
  const paths = [
    "/sys/bus/pci/drivers/some_driver/unbind",
    "/sys/bus/pci/devices/0000:01:00.0/reset",
    "/sys/bus/pci/rescan",
    "/sys/class/net/eth1/carrier",
    "/sys/kernel/debug/some_driver/0000:01:00.0/knob",
  ];
  for (const path of paths) {
    assertThrows(() => board.perform({ kind: "file.read", path }), ModelGap, "not modelled", path);
    const write = { kind: "file.write", path, value: "0000:01:00.0" } as const;
    assertThrows(() => board.perform(write), ModelGap, "not modelled", path);
    // Also inside another operation.
    const within = { kind: "during", operation: write, poll: { kind: "dev.show" } } as const;
    assertThrows(() => board.perform(within), ModelGap, "not modelled", path);
  }
  assertEquals(board.perform({ kind: "dev.show", handle }).result, "ok");
  assertThrows(() => board.perform({ kind: "ethtool.show", dev: "eth1" }), ModelGap);
  assertEquals(
    board.perform({ kind: "netdev.show", dev: "eth1" }).unknown?.reply,
    "only some_driver knows how its netdev is",
  );
});

Deno.test("a reload of a device with ports predicts no warning of the kernel: a warning on a board is reported", () => {
  const ports = [{ index: 1, type: "eth", flavour: { flavour: "physical" }, netdev: "eth1", up: true, reporters: [] }];
  const board = machine({ ...FACTS, ports });
  const { result, kmsg } = board.perform({ kind: "dev.reload", handle });
  assertEquals([result, kmsg], ["ok", []]);
  assertEquals(board.inventory().instances[0]!.ports.map(({ index, netdev }) => [index, netdev]), [[1, true]]);
});

Deno.test("an instance with nested ones is announced again some time after a reload, and their ports are shown beside its own", () => {
  const nested = ["auxiliary/some_driver.eth.0"];
  const show = { kind: "port.show" } as const;
  const board = machine({ ...FACTS, nested, nestedPorts: { [nested[0]!]: [] } });
  assertEquals(board.perform(show).unknown?.reply, "the ports of its nested instances are not modelled");
  assertEquals(board.perform({ kind: "port.show", handle }).unknown, undefined);
  assertEquals(board.perform({ kind: "dev.show", handle }).unknown, undefined);
  board.perform({ kind: "dev.reload", handle });
  const why = "the instance is announced again when its nested instances are back";
  assertEquals(board.perform({ kind: "dev.show", handle }).unknown, { notify: why });
  const alone = machine();
  alone.perform({ kind: "dev.reload", handle });
  assertEquals([alone.perform({ kind: "dev.show", handle }).unknown, alone.perform(show).unknown?.notify], [
    undefined,
    undefined,
  ]);
});

Deno.test("a driver may perform another action with the requested one: only the driver knows how often", () => {
  const board = machine({ ...FACTS, reloadActions: ["driver_reinit", "fw_activate"] });
  const counts = () => {
    const { reply } = board.perform({ kind: "dev.show", handle });
    const { reload } = (reply as Shown).dev[handle]!.stats;
    return [reload["driver_reinit"]!.unspecified, reload["fw_activate"]!.unspecified];
  };
  const since = (action: string, times: number) => countedSince(`${handle} ${action}`, times);
  assertEquals(counts(), [since("driver_reinit", 0), since("fw_activate", 0)]);
  board.perform({ kind: "dev.reload", handle });
  assertEquals(counts(), [since("driver_reinit", 1), NOT_KNOWN]);
  board.perform({ kind: "dev.reload", handle, action: "fw_activate" });
  assertEquals(counts(), [NOT_KNOWN, NOT_KNOWN]);
});

Deno.test("the unknown channels of an operation are also unknown when it is the poll of `during`", () => {
  const poll = { kind: "health.diagnose", handle, reporter: "fw" } as const;
  const facts = { ...FACTS, reporters: [{ name: "fw", state: "healthy" }] };
  const { unknown } = machine(facts).perform({ kind: "during", operation: { kind: "dev.show" }, poll });
  assertEquals(unknown?.reply, "only some_driver knows what it has");
});

Deno.test("params of ports: as the facts have them up to 5.14, then the core refuses them all", () => {
  const port = { index: 1, type: "eth", flavour: { flavour: "physical" }, reporters: [] };
  const params = [{ name: "fec", generic: false, values: [{ cmode: "runtime", value: 3 }] }] as const;
  const show = (era: EraId, on: object, name?: string) =>
    new Machine({ era, facts: { ...FACTS, ports: [{ ...port, ...on }] } }).perform({
      kind: "port.param.show",
      ...(name === undefined ? {} : { handle, port: 1, name }),
    });
  const shown = [{ name: "fec", type: "driver-specific", values: [{ cmode: "runtime", value: 3 }] }];
  for (const name of [undefined, "fec"]) {
    const { result, reply, unknown } = show("5.10", { params }, name);
    assertEquals([result, reply, unknown], ["ok", { param: { [`${handle}/1`]: shown } }, undefined]);
  }
  assertEquals([show("5.10", { params }, "no").result, show("5.10", { params: [] }).reply], ["EINVAL", { param: {} }]);
  assertEquals(show("5.10", {}, "fec").unknown?.result, "the params of its ports were not read");
  const later = show("6.12", {}, "fec");
  assertEquals([later.result, later.extack?.text, later.unknown], [
    "EINVAL",
    "Port params are not supported",
    undefined,
  ]);
  assertEquals([show("6.12", {}).reply, show("6.12", {}).unknown], [{ param: {} }, undefined]);
});

Deno.test("only the driver knows the result for a param of a port; a param that the port lacks is refused", () => {
  const params = [{ name: "fec", generic: false, values: [{ cmode: "runtime", value: 3 }] }] as const;
  const ports = [{ index: 1, type: "eth", flavour: { flavour: "physical" }, reporters: [], params }];
  const set = (name: string) =>
    new Machine({ era: "5.10", facts: { ...FACTS, ports } })
      .perform({ kind: "port.param.set", handle, port: 1, name, value: "4", cmode: "runtime" });
  assertEquals(set("fec").unknown?.result, "only some_driver knows what it does");
  assertEquals([set("no").result, set("no").unknown], ["EINVAL", undefined]);
});

Deno.test("resources of ports: as the facts have them from 7.2 on; not known if they were not read", () => {
  const port = { index: 1, type: "eth", flavour: { flavour: "physical" }, reporters: [] };
  const resources = [{ name: "macs", size: 8, min: 8, max: 8, granularity: 1, unit: "entry", children: [] }];
  const show = (era: EraId, on: object, port_?: number) =>
    new Machine({ era, facts: { ...FACTS, ports: [{ ...port, ...on }] } }).perform({
      kind: "resource.show",
      ...(port_ === undefined ? {} : { handle, port: port_ }),
    });
  const names = (reply: unknown) =>
    Object.entries((reply as { resources: Record<string, { name: string }[]> }).resources)
      .map(([key, list]) => [key, list.map(({ name }) => name)]);
  for (const index of [undefined, 1]) {
    const { reply, unknown } = show("7.3", { resources }, index);
    assertEquals([names(reply), unknown], [[[`${handle}/1`, ["macs"]]], undefined]);
  }
  assertEquals(show("7.3", {}).unknown, { reply: "the resources of its ports were not read" });
  assertEquals(show("7.3", {}, 1).unknown?.result, "the resources of its ports were not read");
  assertEquals([show("6.12", {}).result, show("6.12", {}).unknown], ["EOPNOTSUPP", undefined]);
});

const VTU = { name: "VTU", size: 4096, min: 4096, max: 4096, granularity: 1, unit: "entry", occupied: 0, children: [] };

Deno.test("a resource whose size cannot change is shown without bounds (seen on 6.12: dsa_loop)", () => {
  const { reply } = machine({ ...FACTS, resources: [VTU] }).perform({ kind: "resource.show", handle });
  const [shown] = (reply as { resources: Record<string, Record<string, unknown>[]> }).resources[handle]!;
  assertEquals(Object.keys(shown!).filter((key) => key.startsWith("size")), ["size"]);
});

Deno.test("only the driver knows why a fixed size is refused: the facts lack its granularity", () => {
  const kvd = { ...VTU, name: "kvd", min: 0, granularity: 128 };
  const board = machine({ ...FACTS, resources: [VTU, kvd] });
  const set = (path: string, size: string) => {
    const { result, extack, unknown } = board.perform({ kind: "resource.set", handle, path, size });
    return [result, extack?.text, unknown && Object.keys(unknown)];
  };
  assertEquals(set("/VTU", "4097"), ["EINVAL", "Size larger than maximum", ["extack"]]);
  assertEquals(set("VTU", "4096"), ["ok", undefined, undefined]);
  assertEquals(set("VTU", "x"), ["client", undefined, undefined]);
  assertEquals(set("kvd", "4097"), ["EINVAL", "Wrong granularity", undefined]);
});

Deno.test("a path without a name asks for resource 0, which only the driver knows: nothing is done", () => {
  const set = { kind: "resource.set", handle, path: "/", size: 1 } as const;
  assertThrows(() => machine({ ...FACTS, resources: [VTU] }).perform(set), ModelGap, "has the number 0");
});

Deno.test("a driver without info is left out of the dump", () => {
  const refused = { "dev info": "EOPNOTSUPP" };
  const board = machine({ ...FACTS, refused });
  const one = board.perform({ kind: "dev.info", handle });
  assertEquals([one.result, Object.keys(one.unknown ?? {})], ["EOPNOTSUPP", ["extack"]]);
  const all = board.perform({ kind: "dev.info" });
  assertEquals([all.reply, all.unknown], [{ info: {} }, undefined]);
  // Another errno ends the list; a later kernel's driver may answer, so the result is not known
  const broken = machine({ ...FACTS, refused: { "dev info": "EIO" } }).perform({ kind: "dev.info", handle });
  assertEquals(Object.keys(broken.unknown ?? {}), ["result", "reply", "extack"]);
});

Deno.test("only the driver knows if a device can be flashed, even if the file is missing", () => {
  const { unknown } = machine().perform({ kind: "dev.flash", handle, file: "missing.bin" });
  assertEquals(unknown?.result, "only some_driver knows what it does");
});

Deno.test("a link that is up already stays as it is; the time at which the carrier follows a change is unknown", () => {
  const ports = [{ index: 1, type: "eth", flavour: { flavour: "physical" }, netdev: "eth1", up: true, reporters: [] }];
  const board = machine({ ...FACTS, ports });
  const set = (up: boolean) => board.perform({ kind: "link.set", handle, port: 1, up });
  assertEquals(set(true).unknown, undefined);
  assertEquals(set(false).unknown?.result, "only some_driver knows what it does");
  const after = board.perform({ kind: "dev.show", handle });
  assertEquals(Object.keys(after.unknown ?? {}), ["link", "kmsg"]);
  assertEquals(board.perform({ kind: "link.show", handle, port: 7 }).unknown?.result, undefined);
});

Deno.test("the core refuses a missing reporter, and a param of a port, which no driver can have", () => {
  const board = machine();
  const diagnosed = board.perform({ kind: "health.diagnose", handle, reporter: "made_up" });
  assertEquals([diagnosed.result, diagnosed.unknown], ["EINVAL", undefined]);
  assertEquals(board.perform({ kind: "port.param.show" }).unknown, undefined);
});

Deno.test("a device without an eswitch shows no mode", () => {
  const shown = (facts: Facts) => machine(facts).perform({ kind: "dev.eswitch.show", handle });
  assertEquals([shown(FACTS).reply, shown(FACTS).unknown], [{ dev: { [handle]: {} } }, undefined]);
  const refused = { "dev eswitch show": "EOPNOTSUPP" };
  assertEquals(shown({ ...FACTS, refused }).unknown?.result, "only some_driver knows its modes");
});

Deno.test("a board's own device on the bus of simulated devices is not taken for one of them", () => {
  const own = "netdevsim/netdevsim3";
  const board = new Machine({ era: "6.12", facts: { ...FACTS, handle: own }, driver: "generic" });
  assertEquals(board.inventory().instances.map(({ handle }) => handle), [own]);
  assertEquals(board.inventory().devices, []);
  const { unknown } = board.perform({ kind: "dev.reload", handle: own });
  assertEquals(unknown?.result, "only some_driver knows what it does");
});
