import { assert, assertEquals, assertLess } from "@std/assert";
import * as fc from "fast-check";
import { COMMAND_FORMS } from "../model/command_line/forms.ts";
import { BOOTED_ERAS as eras, Machine, type Operation } from "../model/mod.ts";
import { compile } from "../sdk/compile.ts";
import { type Generated, objectionToSequence, SequenceArbitrary, sequenceOf, setupOf, suiteOf } from "./sequence.ts";
import { NOT_GENERATED } from "./row.ts";
import { MADE } from "./subject.ts";
import { VOCABULARY } from "./vocabulary.ts";

Deno.test("a sequence follows from its seed and its number alone", () => {
  const nth = (seed: number, index: number) => sequenceOf(seed, index, { era: "6.12" });
  assertEquals(nth(1, 5), nth(1, 5));
  assert(JSON.stringify(nth(1, 5)) !== JSON.stringify(nth(1, 6)));
  assert(JSON.stringify(nth(1, 5)) !== JSON.stringify(nth(2, 5)));
});

Deno.test("every kind of operation has a row, or a reason why it has none", () => {
  // The types of both tables see to it that together they hold each kind once; what devlink(8) does is all in the first
  for (const kind of Object.keys(COMMAND_FORMS)) assert(Object.hasOwn(VOCABULARY, kind), kind);
  assert(MADE.rows.some(({ name }) => name.startsWith("file.write ")), "files are the driver's");
  for (const [kind, reason] of Object.entries(NOT_GENERATED)) {
    assert(reason.length > 5 && !Object.hasOwn(VOCABULARY, kind));
  }
});

Deno.test("every row is drawn from", () => {
  const drawn = new Set<string>();
  for (let i = 0; i < 1500; i++) {
    for (const op of sequenceOf(3, i, { era: "7.3" }).operations) {
      drawn.add(op.kind === "file.write" ? op.path.slice(op.path.lastIndexOf("/") + 1) : op.kind);
    }
  }
  const missing = MADE.rows.map(({ name }) => name.replace("file.write ", "")).filter((name) => !drawn.has(name));
  // A knob goes by its own name
  assertEquals(missing, ["knob"]);
});

Deno.test("what the model has no answer for is not generated", () => {
  let held = 0;
  for (const era of eras) {
    for (let i = 0; i < 400; i++) {
      const generated = sequenceOf(5, i, { era });
      const machine = new Machine({ era });
      // It throws where there is no answer
      for (const op of [...setupOf(generated), ...generated.operations]) machine.perform(op);
      held += machine.inventory().instances.filter(({ knobs }) => knobs.get("fib/fail_route_delete") === true).length;
    }
  }
  // Where some of what follows has none
  assert(held > 0, `${held}`);
  const operations: Operation[] = [
    {
      kind: "file.write",
      path: `/sys/kernel/debug/${MADE.devices!.handle(10)}/fib/fail_route_delete`,
      value: "Y",
    },
    { kind: "route.del", prefix: "10.0.0.0/8", dev: "lo" },
  ];
  const asked = { netns: [], devices: [{ id: 10, ports: 1 }], operations };
  assertEquals(objectionToSequence(asked, "6.12"), "the model has no answer");
});

/** Returns what a smaller sequence has less of. */
const sizeOf = (generated: Generated) =>
  JSON.stringify(generated).length + generated.devices.reduce((sum, { ports }) => sum + ports, 0);

for (const era of eras) {
  Deno.test(`${era}: generated sequences compile, and so do the smaller ones that are made of them`, async () => {
    const arbitrary = new SequenceArbitrary({ era });
    for (let i = 0; i < 60; i++) {
      const generated = sequenceOf(9, i, { era });
      assertEquals(objectionToSequence(generated, era), undefined);
      const suite = suiteOf("a", generated);
      const { plan } = await compile(suite, suite.sequences[0]!, era);
      assert(plan.steps.length >= generated.operations.length);
      if (i >= 5) continue;
      for (const { value } of arbitrary.shrink(generated)) {
        assertLess(sizeOf(value), sizeOf(generated));
        if (objectionToSequence(value, era) !== undefined) continue;
        const smaller = suiteOf("a", value);
        await compile(smaller, smaller.sequences[0]!, era);
      }
    }
  });
}

Deno.test("as an arbitrary of fast-check it finds a smallest sequence", () => {
  const { counterexample } = fc.check(
    fc.property(
      new SequenceArbitrary({ era: "6.12" }),
      ({ operations }) => !operations.some(({ kind }) => kind === "dev.reload"),
    ),
    { seed: 4, numRuns: 200 },
  );
  const [smallest] = counterexample!;
  assertEquals(smallest.operations.map(({ kind }) => kind), ["dev.reload"]);
  assertEquals([smallest.netns, smallest.devices], [[], []]);
});
