/** Races on a kernel in QEMU. A full run: deno task litmus. */

import { assert, assertEquals } from "@std/assert";
import { run } from "./child.ts";
import { kernelTest } from "../fixtures/qemu/testing.ts";

await kernelTest("6.12", "race: what comes of a reload while its device goes is among what may", async () => {
  const args = ["race", "reload", "del_device", "--board", "qemu-6.12", "--runs", "25", "--json"];
  const { code, stdout, stderr } = await run(args);
  assertEquals(code, 0, `${stdout}${stderr}`);
  const { verdict, runs, exhausted, allowed, outside } = JSON.parse(stdout);
  assertEquals([verdict, runs, exhausted, outside], ["agree", 25, true, []]);
  const counts: number[] = allowed.map(({ count }: { count: number }) => count);
  assertEquals(counts.reduce((sum, count) => sum + count, 0), 25);
  assert(allowed.every(({ schedule }: { schedule?: string }) => schedule));
});

await kernelTest(
  "6.12",
  "race: what leads up to it is done again before each run, commands that print nothing too",
  async () => {
    const set = "devlink trap set netdevsim/netdevsim10 trap source_mac_is_multicast action trap";
    const args = ["race", "reload", "trap_show", "--before", set, "--board", "qemu-6.12", "--runs", "5", "--json"];
    const { code, stdout, stderr } = await run(args);
    assertEquals(code, 0, `${stdout}${stderr}`);
    const { verdict, runs } = JSON.parse(stdout);
    assertEquals([verdict, runs], ["agree", 5]);
  },
);
