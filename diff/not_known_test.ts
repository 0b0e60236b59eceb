/** What only a board's driver knows never agrees, never differs, and hides no other difference. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { countedSince, type Json, NOT_KNOWN, type Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { judge } from "./judge.ts";
import { traceOf } from "./testing.ts";

const HANDLE = "pci/0000:03:00.0";
const SHOW: Operation = { kind: "health.show" };
const RELOAD: Operation = { kind: "dev.reload", handle: HANDLE };
const WHY = "only mlx5_core knows what it does";
const UNKNOWN = { result: WHY, extack: WHY, notify: WHY, link: WHY, kmsg: WHY, time: WHY };

Deno.test("a part of a reply that the model does not know is not compared; the rest is", () => {
  const reporter = (more: Record<string, Json>) => ({ health: { [HANDLE]: [{ reporter: "fw", ...more }] } });
  const known = reporter({ error: NOT_KNOWN, last_dump_date: NOT_KNOWN, auto_dump: true });
  const verdictOf = (reply: Json) => judge(traceOf([SHOW, { reply: known }]), traceOf([SHOW, { reply }])).verdict;
  assertEquals(verdictOf(reporter({ error: 7, last_dump_date: "2026-01-01", auto_dump: true })), "agree");
  assertEquals(verdictOf(reporter({ error: 7, auto_dump: true })), "agree");
  assertEquals(verdictOf(reporter({ error: 7, auto_dump: false })), "diverge");
  assertEquals(verdictOf(reporter({ auto_dump: true, grace_period: 0 })), "diverge");
});

Deno.test("a channel that only the driver knows is a gap with its reason, the others are compared", () => {
  const expected = traceOf([RELOAD, { unknown: UNKNOWN }]);
  const noisy = { notify: { init: [{ command: "del", object: "trap", handle: HANDLE, attributes: {} }] } };
  const { verdict, steps: [step] } = judge(expected, traceOf([RELOAD, noisy]));
  assertEquals([verdict, step!.verdict], ["model-gap", "model-gap"]);
  assertEquals(step!.reason, `not judged: result, notify, time: ${WHY}`);
  const { verdict: other } = judge(expected, traceOf([RELOAD, { ...noisy, reply: { reload: 1 } }]));
  assertEquals(other, "diverge");
});

Deno.test("a hang, and a bug that the kernel reports, are no choice of a driver", () => {
  const expected = traceOf([RELOAD, { unknown: UNKNOWN }]);
  assertEquals(judge(expected, traceOf([RELOAD, { result: "hang", time: "hang" }])).verdict, "diverge");
  const oops = { kmsg: [{ class: "oops" as const, text: "BUG: kernel NULL pointer dereference" }] };
  assertEquals(judge(expected, traceOf([RELOAD, oops])).verdict, "crash");
});

Deno.test("after a result that the plan did not assume, what follows is a gap and no difference", () => {
  const show: Operation = { kind: "dev.show", handle: HANDLE };
  const expected = traceOf([RELOAD, { unknown: UNKNOWN }], [show, { reply: { reloads: 1 } }]);
  const refused = judge(expected, traceOf([RELOAD, { result: "EOPNOTSUPP" }], [show, { reply: { reloads: 0 } }]));
  assertEquals(refused.steps.map(({ verdict }) => verdict), ["model-gap", "model-gap"]);
  assertStringIncludes(refused.steps[1]!.reason!, "step 1 ended with EOPNOTSUPP");
  const done = judge(expected, traceOf([RELOAD, {}], [show, { reply: { reloads: 0 } }]));
  assertEquals(done.verdict, "diverge");
});

Deno.test("a counter that began before the sequence is compared by what the sequence adds", () => {
  const show: Operation = { kind: "dev.show", handle: HANDLE };
  const reply = (count: Json): Partial<Observation> => ({ reply: { dev: { [HANDLE]: { reloads: count } } } });
  const expected = traceOf(...[0, 1, 3].map((since) => [show, reply(countedSince("reloads", since))] as const));
  const verdictsOf = (...counts: number[]) =>
    judge(expected, traceOf(...counts.map((count) => [show, reply(count)] as const))).steps.map(({ verdict }) =>
      verdict
    );
  assertEquals(verdictsOf(7, 8, 10), ["agree", "agree", "agree"]);
  assertEquals(verdictsOf(7, 9, 10), ["agree", "diverge", "agree"]);
});

Deno.test("a part of a message that the model does not know is not compared; the rest is", () => {
  const trap = (name: string, stats: Json, action = "drop") => ({
    command: "new",
    object: "trap",
    handle: HANDLE,
    attributes: { name, action, stats },
  });
  const known = { notify: { init: [trap("a", NOT_KNOWN), trap("b", NOT_KNOWN)] } };
  const verdictOf = (...messages: ReturnType<typeof trap>[]) =>
    judge(traceOf([RELOAD, known]), traceOf([RELOAD, { notify: { init: messages } }])).verdict;
  assertEquals(verdictOf(trap("a", { packets: 1 }), trap("b", { packets: 7 })), "agree");
  assertEquals(verdictOf(trap("a", 1), trap("b", 2, "trap")), "diverge");
  assertEquals(verdictOf(trap("a", 1)), "diverge");
  assertEquals(verdictOf(trap("b", 1), trap("a", 1)), "diverge");
});

Deno.test("a step that is lost after such a result is lost, and no gap", () => {
  const show: Operation = { kind: "dev.show", handle: HANDLE };
  const expected = traceOf([RELOAD, { unknown: UNKNOWN }], [show, {}], [show, {}]);
  const observed = traceOf([RELOAD, { result: "EIO" }], [show, {}], [show, {}]);
  delete observed.steps[2]!.observation;
  observed.steps[2]!.lost = { reason: "transport", detail: "the line is closed" };
  const { steps } = judge(expected, observed);
  assertEquals(steps.map(({ verdict }) => verdict), ["model-gap", "model-gap", "infra"]);
});
