import { assertEquals } from "@std/assert";

/** What the shell of a racer does in its own way: it runs nothing of the other parts then. */
const OF_RACERS = new Set(["tl_file", "tl_serve", "tl_netns_del"]);

/** Returns the functions that a part of the agent defines, each once: one may replace its own, as by the shell that runs it. */
async function functionsOf(name: string): Promise<Set<string>> {
  const text = await Deno.readTextFile(new URL(name, import.meta.url));
  return new Set([...text.matchAll(/^\s*(tl_\w+)\(\)/gm)].map(([, name]) => name!));
}

Deno.test("no two parts of the agent define a function of the same name: the last one would be the one of both", async () => {
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
