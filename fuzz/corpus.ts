/**
 * The corpus: sequences that diverged, as files that run as suites.
 *
 * @module
 */

import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describeOperation } from "../diff/mod.ts";
import type { Found } from "./campaign.ts";
import type { Generated } from "./sequence.ts";

const here = fileURLToPath(new URL("./sequence.ts", import.meta.url));

/** Returns the files of a corpus, in the order of their names; none where there is no such folder. */
export function corpusFiles(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter(({ isFile, name }) => isFile && name.endsWith(".ts"))
      .map(({ name }) => join(folder, name)).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Makes a board's text safe for a comment: other than printable ASCII characters become `?`. */
const commented = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, "?");

/** Returns the text of a suite file with one found sequence. */
function corpusText(path: string, name: string, found: Found, generated: Generated, seed: number): string {
  const { header, index, signature, confirmed } = found;
  const target = relative(dirname(resolve(path)), here).split(sep).join("/");
  const source = `twinlink fuzz --board ${header.board} --seed ${seed} --sequence ${index}`;
  const lines = [
    `// ${commented(signature)}`,
    `// Linux ${
      commented(header.kernel)
    } over ${header.transport}, model of ${header.era}: ${confirmed.times} of ${confirmed.of} times on a fresh board`,
    `// ${source}`,
    `import { fuzzed } from ${JSON.stringify(target.startsWith(".") ? target : `./${target}`)};`,
    "",
    `export default fuzzed(${JSON.stringify(name)}, ${JSON.stringify(signature)}, {`,
    `  netns: ${JSON.stringify(generated.netns)},`,
    `  devices: ${JSON.stringify(generated.devices)},`,
    ...(generated.own === undefined ? [] : [`  own: ${JSON.stringify(generated.own)},`]),
    "  operations: [",
    ...generated.operations.flatMap((
      op,
    ) => [`    // ${commented(describeOperation(op))}`, `    ${JSON.stringify(op)},`]),
    "  ],",
    `}, ${JSON.stringify(source)});`,
  ];
  return lines.join("\n") + "\n";
}

/** Writes a found sequence into the corpus and returns the path of its file; undefined if there is no sequence to write. */
export async function saveFound(folder: string, found: Found, seed: number): Promise<string | undefined> {
  const { generated, header, index } = found;
  if (!generated || index === undefined) return undefined;
  await Deno.mkdir(folder, { recursive: true });
  const name = `fuzz-${header.board.replaceAll(/[^\w.-]/g, "_")}-${seed}-${index}`;
  const path = join(folder, `${name}.ts`);
  await Deno.writeTextFile(path, corpusText(path, name, found, generated, seed));
  return path;
}
