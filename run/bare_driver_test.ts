/**
 * The behaviour of the kernel's dsa_loop on stock kernels, recorded once by `twinlink run`: a driver without a model, with ports, a
 * resource of a fixed size and little else. Debian builds no DSA, so the module is not available for another recording.
 */

import { assert, assertEquals } from "@std/assert";
import { judge, readTrace } from "../diff/mod.ts";
import type { EraId } from "../model/mod.ts";
import { compile } from "../sdk/compile.ts";
import { holdsIn } from "../sdk/suite.ts";
import { DEVLINK_SUITES, loadSuites } from "./load_suites.ts";

const suites = await loadSuites(DEVLINK_SUITES);

for (const kernel of ["5.10", "6.12"] as const) {
  Deno.test(`dsa_loop on ${kernel}, judged by its facts alone: no false difference`, async () => {
    const path = new URL(`testdata/dsa_loop-${kernel}.jsonl.gz`, import.meta.url).pathname;
    const { header, sequences } = await readTrace(path);
    const era = header.era as EraId;
    const facts = header.facts!;
    const verdicts: Record<string, number> = {};
    const wrong: string[] = [];
    for (const suite of suites) {
      for (const sequence of suite.sequences.filter((one) => holdsIn(one, era))) {
        const { plan, expected } = await compile(suite, sequence, era, { board: { driver: facts.driver, facts } });
        const observed = sequences.find((one) => one.suite === suite.name && one.sequence === sequence.name);
        const ops = (steps: readonly { op: unknown }[] = []) => JSON.stringify(steps.map(({ op }) => op));
        // Skips a sequence that was changed or added since the recording.
        if (plan.lacks !== undefined || !observed || ops(plan.steps) !== ops(observed.steps)) continue;
        const { verdict, steps } = judge(expected, observed);
        verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
        const at = steps.find((step) => step.verdict !== "agree");
        if (verdict !== "agree" && verdict !== "model-gap") {
          wrong.push(`${suite.name} > ${sequence.name}: ${verdict} in step ${at?.id}`);
        }
      }
    }
    assertEquals(wrong, []);
    assert((verdicts["agree"] ?? 0) > 25, JSON.stringify(verdicts));
  });
}
