/** The pages that are written from the traces that ship: they hold what the traces show. */

import { assertEquals, assertMatch } from "@std/assert";
import { readTrace } from "../diff/mod.ts";
import { agreementPage, agreementTable, judged, shippedTraces, withTable } from "./agreement.ts";
import { racesPage, raceTraces } from "./litmus.ts";

Deno.test("agreement: README.md and docs/agreement.md have what the recordings show; else run: deno task agreement", async () => {
  const readme = await Deno.readTextFile(new URL("../README.md", import.meta.url));
  const all = await judged(await Promise.all(shippedTraces().map(readTrace)));
  assertEquals(withTable(readme, agreementTable(all)), readme);
  assertEquals(await Deno.readTextFile(new URL("../docs/agreement.md", import.meta.url)), agreementPage(all));
  const wrong = all.flatMap(({ header, unmodelled = [] }) =>
    unmodelled.filter(({ verdict }) => verdict !== "agree" && verdict !== "model-gap")
      .map(({ suite, sequence }) => `${header.board}: ${suite} > ${sequence}`)
  );
  assertEquals(wrong, [], "a driver that nobody modelled: no false difference");
});

Deno.test("docs/races.md is what the recorded races came to, all of it allowed by the model; else: deno task litmus --page", async () => {
  const page = await racesPage(await Promise.all(raceTraces().map(readTrace)));
  assertEquals(await Deno.readTextFile(new URL("../docs/races.md", import.meta.url)), page);
  assertMatch(page, /an outcome that may not come: 0 of \d+\./);
});
