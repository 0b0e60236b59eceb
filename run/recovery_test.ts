/** The outcome of a sequence during which twinlink died. */

import { assert, assertEquals } from "@std/assert";
import type { Plan, StepTrace } from "../diff/trace.ts";
import { emptyObservation } from "../model/observation.ts";
import { type Aftermath, fateOf } from "./recovery.ts";

const plan: Plan = {
  suite: "s",
  sequence: "a",
  source: "",
  steps: [1, 2, 3, 4].map((id) => ({ id, phase: "body", op: { kind: "wait", ms: id } })),
};

/** Returns the loss reasons of the steps without a report, which follow the steps `told`. */
function lostBehind(told: readonly Partial<StepTrace>[], board: Partial<Aftermath>): (string | undefined)[] {
  const steps = told.map((step, i): StepTrace => ({ ...plan.steps[i]!, ...step }));
  const fate = fateOf(plan, { suite: "s", sequence: "a", source: "", steps }, {
    fresh: false,
    rebooted: false,
    renewable: true,
    ...board,
  } as Aftermath);
  assert(!fate.again, "it is begun again");
  return fate.trace.steps.slice(told.length).map(({ lost }) => lost?.reason);
}

const fine = { observation: emptyObservation() };
const oops = {
  observation: {
    ...emptyObservation(),
    kmsg: [{ class: "oops" as const, text: "BUG: kernel NULL pointer dereference" }],
  },
};

Deno.test("after a step that timed out, the board may have continued its plan, or rebooted", () => {
  assertEquals(lostBehind([fine, { lost: { reason: "timeout", detail: "" } }], {}), ["untold", "untold"]);
  assertEquals(lostBehind([fine], { rebooted: true }), ["untold", "untold", "untold"]);
});

Deno.test("a broken kernel ran no further step", () => {
  assertEquals(lostBehind([fine, oops], {}), ["not-run", "not-run"]);
  assertEquals(lostBehind([fine], { lastWords: "Kernel panic" }), ["crash", "not-run", "not-run"]);
});
