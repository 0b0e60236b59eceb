/** Boards that print far too much: a real sh on a real pty, and the results of these steps and of later steps. */

import { sharedVariables } from "../wire/constants.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { FaultBoard, whyNoBoards } from "../../bench/fault_board.ts";
import type { Plan, StepTrace } from "../../diff/trace.ts";
import type { Operation } from "../../model/operation.ts";
import { endOfKernel, linesOfEnd } from "./loss.ts";
import { openSerial } from "../lines/serial.ts";
import { AgentSession } from "./session.ts";
import { TransportError } from "../lines/shell.ts";
import { FrameParser } from "../wire/wire.ts";

const why = await whyNoBoards();

const planOf = (...ops: Operation[]): Plan => ({
  suite: "size",
  sequence: "s",
  source: "",
  steps: ops.map((op, i) => ({ id: i + 1, phase: "body", op })),
});

const told = ({ observation, lost }: StepTrace) => observation?.result ?? `${lost?.reason}: ${lost?.detail}`;

/** Runs plans one after another on a board whose `ip` is the script. */
async function run(ip: string, baudRate: number, plans: (dir: string) => Plan[]): Promise<StepTrace[][]> {
  await using board = await FaultBoard.open({ room: "64m" });
  await Deno.writeTextFile(`${board.dir}/bin/ip`, `#!/bin/sh\n${ip}\n`, { mode: 0o755 });
  await Deno.writeFile(`${board.dir}/big`, new Uint8Array(50 << 20).fill(120));
  await Deno.writeTextFile(`${board.dir}/small`, "small\n");
  // Random bytes: no coding makes them shorter.
  await Deno.writeFile(`${board.dir}/random`, noise(2 << 20));
  const { session } = await AgentSession.open(await openSerial({ path: board.path, baudRate }));
  try {
    const traces = [];
    for (const plan of plans(board.dir)) traces.push((await session.run(plan)).steps);
    return traces;
  } finally {
    await session.close();
  }
}

function noise(bytes: number): Uint8Array {
  const all = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(all.subarray(at, at + 65_536));
  return all;
}

Deno.test({
  name: `a board that shows far too much is reported with size and bound, and goes on${
    why ? ` [ignored: ${why}]` : ""
  }`,
  ignore: why !== undefined,
  fn: async () => {
    const ip =
      `case $* in *" up") exec head -c 50000000 /dev/zero >&2 ;; *) while :; do echo xxxxxxxxxxxxxxxxxxxxxxx; done ;; esac`;
    const read = (path: string): Operation => ({ kind: "file.read", path });
    const traces = await run(ip, 3_000_000, (dir) => [
      planOf(read(`${dir}/big`), read(`${dir}/small`)),
      planOf({ kind: "lo.up" }, read(`${dir}/small`)),
      planOf({ kind: "netdev.show", dev: "fm0" }, read(`${dir}/small`)),
      planOf(read(`${dir}/small`)),
    ]);
    const [big, errors, endless, last] = traces.map((steps) => steps.map(told));
    assertMatch(big![0]!, /^too-long: what the steps showed, 8\d{6} bytes, is over the bound of 8388608/);
    assertMatch(errors![0]!, /^too-long: standard error of step 1 is over the bound of 65536 bytes/);
    assertMatch(endless![0]!, /^too-long: what the steps showed, 8\d{6} bytes, is over the bound of 8388608/);
    assertEquals(last, ["ok"]);
    // The step after it is lost with it, or was recorded whole.
    for (const [, second] of [big!, errors!, endless!]) assertMatch(second!, /^(?:too-long: |ok$)/);
  },
});

Deno.test({
  name: `one record does not occupy a slow line for more than a minute${why ? ` [ignored: ${why}]` : ""}`,
  ignore: why !== undefined,
  fn: async () => {
    const [steps, last] = await run(":", 57_600, (dir) => [
      planOf({ kind: "file.read", path: `${dir}/random` }),
      planOf({ kind: "file.read", path: `${dir}/small` }),
    ]);
    assertMatch(told(steps![0]!), /^too-long: what the steps showed, \d{7} bytes, .* or of 345600 on the line/);
    assertEquals(told(last![0]!), "ok");
  },
});

