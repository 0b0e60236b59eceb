/**
 * `deno task agreement`: writes what each kernel agrees on with the model, from traces: the table of README.md, and
 * docs/agreement.md.
 *
 * @module
 */

import { loadBoard } from "../boards/mod.ts";
import { type Counts, judge, readTrace, type SequenceVerdict, summarise, type Trace } from "../diff/mod.ts";
import { generic } from "../model/drivers/generic/mod.ts";
import { type EraId, ERAS } from "../model/mod.ts";
import { openModel } from "../runners/model.ts";
import { runAsMain } from "../cli/entry.ts";
import { writeWhole } from "../run/artefacts.ts";
import { UsageError } from "../cli/command.ts";
import { print } from "../run/output.ts";

const BEGIN = "<!-- agreement:begin (written by: deno task agreement) -->";
const END = "<!-- agreement:end -->";
const RECORDINGS = new URL("../boards/recordings/", import.meta.url);

/** Returns the path of a recording that ships. */
export function shippedTrace(name: string): string {
  return decodeURIComponent(new URL(`${name}.jsonl.gz`, RECORDINGS).pathname);
}

/** Returns the recordings that ship, by path. */
export function shippedTraces(): string[] {
  const ending = ".jsonl.gz";
  return [...Deno.readDirSync(RECORDINGS)].map(({ name }) => name).filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map(shippedTrace);
}

/** @param driver The driver whose model judges. @default {the driver that the facts name} */
async function verdictsOf(trace: Trace, driver?: string): Promise<SequenceVerdict[]> {
  if (!Object.hasOwn(ERAS, trace.header.era)) throw new UsageError(`There is no model of ${trace.header.era}`);
  const model = openModel(await loadBoard("model"), trace.header.era as EraId, {}, { ...trace.header, driver });
  return await Promise.all(trace.sequences.map(async (observed) => {
    const steps = observed.steps.map(({ id, phase, op }) => ({ id, phase, op }));
    return judge(await model.run({ ...observed, steps, requires: observed.hardware ?? [] }), observed);
  }));
}

const agreed = (counts: Counts) => {
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
  return all === 0 ? "-" : `${counts.agree.toLocaleString("en-US")} of ${all.toLocaleString("en-US")}`;
};

