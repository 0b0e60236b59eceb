import { assertEquals } from "@std/assert";
import { disruptionOf, disruptionOfPlan, DISRUPTIONS, isBeyond, lesser } from "./disruption.ts";
import type { Operation } from "./operation.ts";

const handle = "pci/0000:03:00.0";
const show: Operation = { kind: "dev.show", handle };
const flash: Operation = { kind: "dev.flash", handle, file: "x.mfa2" };
const trap: Operation = { kind: "trap.set", handle, name: "x", action: "trap" };
const write = (path: string): Operation => ({ kind: "file.write", path, value: "1" });

Deno.test("the disruption of an operation is its effect on a real device", () => {
  const cases: [Operation, string][] = [
    [show, "reads"],
    [trap, "changes"],
    [{ kind: "link.set", handle, port: 0, up: false }, "link"],
    [{ kind: "dev.reload", handle }, "resets"],
    [flash, "power"],
    [write("/sys/bus/pci/drivers/mlx5_core/unbind"), "resets"],
    [write("/sys/bus/pci/devices/0000:03:00.0/remove"), "resets"],
    [write("/proc/sys/net/core/x"), "changes"],
    [{ kind: "module.unload", name: "mlx5_core" }, "resets"],
  ];
  assertEquals(cases.map(([op]) => disruptionOf(op)), cases.map(([, meant]) => meant));
});

Deno.test("on a device that sequences make, no operation is more than a change", () => {
  const made = "netdevsim/netdevsim10";
  assertEquals(disruptionOf({ ...flash, handle: made }), "changes");
  assertEquals(disruptionOf({ kind: "dev.reload", handle: made }), "changes");
  assertEquals(disruptionOf(write("/sys/bus/netdevsim/drivers/netdevsim/unbind")), "changes");
  assertEquals(disruptionOf({ kind: "dev.show", handle: made }), "reads");
});

Deno.test("the disruption of an operation with inner operations is theirs", () => {
  const inside: Operation[] = [
    { kind: "during", operation: flash, poll: show },
    { kind: "listen", operation: flash },
    { kind: "rounds", times: 2, operations: [show], meanwhile: [flash] },
    {
      kind: "race",
      racers: [{ operations: [show] }, { operations: [flash] }],
      runs: 1,
      seed: 1,
      before: [],
      after: [],
      shown: [],
    },
    { kind: "rounds", times: 2, operations: [{ kind: "listen", operation: flash }] },
  ];
  assertEquals(inside.map(disruptionOf), inside.map(() => "power"));
  assertEquals(disruptionOf({ kind: "during", operation: trap, poll: show }), "changes");
});

Deno.test("the disruption of a plan is at least the greatest of its steps", () => {
  const steps = [show, trap, flash, flash].map((op, i) => ({ id: i + 1, op }));
  assertEquals(disruptionOfPlan({ steps }), { disruption: "power", step: steps[2]! });
  assertEquals(disruptionOfPlan({ steps: [] }), { disruption: "reads" });
  const some = steps.slice(0, 2);
  assertEquals(disruptionOfPlan({ steps: some, disruption: "resets" }), { disruption: "resets" });
  // An author may declare more disruption than the steps have, but not less.
  assertEquals(disruptionOfPlan({ steps, disruption: "reads" }).disruption, "power");
  assertEquals(disruptionOfPlan({ steps: some, breaks: 2 }), { disruption: "power" });
  assertEquals(disruptionOfPlan({ steps: some, spoils: "a lock" }), { disruption: "power" });
});

Deno.test("the disruptions are ordered, the least first", () => {
  assertEquals(DISRUPTIONS.filter((one) => isBeyond(one, "link")), ["resets", "power"]);
  assertEquals([lesser("link", "power"), lesser("power", "link"), lesser("reads", "reads")], ["link", "link", "reads"]);
});
