/** `twinlink init`: it writes a whole project or nothing, and overwrites nothing. */

import { assertEquals, assertMatch } from "@std/assert";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { assertOneLine, Files } from "./_cli_files.ts";
import { call } from "./in_process.ts";

const files = new Files();
Deno.test.afterAll(() => files[Symbol.asyncDispose]());

/** Returns all paths below a folder, sorted. */
function tree(folder: string, below = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? [`${below}${name}/`, ...tree(`${folder}/${name}`, `${below}${name}/`)] : [`${below}${name}`]
  ).sort();
}

const WRITTEN = ["boards/", "boards/qemu.toml", "deno.json", "suites/", "suites/first.ts"];

Deno.test("init: the files of a project, beside what is there, and the job of each CI server", async () => {
  const jobs = {
    github: [".github/", ".github/workflows/", ".github/workflows/twinlink.yml"],
    gitlab: [".gitlab-ci.yml"],
    jenkins: ["Jenkinsfile"],
  };
  for (const [server, paths] of Object.entries(jobs)) {
    const folder = `${files.folder}/${server}`;
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/README.md`, "mine\n");
    const { code, stdout, stderr } = await call(["init", folder, "--ci", server]);
    assertEquals(code, 0, stderr);
    assertEquals(tree(folder), [...WRITTEN, ...paths, "README.md"].sort());
    assertEquals(
      stdout.trim().split("\n").sort(),
      [...WRITTEN, ...paths].filter((path) => !path.endsWith("/")).map((path) => `${folder}/${path}`).sort(),
    );
    const job = await Deno.readTextFile(`${folder}/${paths.at(-1)}`);
    // The job equals the example in examples/ci, except for the suites and the board.
    const example = new URL(`../examples/ci/${paths.at(-1)!.replace(/.*workflows.*/, "github.yml")}`, import.meta.url);
    const text = await Deno.readTextFile(server === "gitlab" ? new URL("gitlab.yml", example) : example);
    const lines = (of: string) => new Set(of.split("\n"));
    const changed = [...lines(job).difference(lines(text))].map((line) => line.trim());
    assertEquals(changed.length, server === "jenkins" ? 2 : 3, job);
    assertMatch(changed.join("\n"), /boards\/qemu\.toml/);
    assertMatch(changed.join("\n"), /^SUITES\W+suites\/\*\.ts["']$/m);
  }
});

Deno.test("init: an existing file is named, and nothing is written, exit 2", async () => {
  const there = [
    "deno.json",
    "deno.jsonc",
    "suites/first.ts",
    "boards/qemu.toml",
    ".github/workflows/twinlink.yml",
  ];
  for (const [i, path] of there.entries()) {
    const folder = `${files.folder}/there${i}`;
    await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
    await Deno.writeTextFile(`${folder}/${path}`, "mine\n");
    const before = tree(folder);
    const ran = await call(["init", folder]);
    assertOneLine(
      ran,
      2,
      new RegExp(`^twinlink: Cannot write a project to ".*": there is already ${RegExp.escape(path)}; nothing`),
    );
    assertEquals([tree(folder), await Deno.readTextFile(`${folder}/${path}`)], [before, "mine\n"]);
  }
});

Deno.test("init: if a file cannot be written, no file is left, exit 2", async () => {
  const folder = `${files.folder}/half`;
  await Deno.mkdir(folder);
  const wrong: [string, () => Promise<void>][] = [
    ["a file for a folder", () => Deno.writeTextFile(`${folder}/boards`, "mine\n")],
    ["a link to a file", () => Deno.symlink("nowhere.ts", `${folder}/boards`)],
  ];
  for (const [what, make] of wrong) {
    await make();
    assertOneLine(await call(["init", folder]), 2, /^twinlink: Cannot write a project to ".*half": .*boards/);
    assertEquals(tree(folder), ["boards"], what);
    await Deno.remove(`${folder}/boards`);
  }
  // A dangling symbolic link counts as an existing file.
  await Deno.symlink("nowhere.json", `${folder}/deno.json`);
  assertOneLine(await call(["init", folder]), 2, /there is already deno\.json/);
  assertEquals(tree(folder), ["deno.json"]);
});

Deno.test("init: not in the folder of twinlink, not in two folders, not with a path that acts on a terminal", async () => {
  const inside = fileURLToPath(new URL("../docs/mine", import.meta.url));
  assertOneLine(await call(["init", inside]), 2, /docs\/mine": it is in the folder of twinlink itself; name another/);
  assertOneLine(await call(["init", "a", "b"]), 2, /name one folder/);
  assertOneLine(await call(["init", `${files.folder}/x`, "--ci", "github2"]), 2, /did you mean "github"\?/);
  const { code, stdout, stderr } = await call(["init", `${files.folder}/a\u001b[2Jb`]);
  assertEquals([code, (stdout + stderr).includes("\u001b")], [0, false]);
});
