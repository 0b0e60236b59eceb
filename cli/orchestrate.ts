/**
 * The main job: suites on boards. Each sequence is compiled on the model of the board's era, run on the board, and
 * judged; everything that happens is told as events.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { firstUnsupported, lacking } from "../diff/capability.ts";
import { judge } from "../diff/judge.ts";
import { breaksKernel } from "../diff/crash.ts";
import { exitStatus as statusOf, type SequenceVerdict, summarise } from "../diff/verdict.ts";
import type { Plan, SequenceTrace, StepTrace, TraceHeader } from "../diff/trace.ts";
import type { EraId } from "../model/mod.ts";
import { openRunner } from "../runners/mod.ts";
import { TransportError } from "../runners/shell.ts";
import type { Progress, Runner, RunnerOptions } from "../runners/runner.ts";
import { compile, holdsIn, type Sequence, type Suite } from "../suites/suite.ts";

/** What {@linkcode orchestrate} tells, in order. */
export type RunEvent =
  /** A board is being prepared */
  | { type: "prepare"; board: string; transport: string; progress: Progress }
  /** A board answers; its sequences begin */
  | { type: "board"; board: string; transport: string; header: TraceHeader; sequences: number }
  | { type: "sequence-start"; board: string; transport: string; suite: string; sequence: string; steps: number }
  | { type: "step"; board: string; transport: string; suite: string; sequence: string; step: StepTrace }
  | { type: "sequence"; board: string; transport: string; result: SequenceResult }
  /** A board could not be reached, or was lost: the rest of its sequences is not judged */
  | { type: "infra"; board: string; transport: string; error: Error }
  | { type: "board-end"; board: string; transport: string; ms: number };

/** A sequence that was run: both traces and the verdict. */
export interface SequenceResult {
  /** What the model of the board's era shows */
  expected: SequenceTrace;
  /** What the board showed; without steps where the board's file says that it cannot run it */
  observed: SequenceTrace;
  /** What comparing them came to */
  verdict: SequenceVerdict;
}

/** One board and line, and all that was run on it. */
export interface BoardResult {
  /** The board's name, as in its file */
  board: string;
  /** `model`, `ssh`, `serial`, `local` or `recording`; of a board that did not open, what was tried */
  transport: string;
  /** What the board said of itself; undefined if it did not open */
  header: TraceHeader | undefined;
  /** The sequences that were run, in their order */
  results: SequenceResult[];
  /** Why the board could not be used, or no longer */
  infra: Error | undefined;
}

/** Options of {@linkcode orchestrate}. */
export interface OrchestrateOptions {
  /** The lines to use, for boards that have several. @default {what each board's file says} */
  transports?: readonly ("ssh" | "serial")[];
  /** Runs only the sequences that it is true for */
  filter?: (suite: Suite, sequence: Sequence) => boolean;
  /** How many boards are run side by side. @default {1} */
  jobs?: number;
  /** Devices that may be taken away although a board needs them. @default {[]} */
  iKnow?: readonly string[];
  /** Ends the run; the boards are torn down */
  signal?: AbortSignal;
  /** Called for everything that happens, one board after the other */
  onEvent?: (event: RunEvent) => void;
  /** Where the console of a board that has one is logged; asked each time that the board is opened */
  consoleLog?: (board: string, transport: string) => string;
  /** How a board is opened; for tests */
  open?: (board: Board, options: RunnerOptions) => Promise<Runner>;
}

