import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type EraId, ERAS, Machine } from "../model/mod.ts";
import { checkModel, checkSequence } from "./model_check.ts";
import { Replica } from "./replica.ts";

const eras = (Object.keys(ERAS) as EraId[]).filter((era) => ERAS[era].booted);
const handle = "netdevsim/netdevsim10";
const newDevice = { kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" } as const;

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
  const del = { kind: "file.write", path: "/sys/bus/netdevsim/del_device", value: "10" } as const;
  machine.perform(del);
  assertStringIncludes(replica.disagreement(machine) ?? "", "dev netdevsim/netdevsim10 is heard of and not dumped");
});

Deno.test("what a sequence leaves behind is found", () => {
  const operations = [{ kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "12 x" }] as const;
  assertEquals(checkSequence({ netns: [], devices: [], operations }, "6.12"), undefined);
  const bad = [
    newDevice,
    { kind: "file.write", path: "/sys/kernel/debug/netdevsim/netdevsim10/fail_reload", value: "1" },
    { kind: "dev.reload", handle },
    { kind: "file.write", path: "/sys/bus/netdevsim/devices/netdevsim10/new_port", value: "1" },
  ] as const;
  assertStringIncludes(checkSequence({ netns: [], devices: [], operations: bad }, "6.12") ?? "", "leaves the netdevs");
});
