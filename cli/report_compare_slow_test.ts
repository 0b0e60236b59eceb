/** `report A B`, as its user meets it: runs that were kept, side by side. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertOneLine, Files } from "./_cli_files.ts";
import { shippedTrace } from "../tools/agreement.ts";
import { call } from "./in_process.ts";

const files = new Files();
const { folder } = files;
Deno.test.afterAll(() => files[Symbol.asyncDispose]());

/** Copies a run, with some of its files changed. */
async function copy(from: string, to: string, change: (name: string, text: string) => string = (_, text) => text) {
  await Deno.mkdir(to, { recursive: true });
  for (const { name } of [...Deno.readDirSync(from)]) {
    await Deno.writeTextFile(`${to}/${name}`, change(name, await Deno.readTextFile(`${from}/${name}`)));
  }
}

const isTrace = (name: string) => name.startsWith("trace-");

Deno.test("report A B: new, gone and flaky, the kernels that differ, and the exit status", async () => {
  const run = `${folder}/a`;
  assertEquals((await call(["run", "trap", "-b", "recording-6.12", "--out", run])).code, 0);
  const rate = (name: string, text: string) =>
    isTrace(name) ? text.replace('"rate":1000', '"rate":1').replace("6.12.118", "6.12.119") : text;
  await copy(run, `${folder}/b`, rate);
  await copy(run, `${folder}/same`);
  const report = async (...names: string[]) => await call(["report", ...names.map((name) => `${folder}/${name}`)]);

  const worse = await report("a", "b");
  assertEquals(worse.code, 1, worse.stderr);
  assertStringIncludes(worse.stdout, "kernel: 6.12.118+deb13-amd64 -> 6.12.119+deb13-amd64");
  assertMatch(worse.stdout, /^1 new cause, 1 sequence$/m);
  assertMatch(worse.stdout, /11 sequences compared: 1 new: B has differences that A has not/);
  const page = await Deno.readTextFile(`${folder}/b/compare.html`);
  assertStringIncludes(page, "attributes rate differs");
  assertStringIncludes(page, "Content-Security-Policy");

  const better = await report("b", "a");
  assertEquals(better.code, 0);
  assertMatch(better.stdout, /^difference is gone:\n.*: trap > the inventory: diverge -> agree$/m);
  const same = await report("a", "same");
  assertMatch(same.stdout, /11 sequences compared: nothing changed: B has no difference that A has not/);
  assertEquals([same.code, (await report("b", "b")).code], [0, 2]);

  // What A has in one of its runs is not new.
  await copy(run, `${folder}/repeated/1`);
  await copy(run, `${folder}/repeated/2`, rate);
  const flaky = await report("repeated", "b");
  assertEquals(flaky.code, 0, flaky.stderr);
  assertMatch(flaky.stdout, /^flaky:\n.*: trap > the inventory: agree 1, diverge 1 -> diverge$/m);
  const three = await report("a", "b", "same");
  assertEquals(three.code, 0);
  assertMatch(three.stdout, /the inventory: agree 1, diverge 1 -> agree$/m);

  // A run that broke off judged less, and is no pass.
  await copy(run, `${folder}/cut`, (name, text) => {
    if (name === "verdicts.jsonl") return text.slice(0, -200);
    return isTrace(name) ? text.split("\n").slice(0, -60).join("\n") : text;
  });
  const cut = await report("a", "cut");
  assertEquals(cut.code, 3, cut.stdout);
  assertMatch(cut.stdout, /^B .*broke off$/m);
  assertMatch(cut.stdout, /so this is no pass/);

  assertOneLine(await report("a", "missing"), 2, /Cannot compare with ".*missing": it is no folder of/);
  assertOneLine(await report("a", "."), 2, /Cannot report on ".*": there is no trace-/);
});

Deno.test("report A B: what the model does not know is compared with A itself", async () => {
  const board = await files.write(
    "card.toml",
    `name = "card"\ndescription = "x"\nrunner = "recording"\nhandle = "pci/0000:01:00.0"\ndriver = "generic"\n` +
      `[recording]\ntrace = ${JSON.stringify(shippedTrace("6.12-connectx"))}\n`,
  );
  const run = `${folder}/card-a`;
  assertEquals((await call(["run", "reload", "-b", board, "--skip-unsupported", "--out", run])).code, 3);
  await copy(run, `${folder}/card-b`);
  const same = await call(["report", run, `${folder}/card-b`]);
  assertEquals(same.code, 0, same.stdout);
  await copy(
    run,
    `${folder}/card-c`,
    (name, text) => isTrace(name) ? text.replace('"del","object":"param"', '"new","object":"param"') : text,
  );
  const other = await call(["report", run, `${folder}/card-c`]);
  assertEquals(other.code, 1, other.stdout);
  assertMatch(other.stdout, /^1 new cause, 1 sequence$/m);
});
