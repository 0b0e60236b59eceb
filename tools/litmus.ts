/**
 * `deno task litmus [KERNEL..]`: races pairs of operations on kernels in QEMU, `--runs N` times each (2000), keeps the traces in
 * boards/recordings/races; and writes docs/races.md of all traces; `--page` writes the page alone. `--only RACE`
 * runs one of the races, `--cpus N` gives the guests so many processors, `--seed N` is of the chance in it, `--out FILE` keeps
 * the trace elsewhere.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { loadBoard, visible } from "../boards/mod.ts";
import { compareRace, raceReply, resultsText } from "../diff/race.ts";
import { readTrace, type Trace } from "../diff/mod.ts";
import { DISTINCT_ERAS, type EraId } from "../model/mod.ts";
import { openModel } from "../runners/model.ts";
import { LITMUS, litmusRaces, raceSuite } from "../suites/race/race_suite.ts";
import { runAsMain } from "../cli/entry.ts";
import { writeWhole } from "../run/artefacts.ts";
import { UsageError } from "../cli/command.ts";
import { runJob } from "../cli/job.ts";
import { print } from "../run/output.ts";

const FOLDER = new URL("../boards/recordings/races/", import.meta.url);
const KERNELS: readonly string[] = DISTINCT_ERAS;
/** The kernel that is used only if it is named, since it has to be built first. */
const DEBUG_KERNEL = "6.12-debug";

/** Returns the traces of races that ship, by their paths. */
export function raceTraces(): string[] {
  return [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) => name.endsWith(".jsonl.gz"))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map((name) => decodeURIComponent(new URL(name, FOLDER).pathname));
}

/** The outcomes of one race on one kernel. */
interface Cell {
  runs: number;
  /** How often each outcome was seen; outcomes that are allowed and were never seen have 0 */
  counts: Map<string, number>;
  /** The outcomes that are not allowed */
  outside: Set<string>;
}

const kernelOf = ({ board }: Trace["header"]) => board.replace(/^qemu-/, "");

/** Returns what the traces tell, by kernel and race. */
async function cellsOf(traces: readonly Trace[]): Promise<Map<string, Map<string, Cell>>> {
  const model = await loadBoard("model");
  const kernels = new Map<string, Map<string, Cell>>();
  for (const { header, sequences } of traces) {
    const kernel = kernelOf(header);
    const races = kernels.get(kernel) ?? new Map<string, Cell>();
    kernels.set(kernel, races);
    for (const observed of sequences) {
      const steps = observed.steps.map(({ id, phase, op }) => ({ id, phase, op }));
      const expected = await openModel(model, header.era as EraId, {}, header).run({ ...observed, steps });
      observed.steps.forEach((step, i) => {
        const [allowed, seen] = [expected.steps[i]?.observation?.reply ?? null, step.observation?.reply ?? null].map(
          raceReply,
        );
        if (step.op.kind !== "race" || !allowed || !seen) return;
        const { allowed: all, outside, runs } = compareRace(allowed, seen);
        const cell = races.get(observed.sequence) ?? { runs: 0, counts: new Map(), outside: new Set() };
        races.set(observed.sequence, cell);
        cell.runs += runs;
        for (const { results, count } of [...all, ...outside.map((one) => ({ ...one, count: one.count ?? 0 }))]) {
          const text = resultsText(results);
          cell.counts.set(text, (cell.counts.get(text) ?? 0) + count);
        }
        for (const { results } of outside) cell.outside.add(resultsText(results));
      });
    }
  }
  return kernels;
}

const code = (text: string) => `\`${text.replaceAll("|", "\\|")}\``;

