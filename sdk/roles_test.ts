import { assertEquals, assertThrows } from "@std/assert";
import { type InventoryInstance, Machine } from "../model/mod.ts";
import { aroundOf, groupsOf, lackOf, LacksError, netdevPortsOf, reportersOf, treesOf } from "./roles.ts";

function netdevsim(ports = 1): InventoryInstance {
  const machine = new Machine({ era: "6.12" });
  machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: `10 ${ports}` });
  return machine.inventory().instances[0]!;
}

const names = (found: readonly { name: string }[]) => found.map(({ name }) => name);

Deno.test("lackOf() names the first need that a device lacks", () => {
  const device = netdevsim();
  assertEquals(lackOf(undefined, {}), undefined);
  assertEquals(lackOf(undefined, { ports: 1 }), "a devlink instance");
  assertEquals(lackOf(device, { reload: "driver_reinit", ports: 1, resource: "tree", region: true }), undefined);
  assertEquals(lackOf(device, { ports: 2 }), "2 ports");
  assertEquals(lackOf(device, { reload: "fw_activate" }), "a reload with fw_activate");
  assertEquals(lackOf(device, { reloadLacks: "driver_reinit" }), "a device that is not reloaded with driver_reinit");
  assertEquals(lackOf(device, { limit: true }), "a device with the limit no_reset");
  assertEquals(lackOf(device, { limit: false }), undefined);
  assertEquals(lackOf(device, { param: { cmode: "permanent" } }), "a param (cmode permanent)");
  assertEquals(lackOf(device, { reporter: { recovers: false, dumps: true } }), undefined);
  assertEquals(lackOf(device, { reporter: { dumps: false } }), "a health reporter (not dumps)");
  assertEquals(lackOf(device, { reporter: { name: "vnic" } }), "a health reporter (name vnic)");
  assertEquals(lackOf(device, { netdev: true, group: "bound", policers: 3, trap: { type: "control" } }), undefined);
});

Deno.test("roles give the objects of a device in the driver's order", () => {
  const device = netdevsim(2);
  assertEquals(names(groupsOf(device, "free")), ["l2_drops"]);
  assertEquals(names(groupsOf(device, "bound")).length, 5);
  assertEquals(names(reportersOf(device, { recovers: true })), ["dummy"]);
  assertEquals(netdevPortsOf(device).map(({ index }) => index), [0, 1]);
  assertEquals(treesOf(device).map(({ parent, children }) => [parent.path, children.map(({ path }) => path)]), [
    ["IPv4", ["IPv4/fib", "IPv4/fib-rules"]],
    ["IPv6", ["IPv6/fib", "IPv6/fib-rules"]],
  ]);
});

Deno.test("aroundOf() starts again after the last object, and reports what a device without such objects lacks", () => {
  assertEquals([0, 1, 2, 5].map((nth) => aroundOf(["a", "b"], "a letter", nth)), ["a", "b", "a", "b"]);
  assertThrows(() => aroundOf([], "a letter", 3), LacksError, "a letter");
});
