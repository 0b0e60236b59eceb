/** The recordings that ship: the model agrees with each of them, and they are of the suites as they are now. */

import { assertEquals } from "@std/assert";
import { judge, readTrace } from "../diff/mod.ts";
import type { EraId } from "../model/mod.ts";
import { compile } from "../sdk/compile.ts";
import { holdsIn } from "../sdk/suite.ts";
import { shippedTrace } from "../tools/agreement.ts";
import { RECORDINGS } from "../tools/record_all.ts";
import { loadSuites } from "./load_suites.ts";
import { outcomesPage } from "../tools/outcomes.ts";

const names = Object.keys(RECORDINGS);
const traces = await Promise.all(names.map((name) => readTrace(shippedTrace(name))));

for (const [i, { header, sequences }] of traces.entries()) {
  Deno.test(`recording of ${header.board}: whole, of the suites as they are, and the model agrees; else: deno task record`, async () => {
    const suites = await loadSuites(RECORDINGS[names[i]!]!.suites);
    const { era, freedMemory } = header;
    const wrong: string[] = [];
    const expected: string[] = [];
    for (const suite of suites) {
      for (const sequence of suite.sequences.filter((one) => holdsIn(one, header.era as EraId))) {
        const name = `${suite.name} > ${sequence.name}`;
        expected.push(name);
        const compiled = await compile(suite, sequence, era as EraId, freedMemory ? { freedMemory } : {});
        const observed = sequences.find((one) => one.suite === suite.name && one.sequence === sequence.name);
        const { verdict, steps } = observed
          ? judge(compiled.expected, observed)
          : { verdict: "not recorded", steps: [] };
        const at = steps.find((step) => step.verdict !== "agree");
        if (verdict !== "agree") wrong.push(`${name}: ${verdict}${at ? ` in step ${at.id}` : ""}`);
      }
    }
    assertEquals(wrong, []);
    assertEquals(sequences.map(({ suite, sequence }) => `${suite} > ${sequence}`), expected);
  });
}

Deno.test("docs/pcs.md has the outcomes of the recordings that ship, measured as modelled; else: deno task outcomes", async () => {
  const page = await outcomesPage(traces);
  assertEquals(await Deno.readTextFile(new URL("../docs/pcs.md", import.meta.url)), page);
  assertEquals(page.includes("**measured"), false);
});
