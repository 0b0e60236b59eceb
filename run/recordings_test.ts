/** The recordings that ship: the model agrees with each of them, and they are of the suites as they are now. */

import { assertEquals } from "@std/assert";
import { loadBoard } from "../boards/mod.ts";
import { whyUnsupported } from "../diff/capability.ts";
import { judge, readTrace } from "../diff/mod.ts";
import type { EraId } from "../model/mod.ts";
import { compile } from "../sdk/compile.ts";
import { holdsIn } from "../sdk/suite.ts";
import { shippedTrace } from "../tools/agreement.ts";
import { RECORDINGS } from "../tools/record_all.ts";
import { loadSuites } from "./load_suites.ts";
import { outcomesPage } from "../tools/outcomes.ts";
import { phyTable, withPhyTable } from "../tools/phy_outcomes.ts";

const names = Object.keys(RECORDINGS);
const traces = await Promise.all(names.map((name) => readTrace(shippedTrace(name))));

const FOLLOWS = [
  "reload_contract > a reload while a link is up",
  "port_state > a port keeps its name while its link goes up and down",
];
const CARRIER = [
  ...FOLLOWS,
  "port_state > a link that is up is taken up, one that is down is taken down",
];
const REPORTERS = "health > a port has no reporters; where there is no such port, those of the device are meant";
const DOORBELLS = "param_settings > every number that waits for a reload";

/** Sequences of suite `phy` whose outcome depends on the contents of freed memory, up to 6.12: `sgmii` or `rgmii`. */
const luck = (wiring: string) => [
  `phy > ${wiring}: the netdev is taken down after the driver is gone`,
  `phy > ${wiring}: the cable, then the netdev taken down after the driver is gone`,
];
const MAC_LUCK = "phy > the MAC is unbound after the driver is gone";

/** Sequences that cannot be judged fully, by recording: their result depends on the card, the switch or chance. */
const GAPS: Readonly<Record<string, readonly string[]>> = {
  "5.10-connectx": [...CARRIER, REPORTERS],
  "6.1-connectx": [
    ...CARRIER,
    REPORTERS,
    "netns > a reload moves the instance",
    "port_state > a physical port has no function",
  ],
  "7.2-connectx": [DOORBELLS],
  "7.3-connectx": [DOORBELLS],
  "6.1-spectrum": FOLLOWS,
  "6.12-spectrum": FOLLOWS,
  "7.2-spectrum": FOLLOWS,
  "7.3-spectrum": FOLLOWS,
  ...Object.fromEntries(["5.10", "6.1", "6.12"].flatMap((kernel) => [
    [`${kernel}-mgbe`, [...luck("sgmii"), MAC_LUCK]],
    [`${kernel}-mgbe-rgmii`, luck("rgmii")],
  ])),
};

for (const [i, { header, sequences }] of traces.entries()) {
  Deno.test(`recording of ${header.board}: whole, of the suites as they are, and the model agrees; else: deno task record`, async () => {
    const suites = await loadSuites(RECORDINGS[names[i]!]!.suites);
    const { era, freedMemory, facts } = header;
    const board = await loadBoard(header.board);
    const wrong: string[] = [];
    const expected: string[] = [];
    for (const suite of suites) {
      for (const sequence of suite.sequences.filter((one) => holdsIn(one, header.era as EraId))) {
        const name = `${suite.name} > ${sequence.name}`;
        const compiled = await compile(suite, sequence, era as EraId, {
          ...(facts ? { board: { ...board, facts } } : {}),
          ...(freedMemory ? { freedMemory } : {}),
        });
        if ((facts || compiled.plan.requires?.length) && whyUnsupported(compiled.plan, board, header.has)) continue;
        expected.push(name);
        const observed = sequences.find((one) => one.suite === suite.name && one.sequence === sequence.name);
        const { verdict, steps } = observed
          ? judge(compiled.expected, observed)
          : { verdict: "not recorded", steps: [] };
        const at = steps.find((step) => step.verdict !== "agree");
        const wanted = GAPS[names[i]!]?.includes(name) ? "model-gap" : "agree";
        if (verdict !== wanted) wrong.push(`${name}: ${verdict}${at ? ` in step ${at.id}` : ""}`);
      }
    }
    assertEquals(wrong, []);
    assertEquals(sequences.map(({ suite, sequence }) => `${suite} > ${sequence}`), expected);
  });
}

Deno.test("docs/phy.md has the outcomes of the recordings that ship, measured as modelled; else: deno task outcomes", async () => {
  const table = await phyTable(traces);
  const page = await Deno.readTextFile(new URL("../docs/phy.md", import.meta.url));
  assertEquals(page, withPhyTable(page, table));
  assertEquals(table.includes("**measured"), false);
});

Deno.test("docs/pcs.md has the outcomes of the recordings that ship, measured as modelled; else: deno task outcomes", async () => {
  const page = await outcomesPage(traces);
  assertEquals(await Deno.readTextFile(new URL("../docs/pcs.md", import.meta.url)), page);
  assertEquals(page.includes("**measured"), false);
});
