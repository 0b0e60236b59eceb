import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Waiver } from "../boards/mod.ts";
import type { KernelLine, KernelLineClass, Observation } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { DEV, lose, sample, sequence, step } from "./testing.ts";
import { judge } from "./judge.ts";
import type { LossReason, SequenceTrace, StepTrace } from "./trace.ts";
import { exitStatus, gravest, summarise, type Verdict } from "./verdict.ts";

/** Returns the sample with one step of the board's side changed. */
function changed(id: number, change: (step: StepTrace) => void): SequenceTrace {
  const trace = sample("ens1", "ens2");
  change(trace.steps[id - 1]!);
  return trace;
}
const verdicts = (observed: SequenceTrace, options = {}) =>
  judge(sample(), observed, options).steps.map((step) => step.verdict);

Deno.test("judge: the same under other netdev names agrees", () => {
  const verdict = judge(sample(), sample("ens1", "ens2"));
  assertEquals(verdict.verdict, "agree");
  assertEquals(exitStatus(summarise([verdict])), 0);
});

Deno.test("judge: each channel tells of its own difference", () => {
  const cases: [number, string, (o: Observation) => void][] = [
    [1, "result", (o) => o.result = "EEXIST"],
    [6, "extack", (o) => o.extack = null],
    [11, "reply", (o) => o.reply = { port: {} }],
    [10, "notify", (o) => void o.notify.init!.splice(3, 1)],
    [10, "link", (o) => void o.link.init!.splice(3, 1)],
    [8, "sysfs", (o) => o.sysfs = "N"],
    [9, "kmsg", (o) => o.kmsg = []],
    [10, "time", (o) => o.time = "immediate"],
  ];
  for (const [id, channel, change] of cases) {
    const verdict = judge(sample(), changed(id, (step) => change(step.observation!)));
    assertEquals(verdict.verdict, "diverge", channel);
    const differing = verdict.steps.flatMap((s) =>
      s.channels.filter((c) => c.verdict !== "agree").map((c) => [s.id, c.channel])
    );
    assertEquals(differing, [[id, channel]]);
  }
});

Deno.test("judge: a fixture that sets a netdev up or down leaves the kernel log compared", () => {
  const trace = (text: string) =>
    sequence(
      step(1, { kind: "file.write", path: "/sys/bus/netdevsim/new_device", value: "10 1" }, {}, "setup"),
      step(2, { kind: "netdev.set", dev: "eth9", up: true }, {}, "setup"),
      step(3, { kind: "dev.reload", handle: DEV }, { kmsg: [{ class: "info", text }] }),
    );
  assertEquals(judge(trace("netdevsim netdevsim10: a"), trace("netdevsim netdevsim10: b")).verdict, "diverge");
});

Deno.test("judge: a step that was lost is never a pass, and neither is what comes after", () => {
  const expected: Record<LossReason, Verdict> = {
    "timeout": "indeterminate",
    "untold": "indeterminate",
    "damaged": "infra",
    "transport": "infra",
    "power": "infra",
    "reboot": "crash",
    "crash": "crash",
    "overrun": "indeterminate",
    "full": "indeterminate",
    "too-long": "indeterminate",
    "tool": "infra",
    "not-run": "indeterminate",
    "not-recorded": "indeterminate",
    "not-modelled": "model-gap",
  };
  for (const [reason, verdict] of Object.entries(expected) as [LossReason, Verdict][]) {
    const judged = verdicts(changed(6, lose(reason)));
    const following = verdict === "model-gap" ? verdict : "indeterminate";
    assertEquals(judged, [...Array(5).fill("agree"), verdict, ...Array(6).fill(following)], reason);
    // Also with an observation beside it.
    const both = verdicts(changed(6, (s) => s.lost = { reason, detail: "" }));
    assertEquals(both, judged);
  }
  assertEquals(verdicts(changed(6, (s) => delete s.observation))[5], "indeterminate");
  assertEquals(exitStatus(summarise([judge(sample(), changed(6, lose("timeout")))])), 3);
});

