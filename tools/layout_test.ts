/** What README.md says of files and folders holds. */

import { assertEquals } from "@std/assert";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory && !["vendor", "node_modules", ".git"].includes(name)) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

Deno.test("a file that begins with an underscore is imported from its own folder alone", async () => {
  const wrong: string[] = [];
  for await (const path of sources(ROOT)) {
    for (const [, specifier] of (await Deno.readTextFile(path)).matchAll(/from "(\.[^"]*\/_[^/"]*)"/g)) {
      if (dirname(join(dirname(path), specifier!)) !== dirname(path)) {
        wrong.push(`${relative(ROOT, path)}: ${specifier}`);
      }
    }
  }
  assertEquals(wrong, []);
});
