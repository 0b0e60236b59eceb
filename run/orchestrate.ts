/**
 * The main job: runs suites on boards, several boards side by side. `board_run.ts` runs one board; all progress
 * is reported as events, in the order of `event_order.ts`.
 *
 * @module
 */

import type { Board, TransportName } from "../boards/mod.ts";
import { exitStatus as statusOf, summarise } from "../diff/verdict.ts";
import type { Suite } from "../sdk/suite.ts";
import { type BoardRunOptions, type LineName, runBoard, transportOf } from "./board_run.ts";
import { isInfra } from "./error_status.ts";
import { EventOrder } from "./event_order.ts";
import type { BoardResult, RunEvent } from "./run_events.ts";

/** Options of {@linkcode orchestrate}. */
export interface OrchestrateOptions extends BoardRunOptions {
  /** The lines to use, for boards that have several. @default {the lines of each board's file} */
  transports?: readonly TransportName[];
  /** The most boards that are used side by side. @default {1} */
  jobs?: number;
  /** Takes a board for this run alone; `onWait` gets the holder while the run waits */
  lease?: (board: Board, onWait: (holder: string) => void) => Promise<AsyncDisposable>;
}

/** Returns the lines of a board that a run uses: `model` and recordings have a single line of their own. */
function linesOf(board: Board, wanted: readonly TransportName[] | undefined): LineName[] {
  if (board.runner !== "qemu" && board.runner !== "remote") return [undefined];
  return wanted && wanted.length > 0 ? [...wanted] : [undefined];
}

/**
 * Runs suites on boards, `jobs` of them side by side. Their events come one board after the other; the last event is `run-end`,
 * however the run ends. A signal that is aborted ends the run for its listener at once: the rest is reported as not run, and
 * nothing is reported while the boards are torn down.
 *
 * @throws {SuiteError} If a suite is wrong in itself; nothing was pushed then
 * @throws {RefusedError} If a board would lose what it needs; nothing was pushed to it then
 * @throws {DOMException} `AbortError` if the signal was aborted; the boards are torn down then
 */
export async function orchestrate(
  boards: readonly Board[],
  suites: readonly Suite[],
  options: OrchestrateOptions = {},
): Promise<BoardResult[]> {
  const { signal } = options;
  // Each line of a kernel in QEMU gets a guest of its own; the lines of one real board must take turns.
  const runs = boards.flatMap((board) => linesOf(board, options.transports).map((line) => ({ board, line })))
    .map((run, index) => ({ ...run, index }));
  const queues = [
    ...Map.groupBy(runs, ({ board, index }) => board.runner === "qemu" ? index : board.file).values(),
  ];
  const order = new EventOrder(
    runs.map(({ board, line }) => ({ board: board.name, transport: transportOf(board, line) })),
    options.onEvent ?? (() => {}),
  );
  const results: BoardResult[] = [];
  const worker = async () => {
    for (let queue = queues.shift(); queue; queue = queues.shift()) {
      const [{ board, line, index }] = queue as [typeof queue[0]];
      const onWait = (holder: string) => {
        const progress = { phase: "wait:", detail: `${holder} has it` };
        order.emit(index, { type: "prepare", board: board.name, transport: transportOf(board, line), progress });
      };
      let refused: Error | undefined;
      await using _lease = await options.lease?.(board, onWait).catch((error: Error) => {
        if (!isInfra(error)) throw error;
        refused = error;
        return undefined;
      });
      for (const { board, line, index } of queue) {
        try {
          const onEvent = (event: RunEvent) => order.emit(index, event);
          results[index] = await runBoard(board, line, suites, { ...options, refused, onEvent });
        } finally {
          order.ended(index);
        }
      }
    }
  };
  const onAbort = () => {
    try {
      order.close(asError(signal!.reason));
    } catch {
      // The listener has saved the error, and the boards must still be torn down.
    }
  };
  signal?.addEventListener("abort", onAbort);
  try {
    const workers = Array.from({ length: Math.min(options.jobs ?? 1, queues.length) }, worker);
    const settled = await Promise.allSettled(workers);
    for (const one of settled) if (one.status === "rejected") throw one.reason;
    order.close();
  } catch (error) {
    order.close(asError(error));
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
  return results;
}

const asError = (thrown: unknown) => thrown instanceof Error ? thrown : new Error(`it throws ${String(thrown)}`);

/** Returns the exit status of a run: the gravest of its boards, and 3 if a board could not be used. */
export function exitStatus(results: readonly BoardResult[]): 0 | 1 | 3 {
  const statuses = results.map(({ results, infra }) => {
    const status = statusOf(summarise(results.map(({ verdict }) => verdict)));
    return status === 0 && infra ? 3 : status;
  });
  return statuses.includes(1) ? 1 : statuses.includes(3) || statuses.length === 0 ? 3 : 0;
}
