/**
 * Races on a board: the same operations again and again, and what came of them beside what may.
 *
 * @module
 */

import { type Board, jsonLine, visible } from "../boards/mod.ts";
import { describeCrash } from "../diff/crash.ts";
import { compareRace, type Covered, raceReply, resultsText } from "../diff/race.ts";
import type { Operation } from "../model/mod.ts";
import type { ShownOutcome } from "../model/race/outcome.ts";
import { raceSuite } from "../suites/race_suite.ts";
import { exitStatus, orchestrate } from "./orchestrate.ts";
import type { SequenceResult } from "./run_events.ts";
import { print, say } from "./output.ts";

/** What is raced on a board. */
export interface BoardRace {
  /** As it was written */
  names: readonly string[];
  operations: readonly Operation[];
  /** Performed before, beside what the operations need */
  before: readonly Operation[];
  runs: number;
  schedules: number;
  json: boolean;
}

/** Outcomes that ended the same, in whichever state. */
function byResults(outcomes: readonly ShownOutcome[]): { results: string; count: number; of: ShownOutcome[] }[] {
  const groups = Map.groupBy(outcomes, ({ results }) => resultsText(results));
  return [...groups].map(([results, of]) => ({
    results,
    count: of.reduce((sum, { count }) => sum + (count ?? 0), 0),
    of,
  }));
}

/** The histogram of a race, a line for each way in which its operations ended. */
export function histogramLines(allowed: readonly Covered[], outside: readonly ShownOutcome[]): string[] {
  const rows = [
    ...byResults(allowed).map(({ results, count, of }) => {
      const states = of.length > 1 ? `, ${of.filter((one) => one.count).length} of ${of.length} states` : "";
      const { schedule } = of[0]!;
      return { count, text: `${results}${states}${schedule ? `, for example by schedule ${schedule}` : ""}` };
    }),
    ...byResults(outside).map(({ results, count }) => ({ count, text: `${results}, which the model does not allow` })),
  ];
  const wide = Math.max(...rows.map(({ count }) => String(count).length));
  return rows.map(({ count, text }) => `${String(count).padStart(wide)}  ${text}`);
}

/** What a race on a board came to, as the steps of its sequence tell it. */
export function readBoardRace({ expected, observed }: SequenceResult) {
  const index = expected.steps.findIndex(({ op }) => op.kind === "race");
  const [model, board] = [expected.steps[index]?.observation, observed.steps[index]];
  const [allowed, seen] = [raceReply(model?.reply ?? null), raceReply(board?.observation?.reply ?? null)];
  if (!allowed || !seen) return undefined;
  const seconds = board?.board ? (board.board.end - board.board.start) / 1000 : 0;
  return { ...compareRace(allowed, seen), exhausted: allowed.exhausted !== false, stacks: seen.stacks ?? [], seconds };
}

/** Races on boards; gives the exit status. */
export async function raceOnBoards(boards: readonly Board[], race: BoardRace, signal: AbortSignal): Promise<number> {
  const name = race.names.join(" | ");
  const { runs, schedules, before } = race;
  const suite = raceSuite("race", [{ name, operations: race.operations }], { runs, schedules, before });
  const results = await orchestrate(boards, [suite], {
    signal,
    onEvent: (event) => {
      if (event.type === "infra") say(`twinlink: ${visible(event.error.message)}`);
    },
  });
  for (const { board, header, results: [result] } of results) {
    if (!result) continue;
    const found = readBoardRace(result);
    if (race.json) {
      const { allowed = [], outside = [], runs = 0, exhausted } = found ?? {};
      const { verdict } = result.verdict;
      print(
        jsonLine({
          board,
          kernel: header?.kernel,
          eraNote: header?.eraNote,
          race: race.names,
          verdict,
          runs,
          exhausted,
          allowed,
          outside,
        }),
      );
      continue;
    }
    print(`${board}, Linux ${visible(header?.kernel ?? "")}: ${result.verdict.verdict}\n`);
    if (header?.eraNote) print(`  ${visible(header.eraNote)}\n`);
    if (found) {
      const rate = found.seconds > 0 ? `, ${(found.runs / found.seconds).toFixed(1)} a second` : "";
      print(`  ${found.runs} runs${rate}; ${found.exhausted ? "all" : "not all"} that may come of it is known\n`);
      print(`  ${name}\n`);
      for (const line of histogramLines(found.allowed, found.outside)) print(`  ${visible(line)}\n`);
      for (const { results, state, count } of found.outside) {
        print(`\n  ${count} times ${visible(resultsText(results))}, and then\n`);
        print(`    ${visible(JSON.stringify(state))}\n`);
      }
      for (const { task, stack } of found.stacks) {
        print(`\n  ${visible(task)} cannot be interrupted: ${visible(stack.slice(0, 8).join(" <- "))}\n`);
      }
    }
    const { verdict } = result;
    if (verdict.reason) print(`  ${visible(verdict.reason)}\n`);
    for (const step of verdict.steps) {
      if (step.reason) print(`  step ${step.id}: ${visible(step.reason)}\n`);
      if (step.crash) print(`  step ${step.id}: ${visible(describeCrash(step.crash))}\n`);
    }
  }
  return exitStatus(results);
}
