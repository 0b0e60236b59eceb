/** A user's own suites: files whose types are checked first. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertOneLine, Files, model, waiver } from "./_cli_files.ts";
import { run } from "./child.ts";
import { call } from "./in_process.ts";

const files = new Files();
const { folder } = files;
const file = (name: string, text: string) => files.write(name, text);
Deno.test.afterAll(() => files[Symbol.asyncDispose]());

/** A suite with an error that its environment selects: one file for all cases, so that its types are checked once. */
const SUITE = `import { netdevsim, suite } from "@twinlink/twinlink";
const wrong = Deno.env.get("WRONG");
if (wrong === "throws") throw new RangeError("a\\u001b[2Jb");
const mine = suite("mine", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
  sequence("one", { source: "x" }, async (dut) => {
    await dut.reload();
    if (wrong === "on the model") await dut.trap.set("no_such_trap", { action: "drop" });
  });
});
export default wrong === "no suite" ? 1 : mine;
`;

Deno.test("a suite of one's own runs, by its path and from another folder", async () => {
  await file("mine.ts", SUITE);
  const { code, stdout, stderr } = await run(["run", "./mine.ts", "--board", "model"], { cwd: folder });
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "mine > one");
  assertStringIncludes(stdout, "1 sequence: 1 agree");
  // A CI server can link to the sequence.
  const junit = await run(["run", "./mine.ts", "--board", "model", "--reporter", "junit"], { cwd: folder });
  assertMatch(junit.stdout, /<testcase classname="mine" name="one" file="mine\.ts" line="5"/);
});

Deno.test("a suite without a judged sequence is a failing case in each file, not only in the exit status", async () => {
  const out = `${folder}/unjudged`;
  const env = { NIPA_BRANCH: "net-next" };
  const ran = await run(["run", "pcs", "--board", "recording-spectrum-6.12", "--out", out, "--reporter", "nipa"], {
    env,
  });
  assertEquals(ran.code, 3, ran.stderr);
  const { branch, results } = JSON.parse(ran.stdout);
  assertEquals([branch, results.at(-1).test, results.at(-1).result], ["net-next", "twinlink", "fail"]);
  const text = (name: string) => Deno.readTextFile(`${out}/${name}`);
  assertMatch(
    await text("junit.xml"),
    /<testsuites [^>]*errors="1"[^]*<error type="not-judged" message="nothing was judged/,
  );
  assertMatch(await text("results.ktap"), /^not ok /m);
  assertMatch(await text("report.html"), /<header class="error"><h1>No pass: nothing was judged of pcs/);
  assertEquals(JSON.parse((await text("verdicts.jsonl")).trim().split("\n").at(-1)!).exit, 3);
});

Deno.test("a suite that is wrong: one line that names it, exit 2", async () => {
  const cases: [string, RegExp][] = [
    [SUITE.replace("reload", "relaod"), /TS2551: Property 'relaod' does not exist.* at .*:6:15/],
    ["export default {", /SyntaxError: .* at .*:1:\d+/],
    [`import "./nowhere.ts"; export default 1;`, /nowhere\.ts/],
  ];
  for (const [i, [text, pattern]] of cases.entries()) {
    const ran = await call(["run", await file(`wrong${i}.ts`, text), "--board", "model"]);
    assertOneLine(ran, 2, pattern);
    assertMatch(ran.stderr, new RegExp(`^twinlink: Cannot load suite ".*wrong${i}\\.ts"`));
  }
  const mine = await file("mine.ts", SUITE);
  const wrong = (how: string) => run(["run", mine, "--board", "model"], { env: { WRONG: how } });
  assertOneLine(
    await wrong("no suite"),
    2,
    /^twinlink: Cannot load suite ".*mine\.ts": its default export is no suite/,
  );
  assertOneLine(await wrong("throws"), 2, /^twinlink: Cannot load suite ".*mine\.ts".* RangeError: a\\e\[2Jb/);
  const { code, stderr } = await wrong("on the model");
  assertEquals(code, 2, stderr);
  assertMatch(stderr.trim().split("\n").at(-1)!, /mine > one fails on the model of 6\.12/);
});

Deno.test("waivers of a suite of one's own: check takes its file, and a run knows it", async () => {
  const suite = await file("mine.ts", SUITE);
  const board = await file("waived.toml", model("own") + waiver("mine", "one") + waiver("mine", "two"));
  assertMatch((await call(["boards", "check", board])).stderr, /waived\.toml:7: waivers\[0\]\.suite is "mine"/);
  const checked = await call(["boards", "check", board, "--suite", suite]);
  assertEquals(checked.code, 2);
  assertMatch(
    checked.stderr.trim(),
    /^.*waived\.toml:14: waivers\[1\]\.sequence is "two", but suite "mine" has no .*$/,
  );
  // A waiver whose sequence exists but is not run is not a mistake.
  const other = await file("other.toml", model("other") + waiver("trap", "the inventory") + waiver("trap", "gone"));
  const { code, stdout } = await run(["run", "lifecycle", "--board", other]);
  assertEquals(code, 0);
  const told = stdout.split("\n").filter((line) => line.includes("waiver"));
  assertEquals(told.length, 1, stdout);
  assertMatch(
    told[0]!,
    /^other over model: the waiver applies to nothing: waivers\[1\]\.sequence is "gone", but suite/,
  );
});
