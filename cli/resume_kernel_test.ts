/** Runs on a real kernel that are killed and resumed; many more moments: deno task bench:resume. */

import { assert, assertEquals } from "@std/assert";
import { openGuestLine } from "../bench/guest_line.ts";
import { openBench } from "../bench/killed_runs.ts";
import { guestTest, testImage } from "../fixtures/qemu/testing.ts";

const image = await testImage("6.12");

for (const way of ["ssh", "serial"]) {
  guestTest(
    `twinlink killed three times in a run on a board and resumed, over ${way}: as if nothing had been`,
    image,
    async (guest) => {
      const folder = await Deno.makeTempDir({ prefix: "twinlink-resume-kernel-" });
      await using line = way === "serial" ? await openGuestLine(guest, { baudRate: 115_200 }) : undefined;
      try {
        const sequences = 4;
        const bench = await openBench(folder, guest, sequences, line?.path);
        const verdicts = Array.from({ length: sequences }, (_, i) => `seq${i} agree ${Array(10).fill("agree").join()}`)
          .join("\n");
        // A sequence is 12 lines: in the middle of the first, after the second, and in the middle of the one after.
        const moments = [{ more: 4, ms: 0 }, { more: 25, ms: 0 }, { more: 6, ms: 0 }];
        const { hit, wrong } = await bench.disturbed(moments, verdicts);
        assertEquals(wrong, []);
        assertEquals(hit.length, 3);
        assert(hit.some((one) => one.startsWith("in ")), hit.join());
        assertEquals(await bench.leftovers(), []);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  );
}
