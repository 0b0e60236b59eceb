import { assert, assertEquals } from "@std/assert";
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

/** Returns what the judge makes of outcomes of a board. */
function judged(
  outcomes: ShownOutcome[],
  more: Partial<StepTrace["observation"]> = {},
  board: Partial<RaceReply> = {},
  model: Partial<RaceReply> = {},
) {
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
  return judge(trace({ ...expected(), ...model }), trace({ outcomes, runs: 10, ...board }, more));
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
  // Another board's own device is not part of it
  const other = { "dev.show": { dev: { "pci/0000:01:00.0": {} } }, "port.show": { port: {} } };
  assertEquals(judged([seen([["ok"], ["ok"]], 10, other)]).verdict, "agree");
});

Deno.test("race: that somebody hangs where nobody may, or that the kernel reports something, is found", () => {
  const stacks = [{ task: "devlink", stack: ["devl_lock"] }];
  const hangs = judged([seen([["hang"], ["ok"]], 1, null)], { result: "hang", time: "hang" }, { runs: 1, stacks });
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

Deno.test("race: what was not run, not counted, not asked or not waited for is no agreement", () => {
  const fine = seen([["ok"], ["ok"]], 10);
  const cases: [ShownOutcome[], Partial<RaceReply>][] = [
    [[], {}],
    [[], { runs: 0 }],
    [[seen([["ok"], ["ok"]], 0)], { runs: 0 }],
    [[fine], { runs: 0 }],
    [[seen([["ok"], ["ok"]], 4)], {}],
    [[seen([["ok"], ["ok"]], 4)], { runs: 4 }],
    [[fine], { unasked: 1 }],
    [[seen([["hang"], ["ok"]], 1, null)], { runs: 1 }],
  ];
  for (const [outcomes, board] of cases) {
    const { verdict, steps } = judged(outcomes, {}, board);
    assertEquals(verdict, "indeterminate", JSON.stringify([outcomes, board]));
    assert(steps[0]!.reason);
  }
  const put = { result: "client" };
  assertEquals(judged([fine], put).verdict, "indeterminate");
  assertEquals(judged([seen([["ok"], ["ok"]], 3)], put, { runs: 3 }).verdict, "indeterminate");
  // One that hangs ends the race, whatever was asked for: that it does is known by who waits for the kernel
  const hung: RaceReply = { outcomes: [seen([["hang"], ["ok"]], 0, null)], exhausted: true };
  const trace = [seen([["ok"], ["ok"]], 3), seen([["hang"], ["ok"]], 1, null)];
  const stacks = [{ task: "devlink", stack: ["devl_lock"] }];
  const about = { result: "hang", time: "hang" } as const;
  const allowed = { outcomes: [...expected().outcomes, ...hung.outcomes] };
  assertEquals(judged(trace, about, { runs: 4, stacks }, allowed).verdict, "agree");
  assertEquals(judged(trace, about, { runs: 4 }, allowed).verdict, "indeterminate");
});

Deno.test("race: a run that was late proves nothing against the model, and as much for it as any", () => {
  const fine = seen([["ok"], ["ok"]], 9);
  assertEquals(judged([fine, seen([["ENODEV"], ["ok"]], 1)], {}, { late: 1 }).verdict, "agree");
  assertEquals(judged([fine, seen([["EINVAL"], ["ok"]], 1)], {}, { late: 1 }).verdict, "indeterminate");
});

Deno.test("race: what the model has not tried is a gap of the model, and no difference", () => {
  const other = [seen([["EINVAL"], ["ok"]], 10)];
  assertEquals(judged(other, {}, {}, { exhausted: false }).verdict, "model-gap");
  assertEquals(judged([seen([["ok"], ["ok"]], 10)], {}, {}, { exhausted: false }).verdict, "agree");
  assertEquals(judged([seen([["ok"], ["ok"]], 10)], {}, {}, { outcomes: [] }).verdict, "model-gap");
  // What the kernel reports is a finding all the same
  const kmsg = [{ class: "kasan" as const, text: "BUG: KASAN: slab-use-after-free" }];
  assertEquals(judged(other, { kmsg }, {}, { exhausted: false }).verdict, "crash");
});

Deno.test("race: what only the driver knows of an outcome is a model-gap, and no more than that is allowed", () => {
  const why = "only the driver knows what it does";
  const counted = { "not known": true, of: "reloads", since: 1 };
  const state = { "dev.show": { dev: { [HANDLE]: { reloads: counted } } }, "port.show": { port: {} } };
  const left = (reloads: number) => ({ "dev.show": { dev: { [HANDLE]: { reloads } } }, "port.show": { port: {} } });
  const known: Partial<RaceReply> = { outcomes: [{ results: [["ok"], ["ok"]], state }] };
  const verdictOf = (outcome: ShownOutcome, model: Partial<RaceReply>) => judged([outcome], {}, {}, model).verdict;
  // A part of the state that is not known is not compared, and the rest is; it may be another in each run
  const twice = [seen([["ok"], ["ok"]], 4, left(7)), seen([["ok"], ["ok"]], 6, left(0))];
  assertEquals(judged(twice, {}, {}, known).verdict, "agree");
  assertEquals(verdictOf(seen([["ok"], ["ok"]], 10, left(7)), known), "agree");
  assertEquals(verdictOf(seen([["ok"], ["ok"]], 10, nothing), known), "diverge");
  assertEquals(verdictOf(seen([["EIO"], ["ok"]], 10, left(7)), known), "diverge");
  const assumed = { outcomes: [{ ...known.outcomes![0]!, unknown: { results: why } }] };
  assertEquals(verdictOf(seen([["ok"], ["ok"]], 10, left(7)), assumed), "model-gap");
  assertEquals(verdictOf(seen([["EIO"], ["ok"]], 10, nothing), assumed), "model-gap");
  // As assumed, but then the state is another one
  assertEquals(verdictOf(seen([["ok"], ["ok"]], 10, nothing), assumed), "diverge");
  assertEquals(judged([seen([["ok"], ["ok"]], 10, left(7))], {}, {}, assumed).steps[0]!.reason, `not judged: ${why}`);
  const hangs = { results: [["hang"], ["ok"]], state: null, count: 10 };
  assertEquals(judged([hangs], {}, { stacks: [{ task: "devlink", stack: [] }] }, assumed).verdict, "diverge");
  const stateless = { outcomes: [{ results: [["ok"], ["ok"]], state, unknown: { state: why } }] };
  assertEquals(verdictOf(seen([["ok"], ["ok"]], 10, left(7)), stateless), "model-gap");
  assertEquals(verdictOf(seen([["EIO"], ["ok"]], 10, left(7)), stateless), "diverge");
});

Deno.test("race: an outcome that is known whole is preferred to one that is assumed", () => {
  const model = [
    { results: [["ok"], ["ok"]], state: nothing, unknown: { results: "the driver" } },
    { results: [["ENODEV"], ["ok"]], state: nothing },
  ];
  const board = { outcomes: [seen([["ENODEV"], ["ok"]], 3)], runs: 3 };
  const { allowed, unknown } = compareRace({ outcomes: model }, board);
  assertEquals([allowed.map(({ results, count }) => [results[0], count]), unknown], [
    [[["ENODEV"], 3], [["ok"], 0]],
    undefined,
  ]);
});

Deno.test("race: the instances in the model's states, and the board's own device, are compared on any bus", () => {
  const own = "pci/0000:08:00.0";
  const state = (...handles: string[]) => ({
    "dev.show": { dev: Object.fromEntries(handles.map((one) => [one, {}])) },
  });
  const one = (...handles: string[]) => ({
    outcomes: [{ results: [["ok"]], state: state(...handles), count: 1 }],
    runs: 1,
  });
  const outside = (model: RaceReply, board: RaceReply, ...handles: string[]) =>
    compareRace(model, board, new Set(handles)).outside.length;
  assertEquals(outside(one(own, "auxiliary/x.eth.0"), one(own)), 1);
  assertEquals(outside(one(own), one(own, "pci/0000:09:00.0")), 0);
  assertEquals(outside(one(), one(own), own), 1);
});
