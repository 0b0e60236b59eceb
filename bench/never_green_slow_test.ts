/**
 * The property that makes a green result worth something: something may go wrong in a suite, on a board, in a file, or by
 * a signal: a run that ends with status 0 has judged each planned sequence, and its reports say the same.
 */

import { assert, assertEquals } from "@std/assert";
import { stub } from "@std/testing/mock";
import { Random } from "./random.ts";
import { type Board, loadBoard } from "../boards/mod.ts";
import type { SequenceTrace, StepTrace } from "../diff/trace.ts";
import { openModel } from "../runners/model.ts";
import type { Runner } from "../runners/runner.ts";
import { TransportError } from "../runners/lines/shell.ts";
import { ended, run, start } from "../cli/child.ts";
import { statusOf } from "../cli/entry.ts";
import { runJob } from "../cli/job.ts";
import { RunJournal } from "../run/journal.ts";
import { loadSuites } from "../run/load_suites.ts";
import { exitStatus, orchestrate } from "../run/orchestrate.ts";
import { openSuites } from "../run/suite_process.ts";
import type { Suite } from "../sdk/suite.ts";

let folder = "";
Deno.test.beforeAll(async () => void (folder = await Deno.makeTempDir({ prefix: "twinlink-green-" })));
Deno.test.afterAll(async () => await Deno.remove(folder, { recursive: true }));