const cell = (text: string) => text.replace(/[|<>\\`\n]/g, " ").trim();

/** Returns a table, padded as `deno fmt` has it. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(3, ...rows.map((row) => row[i]!.length)));
  const padded = rows.map((row) => row.map((text, i) => text.padEnd(widths[i]!)));
  padded.splice(1, 0, widths.map((width) => "-".repeat(width)));
  return padded.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Suites that are recorded separately, with their subject; these do not test devlink. */
const APART: Readonly<Record<string, string>> = { pcs: "MAC and PCS", phy: "MAC and PHY" };

/** Returns what a trace is of: the driver of the board's own device, or what its sequences make. */
function subjectOf({ header, sequences }: Trace): string {
  const { facts, freedMemory } = header;
  const [apart] = Object.entries(APART).filter(([name]) => sequences.every(({ suite }) => suite === name));
  if (apart) return freedMemory ? `${apart[1]}, freed memory ${freedMemory}` : apart[1];
  return facts?.driver ?? "netdevsim";
}

/** Traces of one subject on one kernel, judged. */
interface Judged {
  subject: string;
  era: string;
  header: Trace["header"];
  verdicts: SequenceVerdict[];
  /** The same, as if nobody had modelled the driver. Left out if the device is not the board's own, or a MAC that the plans name */
  unmodelled?: SequenceVerdict[];
}

/** Judges traces. */
export async function judged(traces: readonly Trace[]): Promise<Judged[]> {
  const ownDevice = ({ header, sequences }: Trace) =>
    header.facts !== undefined && !sequences.some(({ hardware }) => hardware?.length);
  return await Promise.all(traces.map(async (trace) => ({
    subject: subjectOf(trace),
    era: trace.header.era,
    header: trace.header,
    verdicts: await verdictsOf(trace),
    ...ownDevice(trace) ? { unmodelled: await verdictsOf(trace, generic.name) } : {},
  })));
}

/** Orders subjects: netdevsim, then other drivers, then devices without a devlink instance. */
const rankOf = (subject: string) => subject === "netdevsim" ? 0 : subject.startsWith("MAC") ? 2 : 1;

const subjectsOf = (all: readonly Judged[]) =>
  [...new Set(all.map(({ subject }) => subject))].sort((a, b) => rankOf(a) - rankOf(b));

const erasOf = (all: readonly Judged[]) => Object.keys(ERAS).filter((id) => all.some(({ era }) => era === id));

/** Returns the table of README.md: a row a kernel, a column for what is tested on it; and the steps and channels of each column. */
export function agreementTable(all: readonly Judged[]): string {
  const subjects = subjectsOf(all);
  const row = (title: string, key: "sequences" | "steps" | "channels", era?: string) => [
    title,
    ...subjects.map((subject) => {
      const of = all.filter((one) => one.subject === subject && (era === undefined || one.era === era));
      return agreed(summarise(of.flatMap(({ verdicts }) => verdicts))[key]);
    }),
  ];
  return tableOf([
    ["kernel", ...subjects.map(cell)],
    ...erasOf(all).map((era) => row(era, "sequences", era)),
    row("steps", "steps"),
    row("channels", "channels"),
  ]);
}

/** Returns the table of the generic driver's predictions for other drivers, with a row for each recording. */
function unmodelledPart(all: readonly Judged[]): string[] {
  const rows = all.flatMap(({ subject, header, unmodelled }) => {
    if (!unmodelled) return [];
    const { sequences, channels } = summarise(unmodelled);
    const gaps = channels["model-gap"];
    const share = Math.round(100 * channels.agree / (channels.agree + gaps));
    const wrong = channels.diverge + channels.crash;
    return [[subject, header.kernel, `${sequences.agree}`, `${share} %`, `${gaps}`, `${wrong}`].map(cell)];
  });
  return [
    "## As drivers that nobody modelled",
    "",
    'The same recordings, judged with `driver = "generic"`: what the devlink core decides is predicted from the facts of the',
    "device, what only the driver knows is `model-gap`. Predicted: channels that agree, of those with evidence.",
    "",
    tableOf([["driver", "kernel", "sequences that agree", "predicted", "left to the driver", "differences"], ...rows]),
    "",
  ];
}

/** Returns docs/agreement.md: a table for each subject, with a row for each suite and a column for each kernel. */
export function agreementPage(all: readonly Judged[]): string {
  const parts = [
    "# What agrees, by suite",
    "",
    "Sequences by suite, steps, and the channels compared in them: the recordings of `boards/recordings/`, judged by the",
    "model. Written by `deno task agreement`.",
    "",
  ];
  for (const subject of subjectsOf(all)) {
    const columns = all.filter((one) => one.subject === subject);
    const suites = [...new Set(columns.flatMap(({ verdicts }) => verdicts.map(({ suite }) => suite)))];
    const row = (title: string, of: (one: Judged) => string) => [title, ...columns.map((one) => cell(of(one)))];
    parts.push(
      `## ${cell(subject)}`,
      "",
      tableOf([
        row("suite", ({ header }) => header.kernel),
        ...suites.map((name) =>
          row(name, ({ verdicts }) => agreed(summarise(verdicts.filter(({ suite }) => suite === name)).sequences))
        ),
        row("board", ({ header }) => header.board),
        row("steps", ({ verdicts }) => agreed(summarise(verdicts).steps)),
        row("channels", ({ verdicts }) => agreed(summarise(verdicts).channels)),
        row("iproute2", ({ header }) => header.iproute2.replace(/^.*iproute2-/, "")),
        row("over", ({ header }) => header.transport),
      ]),
      "",
    );
  }
  return [...parts, ...unmodelledPart(all)].join("\n");
}

/** Returns the text with its table replaced; the markers stay. */
export function withTable(text: string, table: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new UsageError(`README.md lacks the lines "${BEGIN}" and "${END}"`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${text.slice(end)}`;
}

async function agreement(): Promise<number> {
  const paths = Deno.args.length > 0 ? Deno.args : shippedTraces();
  const all = await judged(await Promise.all(paths.map(readTrace)));
  const table = agreementTable(all);
  const at = (path: string) => decodeURIComponent(new URL(`../${path}`, import.meta.url).pathname);
  const readme = at("README.md");
  await writeWhole(readme, withTable(await Deno.readTextFile(readme), table));
  await writeWhole(at("docs/agreement.md"), agreementPage(all));
  print(`${table}\n`);
  return 0;
}

if (import.meta.main) await runAsMain(agreement);