/** The lines of a board that a run uses: `model` and recordings have one of their own. */
function linesOf(board: Board, wanted: readonly ("ssh" | "serial")[] | undefined): ("ssh" | "serial" | undefined)[] {
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
      for (const { board, line, index } of queue) {
        try {
          results[index] = await runBoard(board, line, suites, { ...options, onEvent: (event) => emit(index, event) });
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

async function runBoard(
  board: Board,
  line: "ssh" | "serial" | undefined,
  suites: readonly Suite[],
  options: OrchestrateOptions,
): Promise<BoardResult> {
  const { signal, onEvent = () => {}, filter = () => true } = options;
  const started = Date.now();
  const own = board.transport ?? board.qemu?.transport ?? (board.ssh ? "ssh" : board.serial ? "serial" : board.runner);
  const of: { board: string; transport: string } = { board: board.name, transport: line ?? own };
  const done: BoardResult = { ...of, header: undefined, results: [], infra: undefined };
  let current: { suite: string; sequence: string } = { suite: "", sequence: "" };
  const open = () =>
    (options.open ?? openRunner)(board, {
      ...(line ? { transport: line } : {}),
      ...(signal ? { signal } : {}),
      ...(options.iKnow ? { iKnow: options.iKnow } : {}),
      ...(options.consoleLog ? { consoleLog: options.consoleLog(of.board, of.transport) } : {}),
      onProgress: (progress) => onEvent({ type: "prepare", ...of, progress }),
      onStep: (step) => onEvent({ type: "step", ...of, ...current, step }),
    });
  const renewed = async (used: Runner, state: Exclude<BoardState, "sound">, last: boolean): Promise<Runner> => {
    if (state === "lost" && board.runner !== "qemu") {
      await used.close();
      try {
        return await open();
      } catch (error) {
        // A board that a power control brings back is not given up.
        if (!used.renew || !board.power || (error as Error).name !== "TransportError") throw error;
      }
    }
    if (used.renew) {
      await used.renew();
      return used;
    }
    if (state === "broken" && !last) {
      throw new TransportError(`Cannot go on with board "${board.name}": its kernel broke, and nothing boots it anew`);
    }
    return used;
  };
  let runner: Runner | undefined;
  try {
    runner = await open();
    of.transport = done.transport = runner.header.transport;
    done.header = runner.header;
    const era = runner.header.era as EraId;
    const chosen = suites.flatMap((suite) =>
      suite.sequences.filter((sequence) => filter(suite, sequence) && holdsIn(sequence, era))
        .map((sequence) => ({ suite, sequence }))
    );
    onEvent({ type: "board", ...of, header: runner.header, sequences: chosen.length });
    // All of it is compiled before anything is pushed: a suite that is wrong costs no board time.
    const compiled = [];
    for (const { suite, sequence } of chosen) {
      const { freedMemory } = runner.header;
      compiled.push(await compile(suite, sequence, era, { board, ...(freedMemory ? { freedMemory } : {}) }));
    }
    const has = runner.has;
    const lacks = (plan: Plan) => lacking(plan.requires ?? [], board, has);
    const supports = (plan: Plan) =>
      lacks(plan).length === 0 && firstUnsupported(plan.steps, board.capabilities) === undefined;
    await runner.guard?.(compiled.map(({ plan }) => plan).filter(supports));
    for (const { plan, expected } of compiled) {
      signal?.throwIfAborted();
      current = { suite: plan.suite, sequence: plan.sequence };
      onEvent({ type: "sequence-start", ...of, ...current, steps: plan.steps.length });
      // What the board cannot do by its own file is not pushed; the judge says so.
      const { capabilities, waivers } = board;
      const observed = supports(plan)
        ? await runner.run(plan)
        : { suite: plan.suite, sequence: plan.sequence, source: plan.source, steps: [] };
      const judged = judge(expected, observed, {
        waivers,
        lacks: lacks(plan),
        ...(capabilities ? { capabilities } : {}),
      });
      const result = { expected, observed, verdict: judged };
      done.results.push(result);
      onEvent({ type: "sequence", ...of, result });
      const state = stateBehind(plan, result);
      const last = compiled.at(-1)!.plan === plan;
      // A kernel of our own that broke is not needed any more.
      if (state === "sound" || (last && board.runner === "qemu")) continue;
      runner = await renewed(runner, state, last);
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name === "AbortError" || error.name === "SuiteError") throw error;
    if (!INFRA.has(error.name)) throw error;
    done.infra = error;
    onEvent({ type: "infra", ...of, error });
  } finally {
    await runner?.close();
    onEvent({ type: "board-end", ...of, ms: Date.now() - started });
  }
  return done;
}

/**
 * How a board is behind a sequence: `broken` where its kernel is, `doubtful` where the kernel reported what it reports once,
 * `lost` where the line is gone, or the board.
 */
type BoardState = "sound" | "doubtful" | "broken" | "lost";

function stateBehind(plan: Plan, { observed, verdict }: SequenceResult): BoardState {
  if (observed.steps.length === 0) return "sound";
  const reasons = observed.steps.map((step) => step.lost?.reason);
  // A plan that breaks the kernel has no tear-down: what it set up is still there, whatever came of it.
  const broken = plan.breaks !== undefined ||
    observed.steps.some(({ observation }) => observation && breaksKernel(observation));
  if (broken || reasons.includes("crash")) return "broken";
  if (reasons.includes("transport") || reasons.includes("timeout")) return "lost";
  const reported = observed.steps.some(({ observation }) => {
    return observation?.kmsg.some((line) => line.class !== "info" && line.class !== "stale");
  });
  return verdict.verdict === "crash" || reported ? "doubtful" : "sound";
}

/** Errors that tell of the board, not of the model or of twinlink: verdict `infra`. */
const INFRA: ReadonlySet<string> = new Set(["TransportError", "UnfitBoardError", "FixtureUnavailable"]);

/** The exit status of a run: that of its verdicts, and 3 where a board could not be used. */
export function exitStatus(results: readonly BoardResult[]): 0 | 1 | 3 {
  const judged = statusOf(summarise(results.flatMap((board) => board.results.map((result) => result.verdict))));
  return judged === 0 && results.some((board) => board.infra) ? 3 : judged;
}
