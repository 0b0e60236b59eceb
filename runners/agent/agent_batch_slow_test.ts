/**
 * The agent with a program that is not devlink: the results of steps whose server dies or hangs, in the shells that boards
 * have.
 */

import { sharedVariables } from "../wire/constants.ts";
import { assertEquals } from "@std/assert";
import type { Phase, Plan } from "../../diff/trace.ts";
import type { Operation } from "../../model/operation.ts";
import { planScript } from "./plan_script.ts";
import { readRecord, readStep } from "./records.ts";
import { announcement } from "../wire/wire.ts";

/** Batch mode as in devlink(8). It breaks at certain names of traps; each process writes that it was started. */
const DEVLINK = `#!/bin/sh
word() {
  case $* in
    *"trap dies"*) kill -9 $$ ;;
    *"trap crashes"* | *"port show"*) kill -SEGV $$ ;;
    *"trap polled"*) exec sleep 0.1 ;;
    *"trap hangs"*) exec sleep 1000 ;;
    *"trap fails"*) echo "Error: no such trap." >&2; return 1 ;;
    tl) echo 'Object "tl" is unknown, try "devlink help".' >&2; return 1 ;;
    "dev show"*) echo '{"dev":{}}' ;;
  esac
}
case $* in
  *"-b -"*)
    echo "$$" >> "$SERVERS"
    n=0
    while read -r line; do
      n=$((n + 1))
      word "$line" || echo "Command failed -:$n" >&2
    done
    ;;
  *) echo "$*" >> "$OWN"; word "$*" ;;
esac
`;

const SHELLS = [["dash"], ["busybox", "ash"]].filter(([program]) =>
  new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success
);

interface Outcome {
  /** The number of each step with its result, or with the reason of its loss */
  results: [number, string][];
  /** How many servers of devlink were started, and how many commands of devlink had a process of their own */
  servers: number;
  own: number;
  /** The lines by which the agent announced a step */
  begun: string[];
  done: string | undefined;
}

