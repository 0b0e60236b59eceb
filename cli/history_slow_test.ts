/** `twinlink history`: its output and its exit status. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { assertOneLine, Files } from "./_cli_files.ts";
import { run } from "./child.ts";
import { call } from "./in_process.ts";

const files = new Files();
const runs = `${files.folder}/runs`;
Deno.test.afterAll(() => files[Symbol.asyncDispose]());

const json = (stdout: string) => stdout.trim().split("\n").map((line) => JSON.parse(line));

Deno.test("history: runs are listed, compared and pruned, and a site is written, with the permissions of the task", async () => {
  const lifecycle = ["run", "trap", "-b", "recording-6.12", "--filter", "the inventory"];
  for (const [name, commit] of [["1", "aaaa"], ["2", "bbbb"], ["3", ""]]) {
    const ran = await run([...lifecycle, "--out", `${runs}/${name}`], { env: { TWINLINK_COMMIT: commit! } });
    assertEquals(ran.code, 0, ran.stderr);
  }
  const [first, second] = await Promise.all([run(["history", runs]), run(["history", runs])]);
  assertEquals([first!.code, first!.stderr], [0, ""]);
  assertEquals(second, first);
  assertMatch(first!.stdout, /^.* 2 +pass +bbbb +recording-6\.12 over recording 6\.12\.118/m);
  assertStringIncludes(first!.stdout, "no sequence differs, changed or is flaky");

  const lines = json((await call(["history", runs, "--json", "--last", "2"])).stdout);
  assertEquals(lines.map(({ type }) => type), ["run", "run", "board", "sequence"]);
  assertEquals(lines[0].commit, "bbbb");
  assertEquals([lines[3].passed, lines[3].runs], [2, 2]);
  assert(lines[3].ms.median > 0, "the recording has the board's clock");

  const site = await call(["history", runs, "--site", `${runs}/site`]);
  assertEquals(site.code, 0, site.stderr);
  assertStringIncludes(await Deno.readTextFile(`${runs}/site/index.html`), 'href="../1/report.html"');
  assertEquals((await call(["history", runs, "--site", `${files.folder}/elsewhere`])).code, 0);
  assertEquals((await Deno.readTextFile(`${files.folder}/elsewhere/index.html`)).includes("report.html"), false);

  // Nothing is removed without the option for it.
  const dry = await call(["history", runs, "--keep", "1"]);
  assertEquals([dry.code, existsSync(`${runs}/1`)], [0, true]);
  assertMatch(dry.stderr, /^would remove .*\/1 of .*: pass$/m);
  assertMatch(dry.stderr, /2 runs may go; add --prune/);
  const pruned = await call(["history", runs, "--keep", "1", "--prune"]);
  assertEquals([pruned.code, existsSync(`${runs}/1`), existsSync(`${runs}/3`)], [0, false, true]);
  assertEquals((await call(["history", runs, "--keep", "0", "--prune"])).stderr, "no run may go\n");
  const [{ kept }] = json((await call(["history", runs, "--json"])).stdout);
  assertEquals(kept, false);
  assertMatch((await call(["history", runs])).stdout, /^.* 1 \(gone\) +pass/m);
});

Deno.test("history: each mistake is one line, exit 2", async () => {
  const empty = `${files.folder}/empty`;
  await Deno.mkdir(empty);
  const cases: [string[], RegExp][] = [
    [[`${empty}/missing`], /Cannot open the history of ".*missing": /],
    [[empty], /Cannot show the history of ".*empty": there is no run in it/],
    [[empty, "--prune"], /--prune needs a rule: add --keep N or --older-than DAYS/],
    [[empty, "--keep", "many"], /Option --keep is "many", but must be a number from 0 to 99999/],
    [[empty, "--keep", "1", "--json"], /they exclude/],
    [[empty, empty], /name one folder of runs/],
    [[runs, "-b", "none"], /Cannot find board "none": no run of ".*" is on it/],
  ];
  for (const [args, pattern] of cases) assertOneLine(await call(["history", ...args]), 2, pattern);
});