Deno.test("judge: why a board was lost is reported in the step in which it was, also where steps before it are untold", () => {
  const lost = changed(5, lose("untold"));
  lose("untold")(lost.steps[5]!);
  lose("transport")(lost.steps[7]!);
  for (const [reason, verdict] of [["transport", "infra"], ["crash", "crash"], ["timeout", "indeterminate"]] as const) {
    lose(reason)(lost.steps[6]!);
    const judged = judge(sample(), lost);
    assertEquals(judged.steps.map((step) => step.verdict), [
      ...Array(4).fill("agree"),
      "indeterminate",
      "indeterminate",
      verdict,
      ...Array(5).fill("indeterminate"),
    ]);
    assertEquals(judged.verdict, verdict);
    assertEquals(judged.steps[6]!.reason!.includes("was lost ("), false);
  }
});

Deno.test("judge: steps that are missing, too many, or others than planned", () => {
  const short = sample();
  short.steps.splice(10);
  assertEquals(verdicts(short).slice(9), ["agree", "indeterminate", "indeterminate"]);
  const long = sample();
  long.steps.push(step(13, { kind: "dev.show" }));
  assertEquals(verdicts(long).slice(11), ["agree", "infra"]);
  const other = verdicts(changed(6, (s) => s.op = { kind: "trap.set", handle: DEV, name: "fid_miss", action: "trap" }));
  assertEquals(other.slice(4, 7), ["agree", "infra", "indeterminate"]);
  assertEquals(verdicts(changed(6, (s) => s.id = 7))[5], "infra");
  assertEquals(verdicts(changed(6, (s) => s.phase = "setup"))[5], "infra");
  const swapped = sample();
  swapped.steps.splice(6, 2, swapped.steps[7]!, swapped.steps[6]!);
  assertEquals(verdicts(swapped)[6], "infra");
  assertEquals(judge(sample(), { ...sample(), sequence: "another" }).verdict, "infra");
  assertEquals(judge({ ...sample(), steps: [] }, { ...sample(), steps: [] }).verdict, "infra");
  assertEquals(judge(sample(), { ...sample(), steps: [] }).verdict, "indeterminate");
});

Deno.test("judge: a splat that the model did not predict is a crash", () => {
  const classes: KernelLineClass[] = ["warning", "lockdep", "kasan", "hung", "oops", "panic"];
  for (const kind of classes) {
    const crashed = changed(6, (s) => s.observation!.kmsg.push({ class: kind, text: `${kind}: it broke` }));
    const verdict = judge(sample(), crashed);
    assertEquals(verdict.verdict, "crash", kind);
    assertStringIncludes(verdict.steps[5]!.reason!, `${kind}: it broke`);
    // After these nothing that the kernel reports can be trusted.
    const rest = ["hung", "oops", "panic"].includes(kind) ? "indeterminate" : "agree";
    assertEquals(verdict.steps.slice(6).map((s) => s.verdict), Array(6).fill(rest), kind);
    assertEquals(exitStatus(summarise([verdict])), 1);

    const predicted = sample();
    predicted.steps[5]!.observation!.kmsg.push({ class: kind, text: "as predicted" });
    assertEquals(judge(predicted, crashed).verdict, "agree", kind);
    assertEquals(judge(predicted, sample()).verdict, "diverge", kind);
    const another = kind === "oops" ? "panic" : "oops";
    predicted.steps[5]!.observation!.kmsg[0]!.class = another;
    assertEquals(judge(predicted, crashed).verdict, "crash", kind);
  }
});

Deno.test("judge: a crash shows also after a lost step, without the model, and without the capability", () => {
  const crashed = changed(7, (s) => s.observation!.kmsg.push({ class: "oops", text: "Oops: 0000" }));
  lose("timeout")(crashed.steps[5]!);
  assertEquals(judge(sample(), crashed).steps.slice(5, 8).map((s) => s.verdict), [
    "indeterminate",
    "crash",
    "indeterminate",
  ]);
  const gap = sample();
  lose("not-run")(gap.steps[6]!);
  assertEquals(
    judge(gap, changed(7, (s) => s.observation!.kmsg.push({ class: "oops", text: "Oops" }))).verdict,
    "crash",
  );
  assertEquals(judge(sample(), crashed, { capabilities: [] }).verdict, "crash");
});

