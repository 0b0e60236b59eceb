/**
 * Tests that need a real kernel in QEMU. A machine that cannot run them says so as a skip with its reason; with
 * `TWINLINK_REQUIRE_KERNELS=1`, as in CI, that is a failure.
 *
 * @module
 */

import { FixtureUnavailable } from "../fixtures/mod.ts";
import { probeKernels } from "../fixtures/mod.ts";

const missing = await probeKernels();
const required = Deno.env.get("TWINLINK_REQUIRE_KERNELS") === "1";

/** A test on a real kernel. */
export function kernelTest(name: string, fn: (t: Deno.TestContext) => Promise<void>): void {
  Deno.test({
    name: missing && !required ? `${name} (skipped: ${missing})` : name,
    ignore: missing !== undefined && !required,
    fn: async (t) => {
      try {
        await fn(t);
      } catch (error) {
        if (error instanceof FixtureUnavailable) throw new Error(`${error.message}; ${error.mend}`);
        throw error;
      }
    },
  });
}
