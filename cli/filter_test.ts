import { assertEquals } from "@std/assert";
import { exactly, filterOf } from "./filter.ts";

const ALL = ["reload > plain", "reload > plain, twice", "netns > reload", "trap > Set"].map((name) => {
  const [suite, sequence] = name.split(" > ") as [string, string];
  return { suite, sequence };
});

const taken = (...filters: string[]) =>
  ALL.filter(filterOf(filters)).map(({ suite, sequence }) => `${suite} > ${sequence}`);

Deno.test("a filter is a part of the name in any case of letters, the whole name, or one of these with a leading !", () => {
  assertEquals(taken(), ["reload > plain", "reload > plain, twice", "netns > reload", "trap > Set"]);
  assertEquals(taken("set"), ["trap > Set"]);
  assertEquals(taken("plain", "TRAP"), ["reload > plain", "reload > plain, twice", "trap > Set"]);
  assertEquals(taken("reload", "!netns", "!twice"), ["reload > plain"]);
  assertEquals(taken("!reload"), ["trap > Set"]);
  assertEquals(taken("=reload > plain"), ["reload > plain"]);
  assertEquals(taken("reload", "!=reload > plain"), ["reload > plain, twice", "netns > reload"]);
  assertEquals(taken("=reload"), []);
  assertEquals(taken(...ALL.slice(1, 3).map(exactly)), ["reload > plain, twice", "netns > reload"]);
});
