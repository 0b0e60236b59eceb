import { sharedVariables } from "../wire/constants.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Phase, Plan } from "../../diff/trace.ts";
import type { Operation } from "../../model/operation.ts";
import { quote } from "./commands.ts";
import { FINDINGS, parseKmsg } from "./kernel_log.ts";
import { openLocal } from "../local.ts";
import { planScript } from "./plan_script.ts";
import { observe } from "./observe.ts";
import { type PlanRecord, readRecord } from "./records.ts";

const plan = (...ops: (Operation & { phase?: Phase })[]): Plan => ({
  suite: "pcs",
  sequence: "s",
  source: "",
  steps: ops.map(({ phase = "body", ...op }, i) => ({ id: i + 1, phase, op: op as Operation })),
});

Deno.test("planScript() lets a step settle, and gives a step that is known to hang a short bound", () => {
  const script = planScript({
    ...plan({ kind: "netdev.set", dev: "fm0", up: true, settle: 1500 }, { kind: "ethtool.show", dev: "fm0" }),
    hangs: 2,
  }, "a1");
  assertStringIncludes(script, "TL_SETTLE='6 tl_settle 1.5 2'\ntl_step 1 20 tl_in init ip link set dev fm0 up\n");
  assertStringIncludes(script, "tl_step 2 5 tl_in init ethtool fm0\n");
});

Deno.test("planScript() adds the time that the model predicts to a step's bound, also for a step that hangs", () => {
  const shown = plan({ kind: "ethtool.show", dev: "fm0" }, { kind: "ethtool.show", dev: "fm1" });
  const script = planScript({ ...shown, hangs: 2, takes: { 1: 61, 2: 65 } }, "a1");
  assertStringIncludes(script, "tl_step 1 81 tl_in init ethtool fm0\n");
  assertStringIncludes(script, "tl_step 2 70 tl_in init ethtool fm1\n");
});

Deno.test("planScript() unloads what an interrupted run may have left loaded, users first", () => {
  const script = planScript(
    plan({ kind: "module.load", name: "fakemac", params: { design: "none" } }, {
      kind: "module.unload",
      name: "fakepcs",
      phase: "teardown",
    }, { kind: "module.unload", name: "fakemac", phase: "teardown" }),
    "a1",
  );
  assertMatch(script, /return 0\ntl_clear_module fakepcs\ntl_clear_module fakemac\ntl_forget/);
  assertStringIncludes(script, "tl_step 1 20 modprobe fakemac design=none\n");
});

/** Runs a plan's script with the agent's real functions on this host, without the parts that watch a kernel. */
async function records(ops: Plan, log = "tl_kmsg() { :; }"): Promise<PlanRecord> {
  const shell = await openLocal();
  const writer = shell.writable.getWriter();
  const part = (name: string) => Deno.readTextFile(new URL(name, import.meta.url));
  const agent = sharedVariables() + await part("./agent_wire.sh") + await part("./agent.sh") +
    await part("./agent_steps.sh");
  const script = `TL_N=x
${agent}
TL_D=$(mktemp -d)
tl_mark() { TL_MARK=$1; }
${log}
tl_start_records
run() {
${planScript(ops, "p1")}
}
run > /dev/null
# The last line feed of a record goes with its file's end.
for record in "$TL_D"/r[0-9]*; do cat "$record"; printf '\\n@@\\n'; done
tl_unserve ""
rm -rf "$TL_D"
exit
`;
  await writer.write(new TextEncoder().encode(script));
  const text = await new Response(shell.readable).text();
  await shell.close();
  const found = text.split("\n@@\n").map((body) => readRecord(body, "x", "p1")).filter((record) =>
    record !== undefined
  );
  return { parts: found.flatMap(({ parts }) => parts), rest: found.at(-1)?.rest ?? [], done: found.at(-1)?.done };
}