Deno.test("judge: what the model cannot say is a gap of the model", () => {
  const gap = sample();
  delete gap.steps[6]!.observation;
  gap.steps[6]!.lost = { reason: "not-run", detail: "no eswitch here" };
  const verdict = judge(gap, sample());
  assertEquals(verdict.verdict, "model-gap");
  assertEquals(verdict.steps[6]!.reason, "no eswitch here");
  assertEquals(verdict.steps[7]!.verdict, "model-gap");
});

Deno.test("judge: an unexpected hang leaves the rest unknown", () => {
  const judged = verdicts(changed(9, (s) => Object.assign(s.observation!, { result: "hang", time: "hang" })));
  assertEquals(judged.slice(8), ["diverge", "indeterminate", "indeterminate", "indeterminate"]);
});

Deno.test("judge: a board that lacks what the sequence needs", () => {
  const verdict = judge(sample(), sample(), { capabilities: ["netdevsim", "netns", "reload", "debugfs"] });
  assertEquals(verdict.verdict, "unsupported");
  assertEquals(verdict.reason, `step 5 (devlink -s trap show ${DEV} trap fid_miss) needs traps, which the board lacks`);
  assertEquals(exitStatus(summarise([verdict])), 3);
  assertEquals(exitStatus(summarise([verdict, judge(sample(), sample())])), 0);
  const all = ["netdevsim", "netns", "reload", "debugfs", "traps"] as const;
  assertEquals(judge(sample(), sample(), { capabilities: all }).verdict, "agree");
});

const waiver = (change: Partial<Waiver> = {}): Waiver => ({
  suite: "trap",
  sequence: "reload puts every trap back to its default",
  channel: "sysfs",
  reason: "case 17",
  expires: "2026-06-30",
  ...change,
});

Deno.test("judge: a waiver accepts one channel until its last day", () => {
  const observed = changed(8, (s) => s.observation!.sysfs = "N");
  const by = (change: Partial<Waiver>, today = "2026-06-30") =>
    judge(sample(), observed, { waivers: [waiver(change)], today });
  assertEquals(by({}).verdict, "waived");
  assertEquals(by({}).notes, []);
  assertEquals(exitStatus(summarise([by({})])), 0);
  assertEquals(by({ step: 8 }).verdict, "waived");
  assertEquals(by({ step: 7 }).verdict, "diverge");
  assertEquals(by({ channel: "notify" }).verdict, "diverge");
  assertEquals(by({ sequence: "other" }).verdict, "diverge");
  assertEquals(by({ suite: "other" }).verdict, "diverge");
  const expired = by({}, "2026-07-01");
  assertEquals(expired.verdict, "diverge");
  assertStringIncludes(expired.notes[0]!, "expired on 2026-06-30 and no longer applies: case 17");
  assertStringIncludes(by({ step: 7 }).notes[0]!, "step 7, sysfs, was not needed");
  // Another channel that differs is not waived with it.
  observed.steps[7]!.observation!.result = "EIO";
  assertEquals(by({}).verdict, "diverge");
});

Deno.test("judge: a waiver may accept a warning of the kernel, never that it broke", () => {
  const splat = (kind: KernelLineClass) =>
    judge(sample(), changed(6, (s) => s.observation!.kmsg.push({ class: kind, text: "x" })), {
      waivers: [waiver({ channel: "kmsg" })],
      today: "2026-01-01",
    }).verdict;
  assertEquals(splat("lockdep"), "waived");
  assertEquals(splat("oops"), "crash");
  const lost = judge(sample(), changed(6, lose("timeout")), {
    waivers: [waiver({ channel: "result" })],
    today: "2026-01-01",
  });
  assertEquals(lost.verdict, "indeterminate");
});

