/**
 * Tests that run whole sequences on a real kernel in QEMU. A machine that cannot run them says so as a skip with its
 * reason; with `TWINLINK_REQUIRE_KERNELS=1`, as in CI, that is a failure.
 *
 * @module
 */

import { FixtureUnavailable, type KernelId } from "../fixtures/mod.ts";
import { testImage } from "../fixtures/qemu/testing.ts";

/** Registers a test that needs an image of `kernel`. */
export async function kernelTest(
  kernel: KernelId,
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): Promise<void> {
  const image = await testImage(kernel);
  if (!(image instanceof FixtureUnavailable)) return Deno.test(name, fn);
  const required = Deno.env.get("TWINLINK_REQUIRE_KERNELS") === "1";
  Deno.test({
    name: `${name} (${image.message})`,
    ignore: !required,
    fn: () => {
      throw image;
    },
  });
}