Deno.test({
  name: `an answer that is too long is an error that names the length${why ? ` [ignored: ${why}]` : ""}`,
  ignore: why !== undefined,
  fn: async () => {
    await using board = await FaultBoard.open({ room: "64m" });
    const { session } = await AgentSession.open(await openSerial({ path: board.path, baudRate: 3_000_000 }));
    try {
      const answer = await session.ask("head -c 50000000 /dev/zero").catch((error) => error);
      assert(answer instanceof TransportError, String(answer).slice(0, 200));
      assertMatch(answer.message, /^Cannot take the board's answer: it has \d+ bytes, over the bound/);
      assertEquals(await session.ask("echo on"), "on\n");
    } finally {
      await session.close();
    }
  },
});

// The agent's own functions with small bounds.
const FLOODS = `
${sharedVariables()}. ./agent_wire.sh
. ./agent.sh
. ./agent_steps.sh
TL_D=$(mktemp -d) TL_N=n TL_MOST=8000 TL_MOST_ERR=1000 tl_id=1
tl_start_records
i=0
while [ $i -lt 1000 ]; do i=$((i + 1)); echo "6,$i,1,-;line $i"; done > "$TL_D/kmsg"
echo '1,1001,1,-;Oops: 0000 [#1] SMP' >> "$TL_D/kmsg"
exec 7< "$TL_D/kmsg"
TL_MARK=4
tl_log
echo "broken: $TL_BROKEN"
cat "$TL_D/m"
: > "$TL_D/m"
tl_start_ticker 1
mkfifo "$TL_D/a"
exec 6<> "$TL_D/a"
(while :; do echo "an error"; done) >&6 &
TL_SP=$!
tl_answer 20 never never
echo "status $TL_RC, kept \${#TL_ERR}"
kill -9 $TL_SP $TL_TICKER
cat "$TL_D/m"
rm -rf "$TL_D"
`;

Deno.test("the agent stops reading a kernel log and a server's errors at their bounds, and still sees that the kernel broke", async () => {
  for (const shell of ["dash", "bash"]) {
    const { stdout } = await new Deno.Command(shell, {
      args: ["-c", FLOODS],
      cwd: new URL(".", import.meta.url),
      stderr: "null",
    }).output();
    assertEquals(new TextDecoder().decode(stdout).split("\n").filter((line) => line !== ""), [
      "broken: 1",
      "--n lost the kernel log of step 1 is over the bound of 7000 bytes",
      "status 1, kept 0",
      "--n lost standard error of step 1 is over the bound of 1000 bytes",
    ], shell);
  }
});

// Monitors end when their files reach their size limit. Here they are sleeps, and one has ended.
const MONITORS = `
${sharedVariables()}. ./agent_wire.sh
. ./agent.sh
. ./agent_steps.sh
TL_D=$(mktemp -d) TL_N=n
tl_start_records
devlink() { exec sleep 1000; }
ip() { exec sleep 1000; }
tl_listening() { :; }
tl_watch init
before=$TL_PN_init/$TL_PL_init
tl_plan_begin p1
[ "$before" = "$TL_PN_init/$TL_PL_init" ] && echo kept
kill -XFSZ $TL_PN_init
while tl_lives $TL_PN_init; do :; done
tl_plan_begin p2
[ "$before" = "$TL_PN_init/$TL_PL_init" ] || echo "anew in$TL_NETNS"
tl_lives $TL_PN_init && tl_lives $TL_PL_init && echo alive
tl_unwatch init
rm -rf "$TL_D"
`;

Deno.test("monitors that ended in a plan run again in the next plan", async () => {
  for (const shell of ["dash", "bash"]) {
    const { stdout } = await new Deno.Command(shell, {
      args: ["-c", MONITORS],
      cwd: new URL(".", import.meta.url),
      stderr: "null",
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "kept\nanew in init\nalive\n", shell);
  }
});

Deno.test("FrameParser does not store a line without end, and rejects a record that is too long", () => {
  const parser = new FrameParser();
  const piece = new Uint8Array(60_000).fill(120);
  let kept = 0;
  for (let i = 0; i < 100; i++) for (const frame of parser.push(piece)) kept += "text" in frame ? frame.text.length : 0;
  assert(kept > 0 && kept < 500_000, `${kept} characters`);
  const header = "\n@tl1 7 999999999 930766865\n";
  const frames = parser.push(new TextEncoder().encode(`${header}@tl1 8 9 930766865\n123456789\n`));
  assertEquals(frames.filter(({ kind }) => kind !== "noise"), [
    { kind: "long", seq: 7, length: 999999999 },
    { kind: "record", seq: 8, bytes: new TextEncoder().encode("123456789") },
  ]);
  const parts = parser.push(new TextEncoder().encode("\n@tl1 9 9 930766865 z 0 900000000\n"));
  assertEquals(parts, [{ kind: "long", seq: 9, length: 900000000 }]);
});

Deno.test("a console's log is read in pieces, however long it is", async () => {
  const path = await Deno.makeTempFile();
  try {
    const filler = `${"[    1.000000] eth0: link is up\n".repeat(2000)}${"x".repeat(100_000)}`;
    const file = await Deno.open(path, { write: true });
    const write = async (text: string) => void await file.write(new TextEncoder().encode(text));
    for (let i = 0; i < 300; i++) await write(filler);
    const from = (await Deno.stat(path)).size;
    assertEquals(endOfKernel(await linesOfEnd(path, 0)), undefined);
    await write("\n[   12.345678] Kernel panic - not syncing: sysrq triggered crash\n");
    for (let i = 0; i < 300; i++) await write(filler);
    file.close();
    const before = Deno.memoryUsage().heapUsed;
    const end = {
      reason: "crash" as const,
      detail: "Kernel panic - not syncing: sysrq triggered crash (panic)",
      crash: { class: "panic" as const, frames: [] },
    };
    assertEquals(endOfKernel(await linesOfEnd(path, 0)), end);
    assertEquals(endOfKernel(await linesOfEnd(path, from)), end);
    assert(Deno.memoryUsage().heapUsed - before < 60_000_000);
  } finally {
    await Deno.remove(path);
  }
});
