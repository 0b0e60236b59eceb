/** What happens to a board whose kernel broke: the test plays the board. */

import { assertEquals, assertMatch } from "@std/assert";
import { type Board, loadBoard } from "../boards/mod.ts";
import { macWithPcs } from "../fixtures/mac_with_pcs.ts";
import { netdevsim } from "../fixtures/netdevsim.ts";
import type { Plan, SequenceTrace, StepTrace } from "../diff/trace.ts";
import type { EraId } from "../model/mod.ts";
import { emptyObservation, type KernelLine } from "../model/observation.ts";
import { RefusedError } from "../runners/guard/guard.ts";
import { openModel } from "../runners/model.ts";
import type { Runner } from "../runners/runner.ts";
import { FixtureError } from "../fixtures/qemu/progress.ts";
import { TransportError } from "../runners/lines/shell.ts";
import type { Sequence, Suite } from "../sdk/suite.ts";
import type { Dirt } from "./board_state.ts";
import { exitStatus, orchestrate, type OrchestrateOptions } from "./orchestrate.ts";

/** Three sequences of one step. */
const SUITE: Suite = {
  name: "s",
  sequences: ["a", "b", "c"].map((name) => ({
    name,
    source: "",
    fixture: { name: "none", handle: "netdevsim/netdevsim10", requires: [], setup: [], teardown: [] },
    body: (dut) => void dut.wait(1),
  })),
};

type Change = (step: StepTrace) => StepTrace;
const shows = (...lines: [KernelLine["class"], string][]): Change => (step) => ({
  ...step,
  observation: {
    ...(step.observation ?? emptyObservation()),
    kmsg: lines.map(([kind, text]) => ({ class: kind, text })),
  },
});
const loses = (reason: "transport" | "timeout" | "crash"): Change => ({ observation: _, ...step }) => ({
  ...step,
  lost: { reason, detail: "" },
});
const OOPS = shows(["oops", "Oops: 0000 [#1] SMP"]);

/** Runs the suite on a board that does what the model predicts, but for the given changes; returns what was done to the board. */
async function play(changes: Record<string, Change>, options: {
  renew?: false | (() => Promise<void>);
  reopen?: () => void;
  board?: Partial<Board>;
  suite?: Suite;
  dirty?: string;
  /** The capabilities that the board's agent found */
  has?: readonly string[];
  /** The guard's answers, one for each time it is asked */
  guard?: (Error | undefined)[];
} = {}) {
  const did: string[] = [];
  const board: Board = { ...await loadBoard("model"), runner: "remote", name: "b", ...options.board };
  let opened = 0;
  const open: OrchestrateOptions["open"] = (board) => {
    if (opened++ > 0) options.reopen?.();
    did.push("open");
    const model = openModel(board, "6.12", {}, { freedMemory: "poisoned" });
    const { renew: _, ...rest } = model;
    const runner: Runner = {
      ...rest,
      has: options.has,
      run: async (plan: Plan): Promise<SequenceTrace> => {
        did.push(plan.sequence);
        const trace = await model.run(plan);
        return { ...trace, steps: trace.steps.map(changes[plan.sequence] ?? ((step) => step)) };
      },
      close: () => Promise.resolve(void did.push("close")),
    };
    const { guard } = options;
    if (guard) {
      runner.guard = () => {
        did.push("guard");
        const refused = guard.shift();
        return refused ? Promise.reject(refused) : Promise.resolve();
      };
    }
    if (options.renew !== false) {
      runner.renew = async () => {
        did.push("renew");
        await (options.renew || undefined)?.();
      };
    }
    return Promise.resolve(runner);
  };
  let dirty = options.dirty;
  const dirt: Dirt = {
    of: () => Promise.resolve(dirty === undefined ? undefined : { since: "", reason: dirty }),
    mark: (_, reason) => Promise.resolve(void (dirty ??= reason)),
    clear: () => Promise.resolve(void (dirty = undefined)),
  };
  const run = orchestrate([board], [options.suite ?? SUITE], { open, dirt });
  const results = await run.catch((error: Error) => {
    if (error.name !== "RefusedError") throw error;
    return [{ board: "b", transport: "", header: undefined, results: [], leftOut: [], infra: error }];
  });
  return {
    dirty,
    did: did.join(" "),
    verdicts: results[0]!.results.map(({ verdict }) => verdict.verdict).join(" "),
    reasons: results[0]!.results.map(({ verdict }) => verdict.reason),
    infra: results[0]!.infra?.message,
    status: exitStatus(results),
  };
}

