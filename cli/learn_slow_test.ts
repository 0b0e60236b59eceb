/** `twinlink learn`: a recorded card whose driver counts as unknown. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { shippedTrace } from "../tools/agreement.ts";
import { Files } from "./_cli_files.ts";
import { call } from "./in_process.ts";

const files = new Files();
const { folder } = files;
Deno.test.afterAll(() => files[Symbol.asyncDispose]());

const trace = shippedTrace("6.12-connectx");
const learnedFile = join(folder, "card.learned.toml");
const board = (more = "") =>
  files.write(
    "card.toml",
    `name = "card"\ndescription = "x"\nrunner = "recording"\nhandle = "pci/0000:01:00.0"\ndriver = "generic"\n${more}` +
      `[recording]\ntrace = ${JSON.stringify(trace)}\n`,
  );

Deno.test("learn: a card of an unknown driver is learned, then fully judged; a changed entry causes a difference", async () => {
  const unknown = await board();
  const first = await call(["check", trace, "-b", unknown, "-r", "dots"]);
  assertEquals(first.code, 3);
  assertMatch(first.stdout, /\d+ model-gap|not judged/);
  const { code, stderr } = await call(["learn", trace, "--board", unknown, "--out", learnedFile]);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /1 run: \d+ steps with gaps, 0 that differ, 0 that vary/);
  const text = await Deno.readTextFile(learnedFile);
  assertStringIncludes(text, `when = 'driver = "mlx5_core" and era >= "6.12" and firmware >= "16.35.2024"'`);

  const named = await board(`learned = "card.learned.toml"\n`);
  const checked = await call(["boards", "check", named]);
  assertEquals(checked.code, 0, checked.stderr);
  const run = await call(["run", "reload", "-b", named, "--skip-unsupported"]);
  assertEquals(run.code, 0, run.stdout);
  assertMatch(run.stdout, /\d+ of \d+ channels compared were learned, not modelled/);
  assertMatch(run.stdout, /agree \(\d+ learned\)/);

  const changed = text.replace(`_performed":["driver_reinit"]}}']`, `_performed":["fw_activate"]}}']`);
  assertEquals(changed !== text, true);
  await Deno.writeTextFile(learnedFile, changed);
  const differs = await call(["check", trace, "-b", named, "--json"]);
  const verdicts = differs.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(verdicts.filter(({ verdict }) => verdict === "diverge").length, 1);

  await Deno.writeTextFile(learnedFile, text.replace(`suite = "reload"`, `suite = "relaod"`));
  const stray = await call(["boards", "check", named]);
  assertEquals(stray.code, 2);
  assertMatch(stray.stderr, /names nothing: there is no suite "relaod"; did you mean "reload"\?/);
});

Deno.test("learn: mistakes are one line, exit 2", async () => {
  const fails = async (args: string[], message: RegExp) => {
    const { code, stderr } = await call(["learn", ...args]);
    assertEquals(code, 2);
    assertMatch(stderr, message);
  };
  await fails([], /Nothing to learn from: give traces, or a board/);
  await fails(
    [shippedTrace("6.1-connectx"), trace],
    /^twinlink: Cannot learn from different boards at once: .*6.1-connectx.* is of a board with driver = "mlx5_core" and era >= "6.1"/,
  );
  await fails([trace, "--repeat", "2"], /--repeat is for a board/);
  await fails(["qemu-6.12", "--board", "qemu-6.12"], /--board is for traces/);
  await fails(["./none.jsonl"], /there is no such file/);
  const { code, stderr } = await call(["check", trace, "--learned", "./none.toml"]);
  assertEquals(code, 2);
  assertMatch(stderr, /Cannot read learned expectations ".\/none.toml": there is no such file/);
});
