/** What users of test runners expect: a list, several filters, an end at the first failure, a rerun of failures. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertOneLine } from "./_cli_files.ts";
import { run } from "./child.ts";

const lines = (text: string) => text.trimEnd().split("\n");

Deno.test("run --list prints the names that the filters choose, without a board", async () => {
  const all = await run(["run", "reload", "netns", "--list"]);
  assertEquals([all.code, all.stderr], [0, ""]);
  const names = lines(all.stdout);
  assertEquals(new Set(names.map((name) => name.split(" > ")[0])), new Set(["reload", "netns"]));
  const chosen = await run(["run", "reload", "netns", "--list", "--filter", "netns", "-f", "plain", "-f", "!reload >"]);
  assertEquals(
    lines(chosen.stdout),
    names.filter((name) => /netns|plain/.test(name) && !name.startsWith("reload >")),
  );
  assertEquals(lines((await run(["run", "reload", "--list", "-f", `=${names[0]}`])).stdout), [names[0]!]);
});

Deno.test("run --fail-fast ends with the first failure, and --last-failed reruns the sequences that did not pass", async () => {
  const out = await Deno.makeTempDir({ prefix: "twinlink-habits-" });
  const env = { XDG_STATE_HOME: `${out}/state` };
  const recorded = ["run", "reload", "--board", "recording-6.12"];
  const again = (...more: string[]) => run([...recorded, "--last-failed", "--out", `${out}/again`, ...more], { env });
  try {
    assertOneLine(await again(), 2, /No run is saved yet/);
    // The recording of a later kernel differs.
    const wrong = [...recorded, "--era", "5.10", "--out", `${out}/run`];
    const whole = await run(wrong, { env });
    const ended = await run([...wrong, "--fail-fast"], { env });
    assertEquals([whole.code, ended.code], [1, 1], ended.stderr);
    const count = (text: string) => Number(/^([\d,]+) sequences: /m.exec(text)![1]);
    assertEquals(count(ended.stdout), count(whole.stdout));
    assertMatch(
      ended.stdout,
      /^recording-6\.12 over recording: not run \d+ of reload: --fail-fast: recording-6\.12: reload > .* has failed$/m,
    );
    const verdicts = lines(await Deno.readTextFile(`${out}/run/verdicts.jsonl`)).map((line) => JSON.parse(line))
      .filter(({ type }) => type === "sequence").map(({ verdict }) => verdict);
    const first = verdicts.indexOf("diverge");
    assertEquals(new Set(verdicts.slice(first + 1)), new Set(["infra"]));

    const passed = await again("--reporter", "jsonl");
    assertEquals(passed.code, 0, passed.stderr);
    const rerun = lines(passed.stdout).map((line) => JSON.parse(line)).filter(({ type }) => type === "sequence");
    assertEquals(rerun.length, verdicts.filter((verdict) => verdict !== "agree").length);
    assertOneLine(
      await again(),
      2,
      /--last-failed leaves no sequence to run: of the last run, .*again, all of it passed/,
    );

    // A run that died before it had a report does not count as a run without failures.
    await Deno.remove(`${out}/again/verdicts.jsonl`);
    assertOneLine(await again(), 2, /The last run, .*again, has no report; .*twinlink resume/);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("run --fail-fast: the boards that come after the failure are not run", async () => {
  const boards = ["recording-5.10", "recording-6.12"].flatMap((board) => ["--board", board]);
  const { code, stdout } = await run(["run", "reload", ...boards, "--era", "6.1", "--fail-fast"]);
  assertEquals(code, 1);
  assertStringIncludes(stdout, "recording-5.10 over recording: not run");
  assertMatch(stdout, /^recording-6\.12 over recording: not run .*--fail-fast: recording-5\.10: reload/m);
});

Deno.test("run --quiet prints only the differences and the closing line, and the status is the same", async () => {
  const recorded = ["run", "reload", "--board", "recording-6.12"];
  const agrees = await run([...recorded, "--quiet"]);
  assertEquals(agrees, {
    code: 0,
    stdout: "6 sequences: 6 agree: everything that was judged agrees\n",
    stderr: "",
  });
  // The recording of a later kernel differs, and only that board is named.
  const both = [...recorded, "--board", "recording-7.3", "--era", "6.12"];
  const [whole, quiet] = [await run(both), await run([...both, "-q"])];
  assertEquals([whole.code, quiet.code, quiet.stderr], [1, 1, ""]);
  const [shown, told] = [lines(quiet.stdout), lines(whole.stdout)];
  const [from, to] = [/^recording-7\.3 over /, /^board +line/].map((head) => told.findIndex((line) => head.test(line)));
  const ofBoard = told.slice(from, to).filter((line) => line !== "");
  assertEquals(ofBoard.some((line) => line.startsWith("diverge")), true);
  assertEquals(shown, [...ofBoard.filter((line) => !line.startsWith("agree ")), told.at(-1)!]);
  assertOneLine(await run([...recorded, "-q", "--json"]), 2, /--json and --quiet exclude each other/);
});
