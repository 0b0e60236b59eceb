/**
 * `deno task limits`: writes docs/limits.md, what the model does not have, from the tables that say so to it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { runAsMain } from "../cli/entry.ts";
import { writeWhole } from "../cli/artefacts.ts";
import { print } from "../cli/output.ts";
import { FILE_GAPS } from "../model/file_gaps.ts";
import { KNOBS, PART_KNOBS } from "../model/netdevsim/data.ts";
import { OPERATION_GAPS } from "../model/operation_gaps.ts";
import { IP_OBJECTS, IP_OPTIONS, IP_WORDS } from "../shell/iproute2/ip_gaps.ts";
import { OTHER_PROGRAMS } from "../shell/other_programs.ts";

/** The page. */
export const PAGE = new URL("../docs/limits.md", import.meta.url);

const HEAD = `# What the model does not have

What is listed here exists on kernels, and the model has no answer for it. In a sequence such a step is \`model-gap\`: it
ends the body, it is counted, and the run has exit status 3. At the prompt (\`twinlink shell\`) the message is
\`twinlink: not modelled: ...\`, and the exit status 125. The fuzzer generates none of it.

This page is written by \`deno task limits\` from the tables that the model itself looks at.
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

/** A pattern of paths as a reader would write it. */
const pathOf = ({ source }: RegExp) =>
  source.replaceAll("\\/", "/").replaceAll("\\d+", "N").replaceAll("[^/]+", "NAME").replace(/^\^/, "").replace(
    /\$$/,
    "",
  );

/** The page, as the tables have it. */
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
    "A write to one of these has no answer; a read has where the file holds what it did at first. A pattern without a\nreason of its own is the last that matches.\n",
    table(
      ["files", "why"],
      FILE_GAPS.map(({ files, why }) => [files.source === "(?:)" ? "all others" : code(pathOf(files)), why]),
    ),
    "\n## Knobs of netdevsim\n",
    "To set one while the other is set has no answer.\n",
    table(["knob", "what it does"], grouped(knobs)),
    "\n## Operations\n",
    table(["operation", "with"], grouped(operations)),
    "\n## ip(8)\n",
    table(["what", "why"], [...grouped([...objects, ...options]), ...words]),
    "\n## devlink(8) and ethtool(8)\n",
    "Of devlink: `--no-nice-names`, `sb port pool set`, `sb tc bind set`, and `tc-bw` of rates. Of ethtool: all but `-i`, `-S`,\n`-a`, `-c`, `-g`, `-k` (its first lines), `-f`, `-r`, `-P`, `-d`, `--show-fec` and what it shows without an option; and each of\nthem for interfaces that are not netdevsim's.\n",
    "## Programs\n",
    `Options that a program of the prompt does not have, and these programs: ${
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
