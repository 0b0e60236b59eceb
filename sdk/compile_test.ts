import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { judge } from "../diff/judge.ts";
import { exitStatus, summarise } from "../diff/verdict.ts";
import { netdevsim, netdevsimOf } from "../fixtures/netdevsim.ts";
import { openModel } from "../runners/model.ts";
import { compile } from "./compile.ts";
import { type SequenceBody, type Suite, suite, SuiteError } from "./suite.ts";

/** Returns a suite of one sequence. */
function one(body: SequenceBody): Suite {
  return suite("s", { fixture: netdevsim() }, ({ sequence }) => sequence("q", { source: "test" }, body));
}

const compileOne = (body: SequenceBody) => {
  const made = one(body);
  return compile(made, made.sequences[0]!, "6.12");
};

Deno.test("compile() returns the plan and the model's trace, with set-up and tear-down", async () => {
  const { plan, expected } = await compileOne(async (dut) => {
    await dut.in("init").trap.set("tail_drop", { action: "trap" });
    assertEquals((await dut.trap.get("tail_drop")).action, "trap");
  });
  assertEquals(plan.steps.map(({ id, phase, op }) => [id, phase, op.kind]), [
    [1, "setup", "file.write"],
    [2, "body", "trap.set"],
    [3, "body", "trap.show"],
    [4, "teardown", "file.write"],
  ]);
  assertEquals(expected.steps.map((step) => step.observation?.result), ["ok", "ok", "ok", "ok"]);
  // A plan is plain data: a round trip through JSON does not change it.
  assertEquals(JSON.parse(JSON.stringify(plan)), plan);
});

Deno.test("compile() refuses a step that fails where the body does not expect it", async () => {
  const refused = (body: SequenceBody, why: string) => assertRejects(() => compileOne(body), SuiteError, why);
  await refused(
    async (dut) => {
      await dut.reload({ action: "fw_activate" });
    },
    's > q fails on the model of 6.12: devlink dev reload netdevsim/netdevsim10 action fw_activate: EOPNOTSUPP "Requested',
  );
  await refused((dut) => {
    dut.reload({ action: "fw_activate" });
  }, "add .fails() or .either() where that is meant");
  await refused((dut) => {
    dut.reload().fails();
  }, "is expected to fail and succeeds on the model");
  await refused((dut) => {
    dut.netns.add("t1; reboot").either();
  }, 'Cannot use "t1; reboot" as the name of a netns');
  await refused(async (dut) => {
    await netdevsimOf(dut).newDevice("11 1");
    await dut.netns.add("t1");
  }, "it leaves the netns t1, netdevsim11 behind, and the next sequence would find that");
  const differing = await refused(() => assertEquals(1, 2), "fails on the model of 6.12: Values are not equal.");
  assertMatch(differing.message, /equal\.\n +\[Diff\] Actual \/ Expected\n-  +1\n\+  +2$/);
  const { expected } = await compileOne((dut) => {
    assertEquals(dut.reload({ action: "fw_activate" }).fails().errno, "EOPNOTSUPP");
    assertEquals(dut.trap.get("nosuch").either().result, "ENOENT");
  });
  assertEquals(expected.steps.length, 4);
});

Deno.test("a step that the model has no answer for is a gap, ends the body, and is never a pass", async () => {
  const knob = "ports/0/ethtool/get_err";
  const { plan, expected } = await compileOne(async (dut) => {
    await dut.netns.add("t1");
    await netdevsimOf(dut).newDevice("11 1");
    try {
      await netdevsimOf(dut).debugfs.write(knob, "95");
    } catch {
      // The body catches the error
    }
    await dut.reload();
    throw new Error("nobody comes here");
  });
  assertEquals(plan.steps.map(({ phase, op }) => `${phase} ${op.kind}`), [
    "setup file.write",
    "body netns.add",
    "body file.write",
    "body file.write",
    "teardown file.write",
    // Removes the device that the body would have removed
    "teardown file.write",
    "teardown netns.del",
  ]);
  assertEquals(expected.steps[3]!.lost?.reason, "not-modelled");
  // A board that did all steps
  const observed = structuredClone(expected);
  for (const step of observed.steps) {
    delete step.lost;
    step.observation ??= structuredClone(expected.steps[0]!.observation!);
  }
  const board = { name: "model", runner: "model", era: "6.12" } as Parameters<typeof openModel>[0];
  const onModel = await openModel(board, "6.12").run(plan);
  for (const trace of [observed, onModel, expected]) {
    const verdict = judge(expected, trace);
    assertEquals(verdict.steps.map((step) => step.verdict), [
      ...Array.from({ length: 3 }, () => "agree"),
      ...Array.from({ length: 4 }, () => "model-gap"),
    ]);
    assertMatch(verdict.steps[3]!.reason!, /not modelled: \S+get_err: errors of ethtool/);
    assertEquals([verdict.verdict, exitStatus(summarise([verdict]))], ["model-gap", 3]);
  }
});

Deno.test("if the model has no answer for the tear-down either, the board is still torn down", async () => {
  const { plan, expected } = await compileOne(async (dut) => {
    await netdevsimOf(dut).debugfs.write("fib/fail_route_delete", "Y");
    await dut.link.up(0);
    await dut.reload();
  });
  assertEquals(plan.steps.slice(3).map(({ phase, op }) => `${phase} ${op.kind}`).slice(0, 2), [
    "body dev.reload",
    "teardown file.write",
  ]);
  assertEquals(judge(expected, expected).verdict, "model-gap");
});

Deno.test("a fixture that the model has no answer for is a gap, too", async () => {
  const made = one(() => {});
  const fixture = { ...netdevsim(), setup: [{ kind: "module.load" as const, name: "dummy" }, ...netdevsim().setup] };
  const { plan, expected } = await compile(made, { ...made.sequences[0]!, fixture }, "6.12");
  assertEquals(plan.steps.map(({ phase }) => phase), ["setup", "teardown"]);
  assertEquals(judge(expected, expected).verdict, "model-gap");
});
