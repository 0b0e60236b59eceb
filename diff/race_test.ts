import { assertEquals } from "@std/assert";
import type { RaceReply, ShownOutcome } from "../model/race/outcome.ts";
import { emptyObservation, type Json, Machine, type Operation } from "../model/mod.ts";
import { judge } from "./judge.ts";
import { compareRace } from "./race.ts";
import type { StepTrace } from "./trace.ts";

const HANDLE = "netdevsim/netdevsim10";
const write = (path: string, value: string): Operation => ({ kind: "file.write", path, value });
const made = write("/sys/bus/netdevsim/new_device", "10 1");
const gone = write("/sys/bus/netdevsim/del_device", "10");
const OP: Operation<"race"> = {
  kind: "race",
  racers: [{ operations: [{ kind: "dev.reload", handle: HANDLE }] }, { operations: [gone] }],
  runs: 10,
  seed: 1,
  before: [made],
  after: [gone],
  shown: [{ kind: "dev.show" }, { kind: "port.show" }],
};

function expected(): RaceReply {
  const machine = new Machine({ era: "6.12" });
  machine.perform(made);
  return machine.perform(OP).reply as unknown as RaceReply;
}

const nothing = { "dev.show": { dev: {} }, "port.show": { port: {} } };
const seen = (results: string[][], count: number, state: ShownOutcome["state"] = nothing): ShownOutcome => ({
  results,
  count,
  state,
});

/** What the judge makes of outcomes of a board. */
function judged(outcomes: ShownOutcome[], more: Partial<StepTrace["observation"]> = {}) {
  const trace = (reply: RaceReply, about = {}) => ({
    suite: "race",
    sequence: "reload | del_device",
    source: "test",
    steps: [{
      id: 1,
      phase: "body" as const,
      op: OP as Operation,
      observation: { ...emptyObservation(), reply: reply as unknown as Json, ...about },
    }],
  });
  return judge(trace(expected()), trace({ outcomes, runs: 10 }, more));
}

Deno.test("race: outcomes that may come agree, and how many of them came is noted", () => {
  const both = judged([seen([["ENODEV"], ["ok"]], 4), seen([["ok"], ["ok"]], 6)]);
  assertEquals([both.verdict, both.notes], ["agree", ["step 1: 10 runs showed 2 of 2 outcomes"]]);
  const one = judged([seen([["ok"], ["ok"]], 10)]);
  assertEquals(
    [one.verdict, one.notes],
    ["agree", ["step 1: 10 runs showed 1 of 2 outcomes; never: ENODEV | ok"]],
  );
});

Deno.test("race: an outcome that may not come diverges, with its count", () => {
  const { verdict, steps } = judged([seen([["ok"], ["ok"]], 9), seen([["EINVAL"], ["ok"]], 1)]);
  assertEquals(verdict, "diverge");
  const [value] = steps[0]!.channels.find(({ channel }) => channel === "reply")!.values;
  assertEquals([value?.path, (value?.observed as { count: number }).count], ["outside[0]", 1]);
});

Deno.test("race: a state that may not be left behind diverges", () => {
  const left = { "dev.show": { dev: { [HANDLE]: {} } }, "port.show": { port: {} } };
  assertEquals(judged([seen([["ok"], ["ok"]], 10, left)]).verdict, "diverge");
  // Another board's own device is none of it
  const other = { "dev.show": { dev: { "pci/0000:01:00.0": {} } }, "port.show": { port: {} } };
  assertEquals(judged([seen([["ok"], ["ok"]], 10, other)]).verdict, "agree");
});

Deno.test("race: that somebody hangs where nobody may, or that the kernel reports something, is found", () => {
  const hangs = judged([seen([["hang"], ["ok"]], 1, null)], { result: "hang", time: "hang" });
  assertEquals(hangs.verdict, "diverge");
  const kmsg = [{ class: "lockdep" as const, text: "WARNING: possible circular locking dependency detected" }];
  assertEquals(judged([seen([["ok"], ["ok"]], 10)], { kmsg }).verdict, "crash");
});

Deno.test("race: what differs from run to run is no difference", () => {
  const state = (index: number, netdev: string, dropped: number) => ({
    "dev.show": { dev: { [HANDLE]: { index } } },
    "port.show": { port: { [`${HANDLE}/0`]: { netdev, flavour: "physical" } } },
    "trap.show": { trap: { [HANDLE]: [{ name: "tail_drop", stats: { rx: { dropped } } }] } },
  });
  const model = { outcomes: [seen([["ok"]], 0, state(1, "eth1", 2))] };
  const { outside } = compareRace(model, { outcomes: [seen([["ok"]], 3, state(7, "eth4", 9))], runs: 3 });
  assertEquals(outside, []);
  // A port without a netdev is another state
  const bare = structuredClone(model.outcomes[0]!);
  delete (bare.state!["port.show"] as { port: Record<string, Record<string, Json>> }).port[`${HANDLE}/0`]!.netdev;
  assertEquals(compareRace(model, { outcomes: [bare], runs: 1 }).outside.length, 1);
});

Deno.test("race: one that was not run, or not as often as planned, does not agree", () => {
  const done = seen([["ok"], ["ok"]], 10);
  assertEquals(judged([done]).verdict, "agree");
  assertEquals(judged([]).verdict, "diverge");
  assertEquals(judged([{ ...done, count: 9 }]).verdict, "diverge");
  assertEquals(judged([], { result: "hang", time: "hang" }).verdict, "diverge");
});
