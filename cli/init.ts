/** `twinlink init`: writes a project for the user's own suites. */

import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { visible } from "../boards/mod.ts";
import { print, say } from "../run/output.ts";
import config from "../deno.json" with { type: "json" };
import { command, UsageError } from "./command.ts";

/** The folder of twinlink itself. */
const ROOT = Deno.realPathSync(fileURLToPath(new URL("../", import.meta.url)));

/** CI servers by name: the example for one, and the file that the server reads. */
const SERVERS = {
  github: { example: "github.yml", path: ".github/workflows/twinlink.yml" },
  gitlab: { example: "gitlab.yml", path: ".gitlab-ci.yml" },
  jenkins: { example: "Jenkinsfile", path: "Jenkinsfile" },
} as const;

/** Files that are copied as they are. */
const COPIED = ["suites/first.ts", "boards/qemu.toml"];

/** Returns a path without symbolic links, also if the path does not exist yet: relative paths from there then work. */
async function physical(path: string): Promise<string> {
  const parent = dirname(path);
  return await Deno.realPath(path).catch(async () =>
    parent === path ? path : join(await physical(parent), basename(path))
  );
}

/** A word of a line of `deno task`, in double quotes. */
const taskWord = (word: string) => `"${word.replace(/["\\$`]/g, "\\$&")}"`;

/** Returns the deno.json of a project; `root` leads from its folder to twinlink. */
function denoJson(root: string): string {
  const { name, imports, compilerOptions, fmt: { lineWidth } } = config;
  const project = {
    // A task is run in the project's folder, wherever it is called.
    tasks: { twinlink: `${taskWord(join(root, "bin", "twinlink"))} -C "$INIT_CWD"` },
    imports: { "@std/assert": imports["@std/assert"], [name]: `jsr:${name}@*` },
    // A relative URL. The link is a part of the project, so its types are checked with these options.
    links: [root.split("/").map(encodeURIComponent).join("/")],
    compilerOptions,
    test: { include: ["suites/*.ts"] },
    fmt: { lineWidth },
  };
  return JSON.stringify(project, undefined, 2) + "\n";
}

/** Returns the files of a project, text by path. */
async function filesOf(root: string, ci: keyof typeof SERVERS): Promise<Map<string, string>> {
  const example = (path: string) => Deno.readTextFile(join(ROOT, "examples", path));
  const files = new Map([["deno.json", denoJson(root)]]);
  for (const path of COPIED) files.set(path, await example(`project/${path}`));
  const job = await example(`ci/${SERVERS[ci].example}`);
  files.set(SERVERS[ci].path, job.replaceAll("dut4", "qemu").replace(/(SUITES\W+)(["'])\2/, "$1$2suites/*.ts$2"));
  return files;
}

const cannot = (folder: string, why: string) =>
  new UsageError(visible(`Cannot write a project to "${folder}": ${why}`));

/** Writes all files, or none: it never overwrites one. */
async function writeAll(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const there: string[] = [];
  for (const path of [...files.keys(), "deno.jsonc"]) {
    const gone = (error: Error) => error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
    if (await Deno.lstat(join(folder, path)).then(() => true, (error) => !gone(error))) there.push(path);
  }
  if (there.length > 0) throw cannot(folder, `there is already ${there.join(", ")}; nothing is overwritten`);
  const made: string[] = [];
  const makeFolder = async (path: string) => {
    if (await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false)) return;
    await makeFolder(dirname(path));
    await Deno.mkdir(path);
    made.unshift(path);
  };
  try {
    for (const [path, text] of files) {
      const file = join(folder, path);
      await makeFolder(dirname(file));
      await Deno.writeTextFile(file, text, { createNew: true });
      made.unshift(file);
    }
  } catch (error) {
    for (const path of made) await Deno.remove(path).catch(() => {});
    throw cannot(folder, (error as Error).message);
  }
}

export default command({
  name: "init",
  usage: ["[DIR] [OPTION..]"],
  details: `DIR is a folder, which may be new; this one by default. Its files are
  deno.json         how the project finds twinlink: editors, "deno check", "deno test" and "deno task twinlink"
  suites/first.ts   a first suite: it agrees on the model, and on any board with a drop trap
  boards/qemu.toml  a first board: Linux 6.12 in QEMU
and the nightly job of a CI server. No file is overwritten: if there is one of these, nothing is written, exit status 2.`,
  options: {
    ci: { type: "text", value: "SERVER", help: "The CI server (github)", choices: Object.keys(SERVERS) },
  },
  run: async ({ ci = "github" }, operands, { interrupts }) => {
    interrupts.harmless();
    if (operands.length > 1) throw new UsageError("Wrong number of arguments: name one folder");
    const [folder = "."] = operands;
    const home = await physical(resolve(folder));
    if (!relative(ROOT, home).startsWith("..")) {
      throw cannot(folder, "it is in the folder of twinlink itself; name another folder");
    }
    const files = await filesOf(relative(home, ROOT), ci as keyof typeof SERVERS);
    await writeAll(folder, files);
    for (const path of files.keys()) print(visible(join(folder, path)) + "\n");
    const there = folder === "." ? "" : `, in ${visible(folder)}`;
    say(`Next${there}: deno task twinlink run ./suites/first.ts --board model`);
    return 0;
  },
});
