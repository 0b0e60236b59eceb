/** The suites of an emulated card on the model, for the ConnectX that real kernels showed: the model has an answer for each step. */

import { assertEquals } from "@std/assert";
import seen612 from "../../model/drivers/mlx5/testdata/6.12.json" with { type: "json" };
import seen72 from "../../model/drivers/mlx5/testdata/7.2.json" with { type: "json" };
import type { Facts } from "../../model/mod.ts";
import { compile } from "../../sdk/compile.ts";
import { holdsIn } from "../../sdk/suite.ts";
import card from "./mlx5_card.ts";
import commands from "./mlx5_commands.ts";
import failures from "./mlx5_failures.ts";

const FACTS = { "6.12": seen612.facts, "7.2": seen72.facts } as const;
const ERAS = ["6.12", "7.2"] as const;

for (const era of ERAS) {
  const facts = { ...FACTS[era], rdma: false } as unknown as Facts;
  for (const suite of [failures, commands, card]) {
    Deno.test(`${suite.name}: no step is a gap of the model of ${era}, and the device is cleared`, async () => {
      for (const sequence of suite.sequences.filter((sequence) => holdsIn(sequence, era))) {
        const { plan, expected } = await compile(suite, sequence, era, { board: { driver: "mlx5_core", facts } });
        const gaps = expected.steps.flatMap(({ id, lost, observation }) => lost ?? observation?.unknown ? [id] : []);
        assertEquals([plan.lacks, gaps], [undefined, []], sequence.name);
        const clears = plan.steps.filter(({ op, phase }) => op.kind === "device" && phase === "teardown");
        assertEquals(clears.length, 1, sequence.name);
      }
    });
  }
}
