/** An interrupted run that continues: on the model and on boards that are played; the command is in resume_slow_test.ts, a real kernel in resume_kernel_test.ts. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Board, loadBoard } from "../boards/mod.ts";
import type { Plan, SequenceTrace, StepTrace, Trace } from "../diff/trace.ts";
import { readTrace } from "../diff/mod.ts";
import { netdevsim } from "../fixtures/netdevsim.ts";
import { emptyObservation, type KernelLineClass } from "../model/observation.ts";
import { openModel } from "../runners/model.ts";
import type { Runner } from "../runners/runner.ts";
import type { Suite } from "../sdk/suite.ts";
import { UsageError } from "./command.ts";
import { RunJournal } from "../run/journal.ts";
import { orchestrate } from "../run/orchestrate.ts";
import type { RunEvent } from "../run/run_events.ts";

/** Sequences of some steps each. */
const SUITE: Suite = {
  name: "s",
  sequences: ["a", "b", "c", "d"].map((name) => ({
    name,
    source: "",
    fixture: netdevsim({ ports: 1 }),
    body: async (dut) => {
      await dut.trap.set("source_mac_is_multicast", { action: "trap" });
      await dut.reload();
      await dut.trap.get("source_mac_is_multicast");
    },
  })),
};
const STEPS = 5;