/** Returns the page. */
export async function racesPage(traces: readonly Trace[]): Promise<string> {
  const kernels = await cellsOf(traces);
  const names = [...kernels.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const releases = names.map((name) => traces.find(({ header }) => kernelOf(header) === name)!.header.kernel);
  const cells = [...kernels.values()].flatMap((races) => [...races.values()]);
  const runs = cells.reduce((sum, cell) => sum + cell.runs, 0);
  const outside = cells.filter((cell) => cell.outside.size > 0).length;
  const parts = [
    "# Races on real kernels",
    "",
    "The outcomes of two operations of netdevsim at the same time, on kernels in QEMU: how the first one ended, how the second one did,",
    "and in how many runs. What may come is what the model predicts, which tries every interleaving; after each run the state that is",
    "left must be one that the model allows, too. `0`: it may come, and was not seen. `-`: it may not. **Bold**: it was seen, and may",
    "not come. Written by `deno task litmus` from `boards/recordings/races/`; the operations are `twinlink race --names`.",
    "",
    `${runs.toLocaleString("en")} runs, on ${
      releases.join(", ")
    }. Races with an outcome that may not come: ${outside} of ${cells.length}.`,
    "",
  ];
  const row = (words: readonly string[]) => `| ${words.join(" | ")} |`;
  parts.push(row(["race", "outcome", ...names]), row(["---", "---", ...names.map(() => "---:")]));
  for (const race of LITMUS.map((pair) => pair.join(" | "))) {
    const of = names.map((name) => kernels.get(name)!.get(race));
    const total = (text: string) => of.reduce((sum, cell) => sum + (cell?.counts.get(text) ?? 0), 0);
    const results = [...new Set(of.flatMap((cell) => [...cell?.counts.keys() ?? []]))]
      .sort((a, b) => total(b) - total(a) || (a < b ? -1 : 1));
    results.forEach((text, i) => {
      const counts = of.map((cell) => {
        const count = cell?.counts.get(text);
        if (!cell) return "";
        return count === undefined ? "-" : cell.outside.has(text) ? `**${count}**` : String(count);
      });
      parts.push(row([i === 0 ? code(race) : "", code(text), ...counts]));
    });
  }
  parts.push("");
  return parts.join("\n");
}

async function litmus(signal: AbortSignal): Promise<number> {
  const { _: kernels, only, runs, seed, cpus, out, page } = parseArgs(Deno.args, {
    string: ["runs", "seed", "cpus", "only", "out", "_"],
    boolean: ["page"],
    collect: ["only"],
    unknown: (name, option) => {
      if (option) {
        throw new UsageError(
          `There is no option "${visible(name)}", but --runs, --seed, --cpus, --only, --out, --page`,
        );
      }
    },
  }) as { _: string[]; only: string[]; runs?: string; seed?: string; cpus?: string; out?: string; page: boolean };
  const wrong = kernels.find((kernel) => ![...KERNELS, DEBUG_KERNEL].includes(kernel));
  if (wrong !== undefined) {
    throw new UsageError(
      `There is no kernel "${visible(wrong)}" to race on, but ${KERNELS.join(", ")}, ${DEBUG_KERNEL}`,
    );
  }
  for (const [option, value] of Object.entries({ runs, seed, cpus })) {
    if (value === undefined || /^[1-9]\d{0,6}$/.test(value)) continue;
    throw new UsageError(`Option --${option} is "${visible(value)}", but must be a number of 1 or more`);
  }
  const races = litmusRaces(only);
  if (races.length < only.length) throw new UsageError(`A race that is named with --only is not in the suite litmus`);
  let worst = 0;
  for (const kernel of page ? [] : kernels.length > 0 ? kernels : KERNELS) {
    const suite = raceSuite("litmus", races, { runs: Number(runs ?? 2000), seed: Number(seed ?? 1) });
    const trace = out ?? decodeURIComponent(new URL(`${kernel}.jsonl.gz`, FOLDER).pathname);
    const board = await loadBoard(`qemu-${kernel}`);
    const boards = [cpus === undefined ? board : { ...board, qemu: { ...board.qemu!, cpus: Number(cpus) } }];
    const { status } = await runJob({ boards, suites: [suite], reporter: "terminal", trace }, { signal });
    worst = Math.max(worst, status);
  }
  const text = await racesPage(await Promise.all(raceTraces().map(readTrace)));
  await writeWhole(decodeURIComponent(new URL("../docs/races.md", import.meta.url).pathname), text);
  if (page) print(text);
  return worst;
}

if (import.meta.main) await runAsMain(litmus);
