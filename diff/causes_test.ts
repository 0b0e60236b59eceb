import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Observation } from "../model/observation.ts";
import { causesOf, Reported } from "./causes.ts";
import { judge } from "./judge.ts";
import { detailLines, PLAIN } from "./lines.ts";
import { signaturesOf } from "./signature.ts";
import { clone, DEV, notice, sample } from "./testing.ts";
import type { SequenceTrace } from "./trace.ts";
import type { SequenceVerdict } from "./verdict.ts";

/** A fault of a board: a change of its side of the sample. */
type Fault = (trace: SequenceTrace) => void;

const at = (trace: SequenceTrace, id: number): Observation => trace.steps.find((step) => step.id === id)!.observation!;

/** Judges the sample, named, with faults of the board, and without some steps. */
function judged(name: string, faults: Fault[], without: number[] = []): SequenceVerdict {
  const side = (trace: SequenceTrace) => ({
    ...trace,
    sequence: name,
    steps: trace.steps.filter(({ id }) => !without.includes(id)),
  });
  const observed = sample("ens1", "ens2");
  for (const fault of faults) fault(observed);
  return judge(side(sample()), side(observed));
}

const order: Fault = (trace) => {
  const messages = at(trace, 10).notify.init!;
  const region = messages.findIndex(({ command, object }) => command === "del" && object === "region");
  messages.unshift(...messages.splice(region, 1));
};
const errno: Fault = (trace) => void (at(trace, 9).result = "EIO");
const lostTrap: Fault = (trace) => {
  const { notify } = at(trace, 10);
  notify.init = notify.init!.filter(({ command, attributes }) => command !== "new" || attributes.name !== "fid_miss");
};
const params = (...names: string[]): Fault => (trace) => {
  for (const name of names) at(trace, 10).notify.init!.push(notice("new", "param", DEV, { name }));
};
const oops = (where: string, step: number): Fault => (trace) => {
  at(trace, step).kmsg = [
    { class: "oops", text: "BUG: kernel NULL pointer dereference, address: 0000000000000010" },
    { class: "info", text: `RIP: 0010:${where}+0x7c/0xd0 [devlink]` },
  ];
};

const causes = (verdicts: SequenceVerdict[]) => causesOf(verdicts.map((verdict) => ({ verdict })));
const reported = (verdicts: SequenceVerdict[]) => causes(verdicts).map(({ text, cases }) => [text, cases.length]);

Deno.test("causes: one fault in many sequences is one cause, with its smallest case first", () => {
  const found = causes([
    judged("long", [order]),
    judged("agrees", []),
    judged("short", [order], [1, 3, 4, 5]),
    judged("shorter at its end", [order], [1, 3, 4, 5, 11]),
  ]);
  assertEquals(found.map(({ text, cases, also }) => [text, cases.map(({ verdict }) => verdict.sequence), also]), [
    ["devlink dev reload: notify: del region dummy in another order", ["shorter at its end", "short", "long"], []],
  ]);
});

Deno.test("causes: different faults stay apart, even with the same operation and channel", () => {
  const faults: [string, Fault[]][] = [
    ["order", [order]],
    ["errno", [errno]],
    ["lost", [lostTrap]],
    ["param a", [params("a")]],
    ["param b", [params("b")]],
    ["oops", [oops("devlink_reload", 10)]],
    ["another oops", [oops("devlink_free", 10)]],
  ];
  const found = reported(faults.map(([name, faults]) => judged(name, faults)));
  assertEquals(found.length, faults.length, JSON.stringify(found));
  assertEquals(new Set(found.map(([text]) => text)).size, faults.length);
});

Deno.test("causes: two faults of one step are two causes if one of them also occurs alone", () => {
  const found = reported([
    judged("both", [params("a"), lostTrap]),
    judged("one", [params("a")]),
    judged("the other", [lostTrap]),
  ]);
  assertEquals(found, [
    ["devlink dev reload: notify: new trap missing", 2],
    ["devlink dev reload: notify: new param a extra", 2],
  ]);
});

Deno.test("causes: differences that always occur together are one cause, and later differences are listed with it", () => {
  const [cause, ...others] = causes([
    judged("x", [errno, order, params("a", "b")]),
    judged("y", [errno, params("a", "b")]),
  ]);
  assertEquals(others, []);
  assertMatch(cause!.text, /reload: result is EIO, expected EINVAL/);
  assertEquals(cause!.also.map(({ text, cases }) => [text, cases.map(({ verdict }) => verdict.sequence)]), [
    ["devlink dev reload: notify: del region dummy in another order", ["x"]],
    ["devlink dev reload: notify: new param a extra", ["x", "y"]],
    ["devlink dev reload: notify: new param b extra", ["x", "y"]],
  ]);
});

Deno.test("causes: one oops is one cause, whatever operation meets it", () => {
  assertEquals(reported([judged("x", [oops("f", 10)]), judged("y", [oops("f", 3)])]), [[
    "the kernel reports: oops in f",
    2,
  ]]);
});

Deno.test("causes: numbers, quotes and names of traps make no cause of their own; texts and params do", () => {
  const extack = (text: string): Fault => (trace) => void (at(trace, 6).extack = { level: "error", text });
  const texts = ['Port 1 is "a"', 'Port 20 is "b"', "Trap is locked"];
  assertEquals(reported(texts.map((text, i) => judged(`${i}`, [extack(text)]))).map(([, cases]) => cases), [2, 1]);
});

Deno.test("causes: a board that booted has a cause, too", () => {
  const lost: Fault = (trace) => {
    delete trace.steps[9]!.observation;
    trace.steps[9]!.lost = { reason: "reboot", detail: "boot id changed" };
  };
  const verdicts = [judged("x", [lost]), judged("y", [lost])];
  assertEquals(verdicts.map(({ verdict }) => verdict), ["crash", "crash"]);
  assertEquals(reported(verdicts).map(([, cases]) => cases), [2]);
});

Deno.test("Reported: each kind of difference is reported in full once, then by reference", () => {
  const report = new Reported();
  const verdicts = [
    judged("x", [order]),
    judged("y", [order]),
    judged("z", [order, params("a")]),
    judged("z2", [order, params("a")]),
  ];
  const full = verdicts.map((verdict) => detailLines(verdict, PLAIN, report).join("\n"));
  assert(full[0]!.includes("del region"));
  assertMatch(full[1]!, /the same as in step 10 of trap > x$/m);
  assert(full[2]!.includes("new param"), "what is new is reported in full");
  assertMatch(full[3]!, /the same as in step 10 of trap > x and step 10 of trap > z$/m);
  report.on = "another board";
  assertMatch(detailLines(verdicts[0]!, PLAIN, report).join("\n"), /as in step 10 of trap > x on $/m);
});

Deno.test("a step that agrees or was not judged has no signature", () => {
  const lost = clone(sample());
  delete lost.steps[4]!.observation;
  lost.steps[4]!.lost = { reason: "transport", detail: "" };
  const { steps } = judge(sample(), lost);
  assertEquals(steps.flatMap(signaturesOf), []);
});
