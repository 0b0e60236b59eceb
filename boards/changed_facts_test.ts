import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { loadFacts } from "./mod.ts";
import type { Facts } from "../model/mod.ts";
import { changedFacts } from "./changed_facts.ts";

const facts = await loadFacts(
  fileURLToPath(new URL("./examples/spectrum-2-serial.facts.json", import.meta.url)),
);
type Draft<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer One)[] ? Draft<One>[] : T[K] };

function changed(change: (facts: Draft<Facts>) => void): string | undefined {
  const copy = structuredClone(facts) as Draft<Facts>;
  change(copy);
  return changedFacts(facts, copy as Facts);
}

Deno.test("a change that a run left on a device is reported with its name and both values", () => {
  assertEquals(changed(() => {}), undefined);
  const trap = facts.traps[0]!;
  assertEquals(
    changed(({ traps }) => void (traps[0]!.action = "mirror")),
    `traps ${trap.name} action is "mirror" and was "${trap.action}"`,
  );
  const { policer, rate } = facts.policers[0]!;
  assertEquals(
    changed(({ policers }) => void (policers[0]!.rate = 7)),
    `policers ${policer} rate is 7 and was ${rate}`,
  );
  assertEquals(changed(({ ports }) => void ports.pop()), `ports port ${facts.ports.at(-1)!.index} is missing`);
});

Deno.test("counters and occupancy do not count as changes", () => {
  assertEquals(changed((facts) => void (facts.reloads = { driver_reinit: 99 })), undefined);
  assertEquals(changed(({ resources }) => void (resources[0]!.occupied = 99)), undefined);
});
