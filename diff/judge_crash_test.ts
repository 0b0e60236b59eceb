/** Crashes as results: predicted, not predicted, and predicted in vain. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { detailLines } from "./lines.ts";
import { sequence, step } from "./testing.ts";
import { judge } from "./judge.ts";
import type { StepTrace } from "./trace.ts";

const OOPS = [
  { class: "oops" as const, text: "Oops: general protection fault, probably for non-canonical address: 0000 [#1] SMP" },
  { class: "info" as const, text: "RIP: 0010:phylink_mac_pcs_get_state+0x7a/0xc0 [phylink]" },
  { class: "info" as const, text: "Call Trace:" },
  { class: "info" as const, text: " phylink_resolve+0x57a/0x930 [phylink]" },
];
const PREDICTED = [{ class: "oops" as const, text: "Oops" }];
const unbind: Operation = { kind: "file.write", path: "/sys/bus/platform/drivers/fakepcs/unbind", value: "fakepcs.0" };
const netdevUp: Operation = { kind: "netdev.set", dev: "fm0", up: true };
const hangs = { result: "hang", time: "hang" as const };

Deno.test("a crash that the model predicted agrees, with its fingerprint; what follows is judged", () => {
  const verdict = judge(
    sequence(step(1, unbind, { kmsg: PREDICTED }), step(2, netdevUp, hangs)),
    sequence(step(1, unbind, { kmsg: OOPS }), step(2, netdevUp, hangs)),
  );
  assertEquals([verdict.verdict, ...verdict.steps.map((step) => step.verdict)], ["agree", "agree", "agree"]);
  assertEquals(verdict.steps[0]!.crash, { class: "oops", frames: ["phylink_mac_pcs_get_state", "phylink_resolve"] });
  assertEquals(verdict.notes, [
    "the kernel broke in step 1 as the model predicted: oops in phylink_mac_pcs_get_state <- phylink_resolve",
    "step 2 hangs, as the model predicted",
  ]);
  assertStringIncludes(detailLines(verdict).join("\n"), "note  the kernel broke in step 1 as the model predicted");
});

Deno.test("a hang that was predicted agrees, with who waits for whom on the model, and where the board's tasks stand", () => {
  const waits = ["netns.add waits for pernet_ops_rwsem, held by cleanup_net"];
  const stacks = [{ task: "kworker/u2:0+netns", stack: ["rwsem_down_write_slowpath", "cleanup_net"] }];
  const { verdict, notes } = judge(
    sequence({ ...step(1, netdevUp, hangs), waits }),
    sequence({ ...step(1, netdevUp, hangs), stacks }),
  );
  assertEquals([verdict, notes], ["agree", [
    "step 1 hangs, as the model predicted: netns.add waits for pernet_ops_rwsem, held by cleanup_net",
    "kworker/u2:0+netns is in rwsem_down_write_slowpath <- cleanup_net",
  ]]);
});

Deno.test("a crash that was predicted and did not come diverges, and what follows is not judged", () => {
  const verdict = judge(
    sequence(step(1, unbind, { kmsg: PREDICTED }), step(2, netdevUp, hangs)),
    sequence(step(1, unbind), step(2, netdevUp)),
  );
  assertEquals(verdict.steps.map((step) => step.verdict), ["diverge", "indeterminate"]);
  assertEquals(verdict.steps[1]!.reason, "the kernel was to break in step 1 and did not");
  assertEquals(verdict.notes, []);
});

Deno.test("a crash that may come or not is a gap, whatever the kernel does; what follows is judged if it did not come", () => {
  const unknown = { result: "chance", kmsg: "chance", time: "chance" };
  const of = (first: Partial<Observation>, second: Partial<Observation>) =>
    judge(
      sequence(step(1, unbind, { kmsg: PREDICTED, unknown }), step(2, netdevUp)),
      sequence(step(1, unbind, first), step(2, netdevUp, second)),
    ).steps.map((step) => step.verdict);
  assertEquals(of({}, {}), ["model-gap", "agree"]);
  assertEquals(of({}, { result: "EIO" }), ["model-gap", "diverge"]);
  assertEquals(of({ kmsg: OOPS, result: "killed" }, hangs), ["model-gap", "model-gap"]);
  assertEquals(of(hangs, hangs), ["model-gap", "indeterminate"]);
  const hung = { kmsg: [{ class: "hung" as const, text: "INFO: task ip:9 blocked for more than 120 seconds." }] };
  assertEquals(of({ kmsg: OOPS, result: "killed" }, { ...hangs, ...hung }), ["model-gap", "model-gap"]);
  // A bug of another kind is not one of the outcomes
  assertEquals(of({ kmsg: [{ class: "lockdep", text: "possible deadlock" }] }, {})[0], "crash");
});

Deno.test("a board that is lost with its kernel, as predicted, is no crash to look into; in another place it is", () => {
  const predicted = [{ class: "oops" as const, text: "BUG: phylink_resolve <- process_one_work: the PCS was freed" }];
  const lost = (frames: string[], kind: "oops" | "panic" = "oops") => ({
    reason: "crash" as const,
    detail: "BUG: kernel NULL pointer dereference",
    crash: { class: kind, frames },
  });
  const of = (expected: Partial<Observation>, loss: StepTrace["lost"]) => {
    const { observation: _, ...seen } = step(1, unbind);
    const none = { reason: "not-run" as const, detail: "" };
    const { observation: __, ...next } = step(2, netdevUp);
    return judge(
      sequence(step(1, unbind, expected), step(2, netdevUp)),
      sequence({ ...seen, lost: loss! }, { ...next, lost: none }),
    );
  };
  const unknown = { kmsg: "chance" };
  const verdicts = (...args: Parameters<typeof of>) => of(...args).steps.map(({ verdict }) => verdict);
  assertEquals(verdicts({ kmsg: predicted }, lost(["f", "phylink_resolve"])), ["indeterminate", "indeterminate"]);
  assertEquals(verdicts({ kmsg: predicted, unknown }, lost(["phylink_resolve"])), ["model-gap", "model-gap"]);
  assertEquals(
    of({ kmsg: predicted }, lost(["phylink_resolve"])).steps[0]!.reason,
    "crash, as predicted: BUG: kernel NULL pointer dereference; the board was lost with its kernel",
  );
  for (
    const loss of [lost(["phylink"]), lost([]), lost(["phylink_resolve"], "panic"), { ...lost([]), crash: undefined! }]
  ) {
    assertEquals(verdicts({ kmsg: predicted }, loss)[0], "crash");
  }
  assertEquals(verdicts({}, lost(["phylink_resolve"]))[0], "crash");
  // A kernel may also stand still: where the model does not know, a board that no longer answers is no news
  const silent = { reason: "transport" as const, detail: "it has not answered for too long" };
  assertEquals(verdicts({ kmsg: predicted, unknown }, silent), ["model-gap", "model-gap"]);
  assertEquals(verdicts({ kmsg: predicted }, silent)[0], "infra");
});

Deno.test("a crash that was not predicted is reported by its place; another kind than predicted is one too", () => {
  const of = (expected: Partial<Observation>) =>
    judge(
      sequence(step(1, unbind, expected), step(2, netdevUp)),
      sequence(step(1, unbind, { kmsg: OOPS }), step(2, netdevUp)),
    );
  for (const expected of [{}, { kmsg: [{ class: "kasan" as const, text: "BUG: KASAN: f" }] }]) {
    assertEquals(of(expected).steps.map((step) => step.verdict), ["crash", "indeterminate"]);
    assertStringIncludes(detailLines(of(expected)).join("\n"), "oops in phylink_mac_pcs_get_state <- phylink_resolve");
  }
});

Deno.test("in a kernel that broke as predicted, a hung task is no news; in one that did not, it is", () => {
  const hung = {
    kmsg: [{ class: "hung" as const, text: "INFO: task kworker/0:1:9 blocked for more than 120 seconds." }],
  };
  const after = (
    first: Partial<Observation>,
    second: Partial<Observation>,
  ) => [step(1, unbind, first), step(2, netdevUp, second)];
  const verdictOf = (expected: StepTrace[], observed: StepTrace[]) =>
    judge(sequence(...expected), sequence(...observed)).verdict;
  assertEquals(verdictOf(after({ kmsg: PREDICTED }, {}), after({ kmsg: OOPS }, hung)), "agree");
  assertEquals(verdictOf(after({}, hangs), after({}, { ...hangs, ...hung })), "agree");
  assertEquals(verdictOf(after({}, {}), after({}, hung)), "crash");
});

Deno.test("slub reports memory that was overwritten late: in a kernel that broke as predicted that is no news", () => {
  const slub = {
    kmsg: [
      { class: "warning" as const, text: "WARNING: CPU: 0 PID: 304 at mm/slub.c:1127 object_err+0x1d2/0x1df" },
      { class: "info" as const, text: "FIX kmalloc-512: Restoring Poison 0xffff88801fa86c18-0xffff88801fa86c1b=0x6b" },
    ],
  };
  const verdictOf = (first: Partial<Observation>, last: Partial<Observation> = slub) =>
    judge(
      sequence(step(1, unbind, first.kmsg ? { kmsg: PREDICTED } : {}), step(2, netdevUp)),
      sequence(step(1, unbind, first), step(2, netdevUp, last)),
    ).verdict;
  assertEquals(verdictOf({ kmsg: OOPS }), "agree");
  assertEquals(verdictOf({ kmsg: [...OOPS, ...slub.kmsg] }, {}), "agree");
  assertEquals(verdictOf({}), "crash");
  const other = {
    kmsg: [{ class: "warning" as const, text: "WARNING: CPU: 0 PID: 304 at net/core/dev.c:1 f+0x1/0x2" }],
  };
  assertEquals(verdictOf({ kmsg: OOPS }, other), "crash");
});

Deno.test("a report of lockdep that the model predicts is due only from a kernel with lockdep", () => {
  const report = { kmsg: [{ class: "lockdep" as const, text: "possible recursive locking detected: devlink_mutex" }] };
  const verdictOf = (has?: readonly string[]) =>
    judge(sequence(step(1, unbind, report)), sequence(step(1, unbind)), { has }).verdict;
  assertEquals([verdictOf(), verdictOf(["kmsg", "lockdep"]), verdictOf(["kmsg"])], ["diverge", "diverge", "agree"]);
  // One that nobody predicted is a crash on any kernel
  assertEquals(judge(sequence(step(1, unbind)), sequence(step(1, unbind, report)), { has: [] }).verdict, "crash");
});
