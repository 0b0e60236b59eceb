/**
 * `deno task agreement`: writes the table of README.md, of what each kernel agrees on with the model, from traces.
 *
 * @module
 */

import { loadBoard } from "../boards/mod.ts";
import { type Counts, judge, readTrace, type SequenceVerdict, summarise, type Trace } from "../diff/mod.ts";
import { type EraId, ERAS } from "../model/mod.ts";
import { openModel } from "../runners/model.ts";
import { runAsMain } from "../cli/entry.ts";
import { writeWhole } from "../run/artefacts.ts";
import { UsageError } from "../cli/command.ts";
import { print } from "../run/output.ts";

const BEGIN = "<!-- agreement:begin (written by: deno task agreement) -->";
const END = "<!-- agreement:end -->";
const RECORDINGS = new URL("../boards/recordings/", import.meta.url);

/** The path of a recording that ships. */
export function shippedTrace(name: string): string {
  return decodeURIComponent(new URL(`${name}.jsonl.gz`, RECORDINGS).pathname);
}

/** The recordings that ship, by path. */
export function shippedTraces(): string[] {
  const ending = ".jsonl.gz";
  return [...Deno.readDirSync(RECORDINGS)].map(({ name }) => name).filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map(shippedTrace);
}

async function verdictsOf(trace: Trace): Promise<SequenceVerdict[]> {
  if (!Object.hasOwn(ERAS, trace.header.era)) throw new UsageError(`There is no model of ${trace.header.era}`);
  const model = openModel(await loadBoard("model"), trace.header.era as EraId, {}, trace.header);
  return await Promise.all(trace.sequences.map(async (observed) => {
    const steps = observed.steps.map(({ id, phase, op }) => ({ id, phase, op }));
    return judge(await model.run({ ...observed, steps }), observed);
  }));
}

const agreed = (counts: Counts) => {
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
  return all === 0 ? "-" : `${counts.agree.toLocaleString("en-US")} of ${all.toLocaleString("en-US")}`;
};

const cell = (text: string) => text.replace(/[|<>\\`\n]/g, " ").trim();

/** The table: a column a kernel, its sequences by suite, its steps and channels as a whole. */
export async function agreementTable(traces: readonly Trace[]): Promise<string> {
  // What differs in nothing but the suites is one column.
  const columnOf = ({ header }: Trace) =>
    [header.kernel, header.iproute2, header.transport, header.freedMemory].join("\n");
  const judged = await Promise.all(
    Object.values(Object.groupBy(traces, columnOf)).map(async (group) => ({
      ...group![0]!.header,
      verdicts: (await Promise.all(group!.map(verdictsOf))).flat(),
    })),
  );
  const suites = [...new Set(judged.flatMap(({ verdicts }) => verdicts.map(({ suite }) => suite)))];
  const columns = judged.map(({ kernel, iproute2, transport, verdicts, freedMemory }) => {
    const { steps, channels } = summarise(verdicts);
    const by = suites.map((suite) => agreed(summarise(verdicts.filter((one) => one.suite === suite)).sequences));
    const tool = iproute2.replace(/^.*iproute2-/, "");
    const name = freedMemory ? `${kernel}, ${freedMemory}` : kernel;
    return [name, tool, transport, ...by, agreed(steps), agreed(channels)].map(cell);
  });
  const titles = ["kernel, freed memory", "iproute2", "over", ...suites, "steps", "channels"];
  const [head, ...rows] = titles.map((title, i) => [title, ...columns.map((column) => column[i]!)]) as [
    string[],
    ...string[][],
  ];
  // Padded, as deno fmt has it.
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const padded = [head, ...rows].map((row) => row.map((text, i) => text.padEnd(widths[i]!)));
  padded.splice(1, 0, widths.map((width) => "-".repeat(width)));
  return padded.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** The text with its table replaced; the markers stay. */
export function withTable(text: string, table: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new UsageError(`README.md lacks the lines "${BEGIN}" and "${END}"`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${text.slice(end)}`;
}

async function agreement(): Promise<number> {
  const paths = Deno.args.length > 0 ? Deno.args : shippedTraces();
  const table = await agreementTable(await Promise.all(paths.map(readTrace)));
  const readme = decodeURIComponent(new URL("../README.md", import.meta.url).pathname);
  await writeWhole(readme, withTable(await Deno.readTextFile(readme), table));
  print(`${table}\n`);
  return 0;
}

if (import.meta.main) await runAsMain(agreement);