Deno.test("judge: a waiver of lines accepts such lines beside what the model predicts, in each sequence, and nothing else", () => {
  const lines = (...texts: string[]) => changed(6, (s) => s.observation!.kmsg.push(...texts.map(info)));
  const info = (text: string) => ({ class: "info" as const, text });
  const known: Waiver = { channel: "kmsg", line: "igb \\S+: reset \\d+", reason: "cabling", expires: "2026-06-30" };
  const by = (observed: SequenceTrace, change: Partial<Waiver> = {}, today = "2026-06-30") =>
    judge(sample(), observed, { waivers: [{ ...known, ...change }], today });
  const resets = lines("igb 0000:01:00.0: reset 1", "igb 0000:01:00.0: reset 2");
  assertEquals(by(resets).verdict, "waived");
  assertEquals(by(resets).notes, []);
  assertEquals(by(sample()).verdict, "agree");
  assertEquals(by(sample()).notes, [], "of each sequence, so that it need not be of use in this one");
  assertEquals(by(resets, { suite: "trap" }).verdict, "waived");
  assertEquals(by(resets, { suite: "reload" }).verdict, "diverge");
  assertEquals(by(resets, { line: "reset \\d+" }).verdict, "diverge", "a part of the line");
  assertEquals(by(resets, {}, "2026-07-01").verdict, "diverge");
  assertEquals(by(lines("igb 0000:01:00.0: reset 1", "something else")).verdict, "diverge");
  const broke = changed(6, (s) => s.observation!.kmsg.push({ class: "oops", text: "igb 0000:01:00.0: reset 1" }));
  assertEquals(by(broke).verdict, "crash");
  // What the model predicts has to come, whatever a waiver accepts.
  const predicted = lines("igb 0000:01:00.0: reset 1");
  assertEquals(judge(predicted, sample(), { waivers: [known], today: "2026-06-30" }).verdict, "diverge");
  assertEquals(judge(predicted, predicted, { waivers: [known], today: "2026-06-30" }).verdict, "agree");
});

Deno.test("judge: a kernel that left lines out of its log makes the step indeterminate, and hides no line too many", () => {
  const info = (text: string) => ({ class: "info" as const, text });
  const dropped = info("netdev_warn: 7 callbacks suppressed");
  const of = (...lines: KernelLine[]) => judge(sample(), changed(6, (s) => s.observation!.kmsg.push(...lines)));
  const one = of(dropped);
  assertEquals(one.steps[5]!.verdict, "indeterminate");
  assertEquals(one.steps[5]!.reason, "the kernel left lines out of its log: netdev_warn: 7 callbacks suppressed");
  assertEquals(one.steps[6]!.verdict, "agree", "nothing is wrong with the steps behind it");
  assertEquals(exitStatus(summarise([one])), 3);
  assertEquals(of(dropped, info("something new")).verdict, "diverge");
  assertEquals(of(info("kauditd_printk_skb: 7 callbacks suppressed")).verdict, "agree");
  assertEquals(of({ ...dropped, user: true }).verdict, "agree");
  // What the model predicts may be among what was left out.
  const predicted = changed(6, (s) => s.observation!.kmsg.push(info("predicted")));
  assertEquals(judge(predicted, changed(6, (s) => s.observation!.kmsg.push(dropped))).verdict, "indeterminate");
});

Deno.test("judge: a stall of a guest that its host left without CPU is indeterminate, any other is a crash", () => {
  const stall: KernelLine = { class: "hung", text: "rcu: INFO: rcu_preempt self-detected stall on CPU" };
  const info = (text: string): KernelLine => ({ class: "info", text });
  const starved = info(
    "rcu: rcu_preempt kthread timer wakeup didn't happen for 2101 jiffies! g337 f0x2 RCU_GP_WAIT_FQS(5)",
  );
  const of = (...lines: KernelLine[]) => judge(sample(), changed(6, (s) => s.observation!.kmsg.push(...lines)));
  const one = of(stall, info("rcu: \\t0-....: (20999 ticks this GP)"), starved);
  assertEquals(one.steps[5]!.verdict, "indeterminate");
  assertStringIncludes(one.steps[5]!.reason!, "took its CPU away: rcu: INFO");
  assertEquals(exitStatus(summarise([one])), 3);
  assertEquals(of(stall).verdict, "crash");
  assertEquals(of(stall, { ...starved, user: true }).verdict, "crash", "a program says so");
  assertEquals(
    of({ class: "hung", text: "INFO: task ip:1 blocked for more than 120 seconds." }, starved).verdict,
    "crash",
  );
  assertEquals(of(stall, starved, { class: "oops", text: "Oops: 0000" }).verdict, "crash");
  assertEquals(of(stall, starved, info("something new")).verdict, "diverge");
});

