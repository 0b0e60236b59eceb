/** `report A B`: compares saved runs, as text and as a page. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { visible } from "../boards/mod.ts";
import {
  type Change,
  CHANGES,
  type ComparedBoard,
  compareRuns,
  type Comparison,
  comparisonPage,
  comparisonStatus,
  freshCauses,
  gapsOf,
  pairBoards,
  type RunPart,
  type SequenceVerdict,
} from "../diff/mod.ts";
import { judgedHeader, judgedSequences } from "./_judge_trace.ts";
import { type KeptRun, openRun, partsOf } from "./_kept_run.ts";
import { earlierTrace, makeFolder, openTraceFile } from "./_shared.ts";
import { UsageError } from "./command.ts";
import { causeLines } from "./summary.ts";
import { aboutRun } from "../run/about_run.ts";
import { COMPARE_PAGE, writeWhole } from "../run/artefacts.ts";
import { PLAN } from "../run/journal.ts";
import { count, print } from "../run/output.ts";

/** The most sequences that the text lists for one kind of change on one board; the page lists all. */
const MOST = 20;

/** One side of a comparison. */
interface RunSide {
  runs: KeptRun[];
  parts: RunPart[];
}

/** Returns the folders of the runs in a folder of `run --repeat`, in their order; the folder itself if it has a single run. */
function repeated(folder: string): string[] {
  if (existsSync(join(folder, PLAN))) return [folder];
  const names = [...Deno.readDirSync(folder)].filter(({ name, isDirectory }) => isDirectory && /^[1-9]\d?$/.test(name))
    .map(({ name }) => name).sort((a, b) => Number(a) - Number(b));
  const runs = names.map((name) => join(folder, name)).filter((path) => existsSync(join(path, PLAN)));
  return runs.length > 0 ? runs : [folder];
}

async function sideOf(folders: readonly string[], signal: AbortSignal): Promise<RunSide> {
  const runs: KeptRun[] = [];
  const parts: RunPart[] = [];
  for (const folder of folders.flatMap(repeated)) {
    const run = await openRun(folder);
    runs.push(run);
    parts.push(...await partsOf(run, signal));
  }
  return { runs, parts };
}

/** For sequences without an answer of the model on both sides, returns the verdicts of B compared with A itself. */
async function directOf(
  before: RunSide,
  after: RunSide,
  signal: AbortSignal,
): Promise<Map<SequenceVerdict, SequenceVerdict>> {
  const found = new Map<SequenceVerdict, SequenceVerdict>();
  for (const pair of pairBoards(before.parts, after.parts).pairs) {
    const gaps = new Set(gapsOf(pair).map(keyOf));
    const earlier = pair.before.findLast(({ trace }) => trace !== undefined)?.trace;
    if (gaps.size === 0 || earlier === undefined) continue;
    const against = await earlierTrace(earlier);
    for (const { trace: path, verdicts } of pair.after) {
      if (path === undefined) continue;
      await using trace = await openTraceFile(path);
      const board = after.runs.flatMap(({ by }) => by.boards).find(({ name }) => name === trace.header.board);
      const header = judgedHeader(trace, path, "judge", { board });
      for await (const { verdict } of judgedSequences(trace, header, { board, against, signal })) {
        const byModel = verdicts.find((one) => keyOf(one) === keyOf(verdict));
        if (byModel && gaps.has(keyOf(verdict))) found.set(byModel, verdict);
      }
    }
  }
  return found;
}

const keyOf = ({ suite, sequence }: { suite: string; sequence: string }) => JSON.stringify([suite, sequence]);

function runLines(letter: string, { runs }: RunSide): string[] {
  return runs.map(({ folder, plan, over }) =>
    visible(
      [
        `${letter}  ${folder}`,
        plan?.started.replace(/\.\d+/, ""),
        plan?.commit && `commit ${plan.commit.slice(0, 12)}`,
        !over && "broke off",
      ].filter(Boolean).join("  "),
    )
  );
}

/** Returns the differences between the plans of the two runs. */
function planLines(before: RunSide, after: RunSide): string[] {
  const [a, b] = [before, after].map(({ runs }) => runs.at(-1)?.plan);
  if (!a || !b) return [];
  const command = ({ args }: { args: string[] }) => args.filter((word) => !word.startsWith("--reporter=")).join(" ");
  const changed = Object.keys(b.files).filter((path) => path in a.files && a.files[path] !== b.files[path]);
  return [
    ...command(a) === command(b) ? [] : [`asked for: A: ${command(a)}`, `           B: ${command(b)}`],
    ...changed.map((path) => `${path} has changed between A and B`),
  ].map(visible);
}

function boardLines({ name, differs, sequences }: ComparedBoard): string[] {
  return [
    ...differs.map(({ what, before, after }) => `${name}: ${what}: ${before || "none"} -> ${after || "none"}`),
    ...[...Map.groupBy(sequences.filter(({ before, change }) => before === "not in the run" || change === "absent"), ({
      suite,
      change,
    }) => JSON.stringify([suite, change === "absent" ? "A" : "B"]))].map(([key, { length }]) => {
      const [suite, side] = JSON.parse(key);
      return `${name}: ${count(length, "sequence")} of ${suite} in ${side} alone`;
    }),
  ].map(visible);
}

