import { assert, assertEquals } from "@std/assert";
import { BOOTED_ERAS, DISTINCT_ERAS, type EraId, ERAS } from "../../model/mod.ts";
import { exploreRace, scenarioOf } from "../../model/race/race.ts";
import { diagram, minimise, replay } from "../../model/race/race_replay.ts";
import { BEFORE, machineBefore, operationsOf, RACE_OPERATIONS, type RaceOperation } from "./race_operations.ts";

const raceOf = (era: EraId, names: readonly RaceOperation[]) => ({
  setUp: (lockdep: Parameters<Parameters<typeof exploreRace>[0]["setUp"]>[0]) => machineBefore({ era, lockdep }),
  racers: names.map((name, i) => ({ name: `${name} ${i}`, operations: [RACE_OPERATIONS[name]] })),
});

Deno.test("what races begin with can be done on each kernel", () => {
  for (const era of BOOTED_ERAS) {
    const machine = machineBefore({ era }, []);
    for (const op of BEFORE) assertEquals(machine.perform(op).result, "ok", `${era}: ${op.kind}`);
    assert(operationsOf(ERAS[era]).length >= 25);
  }
});

Deno.test("the explorer leaves out nothing that makes a difference: pairs against every schedule there is", () => {
  let compared = 0;
  for (const era of DISTINCT_ERAS) {
    const names = operationsOf(ERAS[era]);
    // Each operation with two others: another day's run has all of them
    names.forEach((first, i) => {
      for (const second of [names[(i * 7 + 3) % names.length]!, names[(i * 11 + 5) % names.length]!]) {
        const plain = exploreRace(raceOf(era, [first, second]), { reduction: "none", schedules: 150 });
        if (!plain.exhausted) continue;
        const reduced = exploreRace(raceOf(era, [first, second]));
        assert(reduced.exhausted);
        assertEquals(
          [...reduced.outcomes.keys()].sort(),
          [...plain.outcomes.keys()].sort(),
          `${era} ${first} ${second}`,
        );
        compared++;
      }
    });
  }
  assert(compared > 100, `${compared} compared`);
});

Deno.test("a deadlock's schedule: as few preemptions as any, and the same each time it is run", () => {
  const race = raceOf("6.12", ["reload", "break_health"]);
  const { findings } = exploreRace(race);
  const scenario = scenarioOf(race);
  const { schedule, preemptions } = minimise(scenario, findings[0]!);
  assertEquals(preemptions, 1);
  const [once, again] = [replay(scenario, schedule), replay(scenario, schedule)];
  assertEquals(once, again);
  assertEquals(once.findings.map(({ kind }) => kind), ["deadlock"]);
  assert(diagram(once).includes("WAITS for users of break_health of netdevsim10"), diagram(once));
});