Deno.test("judge: a line that a work queue logs a moment late is of the step that caused it, and only there", () => {
  const info = (text: string): KernelLine => ({ class: "info", text });
  const line = info("Failed to reload devlink instance into init_net");
  const end: Operation = { kind: "netns.del", name: "t1" };
  const show: Operation = { kind: "dev.show" };
  const of = (op: Operation, ...logs: KernelLine[][]) =>
    sequence(...logs.map((kmsg, i) => step(i + 1, i === 0 ? op : show, { kmsg })));
  const verdictsOf = (op: Operation, expected: KernelLine[][], observed: KernelLine[][]) =>
    judge(of(op, ...expected), of(op, ...observed)).steps.map(({ verdict }) => verdict).join(" ");
  const wanted = [[line], [], []];
  assertEquals(verdictsOf(end, wanted, [[line], [], []]), "agree agree agree");
  assertEquals(verdictsOf(end, wanted, [[], [line], []]), "agree agree agree");
  assertEquals(verdictsOf({ ...show, settle: 500 }, wanted, [[], [line], []]), "agree agree agree");
  // Too late, twice, after another line, of a step after which nothing goes on, or not at all.
  assertEquals(verdictsOf(end, wanted, [[], [], [line]]), "diverge agree diverge");
  assertEquals(verdictsOf(end, wanted, [[], [line, line], []]), "agree diverge agree");
  assertEquals(verdictsOf(end, wanted, [[line], [line], []]), "agree diverge agree");
  assertEquals(verdictsOf(end, wanted, [[], [info("new"), line], []]), "diverge diverge agree");
  assertEquals(verdictsOf(show, wanted, [[], [line], []]), "diverge diverge agree");
  assertEquals(verdictsOf(end, wanted, [[], [], []]), "diverge agree agree");
  assertEquals(verdictsOf(end, [[line], [line], []], [[], [line], []]), "diverge agree agree");
});

Deno.test("judge: the line that opens a report is of the step of the report, also where the step's mark came between", () => {
  const edge: KernelLine = { class: "info", text: "=".repeat(54) };
  const report: KernelLine = { class: "lockdep", text: "WARNING: possible circular locking dependency detected" };
  const of = (...logs: KernelLine[][]) =>
    sequence(...logs.map((kmsg, i) => step(i + 1, { kind: "dev.show" }, { kmsg })));
  const verdictsOf = (...observed: KernelLine[][]) =>
    judge(of([], []), of(...observed)).steps.map(({ verdict }) => verdict).join(" ");
  assertEquals(verdictsOf([], [edge, report]), "agree crash");
  assertEquals(verdictsOf([edge], [report]), "agree crash");
  assertEquals(verdictsOf([edge], []), "diverge agree");
  assertEquals(verdictsOf([edge, { class: "info", text: "new" }], [report]), "diverge crash");
});

Deno.test("judge: numbers of a run", () => {
  const summary = summarise([
    judge(sample(), sample()),
    judge(sample(), changed(8, (s) => s.observation!.sysfs = "N")),
  ]);
  assertEquals(summary.sequences, { ...summary.sequences, agree: 1, diverge: 1, crash: 0 });
  assertEquals(summary.steps, { ...summary.steps, agree: 23, diverge: 1 });
  assertEquals(summary.channels.diverge, 1);
  assertEquals(exitStatus(summary), 1);
  assertEquals(exitStatus(summarise([])), 3);
  assertEquals(gravest([]), "indeterminate");
  assertEquals(gravest(["waived", "infra", "diverge"]), "diverge");
});
