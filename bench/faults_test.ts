/** A share of the campaign of faults, and that the campaign itself would see a lie. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { judge } from "../diff/judge.ts";
import type { SequenceTrace } from "../diff/trace.ts";
import { findSer2net } from "../runners/ser2net.ts";
import { whyNoBoards } from "./fault_board.ts";
import { FAULTS } from "./_fault_kinds.ts";
import { knownPlan } from "./_fault_plans.ts";
import { faultsOf, type Outcome, strikeOnce } from "./_fault_run.ts";
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
    // Whatever else the machine does, nothing passes that did not, and nothing is run twice.
    const lies = outcomes.filter(({ fault, verdict, wrong }) => {
      return wrong.some((one) => /agrees|was run [2-9]|is said not to be/.test(one)) ||
        verdict === "agree" && !FAULTS[fault]!.right.includes("agree");
    });
    assertEquals(lies, []);
    // A board that falls silent is lost by that, before a step could have taken so long.
    const silent = outcomes.filter(({ reason }) => /no sign of life for \d+ s/.test(reason)).map(({ fault }) => fault);
    assert(silent.includes("board killed") || silent.includes("board hangs"), JSON.stringify(outcomes, null, 1));
    // The shell of the next boot answers, which is no sign of life.
    assert(silent.includes("board rebooted"), JSON.stringify(outcomes, null, 1));
    // The verdict itself may be another one where the machine is too slow: most are as they are meant.
    const meant = outcomes.filter(({ wrong }) => wrong.length === 0);
    assert(
      meant.length > outcomes.length / 2,
      JSON.stringify(outcomes.filter(({ wrong }) => wrong.length > 0), null, 1),
    );
  },
});

function example(): { known: ReturnType<typeof knownPlan>["known"]; words: string[]; observed: SequenceTrace } {
  const { known } = knownPlan(new Random(7), "x", { dir: "/d", witness: "/w", gate: "/g" });
  const teardown = known.plan.steps.at(-1)!.id;
  const words = [known.words.get(teardown)!, ...known.words.values()];
  return { known, words, observed: structuredClone(known.expected) };
}

Deno.test("the campaign sees a step that is said to agree and was not run, or was run twice, or not as was said", () => {
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
  assertMatch(seen(words, lost), /was run, and is said not to be/);
  const other = structuredClone(observed);
  other.steps.find(({ op }) => op.kind === "file.read" && op.path !== "/g")!.observation!.sysfs = "other";
  assertMatch(seen(words, other), /does not differ, and diverges/);
});

Deno.test("the campaign sees that a difference was missed", () => {
  const { known } = knownPlan(new Random(7), "x", { dir: "/d", witness: "/w", gate: "/g", differs: true });
  const words = [known.words.get(known.plan.steps.at(-1)!.id)!, ...known.words.values()];
  assertMatch(faultsOf(known, judge(known.expected, known.expected), words).join("; "), /differs, and all agrees/);
});
