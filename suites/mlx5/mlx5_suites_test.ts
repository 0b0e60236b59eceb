/** The suites of an emulated card on the model, for the ConnectX that real kernels showed: the model has an answer for each step. */

import { assertEquals } from "@std/assert";
import seen510 from "../../model/drivers/mlx5/testdata/5.10.json" with { type: "json" };
import seen61 from "../../model/drivers/mlx5/testdata/6.1.json" with { type: "json" };
import seen612 from "../../model/drivers/mlx5/testdata/6.12.json" with { type: "json" };
import seen72 from "../../model/drivers/mlx5/testdata/7.2.json" with { type: "json" };
import type { Facts } from "../../model/mod.ts";
import { compile } from "../../sdk/compile.ts";
import { holdsIn } from "../../sdk/suite.ts";
import card from "./mlx5_card.ts";
import commands from "./mlx5_commands.ts";
import failures from "./mlx5_failures.ts";
import withheld from "./mlx5_withheld.ts";
import health from "./health.ts";

const SEEN = [["5.10", seen510], ["6.1", seen61], ["6.12", seen612], ["7.2", seen72]] as const;

for (const [era, seen] of SEEN) {
  const facts = { ...seen.facts, rdma: false } as unknown as Facts;
  for (const suite of [failures, commands, withheld, card, health]) {
    Deno.test(`${suite.name}: no step is a gap of the model of ${era}, and the device is cleared`, async () => {
      for (const sequence of suite.sequences.filter((sequence) => holdsIn(sequence, era))) {
        const { plan, expected } = await compile(suite, sequence, era, { board: { driver: "mlx5_core", facts } });
        const gaps = expected.steps.flatMap(({ id, lost, observation }) => lost ?? observation?.unknown ? [id] : []);
        // Older kernels have no reporter of the vNIC's counters, and without mlx5_ib nothing fails of it
        if (plan.lacks && /name vnic|mlx5_ib/.test(plan.lacks)) continue;
        assertEquals([plan.lacks, gaps], [undefined, []], sequence.name);
        const clears = plan.steps.filter(({ op, phase }) => op.kind === "device" && phase === "teardown");
        assertEquals(clears.length, plan.hangs === undefined ? 1 : 0, sequence.name);
      }
    });
  }
}

Deno.test("mlx5_withheld: a plan has how long the driver waits for an answer, in s", async () => {
  const board = { driver: "mlx5_core", facts: { ...seen612.facts, rdma: false } as unknown as Facts };
  const takes = await Promise.all(
    withheld.sequences.map(async (sequence) => (await compile(withheld, sequence, "6.12", { board })).plan.takes),
  );
  assertEquals(takes, [{ 2: 61 }, { 2: 61 }, { 2: 61 }, { 2: 61 }, { 2: 65 }, { 3: 61 }, undefined, { 3: 65 }, {
    2: 65,
  }]);
});