const folder = await Deno.makeTempDir({ prefix: "twinlink-resume-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));
let folders = 0;
const newFolder = () => `${folder}/${++folders}`;

/** What a board does, and what was done to it. */
interface Play {
  /** A board of our own is gone with the run, others stay */
  runner: "remote" | "qemu";
  boot?: string;
  renewable?: boolean;
  kernel?: string;
  did: string[];
}

const PLAN = { args: ["s", "--board=b"], files: [] };
const trace = (where: string, end = ".part") => `${where}/trace-b-ssh${end}.jsonl`;

/** Runs the suite, or resumes it. */
async function play(where: string, what: Play, journal?: RunJournal, onEvent?: (event: RunEvent) => void) {
  const board: Board = { ...await loadBoard("model"), runner: what.runner, name: "b", transport: "ssh" };
  await using kept = journal ?? await RunJournal.create(where, PLAN);
  const open = (): Promise<Runner> => {
    what.did.push("open");
    const model = openModel(board, "6.12");
    return Promise.resolve({
      header: { ...model.header, transport: "ssh", kernel: what.kernel ?? "6.12.1" },
      has: undefined,
      get boot() {
        return what.boot ?? "first";
      },
      run: (plan: Plan): Promise<SequenceTrace> => {
        what.did.push(plan.sequence);
        return model.run(plan);
      },
      ...(what.renewable ? { renew: () => Promise.resolve(void what.did.push("renew")) } : {}),
      close: () => Promise.resolve(),
    });
  };
  const [result] = await orchestrate([board], [SUITE], { open, journal: kept, ...(onEvent ? { onEvent } : {}) });
  return result!.results.map(({ verdict }) => verdict.verdict).join(" ");
}

/** Resumes a run, and tells what was done for it. */
async function resume(where: string, what: Omit<Play, "did">): Promise<{ did: string; verdicts: string }> {
  const { journal } = await RunJournal.open(where);
  const did: string[] = [];
  const verdicts = await play(where, { ...what, did }, journal);
  return { did: did.join(" "), verdicts };
}

/** A run of its own, its trace changed as if it had broken off. */
async function broken(change: (lines: string[]) => string[], what: Partial<Play> = {}): Promise<string> {
  const where = newFolder();
  await play(where, { runner: "remote", did: [], ...what });
  const lines = (await Deno.readTextFile(trace(where, ""))).trimEnd().split("\n");
  await Deno.remove(trace(where, ""));
  await Deno.writeTextFile(trace(where), change(lines).map((line) => `${line}\n`).join(""));
  return where;
}

/** Up to step `steps` of the second sequence, the last one of them changed. */
const cutIn = (steps: number, change: (step: StepTrace) => StepTrace = (step) => step) => (lines: string[]) => {
  const kept = lines.slice(0, 1 + (STEPS + 2) + 1 + steps);
  const { type, ...step } = JSON.parse(kept.pop()!);
  return [...kept, JSON.stringify({ type, ...change(step) })];
};
const says = (kind: KernelLineClass, text: string) => (step: StepTrace): StepTrace => ({
  ...step,
  observation: { ...(step.observation ?? emptyObservation()), kmsg: [{ class: kind, text }] },
});
const loses = (reason: "timeout") => ({ observation: _, ...step }: StepTrace): StepTrace => ({
  ...step,
  lost: { reason, detail: "20 s" },
});

Deno.test("cut at any line of its journal, a run goes on: none is lost, none is run again, the trace is the same", async () => {
  const whole = newFolder();
  assertEquals(await play(whole, { runner: "remote", did: [] }), "agree agree agree agree");
  const text = await Deno.readTextFile(trace(whole, ""));
  const lines = text.split("\n");
  assertEquals(lines.length - 1, 2 + 4 * (STEPS + 2));
  for (let line = 0; line < lines.length; line++) {
    // In the middle of the line, and after it.
    for (const torn of [lines[line]!.slice(0, lines[line]!.length >> 1), ""]) {
      const where = newFolder();
      await Deno.mkdir(where);
      await Deno.copyFile(`${whole}/run.json`, `${where}/run.json`);
      const left = lines.slice(0, line).map((one) => `${one}\n`).join("") + torn;
      await Deno.writeTextFile(trace(where), left);
      const { did, verdicts } = await resume(where, { runner: "remote" });
      assertEquals(verdicts, "agree agree agree agree");
      // If everything of a sequence was reported, nothing of it is left to be run.
      const told = [...left.matchAll(/"id":5,.*\n/g)].length;
      const ended = [...left.matchAll(/"sequence-end".*\n/g)].length;
      const unrun = ["a", "b", "c", "d"].slice(told);
      assertEquals(did, ended === 4 ? "" : ["open", ...unrun].join(" "), `line ${line}`);
      assertEquals(await Deno.readTextFile(trace(where, "")), text);
    }
  }
});

Deno.test("a sequence that was under way is begun again on a board that is clean", async () => {
  assertEquals((await resume(await broken(cutIn(3)), { runner: "remote" })).did, "open b c d");
  assertEquals((await resume(await broken(cutIn(3)), { runner: "qemu" })).did, "open b c d");
});

Deno.test("what the kernel reports once is not lost: the board is rebooted first, or the sequence reported as what it was", async () => {
  const warned = cutIn(3, says("lockdep", "WARNING: possible circular locking dependency detected"));
  const { did, verdicts } = await resume(await broken(warned), { runner: "remote", renewable: true });
  assertEquals([did, verdicts], ["open renew b c d", "agree agree agree agree"]);
  // A guest of our own is a fresh one.
  assertEquals((await resume(await broken(warned), { runner: "qemu", boot: "second" })).did, "open b c d");
});

Deno.test("a step that crashed the board is not tried again by itself", async () => {
  const oops = cutIn(3, says("oops", "Oops: 0000 [#1] SMP"));
  const remote = await resume(await broken(oops), { runner: "remote", renewable: true });
  assertEquals([remote.did, remote.verdicts], ["open renew c d", "agree crash agree agree"]);
  const own = await resume(await broken(oops, { runner: "qemu" }), { runner: "qemu", boot: "second" });
  assertEquals([own.did, own.verdicts], ["open c d", "agree crash agree agree"]);
  const silent = await resume(await broken(cutIn(3, loses("timeout"))), { runner: "remote", renewable: true });
  assertEquals([silent.did, silent.verdicts], ["open renew c d", "agree indeterminate agree agree"]);
  // It has rebooted since, nobody knows why.
  const rebooted = await resume(await broken(cutIn(3)), { runner: "remote", boot: "second" });
  assertEquals([rebooted.did, rebooted.verdicts], ["open c d", "agree indeterminate agree agree"]);
});

Deno.test("the console of a guest tells of the crash that nobody came to write down", async () => {
  const where = await broken(cutIn(3), { runner: "qemu" });
  const console = `${where}/console-b-ssh.log`;
  const boot = "[    0.000000] Linux version 6.12.1\n";
  await Deno.writeTextFile(console, `${boot}[    9.1] Kernel panic - not syncing: x\n${boot}[    9.2] fine\n`);
  assertEquals((await resume(where, { runner: "qemu" })).did, "open b c d");
  const crashed = await broken(cutIn(3), { runner: "qemu" });
  await Deno.writeTextFile(`${crashed}/console-b-ssh.log`, `${boot}[    9.1] Kernel panic - not syncing: x\n`);
  const { did, verdicts } = await resume(crashed, { runner: "qemu" });
  assertEquals([did, verdicts], ["open c d", "agree crash agree agree"]);
  const { sequences } = await readTrace(trace(crashed, "")) as Trace;
  const { reason, detail } = sequences[1]!.steps[3]!.lost!;
  assertEquals(reason, "crash");
  assertStringIncludes(detail, "Kernel panic - not syncing: x");
});

Deno.test("a board that a sequence broke just before is renewed first", async () => {
  const where = await broken((lines) =>
    lines.slice(0, 1 + STEPS + 2).map((line, i) => {
      if (i !== 4) return line;
      const { type, ...step } = JSON.parse(line);
      return JSON.stringify({ type, ...says("oops", "Oops: 0000 [#1] SMP")(step) });
    })
  );
  const { did, verdicts } = await resume(where, { runner: "remote", renewable: true });
  assertEquals([did, verdicts], ["open renew b c d", "crash agree agree agree"]);
});

Deno.test("what has changed since is one clear line", async () => {
  const other = await broken(cutIn(3));
  await assertRejects(
    () => resume(other, { runner: "remote", kernel: "6.12.2" }),
    UsageError,
    'board "b" had kernel "6.12.1" when it began, and has "6.12.2" now',
  );
  const steps = await broken((lines) => cutIn(3)(lines).map((line) => line.replace("source_mac_is_multicast", "x")));
  await assertRejects(
    () => resume(steps, { runner: "remote" }),
    UsageError,
    "s > a has other steps than when it began",
  );
  const going = newFolder();
  await using _ = await RunJournal.create(going, PLAN);
  await assertRejects(() => RunJournal.open(going), UsageError, "the run is still going on");
  await assertRejects(() => RunJournal.create(going, PLAN), UsageError, "a run is going on there");
});
