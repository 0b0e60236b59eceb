/** The suites of any driver on the model of stmmac from 7.x on: a devlink instance with one param, no reload and nothing else. */

import { assert, assertEquals } from "@std/assert";
import { factsWith } from "../../model/testing.ts";
import { DEVLINK_SUITES, loadSuites } from "../../run/load_suites.ts";
import { compile } from "../../sdk/compile.ts";
import { holdsIn } from "../../sdk/suite.ts";

const facts = {
  ...factsWith({}),
  handle: "pci/0000:01:00.0",
  driver: "intel-eth-pci",
  params: [{
    name: "phc_coarse_adj",
    generic: false,
    values: [{ cmode: "runtime" as const, value: false }],
  }],
};

const suites = await loadSuites(DEVLINK_SUITES);

Deno.test("stmmac: no step of the suites of any driver is a gap; a reload is refused by the core", async () => {
  const ran: string[] = [];
  for (const era of ["7.2", "7.3"] as const) {
    for (const suite of suites) {
      for (const sequence of suite.sequences.filter((one) => holdsIn(one, era))) {
        const { plan, expected } = await compile(suite, sequence, era, { board: { driver: facts.driver, facts } });
        if (plan.lacks !== undefined) continue;
        ran.push(`${suite.name} > ${sequence.name}`);
        for (const { op, observation, lost } of expected.steps) {
          assertEquals([lost, observation?.unknown], [undefined, undefined], `${ran.at(-1)}: ${op.kind}`);
          if (op.kind === "dev.reload") assert(observation?.result !== "ok", ran.at(-1));
        }
      }
    }
  }
  for (
    const name of [
      "reload > an action that the driver lacks is refused",
      "param_settings > a value that a param has already is not sent",
      "show > params of one instance, and each by its name",
    ]
  ) assertEquals(ran.filter((one) => one === name).length, 2, name);
  assert(ran.length > 60, `${ran.length}`);
});
