/** Suite `phy` on the model: each step has an answer, but for those that read freed memory where nothing poisons it. */

import { assertEquals } from "@std/assert";
import { BOOTED_ERAS, ERAS, type FreedMemory } from "../../model/mod.ts";
import { compile } from "../../sdk/compile.ts";
import { holdsIn } from "../../sdk/suite.ts";
import phy from "./phy.ts";
import rounds from "./phy_rounds.ts";

/** Returns the sequences with a step that the model does not know, each with the kinds of those steps. */
async function gapsIn(era: typeof BOOTED_ERAS[number], freedMemory: FreedMemory): Promise<string[]> {
  const gaps: string[] = [];
  for (const sequence of phy.sequences.filter((sequence) => holdsIn(sequence, era))) {
    const { plan, expected } = await compile(phy, sequence, era, { freedMemory });
    assertEquals(plan.lacks, undefined);
    const unknown = expected.steps.filter(({ lost, observation }) => lost ?? observation?.unknown);
    if (unknown.length > 0) gaps.push(`${sequence.name}: ${unknown.map(({ op }) => op.kind)}`);
  }
  return gaps;
}

/** What no kernel up to 6.12 can be asked: was the memory of the LED triggers reused meanwhile? */
const CHANCE = [
  "sgmii: the netdev is taken down after the driver is gone: netdev.set",
  "sgmii: the cable, then the netdev taken down after the driver is gone: netdev.set",
  "rgmii: the netdev is taken down after the driver is gone: netdev.set",
  "rgmii: the cable, then the netdev taken down after the driver is gone: netdev.set",
  "the MAC is unbound after the driver is gone: file.write",
];

Deno.test("phy: a step is a gap only where the kernel reads memory that may have been reused", async () => {
  for (const era of BOOTED_ERAS) {
    const asks = ERAS[era].phylib.pollingAsksDriver;
    assertEquals(await gapsIn(era, "kept"), asks ? [] : CHANCE, era);
    assertEquals(await gapsIn(era, "poisoned"), ERAS[era].phylib.triggerLock ? CHANCE : [], `${era}, poisoned`);
  }
});

Deno.test("phy_rounds: each step has an answer, and the kernel has nothing to report", async () => {
  for (const era of BOOTED_ERAS) {
    for (const sequence of rounds.sequences) {
      const { expected } = await compile(rounds, sequence, era, { freedMemory: "poisoned" });
      for (const { op, lost, observation } of expected.steps) {
        const reports = observation?.kmsg.filter((line) => line.class !== "info");
        assertEquals([lost, observation?.unknown, reports], [undefined, undefined, []], `${sequence.name}: ${op.kind}`);
      }
    }
  }
});
