/** docs/semantics.md: what is cited is there, and what is written by `deno task semantics` is as it would write it. */

import { assert, assertEquals } from "@std/assert";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { allSuites, cited, explained, PAGE, withSequences } from "./semantics.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const page = await Deno.readTextFile(PAGE);
const known = explained(page);

Deno.test("docs/semantics.md: the sequences of each scenario match the suites (deno task semantics)", async () => {
  assert(withSequences(page, await allSuites()) === page, "it is stale: run `deno task semantics`");
});

Deno.test("docs/semantics.md: every number in a source is explained", async () => {
  const wrong: string[] = [];
  for (const suite of await allSuites()) {
    for (const { name, source } of suite.sequences) {
      for (const id of cited(source)) if (!known.has(id)) wrong.push(`${suite.name} > ${name}: ${id}`);
    }
  }
  assertEquals(wrong, []);
  assertEquals(cited("R18; selftest x.sh; 3.2 #2 before #3; D3, L10; kernels; 6.1.y"), ["R18", "3.2", "D3", "L10"]);
});

Deno.test("docs/semantics.md: every number that a comment cites is explained", async () => {
  const wrong: string[] = [];
  let citations = 0;
  for await (const path of textFiles(ROOT)) {
    for (const [all, numbers] of (await Deno.readTextFile(path)).matchAll(CITATION)) {
      citations++;
      for (const [id] of numbers!.matchAll(/\d\.\d+|\d|[A-Z]\d+/g)) {
        if (!known.has(id)) wrong.push(`${relative(ROOT, path)}: ${all}`);
      }
    }
  }
  assertEquals(wrong, []);
  assert(citations > 50);
});

const CITATION = /docs\/semantics\.md ((?:(?:, | to | and )?(?:\d\.\d+|\d|[A-Z]\d+)\b)+)/g;

async function* textFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory && !["vendor", "node_modules", ".git"].includes(name)) yield* textFiles(path);
    else if (/\.(ts|sh|c|h|md)$/.test(name)) yield path;
  }
}
