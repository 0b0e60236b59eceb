import { assertEquals } from "@std/assert";
import type { SequenceTrace, StepTrace } from "../diff/trace.ts";
import { judge } from "../diff/judge.ts";
import { emptyObservation, type Observation } from "../model/observation.ts";
import { leftBehind, stateBehind } from "./board_state.ts";

const WHY = "only some_driver knows what it does";

/** Returns what a sequence leaves on the board, if its tear-down is one reload. */
function left(wanted: Partial<Observation>, got: Pick<StepTrace, "lost"> | Partial<Observation>): string | undefined {
  const about = { id: 1, phase: "teardown", op: { kind: "dev.reload", handle: "pci/0000:03:00.0" } } as const;
  const trace = (step: StepTrace): SequenceTrace => ({ suite: "s", sequence: "q", source: "test", steps: [step] });
  const expected = trace({ ...about, observation: { ...emptyObservation(), ...wanted } });
  const observed = trace(
    "lost" in got ? { ...about, ...got } : { ...about, observation: { ...emptyObservation(), ...got } },
  );
  return leftBehind({ expected, observed, verdict: judge(expected, observed) }, "sound");
}

Deno.test("a tear-down that fails or is not run leaves a board dirty; a result that only the driver decides does not", () => {
  const dirty = "step 1 of s > q, a tear-down, was not done";
  assertEquals(left({}, {}), undefined);
  assertEquals(left({}, { result: "EIO" }), dirty);
  assertEquals(left({ unknown: { result: WHY } }, { result: "EIO" }), undefined);
  assertEquals(left({ unknown: { result: WHY } }, { lost: { reason: "not-run", detail: "" } }), dirty);
});

Deno.test("a board is renewed after a sequence that leaves something that only a reboot removes", () => {
  const op = { kind: "wait", ms: 1 } as const;
  const trace: SequenceTrace = {
    suite: "s",
    sequence: "q",
    source: "test",
    steps: [{ id: 1, phase: "body", op, observation: emptyObservation() }],
  };
  const result = { expected: trace, observed: trace, verdict: judge(trace, trace) };
  const plan = { ...trace, steps: [{ id: 1, phase: "body" as const, op }] };
  assertEquals(stateBehind(plan, result), "sound");
  assertEquals(stateBehind({ ...plan, spoils: "a reference that nobody gives back" }, result), "doubtful");
});
