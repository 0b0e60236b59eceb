import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Machine } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { parseRate } from "./rate.ts";

const handle = "netdevsim/netdevsim10";

Deno.test("a rate as devlink(8) reads it, in bytes per second", () => {
  const rates: [string, number | undefined][] = [
    ["0", 0],
    ["8", 1],
    ["10", 1],
    ["1kbit", 125],
    ["1Mbit", 125_000],
    ["1.5gbit", 187_500_000],
    [".5kbps", 500],
    ["125000Bps", 125_000],
    ["1mibit", 131_072],
    ["1KiBps", 1024],
    ["", undefined],
    ["mbit", undefined],
    ["1 mbit", undefined],
    ["1mbits", undefined],
    ["nosuch", undefined],
  ];
  for (const [text, rate] of rates) assertEquals(parseRate(text), rate, text);
});

const NODES = ["a", "b", "c", "d"];
const node = fc.constantFrom(...NODES);
const rateOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("rate.add" as const), handle: fc.constant(handle), node }),
  fc.record({ kind: fc.constant("rate.del" as const), handle: fc.constant(handle), node }),
  fc.record({
    kind: fc.constant("rate.set" as const),
    handle: fc.constant(handle),
    node,
    parent: fc.option(node),
  }),
  fc.record({
    kind: fc.constant("rate.set" as const),
    handle: fc.constant(handle),
    port: fc.constantFrom(128, 129),
    parent: fc.option(node),
  }),
);

for (const era of ["6.1", "6.12"] as const) {
  Deno.test(`after any operations on rate objects on ${era}, parents are existing nodes, without a loop`, () => {
    fc.assert(fc.property(fc.array(rateOperation, { maxLength: 30 }), (operations) => {
      const machine = new Machine({ era, listeners: "none" });
      const device = "/sys/bus/netdevsim";
      machine.perform({ kind: "file.write", path: `${device}/new_device`, value: "10 1" });
      machine.perform({ kind: "file.write", path: `${device}/devices/netdevsim10/sriov_numvfs`, value: "2" });
      machine.perform({ kind: "dev.eswitch.set", handle, mode: "switchdev" });
      for (const operation of operations) machine.perform(operation);
      const { rate } = machine.perform({ kind: "rate.show" }).reply as { rate: Record<string, { parent?: string }> };
      for (const start of Object.keys(rate)) {
        const above = new Set<string>();
        for (let at = start; rate[at]!.parent !== undefined; at = `${handle}/${rate[at]!.parent}`) {
          assertEquals(above.has(at), false, `a loop at ${at}`);
          above.add(at);
          assertEquals(Object.hasOwn(rate, `${handle}/${rate[at]!.parent}`), true);
        }
      }
      // Nodes without children can be deleted, leaves first
      const nodes = () => Object.keys(rate).length;
      for (let left = nodes(); left > 0; left--) {
        for (const name of NODES) machine.perform({ kind: "rate.del", handle, node: name });
      }
      machine.perform({ kind: "dev.reload", handle });
      assertEquals(machine.perform({ kind: "rate.show" }).reply, { rate: {} });
    }));
  });
}
