/**
 * Replays transcripts of real machines through the shell, and prints the share of commands that agree: `deno task replay DIR`.
 *
 * DIR holds a folder a machine, or is one: files `*.txt`, in the order of their names. Without DIR it is the transcripts that ship.
 *
 * @module
 */

import { fileURLToPath as fromFileUrl } from "node:url";
import { parseArgs } from "@std/cli/parse-args";
import { jsonLine, visible } from "../boards/visible.ts";
import { agrees, type Compared, replay } from "../shell/replay/replay.ts";
import { REPLAY_RULES } from "../shell/replay/rules.ts";
import { parseTranscript, readTranscripts, type TranscriptFile } from "../shell/replay/transcript.ts";
import { runAsMain } from "../cli/entry.ts";
import { UsageError } from "../cli/command.ts";
import { print } from "../run/output.ts";

const SHIPPED = fromFileUrl(new URL("../shell/testdata/", import.meta.url));
const USAGE = "replay takes DIR.. and --json, --quiet, --only REGEXP (the files by name)";

/** Returns the transcripts of a folder, or of a file that holds the transcripts of a machine; none where it has none. */
async function transcriptsOf(folder: string, only: RegExp): Promise<TranscriptFile[]> {
  if (folder.endsWith(".jsonl.gz")) return (await readTranscripts(folder)).filter(({ name }) => only.test(name));
  return [...Deno.readDirSync(folder)]
    .filter(({ name, isFile }) => isFile && name.endsWith(".txt") && only.test(name))
    .map(({ name }) => ({ name, blocks: parseTranscript(Deno.readTextFileSync(`${folder}/${name}`)) }))
    .filter(({ blocks }) => blocks.length > 0)
    .sort((a, b) => a.name < b.name ? -1 : 1);
}

function foldersOf(folder: string): string[] {
  const inside = [...Deno.readDirSync(folder)];
  if (inside.some(({ name, isFile }) => isFile && /^\d.*\.txt$/.test(name))) return [folder];
  const number = (name: string) => name.split(/[^\d]+/).map((part) => part.padStart(4, "0")).join(".");
  return inside.filter(({ name, isDirectory }) => isDirectory || name.endsWith(".jsonl.gz")).map(({ name }) =>
    `${folder}/${name}`
  )
    .sort((a, b) => number(a) < number(b) ? -1 : 1);
}

function told({ file, number, command, differences, gaps }: Compared): string {
  const lines = [`  ${file} [${number}] ${visible(command.length > 160 ? `${command.slice(0, 160)}...` : command)}`];
  if (gaps.length > 0) return `${[...lines, ...gaps.map((gap) => `    ${visible(gap)}`)].join("\n")}\n`;
  for (const { part, machine, model } of differences) {
    lines.push(`    ${part}:`);
    for (const line of machine) lines.push(`      - ${visible(line.slice(0, 400))}`);
    for (const line of model) lines.push(`      + ${visible(line.slice(0, 400))}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Replays the machines of some folders; gives 0 where at least the wanted share of each agrees. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseArgs(args, { boolean: ["json", "quiet", "log"], string: ["only", "least"], "--": false }) as {
    _: (string | number)[];
    json: boolean;
    quiet: boolean;
    log: boolean;
    only?: string;
    least?: string;
  };
  const folders = options._.map((folder) => String(folder).replace(/\/+$/, ""));
  if (!/^\d+(?:\.\d+)?$/.test(options.least ?? "98")) throw new UsageError(USAGE);
  if (folders.length === 0) folders.push(SHIPPED);
  const least = Number(options.least ?? 98);
  let status = 0;
  let compared = 0;
  const used = new Map<string, number>();
  for (const folder of folders.flatMap(foldersOf)) {
    const files = await transcriptsOf(folder, new RegExp(options.only ?? "^(?!20-)"));
    if (files.length === 0) continue;
    const { release, era, commands } = replay(files);
    const counted = commands.filter(({ leftOut }) => leftOut === undefined);
    const good = counted.filter(agrees);
    const gaps = counted.filter(({ gaps }) => gaps.length > 0);
    const logs = commands.filter(({ differences }) => !differences.some(({ part }) => part === "kmsg"));
    const share = 100 * good.length / counted.length;
    compared += counted.length;
    // Without any command the share would be NaN.
    if (!(share >= least)) status = 1;
    for (const { rules } of commands) for (const rule of rules) used.set(rule, (used.get(rule) ?? 0) + 1);
    if (options.json) {
      const [total, agree, notModelled] = [counted.length, good.length, gaps.length];
      print(jsonLine({ folder, release, era, total, agree, notModelled, commands }));
      continue;
    }
    const name = folder.slice(folder.lastIndexOf("/") + 1).replace(/\.jsonl\.gz$/, "");
    print(
      `${name}: kernel ${release}, era ${era}: ${good.length} of ${counted.length} commands agree (${
        share.toFixed(1)
      } %)${gaps.length > 0 ? `, ${gaps.length} not modelled` : ""}; ` +
        `kernel log: ${logs.length}\n`,
    );
    if (options.quiet) continue;
    for (const { file, number, leftOut } of commands) {
      if (leftOut !== undefined) print(`  ${file} [${number}] is left out: ${leftOut}\n`);
    }
    for (const each of counted) if ((options.log && each.differences.length > 0) || !agrees(each)) print(told(each));
  }
  if (compared === 0) {
    throw new UsageError(`Cannot replay ${folders.map(visible).join(", ")}: there is no command to compare`);
  }
  if (!options.json && !options.quiet) {
    print("What is not compared, and in how many commands it was met:\n");
    const races = String(used.get("pace") ?? 0).padStart(4);
    print(`  ${races}  pace: which of several jobs is faster; one interleaving of the model comes to the same\n`);
    for (const { name, reason } of REPLAY_RULES) {
      print(`  ${String(used.get(name) ?? 0).padStart(4)}  ${name}: ${reason}\n`);
    }
  }
  return status;
}

if (import.meta.main) await runAsMain(() => main(Deno.args));
