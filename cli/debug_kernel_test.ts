/**
 * The suites on the debug kernel, which is optional: where `deno task debug-kernel` was not run, its tests are skipped
 * with that as their reason, also where other kernels are required.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { debugEntryName } from "../fixtures/qemu/debug_config.ts";
import { findEntry } from "../fixtures/qemu/cache.ts";
import { run } from "./_child.ts";

const built = await findEntry(await debugEntryName("6.12-debug")) !== null;
const debugTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name: built ? name : `${name} (not built: deno task debug-kernel)`, ignore: !built, fn });

debugTest("what the model says holds on a kernel with KASAN and lockdep, and neither has a word to say", async () => {
  const suites = ["reload", "trap", "lifecycle", "netns"];
  const { code, stdout, stderr } = await run(["run", ...suites, "--board", "qemu-6.12-debug"]);
  assertEquals(code, 0, stdout + stderr);
});
