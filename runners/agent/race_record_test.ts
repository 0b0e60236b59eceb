import { assertEquals, assertThrows } from "@std/assert";
import type { Operation } from "../../model/mod.ts";
import { BrokenProgramError } from "./broken_program.ts";
import { observe } from "./observe.ts";

const HANDLE = "netdevsim/netdevsim10";
const OP: Operation<"race"> = {
  kind: "race",
  racers: [
    { operations: [{ kind: "port.show" }] },
    {
      operations: [
        { kind: "file.write", path: "/sys/bus/netdevsim/del_device", value: "10" },
        { kind: "dev.reload", handle: HANDLE },
      ],
    },
  ],
  runs: 5,
  seed: 1,
  before: [],
  after: [],
  shown: [{ kind: "dev.show" }, { kind: "port.show" }, { kind: "trap.show" }],
};

const read = (out: string, rc = 0) =>
  observe(OP, { id: 1, rc, start: 0, end: 9, sections: [{ name: "out", text: out }, { name: "err", text: "" }] });

const PRINTED = `runs 5
text dump 1
{"dev":{"${HANDLE}":{"index":0}}}
,{"port":{}}
@
text state 1
=trap.show
{"trap":{}}
@
text reply.1 1
{"port":{"${HANDLE}/0":{},"${HANDLE}/1":{}}}
@
text reply.1 2
@
text reply.2 1
@
run 3	0|	0||1|Error: {braces}, "quotes".~kernel answers: No such device~	1	1	1	1
run 1	1|kernel answers: No such device~	1|sh: write error: No such file or directory~|1|kernel answers: No such device~	1	1	2	1
run 1	0|	1|sh: can't create /sys/bus/netdevsim/del_device: nonexistent directory~|0|	1	1	1	1
`;

Deno.test("the outcome of a race: results with the size of replies, the final state, and how often", () => {
  const { result, reply, time } = read(PRINTED);
  const state = {
    "dev.show": { dev: { [HANDLE]: { index: 0 } } },
    "port.show": { port: {} },
    "trap.show": { trap: {} },
  };
  assertEquals([result, time], ["ok", "immediate"]);
  assertEquals(reply as unknown, {
    outcomes: [
      { results: [["ok 2"], ["ok", "ENODEV"]], state, count: 3 },
      { results: [["ENODEV"], ["ENOENT", "ENODEV"]], state, count: 1 },
      { results: [["ok 2"], ["ENOENT", "ok"]], state, count: 1 },
    ],
    runs: 5,
  });
});

Deno.test("a question in a netns that is gone has no answer, not even the answer of the board's own netns", () => {
  const op: Operation = { ...OP, shown: [{ kind: "dev.show" }, { kind: "dev.show", netns: "n1" }] };
  const text = PRINTED.replace('=trap.show\n{"trap":{}}\n', "=n1 dev.show\n");
  const sections = [{ name: "out", text }, { name: "err", text: "" }];
  const { reply } = observe(op, { id: 1, rc: 0, start: 0, end: 9, sections });
  const { outcomes } = reply as unknown as { outcomes: { state: unknown }[] };
  assertEquals(outcomes[0]!.state, { "dev.show": { dev: { [HANDLE]: { index: 0 } } }, "n1 dev.show": null });
});

Deno.test("a race that hangs: which racer hangs, and the stacks of tasks that cannot be interrupted", () => {
  const hung = `runs 1
text dump 1
@
stack devlink
[<0>] debugfs_remove+0x1/0x2 [debugfs]
[<0>] nsim_dev_reload_down+0x3/0x4 [netdevsim]
@
run 1	hang	0||0|
`;
  const { result, reply, time } = read(hung);
  assertEquals([result, time], ["hang", "hang"]);
  assertEquals(reply as unknown, {
    outcomes: [{ results: [["hang"], ["ok", "ok"]], state: null, count: 1 }],
    runs: 1,
    stacks: [{ task: "devlink", stack: ["debugfs_remove", "nsim_dev_reload_down"] }],
  });
});

Deno.test("output of a race that cannot be read is an error", () => {
  assertThrows(() => read("nothing of it"), SyntaxError, "how often");
  assertThrows(() => read("runs 1\ntext dump 1\n{}\n"), SyntaxError, "ends too early");
  assertThrows(() => read("runs 1\nrun 1\tx|y\t0|\t1\t1\t1\t1\n"), SyntaxError, "Cannot read the outcome of a race");
});

Deno.test("a race with missing parts is an error, not a smaller outcome", () => {
  // The process that counts the runs died: no run is reported.
  assertThrows(() => read("runs 5\n"), SyntaxError, "run 5 times, and 0 are counted");
  assertThrows(() => read("runs 0\n"), SyntaxError, "run 0 times");
  assertThrows(() => read(PRINTED.replace("run 3\t", "run 2\t")), SyntaxError, "and 4 are counted");
  for (const what of ["dump 1", "state 1", "reply.1 2"]) {
    assertThrows(() => read(PRINTED.replace(`text ${what}\n`, "text other 9\n")), SyntaxError, `it has no ${what}`);
  }
});

Deno.test("a program that did no work in a race is no answer of the kernel", () => {
  assertThrows(() => read(PRINTED.replace("\t0||1|", "\t139||1|")), BrokenProgramError, "SIGSEGV");
  assertThrows(() => read(PRINTED.replace("\t0||1|", "\t127|sh: dd: not found~|1|")), BrokenProgramError, "not found");
  assertThrows(() => read(PRINTED.replace('{"trap":{}}', "tl-broken 139")), BrokenProgramError, "status 139");
  const killed = "runs 1\nrun 1\tkilled\t0||0|\n";
  assertThrows(() => read(killed), BrokenProgramError, "SIGKILL");
  const kmsg = "1,1,1,-;Oops: 0000 [#1] SMP\n";
  const sections = [{ name: "out", text: killed }, { name: "err", text: "" }, { name: "kmsg", text: kmsg }];
  const { reply } = observe(OP, { id: 1, rc: 0, start: 0, end: 9, sections });
  assertEquals((reply as unknown as { outcomes: unknown[] }).outcomes, [
    { results: [["killed"], ["ok", "ok"]], state: null, count: 1 },
  ]);
});

Deno.test("a slow board reports late runs, and final states that could not be read", () => {
  const { reply } = read(PRINTED.replace("runs 5\n", "runs 5\nlate 2\nunasked 1\n"));
  const { runs, late, unasked } = reply as unknown as { runs: number; late: number; unasked: number };
  assertEquals([runs, late, unasked], [5, 2, 1]);
});

Deno.test("a race that could not be set up again reports the runs so far", () => {
  const { result, reply } = read(PRINTED, 1);
  assertEquals([result === "ok", (reply as unknown as { runs: number }).runs], [false, 5]);
});
