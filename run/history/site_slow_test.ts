/** The site of a history in Chromium: it opens the plain files from the disk. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { isTooWide, launch, open } from "../../fixtures/page_testing.ts";
import { browserTest } from "../../fixtures/testing.ts";
import { writeSite } from "./site.ts";
import { History } from "./store.ts";
import { writeRun } from "./testing.ts";
import { trendsOf } from "./trend.ts";

const EVIL = "\u001b[2J\u202e'</pre></script><script>pwned=1</script><img src=http://evil.invalid/x onerror=pwned=1>";

browserTest("site of a history in Chromium", async (executablePath, t) => {
  const root = await Deno.makeTempDir({ prefix: "twinlink-site-" });
  const browser = await launch(executablePath);
  try {
    for (let day = 1; day <= 28; day++) {
      const verdicts = Object.fromEntries(
        Array.from({ length: 40 }, (_, i) => [
          `sequence ${i}`,
          i === 1 && day % 2 === 0 || i === 2 && day > 20 ? "diverge" as const : "agree" as const,
        ]),
      );
      const run = { day, verdicts: { ...verdicts, [EVIL]: "agree" as const }, ms: day, kernel: EVIL, commit: "abc" };
      await writeRun(root, `night-${day}`, run);
    }
    const out = join(root, "site");
    await Deno.mkdir(out);
    using history = await History.open(root, (line) => assertEquals(line, ""));
    const [runs, parts] = [history.runs(), history.parts(history.runs())];
    await writeSite(out, { runs, parts, trends: trendsOf(parts, history.results(parts)), toRuns: ".." });

    await t.step(
      "from all boards to one, filters and search, wide and narrow, light and dark, without a script",
      async () => {
        for (const width of [1280, 390]) {
          for (const [colorScheme, javaScriptEnabled] of [["light", true], ["dark", false]] as const) {
            const how = { viewport: { width, height: 900 }, colorScheme, javaScriptEnabled };
            await using one = await open(browser, join(out, "index.html"), how);
            const { page } = one;
            const rows = () => page.locator(".list tbody tr:visible").count();
            assertEquals([await page.locator("#runs + div tbody tr").count(), await isTooWide(page)], [28, false]);
            await page.click("text=board over ssh");
            // Both sequences differ now; one is flaky, since its difference comes and goes on one kernel.
            assertEquals([await rows(), await isTooWide(page)], [2, false]);
            await page.check("#f-k");
            assertEquals(await rows(), 2);
            await page.check("#f-a");
            assertEquals(await rows(), 41);
            if (javaScriptEnabled) {
              await page.keyboard.press("/");
              await page.keyboard.type("sequence 39");
              assertEquals(await rows(), 1);
              assertEquals(await page.evaluate("typeof pwned"), "undefined");
            }
            assert((await page.locator("h1").innerText()).includes("board over ssh"));
            assertEquals(one.wrong, []);
          }
        }
      },
    );
  } finally {
    await browser.close();
    await Deno.remove(root, { recursive: true });
  }
});
