import { assert, assertEquals } from "@std/assert";
import { limits, PAGE } from "./limits.ts";

Deno.test("docs/limits.md is what the tables of the model say (deno task limits)", async () => {
  assert(await Deno.readTextFile(PAGE) === limits(), "it is stale: run `deno task limits`");
});

Deno.test("docs/limits.md: each row has what and why", () => {
  const rows = limits().split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| ---"));
  assert(rows.length > 60, `${rows.length} rows`);
  assertEquals(rows.filter((row) => !/^\| \S.* (?<!\\)\| \S.* \|$/.test(row)), []);
});
