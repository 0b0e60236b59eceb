import { assertEquals, assertThrows } from "@std/assert";
import type { Operation } from "../model/mod.ts";
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

Deno.test("what came of a race: results with the size of replies, the final state, and how often", () => {
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

Deno.test("what is asked in a netns that is gone has no answer, nor that of the board's own", () => {
  const op: Operation = { ...OP, shown: [{ kind: "dev.show" }, { kind: "dev.show", netns: "n1" }] };
  const text = PRINTED.replace('=trap.show\n{"trap":{}}\n', "=n1 dev.show\n");
  const sections = [{ name: "out", text }, { name: "err", text: "" }];
  const { reply } = observe(op, { id: 1, rc: 0, start: 0, end: 9, sections });
  const { outcomes } = reply as unknown as { outcomes: { state: unknown }[] };
  assertEquals(outcomes[0]!.state, { "dev.show": { dev: { [HANDLE]: { index: 0 } } }, "n1 dev.show": null });
});

Deno.test("of a race in which somebody hangs: who, and where those stand that cannot be interrupted", () => {
  const hung = `runs 2
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
    runs: 2,
    stacks: [{ task: "devlink", stack: ["debugfs_remove", "nsim_dev_reload_down"] }],
  });
});

Deno.test("what cannot be read of a race is said", () => {
  assertThrows(() => read("nothing of it"), SyntaxError, "how often");
  assertThrows(() => read("runs 1\ntext dump 1\n{}\n"), SyntaxError, "ends too early");
  assertThrows(() => read("runs 1\nrun 1\tx|y\t0|\t1\t1\t1\t1\n"), SyntaxError, "Cannot read what came of a race");
});
