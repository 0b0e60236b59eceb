import { assertEquals } from "@std/assert";
import { judge } from "../../diff/judge.ts";
import { LOSSES, REPORTS } from "../../diff/faults.ts";
import type { LossReason, SequenceTrace } from "../../diff/trace.ts";
import { emptyObservation, type KernelLineClass } from "../../model/observation.ts";
import { explainLoss, type LossEvidence } from "./loss.ts";

const plan = (): SequenceTrace => ({
  suite: "s",
  sequence: "a",
  source: "",
  steps: [1, 2, 3].map((id) => ({ id, phase: "body", op: { kind: "wait", ms: id }, observation: emptyObservation() })),
});

const OOPS = [
  "[   10.000001] BUG: kernel NULL pointer dereference, address: 0000000000000008",
  "[   10.000002] RIP: 0010:nsim_dev_reload_down+0x1c/0x50 [netdevsim]",
  "[   10.000003] Call Trace:",
  "[   10.000004]  devlink_reload+0xd1/0x1f0\r",
];

/** Returns the explanation for a trace whose second step was lost, and the verdict. */
async function explained(reason: LossReason, evidence: Partial<LossEvidence>) {
  const trace = plan();
  delete trace.steps[1]!.observation;
  trace.steps[1]!.lost = { reason, detail: "why" };
  trace.steps[2] = { ...trace.steps[1]!, id: 3, op: { kind: "wait", ms: 3 }, lost: { reason: "not-run", detail: "" } };
  await explainLoss(trace, { bootId: "one", ...evidence });
  return { ...trace.steps[1]!.lost!, verdict: judge(plan(), trace).verdict };
}

Deno.test("a lost board is explained by its console, its power, its boot, in this order", async () => {
  const boots = (id: string | undefined) => () => Promise.resolve(id);
  const power = (state: "on" | "off") => () => Promise.resolve(state);
  const all = { said: () => OOPS, power: power("off"), boots: boots("two") };
  assertEquals(await explained("timeout", all), {
    reason: "crash",
    detail:
      "BUG: kernel NULL pointer dereference, address: 0000000000000008 (oops in nsim_dev_reload_down <- devlink_reload)",
    crash: { class: "oops", frames: ["nsim_dev_reload_down", "devlink_reload"] },
    verdict: "crash",
  });
  assertEquals(await explained("transport", { ...all, said: () => [] }), {
    reason: "power",
    detail: "why",
    verdict: "infra",
  });
  const rebooted = await explained("transport", { power: power("on"), boots: boots("two") });
  assertEquals([rebooted.reason, rebooted.verdict], ["reboot", "crash"]);
  const booting = await explained("timeout", { said: () => ["[    0.000000] Linux version 6.12.0 (gcc)"] });
  assertEquals([booting.reason, booting.verdict], ["reboot", "crash"]);
  assertEquals(await explained("transport", { boots: boots("one") }), {
    reason: "transport",
    detail: "why; the board answers again, in the same boot",
    verdict: "infra",
  });
  assertEquals((await explained("timeout", { boots: boots(undefined) })).verdict, "indeterminate");
});

Deno.test("text that a plan printed is not the kernel's, and losses with a known reason are not explained again", async () => {
  const quoted = await explained("timeout", {
    said: () => ["Kernel panic - not syncing: says a file", "x [ 1.2] Oops"],
  });
  assertEquals(quoted.reason, "timeout");
  assertEquals(
    (await explained("tool", { said: () => OOPS, boots: () => Promise.reject(new Error("asked")) })).reason,
    "tool",
  );
});

Deno.test("each fault has the verdict in the table, and no fault is a pass", () => {
  for (const [reason, { verdict }] of Object.entries(LOSSES)) {
    const trace = plan();
    delete trace.steps[1]!.observation;
    trace.steps[1]!.lost = { reason: reason as LossReason, detail: "" };
    assertEquals(judge(plan(), trace).steps[1]!.verdict, verdict, reason);
  }
  for (const [report, { verdict }] of Object.entries(REPORTS)) {
    const trace = plan();
    const { observation } = trace.steps[1]!;
    if (report === "hang") Object.assign(observation!, { result: "hang", time: "hang" });
    else observation!.kmsg = [{ class: report as KernelLineClass, text: report }];
    assertEquals(judge(plan(), trace).steps[1]!.verdict, verdict, report);
  }
});
