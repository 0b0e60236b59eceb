/** For tests of this folder: writes folders of runs like `run --out`. */

import { join } from "node:path";
import { loadFacts } from "../../boards/mod.ts";
import type { Verdict } from "../../diff/mod.ts";

/** A run to write. */
export interface FakeRun {
  /** The day of the month */
  day: number;
  /** The verdicts of the sequences, by name */
  verdicts: Record<string, Verdict>;
  board?: string;
  kernel?: string;
  commit?: string;
  firmware?: string;
  /** How long each sequence took, in ms */
  ms?: number;
}

const exitOf = (verdicts: Verdict[]) =>
  verdicts.some((one) => one === "diverge" || one === "crash") ? 1 : verdicts.every((one) => one === "agree") ? 0 : 3;

/** Returns the start time of a run on a day of the month. */
export const startOf = (day: number): string => `2026-11-${String(day).padStart(2, "0")}T20:14:03.000Z`;

/** Writes the folder of a run, and returns its path. */
export async function writeRun(root: string, name: string, run: FakeRun): Promise<string> {
  const { day, verdicts, board = "board", kernel = "6.12.1", commit, firmware, ms } = run;
  const folder = join(root, name);
  await Deno.mkdir(folder, { recursive: true });
  const lines = (file: string, all: object[]) =>
    Deno.writeTextFile(join(folder, file), all.map((one) => JSON.stringify(one) + "\n").join(""));
  await lines("run.json", [{
    twinlink: "run",
    version: 1,
    started: startOf(day),
    ...(commit === undefined ? {} : { commit }),
    args: ["trap", `--board=${board}`],
    files: {},
  }]);
  const header = { board, transport: "ssh", era: "6.12", kernel, iproute2: "" };
  const all = Object.entries(verdicts);
  await lines("verdicts.jsonl", [
    { twinlink: "report", version: 1, ...header },
    ...all.map(([sequence, verdict]) => ({ type: "sequence", suite: "trap", sequence, verdict, ms, steps: [] })),
    { type: "summary", exit: exitOf(all.map(([, verdict]) => verdict)) },
  ]);
  const read = await loadFacts(new URL("../../boards/examples/connectx-7-ssh.facts.json", import.meta.url).pathname);
  const versions = { running: { fw: firmware ?? "" } };
  const facts = firmware === undefined ? {} : { facts: { ...read, versions } };
  await lines("trace-board-ssh.jsonl", [{ twinlink: "trace", version: 1, ...header, ...facts }, {
    type: "end",
    sequences: 0,
  }]);
  return folder;
}