Deno.test("rounds: all of them run, or up to the first failure, which is the result; the operations meanwhile end", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const name of ["a", "b", "poll"]) await Deno.writeTextFile(`${dir}/${name}`, "");
    const write = (name: string): Operation => ({ kind: "file.write", path: `${dir}/${name}`, value: name });
    const rounds: Operation = {
      kind: "rounds",
      times: 20,
      operations: [write("a"), write("b")],
      meanwhile: [write("poll")],
    };
    const { parts: [all] } = await records(plan(rounds));
    assertEquals(all!.rc, "0");
    assertEquals(await Deno.readTextFile(`${dir}/b`), "b\n");
    assertEquals(await Deno.readTextFile(`${dir}/poll`), "poll\n");

    const { parts: [failed] } = await records(
      plan({ ...rounds, operations: [write("a"), write("none/none"), write("b")] }),
    );
    assertEquals(failed!.rc, "1");
    assertEquals(observe(rounds, { ...failed!, rc: 1 }).result, "ENOENT");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("any path and text reach the file unchanged, and the shell runs no part of them", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const folder = `${dir}/Marvell 88E308X!88E609X Family (it's "$(echo no)";  \\n *)`;
    await Deno.mkdir(folder);
    const write = (name: string): Operation => ({
      kind: "file.write",
      path: `${folder}/${name}`,
      value: `-n !${name} $HOME`,
    });
    const rounds: Operation = { kind: "rounds", times: 2, operations: [write("c")] };
    const { parts } = await records(plan(write("a"), { ...write("b"), settle: 1 } as Operation, rounds));
    assertEquals(parts.map(({ rc }) => rc), ["0", "0", "0"]);
    for (const name of ["a", "b", "c"]) {
      assertEquals(await Deno.readTextFile(`${folder}/${name}`), `-n !${name} $HOME\n`);
    }
    assertEquals([...Deno.readDirSync(folder)].length, 3);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("rounds: one kernel line of each kind is reported; for the steps before and after, all lines", async () => {
  const log = `tl_kmsg() {
  for step in $TL_PENDING; do
    if [ $step = 4 ]; then
      printf '6,%s,1,-;usb 1-%s: gone\\n SUBSYSTEM=usb\\n DEVICE=+usb:1-%s\\n' 1 1 1 2 2 2
      printf '4,3,1,-;Oops: 0000\\n DEVICE=+usb:1-3\\n14,4,1,-;a program\\n'
      printf '3,%s,1,-;sysfs: cannot create duplicate filename\\n' 5 6 7
    else
      printf '6,1,1,-;of step %s\\n' "$step"
    fi
    printf '@%s\\n' "$step"
  done
}`;
  const wait: Operation = { kind: "wait", ms: 1 };
  const { parts } = await records(plan(wait, wait, wait, { kind: "rounds", times: 1, operations: [wait] }, wait), log);
  const texts = parts.map(({ sections }) => sections.find(({ name }) => name === "kmsg")?.text.trim().split("\n"));
  assertEquals(texts, [
    ["6,1,1,-;of step 1"],
    ["6,1,1,-;of step 2"],
    ["6,1,1,-;of step 3"],
    [
      "4,3,1,-;Oops: 0000",
      "6,1,1,-;usb 1-1: gone",
      " DEVICE=+usb:1-1",
      "3,5,1,-;sysfs: cannot create duplicate filename",
      "14,0,0,-;twinlink: 8 more lines",
    ],
    ["6,1,1,-;of step 5"],
  ]);
});

Deno.test("findings that the kernel logs between two plans are reported with the first step, other lines are not", async () => {
  // The first mark is set as the plan begins, the second after the clean-up.
  const log = `TL_FINDINGS=${quote(FINDINGS)}
calls=0
tl_kmsg() {
  calls=$((calls + 1))
  case $calls in
    1) printf '4,1,1,-;WARNING: CPU: 0 PID: 1 at net/x.c:1\\n4,2,1,-; f+0x1/0x2\\n6,3,1,-;eth0: link up\\n@0\\n' ;;
    2) printf '4,4,1,-;WARNING: CPU: 0 PID: 1 at clean/up.c:1\\n@0\\n' ;;
    *) for step in $TL_PENDING; do printf '6,%s,1,-;of step %s\\n@%s\\n' "$calls" "$step" "$step"; done ;;
  esac
}`;
  const wait: Operation = { kind: "wait", ms: 1 };
  const { parts } = await records(plan(wait, wait), log);
  const kmsg = parts.map(({ sections }) => parseKmsg(sections.find(({ name }) => name === "kmsg")?.text ?? ""));
  assertEquals(kmsg.map((lines) => lines.map(({ text }) => text)), [
    ["WARNING: CPU: 0 PID: 1 at net/x.c:1", " f+0x1/0x2", "of step 1"],
    ["of step 2"],
  ]);
});

Deno.test("a race: the kernel log of the steps before it is not sifted", async () => {
  const log = `TL_RACER= TL_NETNS=
tl_kmsg() { for step in $TL_PENDING; do printf '6,1,1,-;of step %s\\n@%s\\n' "$step" "$step"; done; }
tl_race_begin() { :; }
tl_race_end() { :; }
tl_race() { :; }`;
  const wait: Operation = { kind: "wait", ms: 1 };
  const race: Operation = { kind: "race", racers: [], runs: 1, seed: 1, before: [], after: [], shown: [] };
  const races = await Deno.readTextFile(new URL("./agent_races.sh", import.meta.url));
  const begin = /^tl_race_begin\(\) \{[^]*?^\}/m.exec(races)![0];
  const { parts } = await records(plan(wait, wait, race, wait), `${log}\n${begin}`);
  assertEquals(
    parts.map(({ id, sections }) => [id, sections.find(({ name }) => name === "kmsg")?.text.trim()]),
    [1, 2, 3, 4].map((id) => [id, `6,1,1,-;of step ${id}${id === 3 ? "\n14,0,0,-;twinlink: 0 more lines" : ""}`]),
  );
});

for (const each of ["", "1"]) {
  const how = each === "" ? "one record" : "a record each";
  Deno.test(`lines that the kernel logs after the last step are read before the plan ends: ${how}`, async () => {
    // The kernel breaks after the last step. On a busy machine the steps are not always in one record.
    const log = `TL_EACH=${each}
tl_kmsg() {
  for step in $TL_PENDING; do printf '@%s\\n' "$step"; seen=1; done
  [ "$TL_MARK" != 0 ] || [ -z "$seen" ] || { printf '4,1,1,-;Oops: 0000 [#1] SMP\\n@0\\n'; TL_BROKEN=1; }
}`;
    const broken = await records(plan({ kind: "wait", ms: 1 }, { kind: "wait", ms: 1, phase: "teardown" }), log);
    assertEquals([broken.parts.at(-1)?.id, broken.done], [2, "broken"]);
    assertEquals(broken.rest, [{ name: "kmsg", text: "4,1,1,-;Oops: 0000 [#1] SMP\n" }]);
  });
}

Deno.test("the lateness of ticks is read while it is written: the shell that calculates with it continues", async () => {
  const part = (name: string) => new URL(name, import.meta.url).pathname;
  const script = `. ${part("agent_wire.sh")}
. ${part("agent.sh")}
TL_D=$(mktemp -d)
TL_UP=1.00
tl_ticked 7 0
tl_late
# Of 0 and 18 one after the other, read byte by byte
for text in "08 0 100 108" "- 0 100 100" "7 0 100 1" "7" ""; do
  echo "$text" > "$TL_D/late"
  tl_late
done
rm -rf "$TL_D"
echo "$TL_LATE $TL_STILL"`;
  const { stdout } = await new Deno.Command("dash", { args: ["-c", script] }).output();
  assertEquals(new TextDecoder().decode(stdout), "7 0\n");
});

Deno.test("a kernel that broke: the body continues, there is no tear-down, and the last record reports it", async () => {
  const ops = plan(
    { kind: "wait", ms: 1 },
    { kind: "wait", ms: 2 },
    { kind: "wait", ms: 3, phase: "teardown" },
  );
  const whole = await records(ops);
  assertEquals([whole.parts.map(({ id }) => id), whole.done], [[1, 2, 3], "done"]);
  const oops = "tl_kmsg() { tl_breaks '4,1,1,-;Oops: 0000 [#1] SMP NOPTI'; }";
  const body = await records(ops, oops);
  assertEquals([body.parts.map(({ id }) => id), body.done], [[1, 2], "broken"]);
});
