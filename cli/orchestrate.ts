/**
 * The main job: suites on boards, several of them side by side. What is done on each is in `board_run.ts`; everything that happens
 * is told as events, one board after the other.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { exitStatus as statusOf, summarise } from "../diff/verdict.ts";
import type { Suite } from "../suites/suite.ts";
import { type BoardRunOptions, type LineName, runBoard, transportOf } from "./board_run.ts";
import { isInfra } from "./error_status.ts";
import type { BoardResult, RunEvent } from "./run_events.ts";

/** Options of {@linkcode orchestrate}. */
export interface OrchestrateOptions extends BoardRunOptions {
  /** The lines to use, for boards that have several. @default {what each board's file says} */
  transports?: readonly ("ssh" | "serial")[];
  /** How many boards are run side by side. @default {1} */
  jobs?: number;
  /** Takes a board for this run alone; `onWait` is told who has it meanwhile */
  lease?: (board: Board, onWait: (holder: string) => void) => Promise<AsyncDisposable>;
}

/** The lines of a board that a run uses: `model` and recordings have one of their own. */
function linesOf(board: Board, wanted: readonly ("ssh" | "serial")[] | undefined): LineName[] {
  if (board.runner !== "qemu" && board.runner !== "remote") return [undefined];
  return wanted && wanted.length > 0 ? [...wanted] : [undefined];
}

/**
 * Runs suites on boards, `jobs` of them side by side; their events come one board after the other.
 *
 * @throws {SuiteError} If a suite is wrong in itself; nothing of it was pushed then
 * @throws {RefusedError} If a board would lose what it needs; nothing was pushed to it then
 * @throws {DOMException} `AbortError` if the signal was aborted; the boards are torn down then
 */
export async function orchestrate(
  boards: readonly Board[],
  suites: readonly Suite[],
  options: OrchestrateOptions = {},
): Promise<BoardResult[]> {
  // Each line of a kernel in QEMU gets a guest of its own; the lines of one real board must take turns.
  const runs = boards.flatMap((board) => linesOf(board, options.transports).map((line) => ({ board, line })))
    .map((run, index) => ({ ...run, index }));
  const queues = Object.values(Object.groupBy(runs, (run) => run.board.runner === "qemu" ? run.index : run.board.file))
    .map((queue) => queue!);
  const { emit, ended } = inOrder(options.onEvent ?? (() => {}));
  const results: BoardResult[] = [];
  const worker = async () => {
    for (let queue = queues.shift(); queue; queue = queues.shift()) {
      const [{ board, line, index }] = queue as [typeof queue[0]];
      const onWait = (holder: string) => {
        const progress = { phase: "wait:", detail: `${holder} has it` };
        emit(index, { type: "prepare", board: board.name, transport: transportOf(board, line), progress });
      };
      let refused: Error | undefined;
      await using _lease = await options.lease?.(board, onWait).catch((error: Error) => {
        if (!isInfra(error)) throw error;
        refused = error;
        return undefined;
      });
      for (const { board, line, index } of queue) {
        try {
          const onEvent = (event: RunEvent) => emit(index, event);
          results[index] = await runBoard(board, line, suites, { ...options, refused, onEvent });
        } finally {
          ended(index);
        }
      }
    }
  };
  const workers = Array.from({ length: Math.min(options.jobs ?? 1, queues.length) }, worker);
  const settled = await Promise.allSettled(workers);
  for (const one of settled) if (one.status === "rejected") throw one.reason;
  return results;
}

/** Boards run side by side are told of one after the other: what comes out of turn is kept until it is its turn. */
function inOrder(onEvent: (event: RunEvent) => void): {
  emit: (index: number, event: RunEvent) => void;
  ended: (index: number) => void;
} {
  let turn = 0;
  const kept = new Map<number, RunEvent[]>();
  const over = new Set<number>();
  return {
    emit: (index, event) => {
      if (index === turn) return onEvent(event);
      if (!kept.has(index)) kept.set(index, []);
      kept.get(index)!.push(event);
    },
    ended: (index) => {
      over.add(index);
      while (over.has(turn)) {
        turn++;
        kept.get(turn)?.forEach(onEvent);
        kept.delete(turn);
      }
    },
  };
}

/** The exit status of a run: that of its verdicts, and 3 where a board could not be used. */
export function exitStatus(results: readonly BoardResult[]): 0 | 1 | 3 {
  const judged = statusOf(summarise(results.flatMap((board) => board.results.map((result) => result.verdict))));
  return judged === 0 && results.some((board) => board.infra) ? 3 : judged;
}
