/** An earlier recording instead of the model. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { countedSince, type Json } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { factsWith } from "../model/testing.ts";
import { earlierOf, inPlaceOfModel } from "./against.ts";
import { judge } from "./judge.ts";
import { clone, lose, sample, traceOf } from "./testing.ts";
import type { SequenceTrace, TraceHeader } from "./trace.ts";

const HANDLE = "pci/0000:03:00.0";
const RELOAD: Operation = { kind: "dev.reload", handle: HANDLE };
const TRAP: Operation = { kind: "trap.show", handle: HANDLE, name: "x" };
const WHY = "only some_driver knows what it does";
const UNKNOWN = { result: WHY, extack: WHY, reply: WHY, notify: WHY, link: WHY, kmsg: WHY, time: WHY };
const HEADER: TraceHeader = { board: "b", transport: "ssh", era: "6.12", kernel: "6.12.1", iproute2: "" };

function against(model: SequenceTrace, earlier: readonly SequenceTrace[], observed: SequenceTrace) {
  return judge(inPlaceOfModel(model, earlierOf({ header: HEADER, sequences: [...earlier] }, "OLD")), observed, {
    model,
  });
}

const model = traceOf([RELOAD, { unknown: UNKNOWN }]);
const refused = traceOf([RELOAD, { result: "EBUSY", extack: { level: "error", text: "in use" } }]);

Deno.test("what the model does not know is compared with the earlier recording", () => {
  assertEquals(against(model, [refused], refused).verdict, "agree");
  const { verdict, steps: [step] } = against(model, [refused], traceOf([RELOAD, { result: "EIO" }]));
  assertEquals(verdict, "diverge");
  assertEquals(step!.channels.filter((one) => one.verdict !== "agree").map(({ channel }) => channel), [
    "result",
    "extack",
  ]);
});

Deno.test("equal results of both boards agree, even if the model predicts something else", () => {
  const says = traceOf([RELOAD, { result: "EINVAL" }]);
  assertEquals(judge(says, refused).verdict, "diverge");
  assertEquals(against(says, [refused], refused).verdict, "agree");
});

Deno.test("steps that the earlier recording lacks are reported, and never agree", () => {
  const missing = against(model, [], refused);
  assertEquals([missing.verdict, missing.steps[0]!.reason], ["indeterminate", "not in OLD: the sequence"]);
  const two = traceOf([RELOAD, {}], [TRAP, {}]);
  const short = against(two, [traceOf([RELOAD, {}])], two);
  assertEquals(short.steps.map(({ verdict }) => verdict), ["agree", "indeterminate"]);
  assertEquals(short.steps[1]!.reason, "not in OLD: step 2");
  const other = against(two, [traceOf([TRAP, {}], [TRAP, {}])], two);
  assertEquals(other.steps.map(({ verdict }) => verdict), ["indeterminate", "indeterminate"]);
  assertStringIncludes(other.steps[1]!.reason!, "not in OLD: step 1 is another operation there");
  const old = clone(two);
  lose("timeout")(old.steps[0]!);
  assertEquals(against(two, [old], two).steps[0]!.reason, "not in OLD: step 1 was lost there");
});

Deno.test("a board that breaks is a crash, whatever the earlier recording lacks; one that broke before as well is reported as such", () => {
  const oops = traceOf([RELOAD, { kmsg: [{ class: "oops", text: "Oops: 0000 [#1] SMP" }] }]);
  assertEquals(against(model, [], oops).verdict, "crash");
  assertEquals(against(model, [refused], oops).verdict, "crash");
  const again = against(model, [oops], oops);
  assertStringIncludes(again.notes.join(), "the kernel broke in step 1 as in the earlier recording");
});

Deno.test("ticking counters, and counters that began before the sequence, are compared as with the model", () => {
  const packets = (packets: number, action = "drop") =>
    traceOf([TRAP, { reply: { trap: { [HANDLE]: [{ name: "x", action, stats: { rx: { packets } } }] } } }]);
  const nothing = traceOf([TRAP, { unknown: { reply: WHY } }]);
  assertEquals(against(nothing, [packets(3)], packets(70)).verdict, "agree");
  assertEquals(against(nothing, [packets(3)], packets(3, "trap")).verdict, "diverge");
  const show: Operation = { kind: "dev.show", handle: HANDLE };
  const shown = (times: Json) => ({
    reply: { dev: { [HANDLE]: { stats: { reload: { driver_reinit: { unspecified: times } } } } } },
  });
  const reloads = (...times: number[]) => traceOf(...times.map((n) => [show, shown(n)] as const));
  const counted = traceOf(...[0, 1].map((n) => [show, shown(countedSince(`${HANDLE} driver_reinit`, n))] as const));
  assertEquals(against(counted, [reloads(4, 5)], reloads(9, 10)).verdict, "agree");
  assertEquals(against(counted, [reloads(4, 5)], reloads(9, 11)).verdict, "diverge");
});

Deno.test("names of netdevs, times and the log's noise belong to each board; a message more is a difference", () => {
  const now = sample("enp0s1", "enp0s2");
  now.steps[3]!.observation!.kmsg.push({ class: "info", text: "systemd[1]: Started.", user: true });
  assertEquals(against(sample(), [sample("swp1", "swp2")], now).verdict, "agree");
  now.steps[9]!.observation!.notify["init"]!.pop();
  const { verdict, steps } = against(sample(), [sample("swp1", "swp2")], now);
  assertEquals([verdict, steps.filter((step) => step.verdict !== "agree").map(({ id }) => id)], ["diverge", [10]]);
});

Deno.test("the device of another board is renamed to today's handle", () => {
  const [here, there] = ["pci/0000:03:00.0", "pci/0000:41:00.1"];
  const facts = (handle: string) => factsWith({ handle, driver: "d" });
  const notify = (handle: string) => ({ init: [{ command: "new", object: "dev", handle, attributes: {} }] });
  const on = (handle: string) => traceOf([{ kind: "dev.reload", handle }, { notify: notify(handle) }]);
  const earlier = earlierOf({ header: { ...HEADER, facts: facts(there) }, sequences: [on(there)] }, "OLD");
  assertEquals(inPlaceOfModel(on(here), earlier, facts(here)).steps, on(here).steps);
  assertEquals(inPlaceOfModel(on(here), earlier).steps[0]!.lost?.reason, "not-recorded");
  // Only whole names: 0000:03:00.0 is no part of 0000:03:00.01
  const longer = traceOf([{ kind: "dev.reload", handle: `${there}1` }, {}]);
  assertEquals(
    inPlaceOfModel(longer, earlierOf({ header: earlier.header, sequences: [longer] }, "OLD"), facts(here)).steps,
    longer.steps,
  );
});

Deno.test("waivers accept what differs from the model, not what differs from a recording; lines of the log are noise on both", () => {
  const waiver = { reason: "r", expires: "2999-01-01" };
  const known = { ...waiver, suite: "s", sequence: "q", channel: "result" as const };
  const earlier = inPlaceOfModel(model, earlierOf({ header: HEADER, sequences: [traceOf([RELOAD, {}])] }, "OLD"));
  const differs = judge(earlier, traceOf([RELOAD, { result: "EIO" }]), { model, waivers: [known] });
  assertEquals([differs.verdict, differs.notes], ["diverge", []]);
  const chatter = traceOf([RELOAD, { kmsg: [{ class: "info", text: "some_driver: temperature 41" }] }]);
  const lines = [{ ...waiver, channel: "kmsg" as const, line: "some_driver: temperature \\d+" }];
  for (const [before, now] of [[traceOf([RELOAD, {}]), chatter], [chatter, traceOf([RELOAD, {}])]] as const) {
    const expected = inPlaceOfModel(model, earlierOf({ header: HEADER, sequences: [before] }, "OLD"));
    assertEquals(judge(expected, now, { model }).verdict, "diverge");
    assertEquals(["agree", "waived"].includes(judge(expected, now, { model, waivers: lines }).verdict), true);
  }
});
