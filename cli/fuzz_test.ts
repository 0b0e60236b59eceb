/** `twinlink fuzz` as its user meets it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { run } from "./child.ts";

const folder = await Deno.makeTempDir({ prefix: "twinlink-fuzz-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

Deno.test("the model by itself: the same seed gives the same numbers, and all that is checked holds", async () => {
  const args = ["fuzz", "--board", "model", "--era", "6.1", "--seed", "7", "-n", "40", "--json"];
  const first = await run(args);
  assertEquals(first.code, 0, first.stderr);
  const { sequences, operations, violations, perSecond } = JSON.parse(first.stdout);
  assertEquals([sequences, violations], [40, 0]);
  assert(operations > 800 && perSecond > 0);
  assertEquals(JSON.parse((await run(args)).stdout).operations, operations);
});

Deno.test("wrong usage is one line that says what is wrong", async () => {
  const cases: [string[], RegExp][] = [
    [["fuzz"], /One board is to be named/],
    [["fuzz", "--board", "model", "--board", "qemu-6.1"], /One board is to be named/],
    [["fuzz", "--board", "model", "--sequences", "0"], /Option --sequences is "0", but must be a number from 1 to/],
    [["fuzz", "--board", "model", "--seed", "x"], /Option --seed is "x"/],
    [["fuzz", "--board", "model", "--between", "model"], /cannot be compared with itself/],
    [["fuzz", "--board", "model", "x"], /Unexpected argument "x" of fuzz/],
  ];
  for (const [args, pattern] of cases) {
    const { code, stdout, stderr } = await run(args);
    assertMatch(stderr, pattern);
    assertEquals([code, stdout, stderr.trim().split("\n").length], [2, "", 1], stderr);
  }
});
