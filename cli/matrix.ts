/**
 * `deno task matrix`: every suite of netdevsim on each of the kernels, over ssh and over serial; a test each. It is a task of its
 * own since it takes longer than the tests.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { KERNELS } from "../fixtures/qemu/kernels.ts";
import type { KernelId } from "../fixtures/mod.ts";
import { holdsIn } from "../suites/suite.ts";
import { run } from "./_child.ts";
import { kernelTest } from "./_kernel_test.ts";
import { loadSuites, NETDEVSIM_SUITES } from "./load_suites.ts";

const kernels = (Object.keys(KERNELS) as KernelId[]).filter((id): id is Exclude<KernelId, "6.12-debug"> =>
  id !== "6.12-debug"
);
for (const kernel of kernels) {
  for (const transport of ["ssh", "serial"]) {
    await kernelTest(kernel, `matrix: every sequence agrees on ${kernel} over ${transport}`, async () => {
      const suites = await loadSuites(NETDEVSIM_SUITES);
      const count = suites.flatMap(({ sequences }) => sequences).filter((one) => holdsIn(one, kernel)).length;
      const ran = await run(["run", ...NETDEVSIM_SUITES, "--board", `qemu-${kernel}`, "--transport", transport]);
      console.log(ran.stdout.trimEnd().split("\n").at(-1));
      assertEquals(ran.code, 0, `${ran.stdout}${ran.stderr}`);
      // All of them, and nothing but agreement.
      assertMatch(ran.stdout, new RegExp(`^${count} sequences: ${count} agree\\b`, "m"));
    });
  }
}
