/** A session over the worst line there is: the console itself, while the kernel talks on it. */

import { assert, assertEquals } from "@std/assert";
import { loadBoard } from "../boards/mod.ts";
import { judge } from "../diff/mod.ts";
import { guestShell, guestTest, testImage } from "../fixtures/qemu/testing.ts";
import { compile, LOADING, type Suite } from "../suites/suite.ts";
import { openAgent } from "./agent.ts";
import { openSerial } from "./serial.ts";

/** Kernel lines a second. */
const NOISE = 20;

const image = await testImage("6.12");

guestTest("serial: 20 kernel lines a second on the same line make no reply wrong, and run nothing twice", image, async (
  guest,
) => {
  (globalThis as { [LOADING]?: boolean })[LOADING] = true;
  const suite: Suite = (await import("../suites/reload.ts")).default;
  await guestShell(
    guest,
    `echo on > /proc/sys/kernel/printk_devkmsg; (while :; do echo "<4>a driver says: what it always says" > /dev/kmsg; ` +
      `sleep ${1 / NOISE}; done) > /dev/null 2>&1 < /dev/null &`,
  );
  let noise = 0;
  const shell = await openSerial({ path: guest.serial.console });
  const runner = await openAgent(await loadBoard("qemu-6.12"), "serial", shell, { onNoise: () => noise++ }, guest);
  try {
    const verdicts = [];
    for (const sequence of suite.sequences.slice(0, 8)) {
      const { plan, expected } = await compile(suite, sequence, "6.12");
      verdicts.push(judge(expected, await runner.run(plan)).verdict);
    }
    // Reloads are counted by the kernel: one that ran twice would diverge.
    assertEquals(verdicts.filter((verdict) => verdict === "diverge" || verdict === "crash"), []);
    assert(verdicts.filter((verdict) => verdict === "agree").length >= 6, verdicts.join());
    assert(noise > 8 * NOISE / 4, `only ${noise} lines of noise came`);
  } finally {
    await runner.close();
  }
});
