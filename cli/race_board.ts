/**
 * Races on a board: repeats the same operations, and compares their outcomes with the possible outcomes.
 *
 * @module
 */

import { type Board, jsonLine, visible } from "../boards/mod.ts";
import { dirtyOf, markClean, markDirty } from "../boards/state.ts";
import { describeCrash } from "../diff/crash.ts";
import { describeOperation } from "../diff/describe.ts";
import { compareRace, type Covered, ownOf, raceReply, resultsText } from "../diff/race.ts";
import { driverModelOf } from "../model/drivers/mod.ts";
import { terminalReporter } from "../diff/mod.ts";
import type { Operation } from "../model/mod.ts";
import type { ShownOutcome } from "../model/race/outcome.ts";
import { ownRaceSuite, raceVocabularyOf } from "../suites/race/own_race.ts";
import { RACE_OPERATIONS } from "../suites/race/race_operations.ts";
import { raceSuite } from "../suites/race/race_suite.ts";
import { leaseBoard } from "../run/lease.ts";
import { exitStatus, orchestrate } from "../run/orchestrate.ts";
import type { BoardResult, SequenceResult } from "../run/run_events.ts";
import type { Suite } from "../sdk/suite.ts";
import { print, say } from "../run/output.ts";
import { wantsColor } from "./display.ts";
import { operationOf } from "./race_words.ts";

/** The parameters of a race on a board. */
export interface BoardRace {
  /** The operations, as the user wrote them */
  names: readonly string[];
  /** Operations to perform before the race, as the user wrote them */
  before: readonly string[];
  runs: number;
  schedules: number;
  json: boolean;
  /** Waits for a board that another run has */
  wait: boolean;
}

/** Groups outcomes by the results of the operations, whatever the final state. */
function byResults(outcomes: readonly ShownOutcome[]): { results: string; count: number; of: ShownOutcome[] }[] {
  const groups = Map.groupBy(outcomes, ({ results }) => resultsText(results));
  return [...groups].map(([results, of]) => ({
    results,
    count: of.reduce((sum, { count }) => sum + (count ?? 0), 0),
    of,
  }));
}

/** Returns the histogram of a race, a line for each way in which its operations ended. */
export function histogramLines(allowed: readonly Covered[], outside: readonly ShownOutcome[]): string[] {
  const rows = [
    ...byResults(allowed).map(({ results, count, of }) => {
      const states = of.length > 1 ? `, ${of.filter((one) => one.count).length} of ${of.length} states` : "";
      const { schedule } = of[0]!;
      const assumed = of.some(({ unknown }) => unknown?.results !== undefined)
        ? " or any other, which only the driver knows"
        : "";
      return { count, text: `${results}${assumed}${states}${schedule ? `, for example by schedule ${schedule}` : ""}` };
    }),
    ...byResults(outside).map(({ results, count }) => ({ count, text: `${results}, which the model does not allow` })),
  ];
  const wide = Math.max(...rows.map(({ count }) => String(count).length));
  return rows.map(({ count, text }) => `${String(count).padStart(wide)}  ${text}`);
}

/** Returns the result of a race on a board, from the steps of its sequence. */
export function readBoardRace({ expected, observed }: SequenceResult) {
  const index = expected.steps.findIndex(({ op }) => op.kind === "race");
  const [model, board] = [expected.steps[index]?.observation, observed.steps[index]];
  const op = expected.steps[index]?.op as Operation<"race"> | undefined;
  const [allowed, seen] = [raceReply(model?.reply ?? null), raceReply(board?.observation?.reply ?? null)];
  if (!op || !allowed || !seen) return undefined;
  const seconds = board?.board ? (board.board.end - board.board.start) / 1000 : 0;
  return {
    ...compareRace(allowed, seen, ownOf(op)),
    exhausted: allowed.exhausted !== false,
    stacks: seen.stacks ?? [],
    seconds,
  };
}

/** Returns the driver of a board's own device; undefined of a board on which sequences make their devices. */
const ownDriverOf = ({ driver }: Board): string | undefined => driverModelOf(driver).start ? undefined : driver;

/** Returns the names of what can be raced on a board, each with a description. */
export function raceNamesOf(board: Board): [name: string, about: string][] {
  const driver = ownDriverOf(board);
  return driver === undefined
    ? Object.entries(RACE_OPERATIONS).map(([name, op]) => [name, describeOperation(op as Operation)])
    : Object.entries(raceVocabularyOf(driver)).map(([name, { about }]) => [name, about]);
}

/**
 * Returns the race as a suite, made with the driver's names.
 *
 * @throws {UsageError} If the driver has no such name
 */
function suiteOf(driver: string | undefined, { names, runs, schedules, before }: BoardRace): Suite {
  const name = names.join(" | ");
  if (driver === undefined) {
    const [operations, first] = [names, before].map((texts) =>
      texts.map((text) => operationOf<Operation>(text, RACE_OPERATIONS))
    ) as [Operation[], Operation[]];
    return raceSuite("race", [{ name, operations }], { runs, schedules, before: first });
  }
  const words = Object.fromEntries(Object.keys(raceVocabularyOf(driver)).map((word) => [word, word]));
  return ownRaceSuite(name, driver, names.map((text) => operationOf(text, words)), {
    runs,
    schedules,
    before: before.map((text) => operationOf<never>(text, {})),
  });
}

/** Races on boards; gives the exit status, the gravest of all boards. */
export async function raceOnBoards(boards: readonly Board[], race: BoardRace, signal: AbortSignal): Promise<number> {
  // Names belong to a driver: so each driver has a suite of its own
  const groups = [...Map.groupBy(boards, ownDriverOf)].map(([driver, of]) => ({ of, suite: suiteOf(driver, race) }));
  const results: BoardResult[] = [];
  for (const { of, suite } of groups) results.push(...await raceSuiteOnBoards(of, suite, race, signal));
  return exitStatus(results);
}

async function raceSuiteOnBoards(
  boards: readonly Board[],
  suite: Suite,
  race: BoardRace,
  signal: AbortSignal,
): Promise<BoardResult[]> {
  const name = race.names.join(" | ");
  const claim = { doing: "twinlink race", wait: race.wait };
  const results = await orchestrate(boards, [suite], {
    ...claim,
    signal,
    dirt: { of: dirtyOf, mark: markDirty, clear: markClean },
    lease: (board, onWait) => leaseBoard(board, { ...claim, onWait, signal }),
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
      print(`  ${found.runs} runs${rate}; ${found.exhausted ? "all" : "not all"} its outcomes are known\n`);
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
    // Outcomes may all be allowed, and another step or the kernel log differ
    if (verdict.verdict === "diverge" && !found?.outside.length) {
      terminalReporter(print, { color: wantsColor() }).sequence(verdict);
    }
    for (const step of verdict.steps) {
      if (step.reason) print(`  step ${step.id}: ${visible(step.reason)}\n`);
      if (step.crash) print(`  step ${step.id}: ${visible(describeCrash(step.crash))}\n`);
    }
  }
  return results;
}
