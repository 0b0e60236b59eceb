import { assertEquals } from "@std/assert";
import { Machine } from "../machine.ts";

const handle = "netdevsim/netdevsim10";

function read(machine: Machine, address: number | string, length: number | string, snapshot = 1) {
  const { result, reply } = machine.perform({
    kind: "region.read",
    handle,
    region: "dummy",
    snapshot,
    address,
    length,
  });
  return result === "ok" ? (reply as { read: { address: number; data: number[] }[] }).read : result;
}

function machineWithSnapshot(): Machine {
  const machine = new Machine({ era: "6.12" });
  machine.perform({ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" });
  machine.perform({ kind: "region.new", handle, region: "dummy", snapshot: 1 });
  return machine;
}

Deno.test("a snapshot is read in pieces of 256 bytes, up to the end of the region", () => {
  const machine = machineWithSnapshot();
  const shape = (address: number | string, length: number | string) => {
    const pieces = read(machine, address, length);
    return typeof pieces === "string" ? pieces : pieces.map((piece) => [piece.address, piece.data.length]);
  };
  assertEquals(shape(10, 300), [[10, 256], [266, 44]]);
  assertEquals(shape(32767, 10), [[32767, 1]]);
  assertEquals([shape(32768, 10), shape(5, 0), shape(32769, 1), shape("4294967296", 1)], [[], [], "EINVAL", "EINVAL"]);
  assertEquals((shape(0, "18446744073709551615") as []).length, 128);
  // The sum of address and length wraps around
  assertEquals(shape(1, "18446744073709551615"), "EINVAL");
  assertEquals(shape(0, "18446744073709551616"), "client");
});

Deno.test("a snapshot keeps its content until it is deleted; another snapshot has other content", () => {
  const machine = machineWithSnapshot();
  machine.perform({ kind: "region.new", handle, region: "dummy", snapshot: 2 });
  const first = read(machine, 100, 32);
  assertEquals(read(machine, 100, 32), first);
  assertEquals(JSON.stringify(read(machine, 100, 32, 2)) === JSON.stringify(first), false);
  machine.perform({ kind: "region.del", handle, region: "dummy", snapshot: 1 });
  machine.perform({ kind: "region.new", handle, region: "dummy", snapshot: 1 });
  assertEquals(JSON.stringify(read(machine, 100, 32)) === JSON.stringify(first), false);
});
