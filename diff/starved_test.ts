import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { emptyObservation, type KernelLine, type Observation } from "../model/observation.ts";
import { DEV, sequence } from "./testing.ts";
import { judge } from "./judge.ts";
import { starved } from "./starved.ts";
import type { SequenceTrace, StepTrace } from "./trace.ts";
import { exitStatus, summarise } from "./verdict.ts";

const OP = { kind: "dev.reload", handle: DEV } as const;
const one = (id: number, about: Partial<Observation>, board?: StepTrace["board"]): StepTrace => ({
  id,
  phase: "body",
  op: OP,
  observation: { ...emptyObservation(), ...about },
  ...(board ? { board } : {}),
});
/** How a board did three steps, only the second of which differs. */
const done = (about: Partial<Observation>, late: number | undefined, expected: Partial<Observation> = {}) =>
  judge(
    sequence(one(1, {}), one(2, expected), one(3, {})),
    sequence(one(1, {}), one(2, about, { start: 0, end: 20_000, ...(late === undefined ? {} : { late }) }), one(3, {})),
  );
const verdicts = (...of: Parameters<typeof done>) => done(...of).steps.map(({ verdict }) => verdict);
const HUNG: KernelLine = { class: "hung", text: "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [devlink:71]" };

Deno.test("starved: what took long on a board that was starved is not known; all else of the step is compared", () => {
  assertEquals(verdicts({ time: "blocked" }, undefined), ["agree", "diverge", "agree"]);
  assertEquals(verdicts({ time: "blocked" }, 1000), ["agree", "diverge", "agree"]);
  assertEquals(verdicts({ time: "blocked" }, 9000), ["agree", "indeterminate", "agree"]);
  assertEquals(verdicts({ time: "immediate" }, 9000, { time: "blocked" }), ["agree", "indeterminate", "agree"]);
  assertEquals(verdicts({ time: "blocked", result: "EBUSY" }, 9000), ["agree", "diverge", "agree"]);
  assertEquals(verdicts({}, 9000), ["agree", "agree", "agree"]);
  const judged = done({ time: "blocked" }, 9000);
  assertEquals(judged.steps[1]!.channels.find(({ channel }) => channel === "time")!.verdict, "indeterminate");
  assertEquals(
    judged.steps[1]!.reason,
    "its time means nothing: the board was starved of CPU time for 9.0 s of the 20.0 s of the step",
  );
  assertEquals(exitStatus(summarise([judged])), 3);
});

Deno.test("starved: a step that did not end on a board that was starved is no hang, also not where the model predicts it", () => {
  const hang = { result: "hang", time: "hang" } as const;
  const rest = ["indeterminate", "indeterminate"];
  assertEquals(verdicts(hang, undefined), ["agree", "diverge", "indeterminate"]);
  assertEquals(verdicts(hang, 500), ["agree", "diverge", "indeterminate"]);
  assertEquals(verdicts(hang, 4000), ["agree", "diverge", "indeterminate"]);
  assertEquals(verdicts(hang, 15_000), ["agree", ...rest]);
  assertEquals(verdicts(hang, 15_000, hang), ["agree", ...rest]);
  // The watchdogs of a guest that stood still bark as soon as it goes on.
  assertEquals(verdicts({ kmsg: [HUNG] }, 500), ["agree", "crash", "indeterminate"]);
  assertEquals(verdicts({ kmsg: [HUNG] }, 15_000), ["agree", ...rest]);
  assertEquals(verdicts({ ...hang, kmsg: [HUNG] }, 15_000), ["agree", ...rest]);
  const oops: KernelLine = { class: "oops", text: "BUG: kernel NULL pointer dereference, address: 0000000000000008" };
  assertEquals(verdicts({ ...hang, kmsg: [HUNG, oops] }, 15_000), ["agree", "crash", "indeterminate"]);
});

const observation: fc.Arbitrary<Observation> = fc.record({
  result: fc.constantFrom("ok", "EINVAL", "hang", "unseen"),
  extack: fc.constantFrom(null, { level: "error" as const, text: "no" }),
  reply: fc.constantFrom(null, { dev: { [DEV]: {} } }),
  notify: fc.constantFrom({}, { init: [{ command: "new", object: "dev", handle: DEV, attributes: {} }] }),
  link: fc.constant({}),
  sysfs: fc.constantFrom(null, "Y"),
  kmsg: fc.subarray<KernelLine>([{ class: "info", text: "netdevsim: x" }, HUNG, { class: "warning", text: "WARNING" }]),
  time: fc.constantFrom("immediate" as const, "blocked" as const, "hang" as const),
});
const board = fc.record({ end: fc.integer({ min: 1, max: 60_000 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ end, share }) => ({ start: 0, end, late: Math.floor(share * end) }));
const loss = fc.constantFrom(undefined, "timeout" as const, "transport" as const, "untold" as const);
const side = fc.array(fc.record({ observation, board, loss }), { minLength: 1, maxLength: 4 });
const traceOf = (steps: { observation: Observation; board?: StepTrace["board"]; loss?: unknown }[]): SequenceTrace =>
  sequence(...steps.map(({ observation, board, loss }, i) => {
    const step = one(i + 1, observation, board);
    if (loss === undefined) return step;
    const { observation: _, ...rest } = step;
    return { ...rest, lost: { reason: loss as "timeout", detail: "" } };
  }));

Deno.test("property: whatever diverges names a channel that differs, and whatever agrees was compared", () => {
  fc.assert(
    fc.property(side, side, (expected, observed) => {
      const model = traceOf(expected.map(({ observation }) => ({ observation })));
      const verdict = judge(model, traceOf(observed));
      const differing = verdict.steps.filter(({ channels }) => channels.some((one) => one.verdict === "diverge"));
      if (verdict.verdict === "diverge") assert(differing.length > 0);
      for (const step of verdict.steps) {
        const { channels } = step;
        for (const { verdict, values, streams } of channels) {
          assertEquals(verdict === "agree", values.length + streams.length === 0);
        }
        if (step.verdict === "diverge") assert(differing.includes(step));
        if (step.verdict !== "agree") continue;
        assert(step.expected?.observation && step.observed?.observation && !step.observed.lost);
        assert(["result", "time"].every((one) => channels.some(({ channel }) => channel === one)));
        assert(channels.every((one) => one.verdict === "agree"));
      }
      if (verdict.verdict === "agree") assert(verdict.steps.every((step) => step.verdict === "agree"));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("property: the time of a starved board alone is neither a difference nor a pass", () => {
  const late = fc.array(fc.record({ board, time: fc.constantFrom("immediate", "blocked", "hang") }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(late, (given) => {
      const steps = given.map(({ board, time }) => ({
        observation: { ...emptyObservation(), time: time as Observation["time"] },
        board,
      }));
      const judged = judge(traceOf(given.map(() => ({ observation: emptyObservation() }))), traceOf(steps));
      for (const { verdict, observed } of judged.steps) {
        if (verdict === "diverge") assertEquals(starved(observed!), undefined);
        if (verdict === "agree") assertEquals(observed!.observation!.time, "immediate");
      }
    }),
    { numRuns: 1000 },
  );
});
