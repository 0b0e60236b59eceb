/** `twinlink resume`: processes that are killed, and runs that cannot be resumed. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ended, run, start } from "./child.ts";

const folder = await Deno.makeTempDir({ prefix: "twinlink-resume-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));
let folders = 0;
const newFolder = () => `${folder}/${++folders}`;

Deno.test("twinlink killed by SIGKILL at any moment and resumed: the same report, each sequence once", async () => {
  const out = newFolder();
  const args = ["run", "trap", "reload", "netdevsim_reload", "--board", "model", "--json", "--out"];
  const undisturbed = await run([...args, out]);
  assertEquals(undisturbed.code, 0, undisturbed.stderr);
  const text = await Deno.readTextFile(`${out}/trace-model-model.jsonl`);
  // The moments of the kill, in lines of the journal.
  await Promise.all([1, 47, 110, 160].map(async (lines) => {
    const where = newFolder();
    const child = start([...args, where]);
    let over = false;
    const end = ended(child).then(() => over = true);
    const path = `${where}/trace-model-model.part.jsonl`;
    while (!over && (await Deno.readTextFile(path).catch(() => "")).split("\n").length <= lines) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (!over) child.kill("SIGKILL");
    await end;
    const { code, stdout, stderr } = await run(["resume", where]);
    assertEquals([code, stdout], [0, undisturbed.stdout], stderr);
    assertEquals(await Deno.readTextFile(`${where}/trace-model-model.jsonl`), text);
    for (const file of ["verdicts.jsonl", "results.ktap"]) {
      assertEquals(await Deno.readTextFile(`${where}/${file}`), await Deno.readTextFile(`${out}/${file}`));
    }
  }));
  // A finished run is only reported.
  assertEquals((await run(["resume", out])).stdout, undisturbed.stdout);
});

Deno.test("a suite or a board file that has changed since the run began: one clear line, exit 2", async () => {
  const [suite, board] = [`${folder}/mine.ts`, `${folder}/mine.toml`];
  const mine = `import { netdevsim, suite } from "@twinlink/twinlink";
export default suite("mine", { fixture: netdevsim() }, ({ sequence }) => {
  sequence("one", { source: "x" }, async (dut) => void await dut.reload());
});\n`;
  const toml = 'name = "mine"\ndescription = "x"\nrunner = "model"\nera = "6.1"\ndriver = "netdevsim"\n';
  const out = newFolder();
  await Deno.writeTextFile(suite, mine);
  await Deno.writeTextFile(board, toml);
  assertEquals((await run(["run", "./mine.ts", "--board", "./mine.toml", "--out", out], { cwd: folder })).code, 0);
  assertEquals((await run(["resume", out])).code, 0);
  for (const [path, text] of [[suite, mine], [board, toml]] as const) {
    await Deno.writeTextFile(path, `${text}\n`);
    const { code, stdout, stderr } = await run(["resume", out]);
    assertEquals([code, stdout], [2, ""]);
    assertEquals(stderr, `twinlink: Cannot resume "${out}": ${path} has changed since it began\n`);
    await Deno.writeTextFile(path, text);
  }
  await Deno.remove(suite);
  assertMatch((await run(["resume", out])).stderr, /mine\.ts is not there any more/);
});

Deno.test("resume: each mistake is one line, exit 2; the unfinished runs are listed", async () => {
  const state = newFolder();
  const env = { XDG_STATE_HOME: state };
  await Deno.mkdir(`${state}/twinlink/runs/2026-11-21T20.00.00Z-0a1b`, { recursive: true });
  await Deno.mkdir(`${state}/twinlink/runs/2026-11-21T21.00.00Z-0a1b`);
  await Deno.writeTextFile(`${state}/twinlink/runs/2026-11-21T21.00.00Z-0a1b/run.json`, "{}");
  const cases: [string[], RegExp][] = [
    [["resume", folder], /^twinlink: Cannot resume ".*": there is no run\.json in it$/],
    [["resume", `${state}/twinlink/runs/2026-11-21T21.00.00Z-0a1b`], /run\.json: is not the plan of a run$/],
    [["resume", "a", "b"], /One run at a time/],
  ];
  for (const [args, pattern] of cases) {
    const { code, stdout, stderr } = await run(args, { env });
    assertEquals([code, stdout], [2, ""], stderr);
    assertMatch(stderr.trim(), pattern);
  }
  const { code, stderr } = await run(["resume"], { env });
  assertEquals(code, 2);
  assertStringIncludes(stderr, `${state}/twinlink/runs/2026-11-21T21.00.00Z-0a1b`);
  assert(!stderr.includes("T20.00"), stderr);
});