/** Runs a body `times` times, up to `jobs` at the same time, each with its own random numbers. */
async function many(times: number, jobs: number, body: (random: Random, i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < times; i = next++) await body(new Random(1_000_003 + i), i);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

/** Returns how many sequences a run judged, as each of its three reports states. */
async function judgedIn(out: string): Promise<number[]> {
  const text = (name: string) => Deno.readTextFile(`${out}/${name}`).catch(() => "");
  const [lines, junit, ktap] = await Promise.all(["verdicts.jsonl", "junit.xml", "results.ktap"].map(text));
  const verdicts = lines!.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  const cases = junit!.match(/<testcase\b[^>]*(\/>|>.*?<\/testcase>)/gs) ?? [];
  return [
    verdicts.filter(({ type, verdict }) => type === "sequence" && ["agree", "waived"].includes(verdict)).length,
    cases.filter((one) => !/<(failure|error|skipped)\b/.test(one)).length,
    (ktap!.match(/^ {2}ok \d+ (?!.*# SKIP)/gm) ?? []).length,
  ];
}

/** Fails if a run ends with status 0 although it judged fewer sequences than planned. */
async function mustBeHonest(code: number, out: string, planned: number, what: string): Promise<void> {
  if (code !== 0) return;
  assertEquals(await judgedIn(out), [planned, planned, planned], what);
}

/** Returns a suite of some sequences; one sequence has the faulty code at a random place. */
function suiteWith(random: Random, fault: string): { text: string; planned: number } {
  const planned = random.whole(1, 4);
  const [at, step] = [random.whole(0, planned - 1), random.whole(0, 2)];
  const body = (i: number) =>
    ["await dut.reload();", 'await dut.trap.set("tail_drop", { action: "trap" });', "await dut.port.list();"]
      .flatMap((line, n) => i === at && n === step ? [fault, line] : [line]).join("\n    ");
  const sequences = Array.from(
    { length: planned },
    (_, i) => `  sequence("s${i}", { source: "x" }, async (dut) => {\n    ${body(i)}\n  });`,
  );
  const text = `import { assertEquals } from "@std/assert";
import { netdevsim, suite } from "@twinlink/twinlink";
export default suite("mine", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
${sequences.join("\n")}
});
`;
  return { text, planned };
}

const SUITE_FAULTS: readonly ((random: Random) => string)[] = [
  () => `(async () => assertEquals(1, 2))();`,
  (random) => `setTimeout(() => assertEquals(1, 2), ${random.whole(0, 300)});`,
  (random) => `setTimeout(() => dut.reload(), ${random.whole(0, 300)});`,
  (random) => `setTimeout(() => Deno.exit(0), ${random.whole(0, 300)});`,
  () => `Deno.exit(0);`,
  () => `globalThis.close?.(); self.close?.(); throw 0;`,
  () => `queueMicrotask(() => { throw new Error("late"); });`,
  () => `await new Promise(() => {});`,
  () => `for (;;) dut.dev.show();`,
  () => `dut.trap.set("nosuch", { action: "trap" });`,
  () => `(async () => { for (let i = 0; i < 99; i++) await null; try { await dut.reload(); } catch { /**/ } })();`,
  () => `Promise.reject(1);`,
  () => `Deno.kill(Deno.pid, "SIGTERM");`,
  () => `Deno.exitCode = 1;`,
];

/** Runs a job, drops its output, and returns its exit status and its folder. */
async function statusOfJob(
  name: string,
  job: (signal: AbortSignal) => Promise<{ board: Board; suites: readonly Suite[]; files: string[] }>,
): Promise<{ code: number; out: string }> {
  const out = `${folder}/${name}`;
  const code = await statusOf(async (signal) => {
    const { board, suites, files } = await job(signal);
    await using journal = await RunJournal.create(out, { args: [], files });
    return (await runJob({ boards: [board], suites, reporter: "dots", journal }, { signal })).status;
  });
  return { code, out };
}

/** Drops printed output until the result is disposed. */
function silence(): DisposableStack {
  const stack = new DisposableStack();
  for (const stream of [Deno.stdout, Deno.stderr]) stack.use(stub(stream, "writeSync", (bytes) => bytes.length));
  return stack;
}

Deno.test("faults in suites: no run ends with status 0 if it judged less than planned", async () => {
  const board = await loadBoard("model");
  const judge = async (random: Random, fault: string, i: number) => {
    const { text, planned } = suiteWith(random, fault);
    const path = `${folder}/suite-${i}.ts`;
    await Deno.writeTextFile(path, text);
    const { code, out } = await statusOfJob(`suite-${i}`, async (signal) => {
      return { board, suites: await openSuites([path], { check: false, signal }), files: [path] };
    });
    await mustBeHonest(code, out, planned, text);
    return code;
  };
  using _ = silence();
  // Without a fault the suite passes: so the checks that follow test the faults.
  assertEquals(await judge(new Random(1), "", -1), 0);
  // Each fault strikes twice, at different places and times.
  await many(2 * SUITE_FAULTS.length, 3, async (random, i) => {
    const fault = SUITE_FAULTS[i % SUITE_FAULTS.length]!(random);
    assertEquals(await judge(random, fault, i), 2, `it is an error of the suite: ${fault}`);
  });
});

/** Faults that change the trace of a plan between the board and the judge. */
const RUNNER_FAULTS: readonly ((trace: SequenceTrace, random: Random) => SequenceTrace)[] = [
  (trace) => ({ ...trace, steps: [] }),
  (trace, random) => ({ ...trace, steps: trace.steps.slice(0, random.whole(0, trace.steps.length - 1)) }),
  (trace, random) => ({ ...trace, steps: trace.steps.toSpliced(random.whole(0, trace.steps.length - 1), 1) }),
  (trace, random) => changed(trace, random, ({ observation: _, ...step }) => step),
  (trace, random) =>
    changed(trace, random, ({ observation: _, ...step }) => ({ ...step, lost: { reason: "transport", detail: "x" } })),
  (trace, random) => changed(trace, random, (step) => ({ ...step, lost: { reason: "timeout", detail: "x" } })),
  (trace, random) => changed(trace, random, (step) => withObservation(step, { result: "EIO" })),
  (trace, random) => changed(trace, random, (step) => withObservation(step, { reply: { x: 1 } })),
  (trace, random) => changed(trace, random, (step) => withObservation(step, { time: "hang", result: "hang" })),
  (trace, random) =>
    changed(trace, random, (step) => withObservation(step, { kmsg: [{ class: "info", text: "something new" }] })),
  (trace, random) => changed(trace, random, (step) => ({ ...step, id: step.id + 1 })),
  (trace, random) => changed(trace, random, (step) => ({ ...step, op: { kind: "wait", ms: 77 } })),
  () => {
    throw new TransportError("the line is gone");
  },
];

const withObservation = (step: StepTrace, other: Partial<NonNullable<StepTrace["observation"]>>): StepTrace => ({
  ...step,
  observation: { ...step.observation!, ...other },
});

function changed(trace: SequenceTrace, random: Random, change: (step: StepTrace) => StepTrace): SequenceTrace {
  const at = random.whole(0, trace.steps.length - 1);
  return { ...trace, steps: trace.steps.map((step, i) => i === at ? change(step) : step) };
}

Deno.test("faults of runners: no run ends with status 0 if it judged less than planned", async () => {
  const board = { ...await loadBoard("model"), runner: "remote" as const, name: "b" };
  const suites = await loadSuites(["reload", "trap", "netns"]);
  const all = suites.flatMap((suite) => suite.sequences.map((sequence) => ({ ...suite, sequences: [sequence] })));
  let red = 0;
  const play = async (random: Random, fault: (trace: SequenceTrace, random: Random) => SequenceTrace) => {
    const chosen = Array.from({ length: random.whole(1, 3) }, () => random.of(all))
      .filter((one, i, list) => list.indexOf(one) === i);
    const struck = random.whole(0, chosen.length - 1);
    const open = (): Promise<Runner> => {
      const model = openModel(board, "6.12");
      return Promise.resolve({
        ...model,
        run: async (plan) => {
          const trace = await model.run(plan);
          return plan.sequence === chosen[struck]!.sequences[0]!.name ? fault(trace, random) : trace;
        },
      });
    };
    const merged = [...Map.groupBy(chosen, ({ name }) => name)].map(([name, of]) => ({
      name,
      sequences: of.flatMap(({ sequences }) => sequences),
    }));
    const results = await orchestrate([board], merged, { open });
    const judged = results.flatMap((one) => one.results)
      .filter(({ verdict }) => verdict.verdict === "agree" || verdict.verdict === "waived");
    const status = exitStatus(results);
    if (status === 0) assertEquals(judged.length, chosen.length);
    else red++;
    return status;
  };
  assertEquals(await play(new Random(1), (trace) => trace), 0);
  const times = 416;
  await many(times, 1, async (random, i) => {
    const fault = i % RUNNER_FAULTS.length;
    const status = await play(random, RUNNER_FAULTS[fault]!);
    assert(status !== 0, `fault ${fault} of ${i} passes: ${RUNNER_FAULTS[fault]}`);
  });
  assert(red >= times);
});

/** Faults that damage a text file. */
const FILE_FAULTS: readonly ((text: string, random: Random) => string)[] = [
  (text, random) => text.slice(0, random.whole(0, text.length - 1)),
  (text, random) => text.split("\n").toSpliced(random.whole(0, text.split("\n").length - 1), 1).join("\n"),
  (text, random) => {
    const at = random.whole(0, text.length - 1);
    return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
  },
  (text, random) => {
    const at = random.whole(0, text.length - 1);
    return text.slice(0, at) + "\0".repeat(random.whole(1, 4096)) + text.slice(at);
  },
  (text, random) => {
    const lines = text.split("\n");
    const at = random.whole(0, lines.length - 1);
    return lines.toSpliced(at, 0, lines[random.whole(0, lines.length - 1)]!).join("\n");
  },
  () => "",
];

Deno.test("faults in traces: a recording that is damaged does not pass with less than was planned", async () => {
  const whole = `${folder}/whole.jsonl`;
  const made = await run(["record", "netns", "--board", "model", "--out", whole]);
  assertEquals(made.code, 0, made.stderr);
  const text = await Deno.readTextFile(whole);
  const suites = await loadSuites(["netns"]);
  const planned = suites[0]!.sequences.length;
  const play = async (changed: string, i: number) => {
    const [trace, file] = [`${folder}/t${i}.jsonl`, `${folder}/t${i}.toml`];
    await Deno.writeTextFile(trace, changed);
    await Deno.writeTextFile(
      file,
      `name = "t${i}"\ndescription = "x"\nrunner = "recording"\nera = "6.12"\ndriver = "netdevsim"\n[recording]\ntrace = "${trace}"\n`,
    );
    const { code, out } = await statusOfJob(`t${i}`, async () => ({ board: await loadBoard(file), suites, files: [] }));
    await mustBeHonest(code, out, planned, `fault ${i % FILE_FAULTS.length}, number ${i}`);
    return code;
  };
  using _ = silence();
  assertEquals(await play(text, 999), 0);
  let red = 0;
  await many(60, 3, async (random, i) => {
    if (await play(FILE_FAULTS[i % FILE_FAULTS.length]!(text, random), i) !== 0) red++;
  });
  assert(red > 40, `${red} of 60 were noticed`);
});

Deno.test("signals: a run that a signal ends has a status other than 0; after a resume it has judged all sequences", async () => {
  const planned = (await loadSuites(["trap"]))[0]!.sequences.length;
  const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGKILL: 137 };
  const names = Object.keys(statuses) as (keyof typeof statuses)[];
  let resumed = 0;
  // Each signal is sent twice: after a random time, and at a random line of the journal.
  await many(2 * names.length, 3, async (random, i) => {
    const out = `${folder}/signal-${i}`;
    const child = start(["run", "trap", "--board", "model", "--out", out]);
    const end = ended(child);
    let over = false;
    void end.then(() => over = true);
    const name = names[i % names.length]!;
    if (i < names.length) await new Promise((resolve) => setTimeout(resolve, random.whole(0, 1500)));
    else {
      const lines = random.whole(1, 140);
      const journal = `${out}/trace-model-model.part.jsonl`;
      while (!over && (await Deno.readTextFile(journal).catch(() => "")).split("\n").length <= lines) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    try {
      child.kill(name);
    } catch { /* It has ended. */ }
    const { code, stderr } = await end;
    await mustBeHonest(code, out, planned, `${name}: ${stderr}`);
    if (code !== 0) assert([statuses[name], 1].includes(code), `${name}: ${code} ${stderr}`);
    const kept = await Deno.stat(`${out}/run.json`).then(() => true, () => false);
    if (!kept) return;
    resumed++;
    const again = await run(["resume", out]);
    assertEquals(again.code, 0, `${name}: ${again.stderr}`);
    await mustBeHonest(again.code, out, planned, `${name}, resumed`);
  });
  assert(resumed >= names.length, `${resumed} were resumed`);
});
