/** Every report shows how a run ended: no planned sequence is missing, and none passes without a judgement. */

import { assertEquals } from "@std/assert";
import { type Board, loadBoard } from "../boards/mod.ts";
import { OUTCOMES } from "../diff/mod.ts";
import { RefusedError } from "../runners/guard/guard.ts";
import { openModel } from "../runners/model.ts";
import type { Runner } from "../runners/runner.ts";
import { TransportError } from "../runners/lines/shell.ts";
import { type Suite, SuiteError } from "../sdk/suite.ts";
import { reportFiles } from "../run/artefacts.ts";
import type { Display } from "./display.ts";
import { Follower } from "./follower.ts";
import { StoppedError } from "../run/interrupt.ts";
import { RunJournal } from "../run/journal.ts";
import { orchestrate } from "../run/orchestrate.ts";
import { OutputClosedError } from "../run/output.ts";
import { Report, REPORTS } from "../run/reports.ts";

const folder = await Deno.makeTempDir({ prefix: "twinlink-follower-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

const NAMES = ["a", "b", "c"];
const fixture = { name: "none", handle: "netdevsim/netdevsim10", requires: [], setup: [], teardown: [] };
const suite: Suite = {
  name: "s",
  sequences: NAMES.map((name) => ({ name, source: "", fixture, body: (dut) => void dut.wait(1) })),
};

const nothing = () => {};
const quiet: Display = {
  prepare: nothing,
  begin: nothing,
  running: nothing,
  stepped: nothing,
  done: nothing,
  end: nothing,
  write: nothing,
  [Symbol.dispose]: nothing,
};

/** What ends a run on board 2, before sequence `b` there, and the exit status. */
const ENDS: Record<string, { error: () => Error; exit: number }> = {
  "a bug": { error: () => new TypeError("x is undefined"), exit: 3 },
  "a plan that is refused": { error: () => new RefusedError("Cannot run s > b"), exit: 2 },
  "a suite that is wrong": { error: () => new SuiteError("s > b fails"), exit: 2 },
  "a board that is lost": { error: () => new TransportError("the line is gone"), exit: 3 },
  "SIGINT": { error: () => new StoppedError("SIGINT"), exit: 130 },
  "SIGTERM": { error: () => new StoppedError("SIGTERM"), exit: 143 },
  "SIGHUP": { error: () => new StoppedError("SIGHUP"), exit: 129 },
  "standard output is closed": { error: () => new OutputClosedError("closed"), exit: 141 },
};

for (const [what, { error, exit }] of Object.entries(ENDS)) {
  for (const jobs of [1, 2, 3]) {
    Deno.test(`${what}, ${jobs} at once: exit ${exit}, and each report lists each sequence of each board`, async () => {
      const out = `${folder}/${what.replaceAll(" ", "-")}-${jobs}`;
      await using journal = await RunJournal.create(out, { args: [], files: [] });
      const controller = new AbortController();
      const thrown = error();
      let closed = false;
      const write = () => {
        if (closed) throw thrown;
      };
      const planned = NAMES.map((sequence) => ({ suite: "s", sequence, source: "", holdsIn: () => true }));
      const follower = new Follower(planned, {
        display: { ...quiet, write },
        report: new Report(REPORTS.jsonl, write, { color: false, several: true }),
        human: false,
        files: reportFiles(true),
        journal,
      });
      const model = await loadBoard("model");
      const boards = [1, 2, 3].map((n): Board => ({ ...model, runner: "remote", name: `b${n}`, file: `b${n}` }));
      const open = (board: Board): Promise<Runner> => {
        const runner = openModel(board, "6.12");
        return Promise.resolve({
          ...runner,
          run: async (plan) => {
            if (board.name === "b2" && plan.sequence === "b") {
              if (thrown instanceof StoppedError) controller.abort(thrown);
              // A closed standard output shows at the next write.
              if (thrown instanceof OutputClosedError) closed = true;
              else throw thrown;
            }
            return await runner.run(plan);
          },
        });
      };
      const options = { open, jobs, journal, signal: controller.signal, onEvent: follower.on };
      await orchestrate(boards, [suite], options).catch((error) => assertEquals(error, thrown));
      await follower.settled().catch((error) => assertEquals(error, thrown));
      assertEquals(follower.end?.exit, exit);

      const lines = (await Deno.readTextFile(`${out}/verdicts.jsonl`)).trim().split("\n").map((line) =>
        JSON.parse(line)
      );
      const verdicts = lines.filter(({ type }) => type === "sequence");
      assertEquals(verdicts.map(({ sequence }) => sequence), [...NAMES, ...NAMES, ...NAMES]);
      const two = verdicts.slice(3, 6).map(({ verdict }) => verdict);
      // If only standard output was closed, the parallel board may have finished.
      if (!(thrown instanceof OutputClosedError)) assertEquals(two, ["agree", "infra", "infra"]);
      assertEquals(lines.at(-1).exit, exit);
      const junit = await Deno.readTextFile(`${out}/junit.xml`);
      const wrong = verdicts.filter(({ verdict }) => OUTCOMES[verdict as "agree"] === "error").length;
      const [, tests, errors] = /<testsuites name="twinlink" tests="(\d+)" failures="0" errors="(\d+)"/.exec(junit)!;
      // A run that is not a pass although each sequence agrees has an extra test for that.
      assertEquals([tests, errors], wrong > 0 ? ["9", `${wrong}`] : ["10", "1"]);
      const ktap = await Deno.readTextFile(`${out}/results.ktap`);
      assertEquals(ktap.match(/^ {2}(not )?ok/gm)?.length, 9);
      assertEquals(ktap.match(/^ {2}not ok/gm)?.length ?? 0, wrong);
    });
  }
}

Deno.test("the reports of a run have the same times, even if they are written seconds apart", async () => {
  const out = `${folder}/times`;
  await using journal = await RunJournal.create(out, { args: [], files: [] });
  let printed = "";
  const write = (text: string) => void (printed += text);
  const follower = new Follower(NAMES.map((sequence) => ({ suite: "s", sequence, source: "", holdsIn: () => true })), {
    display: { ...quiet, write },
    report: new Report(REPORTS.junit, write, { color: false, several: true }),
    human: false,
    files: reportFiles(true),
    journal,
  });
  const model = await loadBoard("model");
  const boards = ["fine", "lost"].map((name): Board => ({ ...model, runner: "remote", name, file: name }));
  const open = (board: Board): Promise<Runner> =>
    board.name === "fine"
      ? Promise.resolve(openModel(board, "6.12"))
      : Promise.reject(new TransportError("the line is gone"));
  // Each look at the clock is a second after the one before.
  const { Date } = globalThis;
  let now = Date.now();
  globalThis.Date = class extends Date {
    constructor(...given: [string | number]) {
      super(given.length > 0 ? given[0] : now += 1000);
    }
  } as DateConstructor;
  try {
    await orchestrate(boards, [suite], { open, journal, onEvent: follower.on });
    await follower.settled();
  } finally {
    globalThis.Date = Date;
  }
  assertEquals(printed.match(/ timestamp="/g)?.length, 2);
  assertEquals(printed, await Deno.readTextFile(`${out}/junit.xml`));
});
