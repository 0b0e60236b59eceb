import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Phase, Plan } from "../diff/trace.ts";
import type { Operation } from "../model/operation.ts";
import { openLocal } from "./local.ts";
import { planScript } from "./plan_script.ts";
import { observe, sectionsOf } from "./observe.ts";

const plan = (...ops: (Operation & { phase?: Phase })[]): Plan => ({
  suite: "pcs",
  sequence: "s",
  source: "",
  steps: ops.map(({ phase = "body", ...op }, i) => ({ id: i + 1, phase, op: op as Operation })),
});

Deno.test("planScript() lets a step settle, and bounds one that is known to hang", () => {
  const script = planScript({
    ...plan({ kind: "netdev.set", dev: "fm0", up: true, settle: 1500 }, { kind: "ethtool.show", dev: "fm0" }),
    hangs: 2,
  }, "a1");
  assertStringIncludes(script, "TL_SETTLE='6 tl_settle 1.5 2'\ntl_step 1 20 tl_in init ip link set dev fm0 up\n");
  assertStringIncludes(script, "tl_step 2 5 tl_in init ethtool fm0\n");
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
  assertMatch(script, /return 0\ntl_bounded 20 rmmod fakepcs\ntl_bounded 20 rmmod fakemac\ntl_forget/);
  assertStringIncludes(script, "tl_step 1 20 modprobe fakemac design=none\n");
});

/** Runs a plan's script with the real agent's functions on this host; what watches a kernel is left out. */
async function records(ops: Plan, gather = "tl_gather() { :; }"): Promise<{ rc: number | "hang"; text: string }[]> {
  const shell = await openLocal();
  const writer = shell.writable.getWriter();
  const agent = await Deno.readTextFile(new URL("./agent.sh", import.meta.url));
  const script = `TL_N=x
${agent}
TL_D=$(mktemp -d)
printf '\\n--%s out\\n' "$TL_N" > "$TL_D/bo"
printf '\\n--%s err\\n' "$TL_N" > "$TL_D/be"
${gather}
run() {
${planScript(ops, "p1")}
}
run > /dev/null
cat "$TL_D"/r[0-9]*
rm -rf "$TL_D"
exit
`;
  await writer.write(new TextEncoder().encode(script));
  const text = await new Response(shell.readable).text();
  await shell.close();
  return text.split(/^\d+ step \d+\n/m).slice(1).map((text) => {
    const rc = text.split(" ")[0]!;
    return { rc: rc === "hang" ? rc : Number(rc), text };
  });
}

Deno.test("rounds: all of them, or up to the first that fails, which is the result; what goes on meanwhile ends", async () => {
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
    const [all] = await records(plan(rounds));
    assertEquals(all!.rc, 0);
    assertEquals(await Deno.readTextFile(`${dir}/b`), "b\n");
    assertEquals(await Deno.readTextFile(`${dir}/poll`), "poll\n");

    const [failed] = await records(plan({ ...rounds, operations: [write("a"), write("none/none"), write("b")] }));
    assertEquals(failed!.rc, 1);
    const sections = sectionsOf(failed!.text, "x");
    assertEquals(observe(rounds, { id: 1, rc: 1, start: 0, end: 0, sections }).result, "ENOENT");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a kernel that broke: the body goes on, nothing is torn down, and the last record says so", async () => {
  const ops = plan(
    { kind: "wait", ms: 1 },
    { kind: "wait", ms: 2 },
    { kind: "wait", ms: 3, phase: "teardown" },
  );
  assertEquals((await records(ops)).length, 3);
  const oops = "tl_gather() { tl_breaks '4,1,1,-;Oops: 0000 [#1] SMP NOPTI'; }";
  const body = await records(ops, oops);
  assertEquals(body.length, 2);
  assertMatch(body[1]!.text, /^\d+ end p1\nbroken\n/m);
});
