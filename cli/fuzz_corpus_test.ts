import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "./child.ts";
import { loadSuites } from "../run/load_suites.ts";
import { BOOTED_ERAS as eras } from "../model/mod.ts";
import { compile } from "../sdk/compile.ts";
import { corpusFiles } from "../fuzz/corpus.ts";

Deno.test("the corpus that ships compiles for every era that was run on a kernel", async () => {
  const files = corpusFiles(fromFileUrl(new URL("../fuzz/corpus", import.meta.url)));
  assert(files.length >= 3);
  for (const suite of await loadSuites(files)) {
    assertEquals(suite.sequences.length, 1);
    for (const era of eras) {
      const { expected } = await compile(suite, suite.sequences[0]!, era);
      assert(expected.steps.every(({ observation }) => observation?.kmsg.every((line) => line.class === "info")));
    }
  }
});
