/**
 * The property that makes a green result worth something: whatever goes wrong in a suite, on a board, in a file, or by a
 * signal, a run that ends with status 0 has judged each planned sequence, and its reports say the same.
 */

import { assert, assertEquals } from "@std/assert";
import { isLie, isMeant, type Outcome, strikeOnce } from "./_fault_run.ts";
import { FAULTS } from "./_fault_kinds.ts";
import { whyNoBoards } from "./fault_board.ts";
import { Random } from "./random.ts";
import { loadBoard } from "../boards/mod.ts";
import type { SequenceTrace, StepTrace } from "../diff/trace.ts";
import { openModel } from "../runners/model.ts";
import type { Runner } from "../runners/runner.ts";
import { findSer2net } from "../runners/lines/ser2net.ts";
import { TransportError } from "../runners/lines/shell.ts";
import { ended, run, start } from "../cli/child.ts";
import { statusOf } from "../cli/entry.ts";
import { runJob } from "../cli/job.ts";
import { RunJournal } from "../run/journal.ts";
import { loadSuites } from "../run/load_suites.ts";
import { exitStatus, orchestrate } from "../run/orchestrate.ts";
import { openSuites } from "../run/suite_process.ts";

let folder = "";
Deno.test.beforeAll(async () => void (folder = await Deno.makeTempDir({ prefix: "twinlink-green-" })));
Deno.test.afterAll(async () => await Deno.remove(folder, { recursive: true }));

/** Runs something `times` times, some side by side; each with numbers of its own. */
async function many(times: number, jobs: number, body: (random: Random, i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < times; i = next++) await body(new Random(1_000_003 + i), i);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

/** What a run left in its folder, by the three reports. */
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

/** Fails where a run ends with 0 although less than all was judged. */
async function mustBeHonest(code: number, out: string, planned: number, what: string): Promise<void> {
  if (code !== 0) return;
  assertEquals(await judgedIn(out), [planned, planned, planned], what);
}

/** A suite of some sequences, and lines of code at one place of one of them. */
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

Deno.test("faults in suites: no run ends with 0 and less judged than planned", async () => {
  const board = await loadBoard("model");
  /** What the run prints is of no interest here. */
  const streams = [Deno.stdout, Deno.stderr].map((stream) => ({ stream, write: stream.writeSync }));
  const judge = async (random: Random, fault: string, i: number) => {
    const { text, planned } = suiteWith(random, fault);
    const [path, out] = [`${folder}/suite-${i}.ts`, `${folder}/suite-${i}`];
    await Deno.writeTextFile(path, text);
    const code = await statusOf(async (signal) => {
      const suites = await openSuites([path], { check: false, signal });
      await using journal = await RunJournal.create(out, { args: [], files: [path] });
      return (await runJob({ boards: [board], suites, reporter: "dots", journal }, { signal })).status;
    });
    await mustBeHonest(code, out, planned, text);
    return code;
  };
  for (const { stream } of streams) stream.writeSync = (bytes) => bytes.length;
  try {
    // Without a fault it passes: what follows can fail.
    assertEquals(await judge(new Random(1), "", -1), 0);
    await many(56, 3, async (random, i) => {
      const fault = SUITE_FAULTS[i % SUITE_FAULTS.length]!(random);
      assertEquals(await judge(random, fault, i), 2, `it is an error of the suite: ${fault}`);
    });
  } finally {
    for (const { stream, write } of streams) stream.writeSync = write;
  }
});

/** What may happen to the trace of a plan on its way. */
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

Deno.test("faults of runners: no run ends with 0 and less judged than planned", async () => {
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

Deno.test({
  name: "faults of boards and lines: none comes to a wrong agree, and nothing is run twice",
  ignore: await whyNoBoards() !== undefined,
  fn: async () => {
    const served = await findSer2net() !== undefined;
    const names = Object.keys(FAULTS).filter((name) => served || !FAULTS[name]!.board?.served);
    const outcomes: Outcome[] = [];
    await many(names.length, 8, async (_, i) => {
      outcomes.push(await strikeOnce(names[i % names.length]!, 7_000_003 + i));
    });
    assertEquals(outcomes.filter(isLie), []);
    assert(outcomes.some(isMeant), JSON.stringify(outcomes, null, 1));
  },
  sanitizeOps: false,
  sanitizeResources: false,
});

/** What may happen to a text file. */
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
  const planned = (await loadSuites(["netns"]))[0]!.sequences.length;
  const play = async (changed: string, i: number) => {
    const [trace, file, out] = [`${folder}/t${i}.jsonl`, `${folder}/t${i}.toml`, `${folder}/t${i}`];
    await Deno.writeTextFile(trace, changed);
    await Deno.writeTextFile(
      file,
      `name = "t${i}"\ndescription = "x"\nrunner = "recording"\nera = "6.12"\ndriver = "netdevsim"\n[recording]\ntrace = "${trace}"\n`,
    );
    const { code } = await run(["run", "netns", "--board", file, "--out", out]);
    await mustBeHonest(code, out, planned, `fault ${i % FILE_FAULTS.length}, number ${i}`);
    return code;
  };
  assertEquals(await play(text, 999), 0);
  let red = 0;
  await many(24, 3, async (random, i) => {
    if (await play(FILE_FAULTS[i % FILE_FAULTS.length]!(text, random), i) !== 0) red++;
  });
  assert(red > 16, `${red} of 24 were noticed`);
});

Deno.test("signals: a run that is ended, at any time, ends with no 0; resumed it has judged all", async () => {
  const planned = (await loadSuites(["trap"]))[0]!.sequences.length;
  const statuses: Record<string, number> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGKILL: 137 };
  await many(16, 3, async (random, i) => {
    const out = `${folder}/signal-${i}`;
    const child = start(["run", "trap", "--board", "model", "--out", out]);
    const name = random.of(Object.keys(statuses)) as "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL";
    await new Promise((resolve) => setTimeout(resolve, random.whole(0, 1500)));
    try {
      child.kill(name);
    } catch { /* It has ended. */ }
    const { code, stderr } = await ended(child);
    await mustBeHonest(code, out, planned, `${name}: ${stderr}`);
    if (code !== 0) assert([statuses[name], 1].includes(code), `${name}: ${code} ${stderr}`);
    const kept = await Deno.stat(`${out}/run.json`).then(() => true, () => false);
    if (!kept) return;
    const again = await run(["resume", out]);
    assertEquals(again.code, 0, `${name}: ${again.stderr}`);
    await mustBeHonest(again.code, out, planned, `${name}, resumed`);
  });
});