/** The kinds of change that are listed sequence by sequence; new differences are listed by cause. */
const LISTED: readonly Change[] = ["changed", "lost", "flaky", "gone"];

function changeLines({ boards }: Comparison): string[] {
  return LISTED.flatMap((change) => {
    const all = boards.map(({ name, sequences }) => ({ name, of: sequences.filter((one) => one.change === change) }))
      .filter(({ of }) => of.length > 0);
    if (all.length === 0) return [];
    return [
      `${CHANGES[change]}:`,
      ...all.flatMap(({ name, of }) => [
        ...of.slice(0, MOST).map(({ suite, sequence, before, after, fresh, past }) => {
          const line = `  ${name}: ${suite} > ${sequence}: ${before} -> ${after}`;
          const kinds = [...fresh.map((text) => `new: ${text}`), ...past.map((text) => `gone: ${text}`)];
          // Lost and gone sequences need no list of their earlier differences.
          return [line, ...change === "changed" ? kinds.map((text) => `      ${text}`) : []].map(visible).join("\n");
        }),
        ...of.length > MOST ? [`  ${visible(name)}: ... ${of.length - MOST} more`] : [],
      ]),
    ];
  });
}

function tableLines({ boards }: Comparison): string[] {
  const columns = (Object.keys(CHANGES) as Change[]).filter((change) =>
    boards.some(({ sequences }) => sequences.some((one) => one.change === change))
  );
  const rows = [
    ["board", ...columns.map((change) => change)],
    ...boards.map(({ name, sequences }) => [
      visible(name),
      ...columns.map((change) => String(sequences.filter((one) => one.change === change).length)),
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
  );
}

const ENDINGS = {
  0: "B has no difference that A has not",
  1: "B has differences that A has not",
  3: "not all of it could be compared, so this is no pass",
};

function closing(comparison: Comparison, status: 0 | 1 | 3): string {
  const { counts, compared } = comparison;
  const told = (["new", "changed", "lost", "flaky", "gone", "still"] as const).filter((change) => counts[change] > 0)
    .map((change) => `${counts[change]} ${change}`);
  return `${count(compared, "sequence")} compared: ${told.join(", ") || "nothing changed"}: ${ENDINGS[status]}`;
}

function comparisonText(comparison: Comparison, before: RunSide, after: RunSide, status: 0 | 1 | 3): string {
  const { alone, boards } = comparison;
  return [
    ...runLines("A", before),
    ...runLines("B", after),
    ...planLines(before, after),
    ...alone.before.map((name) => visible(`${name}: in A alone`)),
    ...alone.after.map((name) => visible(`${name}: in B alone; what differs there is new`)),
    ...boards.flatMap(boardLines),
    ...tableLines(comparison),
    ...causeLines(freshCauses(comparison), "new cause"),
    ...changeLines(comparison),
    closing(comparison, status),
  ].join("\n") + "\n";
}

/**
 * Compares saved runs, prints the changes, and writes them as a page.
 *
 * @param folders Two or more; the last one is B
 * @throws {UsageError} If a folder has no run
 */
export async function compareKept(
  folders: readonly string[],
  { out, signal }: { out: string | undefined; signal: AbortSignal },
): Promise<0 | 1 | 3> {
  const last = folders.at(-1)!;
  const place = out ?? last;
  if (out !== undefined) await makeFolder(out);
  const before = await sideOf(folders.slice(0, -1), signal);
  const after = await sideOf([last], signal);
  if (before.runs.some((run) => after.runs.some((other) => sameFolder(run, other)))) {
    throw new UsageError(`Cannot compare "${visible(last)}" with itself: name two runs`);
  }
  const direct = await directOf(before, after, signal);
  const comparison = compareRuns(before.parts, after.parts, (_, verdict) => direct.get(verdict));
  const status = comparisonStatus(comparison, after.runs.every(({ over }) => over));
  const text = closing(comparison, status);
  const words = ["report", ...folders.map((folder) => Deno.realPathSync(folder))];
  const notes = [...runLines("A", before), ...runLines("B", after), ...planLines(before, after)];
  const page = comparisonPage(comparison, { about: aboutRun(words, place), conclusion: text, status, notes });
  print(comparisonText(comparison, before, after, status));
  const path = join(place, COMPARE_PAGE);
  await writeWhole(path, page).catch((error) => {
    throw new UsageError(`Cannot write to "${visible(place)}": ${visible((error as Error).message)}`);
  });
  print(`Written: ${visible(path)}\n`);
  return status;
}

const sameFolder = (a: KeptRun, b: KeptRun) => Deno.realPathSync(a.folder!) === Deno.realPathSync(b.folder!);
