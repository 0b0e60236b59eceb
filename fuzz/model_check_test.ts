import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BOOTED_ERAS as eras, Machine, ModelGap, type Operation } from "../model/mod.ts";
import { checkModel, checkSequence } from "./model_check.ts";
import { Replica } from "./replica.ts";
import { MADE } from "./subject.ts";

const maker = MADE.devices!;
const handle = maker.handle(10);
const [bus, device] = handle.split("/");
const newDevice = maker.make({ id: 10, ports: 1 }) as Operation<"file.write">;

for (const era of eras) {
  Deno.test(`${era}: who only listens knows what the dumps show, and the tear-down leaves nothing`, () => {
    const { violations, sequences, operations } = checkModel({ era, seed: 11, indices: Array(200).keys() });
    assertEquals(violations.map(({ what, generated }) => [what, generated.operations]), []);
    assertEquals(sequences, 200);
    assert(operations > 4000);
  });
}

Deno.test("a message that is not heard is missed", () => {
  const machine = new Machine({ era: "6.12" });
  const replica = new Replica(machine.era);
  replica.hear(newDevice, machine.perform(newDevice));
  assertEquals(replica.disagreement(machine), undefined);
  const set = { kind: "param.set", handle, name: "max_macs", value: 33, cmode: "driverinit" } as const;
  const observation = machine.perform(set);
  assertStringIncludes(replica.disagreement(machine) ?? "", "max_macs: values is dumped as");
  replica.hear(set, observation);
  assertEquals(replica.disagreement(machine), undefined);
  machine.perform(maker.remove(10));
  assertStringIncludes(replica.disagreement(machine) ?? "", `dev ${handle} is heard of and not dumped`);
});

Deno.test("a sequence that the model cannot follow to its end is counted, and is no violation", () => {
  const gap: Operation = { kind: "netns.add", name: "init" };
  assertThrows(() => new Machine({ era: "6.12" }).perform(gap), ModelGap);
  const subject = { ...MADE, devices: { ...maker, remove: () => gap } };
  const { sequences, gaps, violations } = checkModel({ era: "6.12", subject, seed: 1, indices: Array(20).keys() });
  const unchanged = checkModel({ era: "6.12", seed: 1, indices: Array(20).keys() });
  assertEquals([unchanged.sequences, unchanged.gaps], [20, 0]);
  assertEquals([sequences, gaps > 0, violations.length], [20, true, 0]);
});

Deno.test("what a sequence leaves behind is found", () => {
  const operations = [{ ...newDevice, value: "12 x" }];
  assertEquals(checkSequence({ netns: [], devices: [], operations }, "6.12"), undefined);
  const bad = [
    newDevice,
    { kind: "file.write", path: `/sys/kernel/debug/${handle}/fail_reload`, value: "1" },
    { kind: "dev.reload", handle },
    { kind: "file.write", path: `/sys/bus/${bus}/devices/${device}/new_port`, value: "1" },
  ] as const;
  assertStringIncludes(checkSequence({ netns: [], devices: [], operations: bad }, "6.12") ?? "", "leaves the netdevs");
});
