import { assertEquals } from "@std/assert";
import type { Facts } from "../facts.ts";
import { factsWith } from "../testing.ts";
import { contradictions, type DriverInventory, inventoryOf } from "./driver_inventory.ts";

const trap = { name: "ttl", type: "exception", generic: true, group: "l3" } as const;
const resource = { size: 1, min: 1, max: 1, granularity: 1, unit: "entry" };

const FACTS = factsWith({
  traps: [{ ...trap, action: "trap", metadata: [] }],
  groups: [{ name: "l3", generic: true, policer: 1 }],
  policers: [{ policer: 1, rate: 1, burst: 1 }],
  params: [{
    name: "p",
    generic: false,
    values: [{ cmode: "runtime", value: 3 }, { cmode: "driverinit", value: 3 }],
  }],
  resources: [{ ...resource, name: "kvd", children: [{ ...resource, name: "linear", children: [] }] }],
  reporters: [{ name: "fw", state: "healthy" }],
  regions: [{ name: "crdump", size: 8 }],
});

const SAME: Required<DriverInventory> = {
  traps: [trap],
  groups: [{ name: "l3", generic: true }],
  policers: [{ name: "1" }],
  params: [{ name: "p", generic: false, type: "u16", cmodes: ["driverinit", "runtime"] }],
  resources: [{ name: "kvd" }, { name: "kvd/linear" }],
  reporters: [{ name: "fw" }],
  regions: [{ name: "crdump" }],
};

const lines = (inventory: DriverInventory, facts: Partial<Facts> = {}) =>
  contradictions("mine", inventory, { ...FACTS, ...facts });

Deno.test("facts that agree contradict nothing, and undeclared lists are not compared", () => {
  assertEquals([lines(SAME), lines({})], [[], []]);
});

Deno.test("a line for each object that only the board or only the model has, of each kind", () => {
  const none = Object.fromEntries(Object.keys(SAME).map((kind) => [kind, []]));
  const names = [
    'trap "ttl"',
    'trap group "l3"',
    'trap policer "1"',
    'param "p"',
    'resource "kvd"',
    'resource "kvd/linear"',
    'health reporter "fw"',
    'region "crdump"',
  ];
  assertEquals(lines(none), names.map((name) => `${name}: the board has it, the model of mine lacks it`));
  assertEquals(lines(SAME, none), names.map((name) => `${name}: the model of mine has it, the board lacks it`));
});

Deno.test("an optional object may be missing; if the board has it, its fields are compared", () => {
  const param = { name: "p", generic: false, type: "u16", cmodes: ["runtime"], optional: true } as const;
  assertEquals(lines({ params: [param] }, { params: [] }), []);
  assertEquals(lines({ params: [param] }), [
    'param "p": cmodes is driverinit, runtime on the board, runtime in the model of mine',
  ]);
});

Deno.test("an object that differs: the line has the field and both values", () => {
  const differs = (change: object, kind: "traps" | "groups" | "params") =>
    lines({ [kind]: [{ ...SAME[kind][0], ...change }] });
  assertEquals(differs({ type: "drop" }, "traps"), [
    'trap "ttl": type is exception on the board, drop in the model of mine',
  ]);
  assertEquals(differs({ group: "l2" }, "traps"), ['trap "ttl": group is l3 on the board, l2 in the model of mine']);
  assertEquals(differs({ generic: false }, "groups"), [
    'trap group "l3": generic is true on the board, false in the model of mine',
  ]);
  assertEquals(differs({ type: "bool" }, "params"), [
    'param "p": type is number on the board, bool in the model of mine',
  ]);
});

Deno.test("a param without a readable value has any type", () => {
  const params = [{ name: "p", generic: false, values: [{ cmode: "runtime" }, { cmode: "driverinit" }] }] as const;
  assertEquals(lines({ params: [{ ...SAME.params[0]!, type: "string" }] }, { params }), []);
});

Deno.test("a list that the board did not answer is not compared; one that its kernel refuses is empty", () => {
  const traps = (refused: string) => lines({ traps: SAME.traps }, { traps: [], refused: { "trap show": refused } });
  for (const refused of ["hang", "not run", "unreadable", "client"]) assertEquals(traps(refused), [], refused);
  assertEquals(traps("EOPNOTSUPP"), ['trap "ttl": the model of mine has it, the board lacks it']);
});

Deno.test("a device whose last reload failed is not compared, and that is one line", () => {
  assertEquals(lines(SAME, { traps: [], reloadFailed: true }), [
    "its last reload failed: what it has is not compared with the model of mine",
  ]);
});

Deno.test("inventoryOf() takes the tables that a driver registers from", () => {
  const policer = { id: 1, rate: 1, burst: 1, rateMin: 1, rateMax: 1, burstMin: 1, burstMax: 1 };
  const param = { name: "p", generic: false, type: "u32", cmode: "runtime", default: undefined } as const;
  const inventory = inventoryOf({
    traps: [{ ...trap, action: "trap", metadata: [] }],
    groups: [{ name: "l3", generic: true, policer: 1 }],
    policers: [policer],
    params: [{ ...param, others: [{ cmode: "driverinit", value: 3 }] }],
  });
  assertEquals(lines(inventory), []);
  assertEquals(inventory.params?.[0]?.cmodes, ["runtime", "driverinit"]);
});
