import { assertEquals } from "@std/assert";

/** Functions that a racer's shell defines in its own way: that shell loads no other part of the agent. */
const OF_RACERS = new Set(["tl_file", "tl_serve", "tl_netns_del"]);

/**
 * Returns the functions that a part of the agent defines, each once. A part may define a function twice, for different shells.
 */
async function functionsOf(name: string): Promise<Set<string>> {
  const text = await Deno.readTextFile(new URL(name, import.meta.url));
  return new Set([...text.matchAll(/^\s*(tl_\w+)\(\)/gm)].map(([, name]) => name!));
}

Deno.test("no two parts of the agent define the same function: the later one would replace the earlier one", async () => {
  const parts = [...Deno.readDirSync(new URL(".", import.meta.url))].map(({ name }) => name)
    .filter((name) => /^agent.*\.sh$/.test(name)).sort();
  const owners = new Map<string, string>();
  const twice: string[] = [];
  for (const part of parts) {
    for (const name of await functionsOf(part)) {
      if (owners.has(name) && !OF_RACERS.has(name)) twice.push(`${name}: ${owners.get(name)} and ${part}`);
      owners.set(name, part);
    }
  }
  assertEquals(parts.length >= 4, true);
  assertEquals(twice, []);
});
