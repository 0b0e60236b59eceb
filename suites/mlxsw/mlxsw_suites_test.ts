/** The suites of mlxsw on the model, for the Spectrum that real kernels showed, and for one with other firmware. */

import { assert, assertEquals } from "@std/assert";
import { factsOf } from "../../model/drivers/mlxsw/testing.ts";
import type { Facts } from "../../model/mod.ts";
import { compile } from "../../sdk/compile.ts";
import { holdsIn } from "../../sdk/suite.ts";
import failures from "./mlxsw_failures.ts";
import kvd from "./mlxsw_kvd.ts";
import port from "./port.ts";
import reload from "./reload.ts";
import trap from "./trap.ts";

const SUITES = [reload, kvd, port, trap, failures];

/** The facts of 6.1 were not read: the facts of 6.12 without what the driver of 6.1 lacks. */
const older = (): Facts => {
  const facts = factsOf("6.12");
  return {
    ...facts,
    traps: facts.traps.filter(({ name }) => name !== "eapol" && name !== "locked_port"),
    groups: facts.groups.filter(({ name }) => name !== "eapol"),
    resources: facts.resources.filter(({ name }) => name !== "port_range_registers"),
  };
};

const FACTS = {
  "6.1": older(),
  "6.12": factsOf("6.12"),
  "7.2": factsOf("7.2"),
  "7.3": factsOf("7.2"),
} as const;
const ERAS = Object.keys(FACTS) as (keyof typeof FACTS)[];

for (const suite of SUITES) {
  Deno.test(`${suite.name}: no step is a gap of the model`, async () => {
    for (const era of ERAS) {
      for (const sequence of suite.sequences.filter((sequence) => holdsIn(sequence, era))) {
        const board = { driver: "mlxsw_spectrum", facts: FACTS[era] };
        const { plan, expected } = await compile(suite, sequence, era, { board });
        const gaps = expected.steps.flatMap(({ id, lost, observation }) => lost ?? observation?.unknown ? [id] : []);
        assertEquals([plan.lacks, gaps], [undefined, []], `${era}: ${sequence.name}`);
      }
    }
  });

  Deno.test(`${suite.name}: it runs on a switch of Spectrum-2 and on other firmware, and lacks what these lack`, async () => {
    const facts = factsOf("6.12", { versions: {} });
    const tree = facts.resources.map((resource) => ({ ...resource, children: [] }));
    const boards = [
      { driver: "mlxsw_spectrum", facts },
      { driver: "mlxsw_spectrum2", facts: { ...facts, driver: "mlxsw_spectrum2", resources: tree } },
      { driver: "mlx5_core", facts: { ...facts, driver: "mlx5_core" } },
    ];
    for (const sequence of suite.sequences) {
      const lacks: (string | undefined)[] = [];
      for (const board of boards) lacks.push((await compile(suite, sequence, "6.12", { board })).plan.lacks);
      const [first, second, other] = lacks;
      assertEquals(first, undefined, sequence.name);
      assert(suite === kvd ? second !== undefined : second === undefined, `${sequence.name}: ${second}`);
      assert(other !== undefined, sequence.name);
    }
  });
}
