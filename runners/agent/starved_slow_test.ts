/** The agent on a board that stands still for a while, like a guest on a stopped host: real shells, stopped by SIGSTOP. */

import { sharedVariables } from "../wire/constants.ts";
import { assert, assertEquals } from "@std/assert";
import type { Plan, StepTrace } from "../../diff/trace.ts";
import { judge } from "../../diff/judge.ts";
import { emptyObservation } from "../../model/observation.ts";
import { planScript } from "./plan_script.ts";
import { readRecord, readStep } from "./records.ts";

const SHELLS = [["dash"], ["bash"], ["busybox", "ash"]].filter(([program]) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success
);

/** A step that ends when something is written to a fifo; its bound is 5 s. */
const PLAN: Plan = {
  suite: "starved",
  sequence: "s",
  source: "",
  steps: [{ id: 1, phase: "body", op: { kind: "netdev.set", dev: "eth9", up: true } }],
  hangs: 1,
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs the plan in a shell; `meanwhile` is called while the step runs, and may stop the whole board for some ms. */
async function run(
  shell: string[],
  meanwhile: (board: { standStill: (ms: number) => Promise<void>; end: () => void }) => Promise<void>,
): Promise<StepTrace> {
  const dir = await Deno.makeTempDir({ prefix: "twinlink-starved-" });
  try {
    await Deno.writeTextFile(`${dir}/ip`, `#!/bin/sh\nexec cat ${dir}/fifo\n`, { mode: 0o755 });
    await new Deno.Command("mkfifo", { args: [`${dir}/fifo`] }).output();
    await Deno.writeTextFile(`${dir}/plan`, planScript(PLAN, "p1"));
    const script = `
${sharedVariables()}. ./agent_wire.sh
. ./agent.sh
. ./agent_steps.sh
TL_N=x TL_D=${dir}/agent TL_MOST=8000000 TL_MOST_SENT=8000000
mkdir "$TL_D"
tl_mark() { TL_MARK=$1; }
tl_kmsg() { for step in $TL_PENDING; do printf '@%s\\n' "$step"; done; }
tl_start_ticker 1
tl_start_records
. ${dir}/plan
kill $TL_TICKER
`;
    const child = new Deno.Command(shell[0]!, {
      args: [...shell.slice(1), "-c", script],
      cwd: new URL(".", import.meta.url),
      env: { PATH: `${dir}:${Deno.env.get("PATH")}` },
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
    const signal = (name: string) => new Deno.Command("kill", { args: [`-${name}`, "--", `-${child.pid}`] }).output();
    // This open returns when the step opens the fifo to read it.
    const fifo = await Deno.open(`${dir}/fifo`, { write: true });
    let open = true;
    const end = () => {
      if (open) fifo.close();
      open = false;
    };
    try {
      await meanwhile({
        standStill: async (ms) => {
          await signal("STOP");
          await pause(ms);
          await signal("CONT");
        },
        end,
      });
      await child.status;
    } finally {
      end();
      await signal("KILL");
    }
    const record = readRecord(await Deno.readTextFile(`${dir}/agent/r1`) + "\n", "x", "p1");
    return readStep(PLAN.steps[0]!, record!.parts[0]!, new Map());
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const judged = (step: StepTrace) => {
  const about = { suite: PLAN.suite, sequence: PLAN.sequence, source: "" };
  const expected = { ...PLAN.steps[0]!, observation: emptyObservation() };
  return judge({ ...about, steps: [expected] }, { ...about, steps: [step] }).verdict;
};

for (const shell of SHELLS) {
  const name = shell.join(" ");

  Deno.test(`${name}: the time in which a board stands still does not count for a bound, and is reported`, async () => {
    const step = await run(shell, async ({ standStill, end }) => {
      await standStill(8000);
      await pause(1200);
      end();
    });
    const { start, end, late = 0 } = step.board!;
    assert(late >= 7000 && late <= end - start, `${late} of ${end - start} ms`);
    assertEquals(step.observation?.result, "ok", JSON.stringify(step.lost));
    // The rest of the step may have been slow, too.
    assert(["agree", "indeterminate"].includes(judged(step)), JSON.stringify(step));
  });

  Deno.test(`${name}: a step that does not end on a board with CPU time hangs`, async () => {
    const step = await run(shell, () => Promise.resolve());
    assertEquals([step.observation?.result, step.observation?.time], ["hang", "hang"]);
    assert(["diverge", "indeterminate"].includes(judged(step)), JSON.stringify(step));
  });
}

// The clock of a board that stands still half of the time.
const PASSES = `
${sharedVariables()}. ./agent_wire.sh
. ./agent.sh
. ./agent_steps.sh
half=0 TL_OWN=7
tl_now() { half=$((half + 1)); }
tl_late() { TL_OWN=$((7 + half / 2)); }
tl_sleep() { echo "$1"; half=$((half + \${1%.*})); }
tl_pass 3 3
echo "own $((TL_OWN - 7))"
tl_pass 0.5 1
`;
for (const shell of SHELLS) {
  Deno.test(`${shell.join(" ")}: a wait counts only the time in which the board did not stand still`, () => {
    const { stdout } = new Deno.Command(shell[0]!, {
      args: [...shell.slice(1), "-c", PASSES],
      cwd: new URL(".", import.meta.url),
    }).outputSync();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assertEquals(lines, ["3", "1", "own 3", "0.5"]);
  });
}
