/** The page in Chromium: what an engineer sees, and does. */

import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { isInView, isTooWide, launch, open } from "../../../fixtures/page_testing.ts";
import { browserTest } from "../../../fixtures/testing.ts";
import { compareRuns } from "../../compare_runs.ts";
import type { SequenceVerdict } from "../../verdict.ts";
import { comparisonPage } from "./comparison.ts";
import { EVIL, judged, page } from "./testing.ts";

const rows = (page: Page) => page.locator(".list tbody tr:visible").count();
const hash = (page: Page) => page.evaluate("location.hash");

browserTest("page in Chromium", async (executablePath, t) => {
  const folder = await Deno.makeTempDir({ prefix: "twinlink-page-" });
  const browser = await launch(executablePath);
  try {
    const [differs, fine, errno] = [judged("x", "order"), judged("x", "none"), judged("x", "errno")];
    const many = Array.from({ length: 300 }, (_, i) => ({
      ...[differs, fine, errno][i % 3]!,
      sequence: `sequence ${i}`,
    }));
    const path = `${folder}/report.html`;
    await Deno.writeTextFile(path, page({ "board-a": many, "board-b": many.map((one) => ({ ...one })) }));

    await t.step("the first difference is in view when it opens, wide and narrow, light and dark", async () => {
      for (const width of [1280, 390]) {
        for (const colorScheme of ["light", "dark"] as const) {
          await using one = await open(browser, path, { viewport: { width, height: 900 }, colorScheme });
          assert(await isInView(one.page, ".card.first .diff .o"), `${width}`);
          assertEquals(await isTooWide(one.page), false);
          assertEquals(one.wrong, []);
        }
      }
    });

    await t.step("filter, search and keys", async () => {
      await using one = await open(browser, path);
      const { page } = one;
      assertEquals(await rows(page), 200);
      await page.check("#f-a");
      assertEquals(await rows(page), 300);
      await page.keyboard.press("/");
      await page.keyboard.type("sequence 29");
      // 29, 129, 229, 290 to 299
      assertEquals(await rows(page), 13);
      // A letter in the search is no key.
      await page.keyboard.type("n");
      assertEquals([await rows(page), await hash(page), await page.isVisible("#none")], [0, "", true]);
      await page.keyboard.press("Escape");
      await page.keyboard.press("n");
      const first = await hash(page);
      assertEquals(first, "#c1-s10");
      assert(await isInView(page, first as string));
      await page.keyboard.press("n");
      assertEquals(await hash(page), "#c3-s9");
      await page.keyboard.press("p");
      assertEquals(await hash(page), first);
      assertEquals(one.wrong, []);
    });

    await t.step("without a script it reports the same, and filters", async () => {
      await using one = await open(browser, path, { javaScriptEnabled: false });
      const { page } = one;
      assert(await page.isVisible("text=2 causes, 200 sequences on 2 boards"));
      assert(await page.isVisible(".card.first .diff .o"));
      assertEquals([await page.isVisible("input[type=search]"), await rows(page)], [false, 200]);
      await page.check("#f-a");
      assertEquals(await rows(page), 300);
    });

    await t.step("a board's text runs nothing, loads nothing and breaks nothing", async () => {
      const evil = page({ board: [judged("evil", "hostile")] });
      const path = `${folder}/hostile.html`;
      await Deno.writeTextFile(path, evil);
      await using one = await open(browser, path, { viewport: { width: 390, height: 844 } });
      assertEquals(await one.page.evaluate("typeof pwned"), "undefined");
      assertEquals(await one.page.locator("img, script:not(:last-child), iframe").count(), 0);
      assert((await one.page.locator("body").innerText()).includes("\\u202e"));
      assertEquals(await isTooWide(one.page), false);
      assertEquals(one.wrong, []);
    });

    await t.step(
      "two runs side by side: what is new is in view, filters and keys work, a board's text does nothing",
      async () => {
        const header = { board: "board", transport: "ssh", era: "6.12", kernel: "6.12.118", iproute2: "" };
        const part = (verdicts: SequenceVerdict[], kernel: string) => (
          { run: "r", header: { ...header, kernel }, verdicts, leftOut: [] }
        );
        const all = (faults: Record<string, "order" | "errno" | "hostile">) =>
          Array.from({ length: 30 }, (_, i) => judged(`sequence ${i}`, faults[i] ?? "none"));
        const compared = compareRuns(
          [part(all({ 1: "errno", 2: "errno", 3: "errno" }), "6.12.118")],
          [part(all({ 2: "errno", 3: "order", 4: "order", 5: "hostile" }), EVIL)],
        );
        const path = `${folder}/compare.html`;
        const options = { about: { command: EVIL }, conclusion: "1 new", status: 1 as const, notes: [EVIL] };
        await Deno.writeTextFile(path, comparisonPage(compared, options));
        for (const width of [1280, 390]) {
          for (const [colorScheme, javaScriptEnabled] of [["light", true], ["dark", false]] as const) {
            await using one = await open(browser, path, {
              viewport: { width, height: 1400 },
              colorScheme,
              javaScriptEnabled,
            });
            assert(await isInView(one.page, "#cause1"), `${width}`);
            // New, changed, hostile.
            assertEquals([await rows(one.page), await isTooWide(one.page)], [3, false]);
            await one.page.check("#f-u");
            assertEquals(await rows(one.page), 1);
            await one.page.check("#f-a");
            assertEquals(await rows(one.page), 30);
            assertEquals(one.wrong, []);
            if (!javaScriptEnabled) continue;
            await one.page.keyboard.press("n");
            assertEquals(/^#c\d+-s\d+$/.test(await hash(one.page) as string), true);
            assertEquals(await one.page.evaluate("typeof pwned"), "undefined");
            assertEquals(one.wrong, []);
          }
        }
      },
    );
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
});
