/** The project that `twinlink init` writes, on the board that it writes. */

import { assertEquals, assertMatch } from "@std/assert";
import { kernelTest } from "../fixtures/qemu/testing.ts";
import { Files } from "./_cli_files.ts";
import { run } from "./child.ts";

await kernelTest("6.12", "init: the first suite of a project agrees on its first board", async () => {
  await using files = new Files();
  const cwd = files.folder;
  assertEquals((await run(["init"], { cwd })).code, 0);
  const { code, stdout, stderr } = await run(["run", "./suites/first.ts", "--board", "./boards/qemu.toml"], { cwd });
  assertEquals(code, 0, `${stdout}${stderr}`);
  assertMatch(stdout, /^2 sequences: 2 agree/m);
});