Deno.test("a board whose kernel broke is renewed, and the sequence that broke it is not run again", async () => {
  const { did, verdicts, status } = await play({ b: OOPS });
  assertEquals([did, verdicts, status], ["open a b renew c close", "agree crash agree", 1]);
});

Deno.test("a board is renewed after a report that the kernel makes only once", async () => {
  const warned = await play({ a: shows(["lockdep", "WARNING: possible circular locking dependency detected"]) });
  assertEquals(warned.did, "open a renew b c close");
});

Deno.test("a real board is renewed after the last sequence as well, a kernel of our own is not", async () => {
  assertEquals((await play({ c: OOPS })).did, "open a b c renew close");
  assertEquals((await play({ c: OOPS }, { board: { runner: "qemu" } })).did, "open a b c close");
});

Deno.test("a board that cannot be renewed: the rest is not judged, in one line", async () => {
  const { did, verdicts, infra, status } = await play({ a: OOPS }, { renew: false });
  assertEquals([did, verdicts, status], ["open a close", "crash", 1]);
  assertMatch(infra!, /^Cannot continue with board "b": its kernel broke, and nothing reboots it;/);
  // A board whose kernel only warned is not renewed.
  assertEquals((await play({ a: shows(["warning", "WARNING: x"]) }, { renew: false })).did, "open a b c close");
});

Deno.test("a board that does not come back: the rest is not judged, in one line", async () => {
  const { did, verdicts, infra } = await play({ a: OOPS }, {
    renew: () => Promise.reject(new TransportError('Cannot renew board "b": not up within 300 s: no route')),
  });
  assertEquals([did, verdicts], ["open a renew close", "crash"]);
  assertMatch(infra!, /not up within 300 s/);
  const guest = await play({ a: OOPS }, {
    board: { runner: "qemu" },
    renew: () => Promise.reject(new FixtureError("Cannot boot kernel 6.12: it was not up within 120 s")),
  });
  assertEquals([guest.did, guest.verdicts], ["open a renew close", "crash"]);
  assertMatch(guest.infra!, /it was not up within 120 s/);
});

Deno.test("a line that was lost is opened again; a kernel of our own is rebooted", async () => {
  assertEquals((await play({ a: loses("transport") })).did, "open a close open b c close");
  assertEquals((await play({ a: loses("timeout") }, { board: { runner: "qemu" } })).did, "open a renew b c close");
  assertEquals((await play({ a: loses("crash") })).did, "open a renew b c close");
});

Deno.test("a board that is gone is brought back by its power control, where it has one", async () => {
  const reopen = () => {
    throw new TransportError("Cannot reach the board");
  };
  const gone = await play({ a: loses("transport") }, { reopen });
  assertEquals([gone.did, gone.infra], [
    "open a close close",
    "Cannot reach the board; until it is rebooted it is dirty: it was lost in s > a",
  ]);
  const power = { cycle: ["pdu", "cycle"] };
  assertEquals(
    (await play({ a: loses("transport") }, { reopen, board: { power } })).did,
    "open a close renew b c close",
  );
});

Deno.test("what could not be undone on a board is reported and saved, until it is rebooted", async () => {
  const down = () => Promise.reject(new TransportError('Cannot renew board "b": not up within 300 s: no route'));
  const lost = await play({ b: OOPS }, { renew: down });
  assertEquals(lost.dirty, "s > b broke its kernel");
  assertMatch(lost.infra!, /no route; until it is rebooted it is dirty: s > b broke its kernel$/);
  assertEquals((await play({ b: OOPS })).dirty, undefined);
  assertEquals((await play({ b: OOPS }, { renew: false })).dirty, "s > b broke its kernel");
  assertEquals((await play({ b: loses("transport") })).dirty, undefined);

  const next = await play({}, { dirty: "s > b broke its kernel" });
  assertEquals([next.did, next.dirty], ["open renew a b c close", undefined]);
  const refused = await play({}, { dirty: "s > b broke its kernel", renew: false });
  assertEquals([refused.did, refused.status, refused.dirty], ["open close", 3, "s > b broke its kernel"]);
  assertMatch(
    refused.infra!,
    /^Cannot use board "b": it is dirty \(s > b broke its kernel\), and nothing reboots it/,
  );
  // A guest of our own goes with its run.
  assertEquals((await play({ c: OOPS }, { board: { runner: "qemu" } })).dirty, undefined);
});

