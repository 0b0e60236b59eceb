/** The driver of a PHY is unbound while other tasks use the PHY: all orders of the steps, and which of them break the kernel. */

import { assertEquals, assertThrows } from "@std/assert";
import { ModelGap } from "../../gap.ts";
import { type EraId, Machine, type Operation } from "../../mod.ts";
import { explore } from "../../race/explore.ts";
import { readOutcome, scenarioOf } from "../../race/race.ts";
import { bindPhy, down, ethtool, unbindMac, unbindPhy, unload, up } from "./testing.ts";

/** The kernels: one for each way to break. */
const KERNELS = ["6.1", "7.3"] as const;

const now = ({ settle: _, ...op }: Operation) => op as Operation;

/**
 * Explores two operations at the same time; returns their results, and if the kernel breaks. Neither phylib nor phylink records the
 * accesses of its steps, so no order is left out.
 */
function raced(era: EraId, before: readonly Operation[], first: Operation, second: Operation) {
  const setUp = () => {
    const machine = new Machine({ era, hardware: ["stmmac_sgmii"], freedMemory: "poisoned" });
    for (const op of before) machine.perform(op);
    return machine;
  };
  const racers = [first, second].map((op, i) => ({ name: `task ${i}`, operations: [now(op)] }));
  const { outcomes, findings } = explore(scenarioOf({ setUp, racers }), { reduction: "none", preemptions: 2 });
  const results = [...outcomes.keys()].map((outcome) =>
    readOutcome(outcome).results.map((list) => list.map((text) => text.split(" ")[0]).join(" ")).join(" | ")
  );
  return { results: [...new Set(results)].sort(), breaks: findings.some(({ kind }) => kind === "dead object") };
}

Deno.test("races: an unbind breaks a down, or the MAC's unbind, that comes after it", () => {
  for (const era of KERNELS) {
    assertEquals(raced(era, [up], unbindPhy, down), { results: ["ok | killed", "ok | ok"], breaks: true }, era);
    const mac = { results: ["ENODEV | ok", "ok | killed", "ok | ok"], breaks: true };
    assertEquals(raced(era, [up], unbindPhy, unbindMac), mac, era);
  }
});

Deno.test("races: an unbind beside an up breaks the state machine from 7.x on: phy_start() comes after phy_remove() stopped it", () => {
  for (const era of KERNELS) {
    assertEquals(raced(era, [], unbindPhy, up), { results: ["ok | ok"], breaks: era === "7.3" }, era);
  }
});

Deno.test("races: a bind beside an up, an unbind beside ethtool, and an unused PHY break nothing", () => {
  for (const era of KERNELS) {
    assertEquals(raced(era, [unbindPhy], bindPhy, up), { results: ["EBUSY | ok", "ok | ok"], breaks: false }, era);
    assertEquals(raced(era, [up], unbindPhy, ethtool), { results: ["ok | ok"], breaks: false }, era);
    assertEquals(raced(era, [], unbindPhy, unbindMac), { results: ["ENODEV | ok", "ok | ok"], breaks: false }, era);
  }
});

Deno.test("races: an unload beside an up is a gap: what stmmac does without its PHY is not modelled", () => {
  assertThrows(() => raced("6.1", [], unload, up), ModelGap, "the module of the PHY's driver is being unloaded");
});
