/** The layout of the tree: imports run one way and in no circle, and what is of any driver names no driver. */

import { assert, assertEquals } from "@std/assert";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** The layers of the tree, the lowest first: a file imports from its own layer and from lower ones. */
const LAYERS = [
  "model",
  "boards",
  "diff",
  "sdk",
  "fixtures",
  "runners",
  "suites",
  "fuzz",
  "shell",
  "run",
  "cli",
  "mod.ts",
];

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory && !["vendor", "node_modules", ".git"].includes(name)) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** Returns the files of the tree that each file of it imports; paths are relative to the root. */
async function importsOf(): Promise<Map<string, Set<string>>> {
  const imports = new Map<string, Set<string>>();
  for await (const path of sources(ROOT)) {
    // Of examples in comments nothing is imported.
    const text = (await Deno.readTextFile(path)).replaceAll(/^ *\*.*$/gm, "");
    const found = text.matchAll(/(?:^(?:import|export)\s[^;"]*?from |^import |\bimport\()"(\.[^"]*\.ts)"/gm);
    imports.set(
      relative(ROOT, path),
      new Set([...found].map(([, specifier]) => relative(ROOT, join(dirname(path), specifier!)))),
    );
  }
  return imports;
}

/** Returns the groups of nodes that can all reach each other (Tarjan's algorithm). */
function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const visit = (node: string) => {
    index.set(node, index.size);
    lowest.set(node, index.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(node, Math.min(lowest.get(node)!, lowest.get(next)!));
    }
    if (lowest.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) found.push(group.sort());
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}

const layerOf = (path: string) => LAYERS.indexOf(path.split("/")[0]!);

/** Returns the imports of a file from a higher layer; tests use what they like. */
function upwards(imports: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const wrong: string[] = [];
  for (const [file, targets] of imports) {
    if (/_(test|bench)\.ts$|\/_?testing\.ts$|\/_planted\.ts$/.test(file) || layerOf(file) < 0) continue;
    for (const target of targets) {
      const layer = layerOf(target);
      if (layer > layerOf(file) || layer < 0 && !target.startsWith("vendor")) wrong.push(`${file} -> ${target}`);
    }
  }
  return wrong;
}

const imports = await importsOf();

/** What holds for any driver, and so names none. Suites, fixtures, boards and documentation are of drivers, too. */
const OF_ANY_DRIVER = ["model/devlink", "model/kernel", "model/net", "sdk", "diff", "runners", "run", "fuzz"];

/**
 * Files that may name the driver that most tests run on. Tests: they see the code work on a device of that driver, or in its
 * recorded words; tests of `fuzz/` take the device from its vocabulary. Snapshots: what tests print.
 * `fuzz/corpus/`: sequences that were found on its devices.
 */
const MAY_NAME_IT = /^(?!fuzz\/).*_test\.ts$|\.snap$|^fuzz\/corpus\//;

async function* files(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* files(join(folder, name));
    else yield join(folder, name);
  }
}

Deno.test("netdevsim is named in no folder that is of any driver", async () => {
  const wrong: string[] = [];
  let looked = 0;
  for (const folder of OF_ANY_DRIVER) {
    for await (const path of files(join(ROOT, folder))) {
      const file = relative(ROOT, path);
      if (MAY_NAME_IT.test(file)) continue;
      looked++;
      const line = (await Deno.readTextFile(path)).split("\n").findIndex((text) => /netdevsim/i.test(text));
      if (line >= 0) wrong.push(`${file}:${line + 1}`);
    }
  }
  assertEquals(wrong, []);
  assert(looked > 200, `${looked}`);
});

Deno.test("a file that begins with an underscore is imported from its own folder alone", () => {
  const wrong: string[] = [];
  for (const [file, targets] of imports) {
    for (const target of targets) {
      if (/\/_[^/]*$/.test(target) && dirname(target) !== dirname(file)) wrong.push(`${file}: ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("no file imports from a higher layer", () => {
  assertEquals(upwards(imports), []);
  assertEquals(upwards(new Map([["model/x.ts", new Set(["diff/y.ts"])]])), ["model/x.ts -> diff/y.ts"]);
});

Deno.test("no files import each other in a circle", () => {
  assertEquals(circles(imports), []);
  assertEquals(circles(new Map([["a", new Set(["b"])], ["b", new Set(["a"])], ["c", new Set(["a"])]])), [["a", "b"]]);
});
