/** Runs a part of the campaign of faults, and tests that the campaign detects a wrong verdict. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { judge } from "../diff/judge.ts";
import type { SequenceTrace } from "../diff/trace.ts";
import { findSer2net } from "../runners/lines/ser2net.ts";
import { whyNoBoards } from "./fault_board.ts";
import { FAULTS } from "./_fault_kinds.ts";
import { knownPlan } from "./_fault_plans.ts";
import { faultsOf, isLie, isMeant, type Outcome, strikeOnce } from "./_fault_run.ts";
import { Random } from "./random.ts";

const why = await whyNoBoards();
const required = Deno.env.get("TWINLINK_REQUIRE_KERNELS") === "1";
const served = required || await findSer2net() !== undefined;

Deno.test({
  name: `under a fault of each kind nothing passes that did not, and nothing is run twice${
    why ? ` [ignored: ${why}]` : served ? "" : " (but of a console server: ser2net is not on this machine)"
  }`,
  ignore: why !== undefined,
  fn: async () => {
    const outcomes: Outcome[] = [];
    const names = Object.keys(FAULTS).filter((name) => served || !FAULTS[name]!.board?.served);
    const faults = names.map(async (fault, i) => {
      outcomes.push(await strikeOnce(fault, 100 + i));
    });
    await Promise.all(faults);
    assertEquals(outcomes.filter(isLie), []);
    assert(outcomes.some(isMeant), JSON.stringify(outcomes, null, 1));
  },
});

function example(): { known: ReturnType<typeof knownPlan>["known"]; words: string[]; observed: SequenceTrace } {
  const { known } = knownPlan(new Random(7), "x", { dir: "/d", witness: "/w", gate: "/g" });
  const teardown = known.plan.steps.at(-1)!.id;
  const words = [known.words.get(teardown)!, ...known.words.values()];
  return { known, words, observed: structuredClone(known.expected) };
}

Deno.test("the campaign sees a step that is reported as agree and was not run, or was run twice, or not as reported", () => {
  const { known, words, observed } = example();
  const seen = (words: readonly string[], trace: SequenceTrace = observed) =>
    faultsOf(known, judge(known.expected, trace), words).join("; ");
  assertEquals(seen(words), "");
  const written = [...known.words.keys()][1]!;
  const word = known.words.get(written)!;
  assertEquals(seen(words.filter((one) => one !== word)), `step ${written} agrees, and was run 0 times`);
  assertMatch(seen([...words, word]), /was run 2 times/);
  assertMatch(seen([...words, "noise"]), /a word that no step has/);
  const lost = structuredClone(observed);
  const step = lost.steps.find(({ id }) => id === written)!;
  delete step.observation;
  step.lost = { reason: "not-run", detail: "" };
  assertMatch(seen(words, lost), /was run, and is reported as not run/);
  const other = structuredClone(observed);
  other.steps.find(({ op }) => op.kind === "file.read" && op.path !== "/g")!.observation!.sysfs = "other";
  assertMatch(seen(words, other), /does not differ, and diverges/);
});

Deno.test("the campaign sees that a difference was missed", () => {
  const { known } = knownPlan(new Random(7), "x", { dir: "/d", witness: "/w", gate: "/g", differs: true });
  const words = [known.words.get(known.plan.steps.at(-1)!.id)!, ...known.words.values()];
  assertMatch(faultsOf(known, judge(known.expected, known.expected), words).join("; "), /differs, and all agrees/);
});
