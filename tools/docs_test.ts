/** README.md and docs/: the targets of their links exist, and so do the commands that they show. */

import { assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS, load } from "../cli/subcommands.ts";
import { parseCommand } from "../cli/command.ts";

// The leak check counts what a test loads.
const commands = Object.fromEntries(
  await Promise.all(
    Object.keys(COMMANDS).map(async (name) => [name, await load(name as keyof typeof COMMANDS)] as const),
  ),
);

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const docs = [...Deno.readDirSync(join(ROOT, "docs"))].map(({ name }) => `docs/${name}`);
const PAGES = ["README.md", "bench/README.md", ...docs.filter((path) => path.endsWith(".md")).sort()];
const textOf = (path: string) => Deno.readTextFileSync(join(ROOT, path));

/** Returns the anchors of a page's headings, as the sites that render it make them. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );

Deno.test("docs: each link leads to a file, and to a heading of it", () => {
  const broken = PAGES.flatMap((page) =>
    [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].filter(([, to, anchor]) => {
      const target = to === "" ? page : join(dirname(page), to!);
      try {
        return !(Deno.statSync(join(ROOT, target)) && (!anchor || anchorsOf(textOf(target)).includes(anchor)));
      } catch {
        return true;
      }
    }).map(([link]) => `${page}: ${link}`)
  );
  assertEquals(broken, []);
});

/** Returns the words of a command line; what follows two blanks is its description. */
const wordsOf = (command: string) =>
  [...command.split(/ {2,}| #/)[0]!.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(([word, a, b]) => a ?? b ?? word);

Deno.test("docs: each command that is shown is one, with options that it has", () => {
  const { tasks } = JSON.parse(textOf("deno.json"));
  const wrong: string[] = [];
  let seen = 0;
  for (const page of PAGES) {
    for (const [, block] of textOf(page).matchAll(/^ *```(?:sh)?\n([^]*?)^ *```$/gm)) {
      for (const line of block!.replaceAll("\\\n", "").split("\n")) {
        const [, command] = /^ *(?:npx -y deno@\S+|deno) task (.*)$/.exec(line) ?? [];
        if (command === undefined) continue;
        seen++;
        const [task, name, ...args] = wordsOf(command);
        const fail = (why: string) => wrong.push(`${page}: ${line.trim()}: ${why}`);
        if (!Object.hasOwn(tasks, task!)) fail(`deno.json has no task ${task}`);
        if (task !== "twinlink") continue;
        if (!Object.hasOwn(commands, name!)) {
          fail(`there is no command ${name}`);
          continue;
        }
        try {
          parseCommand(commands[name!]!, args);
        } catch (error) {
          fail((error as Error).message);
        }
      }
    }
  }
  assertEquals(wrong, []);
  assertEquals(seen > 20, true, `${seen} commands`);
});
