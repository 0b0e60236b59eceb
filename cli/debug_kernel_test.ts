/**
 * The suites on the debug kernel, which is optional: if `deno task debug-kernel` was not run, its tests are skipped
 * with this reason. CI does not accept skipped tests, so it leaves them out.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { debugEntryName } from "../fixtures/qemu/debug_config.ts";
import { findEntry } from "../fixtures/qemu/cache.ts";
import { run } from "./child.ts";

const built = await findEntry(await debugEntryName("6.12-debug")) !== null;
const required = Deno.env.get("TWINLINK_REQUIRE_KERNELS") === "1";
const debugTest = (name: string, fn: () => Promise<void>) => {
  if (!built && required) return;
  Deno.test({ name: built ? name : `${name} (not built: deno task debug-kernel)`, ignore: !built, fn });
};

Deno.test("a debug kernel that was not built is reported with the command that builds it, exit status 3", async () => {
  const empty = await Deno.makeTempDir({ prefix: "twinlink-cache-" });
  try {
    const board = ["--board", "qemu-6.12-debug", "--out", `${empty}/out`];
    const { code, stderr } = await run(["run", "reload", ...board], { env: { TWINLINK_CACHE: `${empty}/cache` } });
    assertEquals(code, 3, stderr);
    const said = stderr.split("\n").filter((line) => line.includes("debug-kernel"));
    assertEquals(said, [
      "qemu-6.12-debug over ssh: not judged: Cannot find kernel 6.12-debug: it has not been built here: deno task debug-kernel",
    ]);
  } finally {
    await Deno.remove(empty, { recursive: true });
  }
});

debugTest(
  "what the model predicts holds on a kernel with KASAN and lockdep, and neither has a word to say",
  async () => {
    const suites = ["reload", "netdevsim_reload", "trap", "netdevsim_trap", "lifecycle", "netns", "netdevsim_netns"];
    const { code, stdout, stderr } = await run(["run", ...suites, "--board", "qemu-6.12-debug"]);
    assertEquals(code, 0, stdout + stderr);
  },
);

debugTest("KASAN reports a MAC that keeps a pointer to its PCS, as the model predicts", async () => {
  const board = ["--board", "qemu-6.12-debug"];
  const { code, stdout, stderr } = await run([
    "run",
    "pcs",
    "--filter",
    "none: unbound while the link is up",
    ...board,
  ]);
  assertEquals(code, 0, stdout + stderr);
  assertMatch(stdout, /as the model predicted: kasan in phylink_/);
});

debugTest("KASAN and lockdep report nothing about a MAC that is notified of its PCS's end", async () => {
  const board = ["--board", "qemu-6.12-debug"];
  const { code, stdout, stderr } = await run([
    "run",
    "pcs",
    "--filter",
    "notified: unbound while the link is up",
    ...board,
  ]);
  assertEquals(code, 0, stdout + stderr);
  assertEquals(/kernel complained/.test(stdout), false, stdout);
});