Deno.test("a run that is refused does nothing to its board, even if the board is dirty", async () => {
  const dirty = "s > b broke its kernel";
  const refused = new RefusedError('Cannot run "s > a"');
  const kept = await play({}, { dirty, guard: [refused] });
  assertEquals([kept.did, kept.infra, kept.dirty], ["open guard close", refused.message, dirty]);
  // The devices that the board needs may have other names after a reboot.
  const booted = await play({}, { dirty, guard: [undefined, refused] });
  assertEquals([booted.did, booted.infra, booted.dirty], ["open guard renew guard close", refused.message, undefined]);
  assertEquals((await play({}, { dirty, guard: [] })).did, "open guard renew guard a b c close");
});

Deno.test("a dirty board that does not answer is rebooted before it is asked again", async () => {
  const dirty = "s > b broke its kernel";
  const silent = () => new RefusedError("not known is its devices (the board did not answer)", { answered: false });
  for (const error of [silent(), new TransportError("Cannot reach the board")]) {
    assertEquals((await play({}, { dirty, guard: [error] })).did, "open guard renew guard a b c close");
  }
  assertEquals((await play({}, { dirty, guard: [silent(), silent()] })).did, "open guard renew guard close");
  // A clean board is not rebooted.
  assertEquals((await play({}, { guard: [silent()] })).did, "open guard close");
});

Deno.test("a tear-down that failed leaves a board dirty", async () => {
  const suite: Suite = {
    name: "s",
    sequences: [{
      ...SUITE.sequences[0]!,
      fixture: {
        ...SUITE.sequences[0]!.fixture,
        teardown: [{ kind: "netns.del", name: "t1" }],
        setup: [{ kind: "netns.add", name: "t1" }],
      },
    }],
  };
  const fails: Change = (step) =>
    step.phase === "teardown" ? { ...step, observation: { ...step.observation!, result: "EBUSY" } } : step;
  assertEquals((await play({}, { suite })).dirty, undefined);
  assertMatch((await play({ a: fails }, { suite })).dirty!, /^step \d+ of s > a, a tear-down, was not done$/);
});

Deno.test("leftovers of a plan without a tear-down are gone before the next plan", async () => {
  const left: Sequence = {
    name: "left",
    source: "",
    fixture: macWithPcs({ design: "none" }),
    // Nothing in the body uses the freed object, but the tear-down would.
    body: async (dut) => {
      await dut.netdev("fm0").up({ settle: 300 });
      await dut.driver("platform", "fakepcs").unbind("fakepcs.0", { settle: 300 });
    },
  };
  const suite = { name: "s", sequences: [left, ...SUITE.sequences] };
  const { did, verdicts } = await play({}, { suite, board: { disruption: "power" } });
  assertEquals([did, verdicts], ["open left renew a b c close", "agree agree agree agree"]);
  // The sequence is not run without permission in the board's file.
  const without = await play({}, { suite });
  assertEquals([without.did, without.verdicts], ["open a b c close", "unsupported agree agree agree"]);
});

Deno.test("a sequence that has no meaning on a board's kernel is left out there", async () => {
  const board = await loadBoard("model");
  const sequences = SUITE.sequences.map((one): Sequence =>
    one.name === "b" ? { ...one, holds: { in: (era) => era.paramDefaults, because: "it is of defaults" } } : one
  );
  const run = async (era: EraId) => {
    const [result] = await orchestrate([{ ...board, era }], [{ ...SUITE, sequences }]);
    return result!.results.map(({ verdict }) => `${verdict.sequence} ${verdict.verdict}`);
  };
  assertEquals(await run("6.12"), ["a agree", "c agree"]);
  assertEquals(await run("7.2"), ["a agree", "b agree", "c agree"]);
});

Deno.test("a board without netdevsim: its sequences are unsupported, by what the agent found", async () => {
  const [first] = SUITE.sequences;
  const suite: Suite = {
    name: "s",
    sequences: [
      { ...first!, name: "a", fixture: netdevsim({ ports: 1 }) },
      { ...first!, name: "b", body: (dut) => void dut.write("/sys/bus/netdevsim/del_device", "1").either() },
      { ...first!, name: "c" },
    ],
  };
  for (const capabilities of [undefined, ["netdevsim", "reload"]] as const) {
    const listed = capabilities ? { capabilities: [...capabilities] } : {};
    const { did, verdicts, reasons } = await play({}, { suite, has: ["devlink", "kmsg"], board: listed });
    assertEquals([did, verdicts], ["open c close", "unsupported unsupported agree"]);
    const but = capabilities ? " although the board's file lists it" : "";
    assertEquals(reasons[0], `the sequence needs netdevsim, which the agent did not find on the board${but}`);
    assertMatch(reasons[1]!, /^step 1 \(.*del_device\) needs netdevsim, which the agent did not find on the board/);
  }
});
