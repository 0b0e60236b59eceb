/**
 * `deno task limits`: writes docs/limits.md, the list of what the model lacks, from the model's own tables.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { runAsMain } from "../cli/entry.ts";
import { writeWhole } from "../run/artefacts.ts";
import { print } from "../run/output.ts";
import { FILE_GAPS } from "../model/file_gaps.ts";
import { KNOBS, PART_KNOBS } from "../model/drivers/netdevsim/data.ts";
import { OPERATION_GAPS } from "../model/operation_gaps.ts";
import { IP_OBJECTS, IP_OPTIONS, IP_WORDS } from "../shell/iproute2/ip_gaps.ts";
import { OTHER_PROGRAMS } from "../shell/other_programs.ts";

/** The page. */
export const PAGE = new URL("../docs/limits.md", import.meta.url);

const HEAD = `# What the model does not have

Kernels have everything on this page; the model has no answer for it. In a sequence such a step gets the verdict
\`model-gap\`: the step ends the body, the report counts it, and the run ends with exit status 3. At the prompt
(\`twinlink shell\`) the command prints \`twinlink: not modelled: ...\` and ends with status 125. The fuzzer does not
generate such steps.

\`deno task limits\` writes this page from the tables that the model itself uses.
`;

const cell = (text: string) => text.replaceAll("|", "\\|");
const code = (text: string) => `\`${cell(text)}\``;

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  return [`| ${head.join(" | ")} |`, "| --- | --- |", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
}

/** By their second part, the first parts together. */
function grouped(pairs: readonly (readonly [string, string])[]): [string, string][] {
  const groups = new Map<string, string[]>();
  for (const [what, why] of pairs) groups.set(why, [...groups.get(why) ?? [], what]);
  return [...groups].map(([why, whats]) => [[...new Set(whats)].map(code).join(" "), why]);
}

/** Returns a pattern of paths in a form for readers. */
const pathOf = ({ source }: RegExp) =>
  source.replaceAll("\\/", "/").replaceAll("\\d+", "N").replaceAll("[^/]+", "NAME").replace(/^\^/, "").replace(
    /\$$/,
    "",
  );

/** Returns the page, as the tables have it. */
export function limits(): string {
  const knobs = [...KNOBS, ...PART_KNOBS].flatMap(({ path, gap }) => gap ? [[path, gap.why] as const] : []);
  const operations = Object.entries(OPERATION_GAPS).flatMap(([kind, gaps]) =>
    gaps.map(({ why }) => [kind, why] as const)
  );
  const objects = Object.entries(IP_OBJECTS).flatMap(([name, why]) => why ? [[`ip ${name}`, why] as const] : []);
  const options = Object.entries(IP_OPTIONS).map(([name, why]) => [`ip -${name}`, why] as const);
  const words = Object.entries(IP_WORDS).flatMap(([object, reasons]) =>
    Object.entries(reasons).map(([why, all]) =>
      [`${code(`ip ${object}`)}: ${all.map(code).join(" ")}`, why] as [string, string]
    )
  );
  return [
    HEAD,
    "## Files\n",
    "The first pattern that matches a path gives the reason. A write is always a gap. A read is answered if the file\nstill holds its initial value and that is known.\n",
    table(
      ["files", "why"],
      FILE_GAPS.map(({ files, why }) => [files.source === "(?:)" ? "all others" : code(pathOf(files)), why]),
    ),
    "\n## Knobs of netdevsim\n",
    "Setting one while the other is set is a gap.\n",
    table(["knob", "effect"], grouped(knobs)),
    "\n## Operations\n",
    table(["operation", "why"], grouped(operations)),
    "\n## ip(8)\n",
    table(["what", "why"], [...grouped([...objects, ...options]), ...words]),
    "\n## devlink(8) and ethtool(8)\n",
    "Of devlink: `--no-nice-names`. Of ethtool: all but `-i`, `-S`,\n`-a`, `-c`, `-g`, `-k` (its first lines), `-f`, `-r`, `-P`, `-d`, `--show-fec` and what it shows without an option; and each of\nthem for interfaces that are not netdevsim's.\n",
    "## Programs\n",
    `Options that a program at the prompt does not support, and these programs: ${
      [...OTHER_PROGRAMS].sort().map((name) => `\`${name}\``).join(" ")
    }\n`,
  ].join("\n");
}

if (import.meta.main) {
  await runAsMain(async () => {
    const path = fileURLToPath(PAGE);
    await writeWhole(path, limits());
    print(`written: ${path}\n`);
    return 0;
  });
}