async function run(shell: string[], given: Plan | ((dir: string) => Plan), before = ""): Promise<Outcome> {
  const dir = await Deno.makeTempDir({ prefix: "twinlink-batch-" });
  const plan = typeof given === "function" ? given(dir) : given;
  try {
    await Deno.writeTextFile(`${dir}/devlink`, DEVLINK, { mode: 0o755 });
    await Deno.writeTextFile(`${dir}/plan`, planScript(plan, "p1"));
    for (const name of ["servers", "own"]) await Deno.writeTextFile(`${dir}/${name}`, "");
    const script = `
${sharedVariables()}. ./agent_wire.sh
. ./agent.sh
. ./agent_steps.sh
TL_N=x TL_D=${dir}/agent
mkdir "$TL_D"
tl_mark() { TL_MARK=$1; }
tl_kmsg() { for tl_y in $TL_PENDING; do printf '@%s\\n' $tl_y; done; }
tl_start_ticker 1
tl_start_records
tl_start_servers
: > "$SERVERS"
: > "$OWN"
${before}
. ${dir}/plan > ${dir}/said
tl_unserve ""
kill $TL_TICKER
`;
    const env = {
      PATH: `${dir}:${Deno.env.get("PATH")}`,
      OWN: `${dir}/own`,
      SERVERS: `${dir}/servers`,
    };
    const { stderr } = await new Deno.Command(shell[0]!, {
      args: [...shell.slice(1), "-c", script],
      cwd: new URL(".", import.meta.url),
      env,
      stdout: "null",
      stderr: "piped",
    }).output();
    const lines = async (name: string) =>
      (await Deno.readTextFile(`${dir}/${name}`)).split("\n").filter((l) => l !== "");
    const records = await Promise.all(
      [...Deno.readDirSync(`${dir}/agent`)].filter(({ name }) => /^r\d+$/.test(name))
        .toSorted((a, b) => Number(a.name.slice(1)) - Number(b.name.slice(1)))
        .map(async ({ name }) => readRecord(await Deno.readTextFile(`${dir}/agent/${name}`) + "\n", "x", "p1")),
    );
    const whole = records.filter((record) => record !== undefined);
    const parts = whole.flatMap(({ parts }) => parts);
    if (parts.length === 0) throw new Error(new TextDecoder().decode(stderr));
    const steps = new Map(plan.steps.map((step) => [step.id, step]));
    return {
      results: parts.map((part) => {
        const { observation, lost } = readStep(steps.get(part.id)!, part, new Map());
        return [part.id, observation?.result ?? `${lost!.reason}: ${lost!.detail}`];
      }),
      servers: (await lines("servers")).length,
      own: (await lines("own")).length,
      begun: (await lines("said")).filter((line) => /^@\d+ /.test(line)),
      done: whole.at(-1)?.done,
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const trap = (name: string): Operation => ({
  kind: "trap.set",
  handle: "netdevsim/netdevsim10",
  name,
  action: "trap",
});
const planOf = (...ops: [Operation, Phase?][]): Plan => ({
  suite: "batch",
  sequence: "s",
  source: "",
  steps: ops.map(([op, phase = "body"], i) => ({ id: i + 1, phase, op })),
});
const KILLED = "tool: it was ended by SIGKILL (status 137), as when memory is short";
const begun = (...ids: number[]) => ids.map((id) => announcement("p1", id));

for (const shell of SHELLS) {
  const name = shell.join(" ");
  // If `read` may fail after a child has ended, later steps run in processes of their own.
  const next = name === "dash" ? { servers: 2, own: 0 } : { servers: 1, own: 1 };

  Deno.test(`${name}: one server runs several steps, and an error belongs to its own step`, async () => {
    assertEquals(await run(shell, planOf([trap("a")], [trap("fails")], [trap("b")])), {
      results: [[1, "ok"], [2, "unseen"], [3, "ok"]],
      servers: 1,
      own: 0,
      begun: begun(1, 2, 3),
      done: "done",
    });
  });

  Deno.test(`${name}: a server that is killed ends its step, and the next step runs`, async () => {
    assertEquals(await run(shell, planOf([trap("a")], [trap("dies")], [trap("b")])), {
      results: [[1, "ok"], [2, KILLED], [3, "ok"]],
      ...next,
      begun: begun(1, 2, 3),
      done: "done",
    });
  });

  Deno.test(`${name}: a write is not repeated after its writer was killed`, async () => {
    // A fifo that nobody reads: a process that opens it waits, until it is killed
    const kills = `
export TL_D
mkfifo "$TL_D/../fifo"
(
  trap - USR1
  # As soon as it is there: the step has begun, or begins with a writer that was killed.
  until [ -n "$killed" ] || [ ! -d "$TL_D" ]; do
    sleep 0.1 || exit
    # One grep for all processes: the step has a bound, and a busy machine has many of them
    for p in $(grep -ls tl-done /proc/[0-9]*/cmdline); do
      p=\${p%/cmdline}
      grep -q "$TL_D" "$p/environ" && kill -9 "\${p##*/}" && killed=1
    done
  done
) 2> /dev/null &
`;
    const plan = (dir: string) => planOf([{ kind: "file.write", path: `${dir}/fifo`, value: "x" }], [trap("b")]);
    const { results, done } = await run(shell, plan, kills);
    assertEquals([results, done], [[[1, KILLED], [2, "ok"]], "done"]);
  });

  Deno.test(`${name}: a server that hangs is ended; after it only the tear-down runs`, async () => {
    const plan = planOf([trap("a")], [trap("hangs")], [trap("b")], [trap("c"), "teardown"]);
    assertEquals(await run(shell, { ...plan, hangs: 2 }), {
      results: [[1, "ok"], [2, "hang"], [4, "ok"]],
      ...next,
      begun: begun(1, 2, 4),
      done: "done",
    });
  });

  Deno.test(`${name}: the crash of a program is no answer of the kernel, in any part of a step`, async () => {
    const link = { kind: "link.set" as const, handle: "netdevsim/netdevsim10", port: 0, up: true };
    const during = { kind: "during" as const, operation: trap("polled"), poll: { kind: "port.show" as const } };
    const rounds = { kind: "rounds" as const, times: 3, operations: [trap("polled")] };
    const meanwhile = { ...rounds, meanwhile: [trap("crashes")] };
    const plan = planOf([link], [during], [rounds], [meanwhile], [trap("crashes")], [trap("b")]);
    const { results } = await run(shell, plan);
    const crashed = "was ended by SIGSEGV (status 139)";
    assertEquals(results.map(([id, result]) => [id, result.split("; ")[0]]), [
      [1, `tool: it ${crashed}`],
      [2, `tool: a poll ${crashed}`],
      [3, "ok"],
      [4, `tool: it ${crashed}`],
      [5, `tool: it ${crashed}`],
      [6, "ok"],
    ]);
  });
}
