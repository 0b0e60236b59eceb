/**
 * The main job: suites on boards. Each sequence is compiled on the model of the board's era, run on the board, and
 * judged; everything that happens is told as events.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { boardStateFolder, type Dirty } from "../boards/state.ts";
import { firstUnsupported, lacking } from "../diff/capability.ts";
import { judge } from "../diff/judge.ts";
import { breaksKernel } from "../diff/crash.ts";
import { exitStatus as statusOf, type SequenceVerdict, summarise } from "../diff/verdict.ts";
import type { LossReason, Plan, SequenceTrace, StepTrace, TraceHeader } from "../diff/trace.ts";
import type { EraId } from "../model/mod.ts";
import { lastWords } from "../runners/agent.ts";
import { openRunner } from "../runners/mod.ts";
import { TransportError } from "../runners/shell.ts";
import type { Progress, Runner, RunnerOptions } from "../runners/runner.ts";
import { compile, type Compiled, holdsIn, type Sequence, type Suite } from "../suites/suite.ts";
import { UsageError } from "./command.ts";
import { needsLease } from "./lease.ts";
import { fateOf } from "./recovery.ts";

/** What {@linkcode orchestrate} tells, in order. */
export type RunEvent =
  /** A board is being prepared */
  | { type: "prepare"; board: string; transport: string; progress: Progress }
  /** A board answers; its sequences begin */
  | { type: "board"; board: string; transport: string; header: TraceHeader; sequences: number }
  /** A sequence was under way when an earlier process of the run died: it is begun again, or told as what it was */
  | { type: "cut"; board: string; transport: string; suite: string; sequence: string; again: boolean }
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

/** What an earlier process of a run has kept of one board. */
export interface Earlier {
  /** What it was taken from */
  header: TraceHeader;
  /** The sequences that were run, in their order */
  sequences: SequenceTrace[];
  /** The sequence that was under way, with the steps that were told of */
  cut?: SequenceTrace;
  /** The console's log of the last boot that it saw, where the board has one */
  console?: string;
}

/** Keeps what one board shows, before it counts: what is awaited is on the disk then. */
export interface BoardJournal {
  /** What an earlier process of the run has kept; undefined where there is nothing */
  readonly earlier: Earlier | undefined;
  /** The board answers. */
  open(header: TraceHeader): Promise<void>;
  /** A sequence is going to be pushed. */
  begin(about: Omit<SequenceTrace, "steps">): Promise<void>;
  /** A step came back. */
  step(step: StepTrace): void;
  /** A sequence was run. */
  end(observed: SequenceTrace): Promise<void>;
  /** The board is finished with; `whole` says that nothing of it is left to be run. */
  close(whole: boolean): Promise<void>;
}

/** Keeps what a run shows. */
export interface Journal {
  /** The part of the run that is on one board over one line */
  part(board: string, transport: string): Promise<BoardJournal>;
  /** A new file for the console of a board */
  consoleLog(board: string, transport: string): string;
}

/** Keeps, by the names of boards, what could not be undone on them; see `boards/state.ts`. */
export interface Dirt {
  /** What is left on a board; undefined where it is clean */
  of(board: string): Promise<Dirty | undefined>;
  /** Says that something is left on it, in words */
  mark(board: string, reason: string): Promise<void>;
  /** Says that it is clean */
  clear(board: string): Promise<void>;
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
  /** Where all of it is kept before it counts; one of a run that broke off is gone on with */
  journal?: Journal;
  /** Takes a board for this run alone; `onWait` is told who has it meanwhile */
  lease?: (board: Board, onWait: (holder: string) => void) => Promise<AsyncDisposable>;
  /** Where it is kept what could not be undone on a board. @default {nowhere} */
  dirt?: Dirt;
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
      const [{ board, line, index }] = queue as [typeof queue[0]];
      const onWait = (holder: string) => {
        const progress = { phase: "wait:", detail: `${holder} has it` };
        emit(index, { type: "prepare", board: board.name, transport: transportOf(board, line), progress });
      };
      let refused: Error | undefined;
      await using _lease = await options.lease?.(board, onWait).catch((error: Error) => {
        if (!INFRA.has(error.name)) throw error;
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

/** The line that a run on a board goes by, as far as its file says. */
function transportOf(board: Board, line: "ssh" | "serial" | undefined): string {
  return line ?? board.transport ?? board.qemu?.transport ??
    (board.ssh ? "ssh" : board.serial ? "serial" : board.runner);
}

const keyOf = ({ suite, sequence }: { suite: string; sequence: string }) => `${suite} > ${sequence}`;

/** A sequence as an earlier process of the run has kept it. */
function keptOf(plan: Plan, kept: SequenceTrace | undefined): SequenceTrace | undefined {
  const stepsOf = (steps: Plan["steps"]) => JSON.stringify(steps.map(({ id, phase, op }) => ({ id, phase, op })));
  if (kept && stepsOf(kept.steps) !== stepsOf(plan.steps.slice(0, kept.steps.length))) {
    throw new UsageError(`Cannot resume the run: ${keyOf(plan)} has other steps than when it began`);
  }
  return kept;
}

function checkSameBoard(began: TraceHeader, now: TraceHeader): void {
  for (const key of ["kernel", "iproute2", "era", "freedMemory"] as const) {
    if (began[key] === now[key]) continue;
    throw new UsageError(
      `Cannot resume the run: board "${began.board}" had ${key} "${began[key] ?? ""}" when it began, and has "${
        now[key] ?? ""
      }" now`,
    );
  }
}

async function runBoard(
  board: Board,
  line: "ssh" | "serial" | undefined,
  suites: readonly Suite[],
  options: OrchestrateOptions & { refused?: Error | undefined },
): Promise<BoardResult> {
  const { signal, onEvent = () => {}, filter = () => true } = options;
  const started = Date.now();
  const of: { board: string; transport: string } = { board: board.name, transport: transportOf(board, line) };
  const done: BoardResult = { ...of, header: undefined, results: [], infra: undefined };
  let current: { suite: string; sequence: string } = { suite: "", sequence: "" };
  let journal: BoardJournal | undefined;
  const dirt = needsLease(board) ? options.dirt : undefined;
  const open = () =>
    (options.open ?? openRunner)(board, {
      ...(line ? { transport: line } : {}),
      ...(signal ? { signal } : {}),
      ...(options.iKnow ? { iKnow: options.iKnow } : {}),
      ...(options.journal ? { consoleLog: options.journal.consoleLog(of.board, of.transport) } : {}),
      onProgress: (progress) => onEvent({ type: "prepare", ...of, progress }),
      onStep: (step) => {
        journal?.step(step);
        onEvent({ type: "step", ...of, ...current, step });
      },
    });
  const renewed = async (used: Runner, state: Exclude<BoardState, "sound">, last: boolean): Promise<Runner> => {
    if (state === "lost" && board.runner !== "qemu") {
      await used.close();
      try {
        const opened = await open();
        // The agent that was cut off has come to its tear-down by now, or went with its boot.
        await dirt?.clear(board.name);
        return opened;
      } catch (error) {
        // A board that a power control brings back is not given up.
        if (!used.renew || !board.power || (error as Error).name !== "TransportError") throw error;
      }
    }
    if (used.renew) {
      await used.renew();
      await dirt?.clear(board.name);
      return used;
    }
    if (state === "broken" && !last) {
      throw new TransportError(`Cannot go on with board "${board.name}": its kernel broke, and nothing boots it anew`);
    }
    return used;
  };
  /** Boots a board anew that an earlier run has left something on. */
  const cleaned = async (opened: Runner): Promise<void> => {
    const dirty = await dirt?.of(board.name);
    if (!dirty) return;
    if (!opened.renew) {
      const file = `${boardStateFolder(board.name)}/dirty.json`;
      throw new TransportError(
        `Cannot use board "${board.name}": it is dirty (${dirty.reason}), and nothing boots it anew; do it, and remove ${file}`,
      );
    }
    onEvent({ type: "prepare", ...of, progress: { phase: "boot anew", detail: `dirty: ${dirty.reason}` } });
    await opened.renew();
    await dirt?.clear(board.name);
  };
  let runner: Runner | undefined;
  let whole = false;
  try {
    if (options.refused) throw options.refused;
    journal = await options.journal?.part(of.board, of.transport);
    const { earlier } = journal ?? {};
    if (!earlier) await cleaned(runner = await open());
    const { has, ...header } = earlier?.header ?? { ...runner!.header, ...(runner!.has ? { has: runner!.has } : {}) };
    of.transport = done.transport = header.transport;
    done.header = header;
    await journal?.open({ ...header, ...(has ? { has } : {}) });
    const era = header.era as EraId;
    const chosen = suites.flatMap((suite) =>
      suite.sequences.filter((sequence) => filter(suite, sequence) && holdsIn(sequence, era))
        .map((sequence) => ({ suite, sequence }))
    );
    onEvent({ type: "board", ...of, header, sequences: chosen.length });
    // All of it is compiled before anything is pushed: a suite that is wrong costs no board time.
    const compiled: Compiled[] = [];
    for (const { suite, sequence } of chosen) {
      const { freedMemory } = header;
      compiled.push(await compile(suite, sequence, era, { board, ...(freedMemory ? { freedMemory } : {}) }));
    }
    const lacks = (plan: Plan) => lacking(plan.requires ?? [], board, has);
    const supports = (plan: Plan) =>
      lacks(plan).length === 0 && firstUnsupported(plan.steps, board.capabilities) === undefined;
    const kept = new Map(earlier?.sequences.map((trace) => [keyOf(trace), trace]));
    const left = compiled.map(({ plan }) => plan).filter((plan) =>
      supports(plan) && !keptOf(plan, kept.get(keyOf(plan)))
    );
    if (!earlier) await runner!.guard?.(left);
    const fresh = !needsLease(board);
    /** How the last sequence left the board, and in which boot of it, where the run broke off before it was renewed. */
    let owed: { state: Exclude<BoardState, "sound">; boot: string | undefined } | undefined;
    const ready = async (): Promise<Runner> => {
      if (runner) return runner;
      await cleaned(runner = await open());
      checkSameBoard(header, runner.header);
      await runner.guard?.(left);
      // A line that was lost has just been opened anew.
      if (owed && owed.state !== "lost" && owed.boot === runner.boot) {
        runner = await renewed(runner, owed.state, left.length === 0);
      }
      return runner;
    };
    /** Runs a plan, or says what has become of it when the run broke off. */
    const observe = async (plan: Plan): Promise<{ observed: SequenceTrace; clean: boolean }> => {
      const cut = earlier?.cut && keyOf(earlier.cut) === keyOf(plan) ? keptOf(plan, earlier.cut) : undefined;
      let used = await ready();
      if (cut) {
        const fate = fateOf(plan, cut, {
          fresh,
          rebooted: !fresh && cut.boot !== undefined && used.boot !== undefined && cut.boot !== used.boot,
          renewable: used.renew !== undefined,
          lastWords: earlier?.console ? await lastWords(earlier.console) : undefined,
        });
        onEvent({ type: "cut", ...of, suite: plan.suite, sequence: plan.sequence, again: fate.again });
        if (fate.renew) used = runner = await renewed(used, "broken", left.at(-1) === plan && !fate.again);
        if (!fate.again) return { observed: fate.trace, clean: true };
      }
      const { suite, sequence, source } = plan;
      await journal?.begin({ suite, sequence, source, ...(used.boot ? { boot: used.boot } : {}) });
      return { observed: await used.run(plan), clean: false };
    };
    for (const { plan, expected } of compiled) {
      signal?.throwIfAborted();
      current = { suite: plan.suite, sequence: plan.sequence };
      onEvent({ type: "sequence-start", ...of, ...current, steps: plan.steps.length });
      const before = kept.get(keyOf(plan));
      // What the board cannot do by its own file is not pushed; the judge says so.
      const { observed, clean } = before
        ? { observed: before, clean: true }
        : supports(plan)
        ? await observe(plan)
        : { observed: { suite: plan.suite, sequence: plan.sequence, source: plan.source, steps: [] }, clean: true };
      if (!before && observed.steps.length > 0) await journal?.end(observed);
      const { capabilities, waivers } = board;
      const judged = judge(expected, observed, {
        waivers,
        lacks: lacks(plan),
        ...(capabilities ? { capabilities } : {}),
      });
      const result = { expected, observed, verdict: judged };
      done.results.push(result);
      onEvent({ type: "sequence", ...of, result });
      const state = stateBehind(plan, result);
      if (clean) {
        const broke = before && before === earlier?.sequences.at(-1) && !earlier.cut && state !== "sound" && !fresh;
        if (broke) owed = { state, boot: before.boot };
        continue;
      }
      const left = leftBehind(result, state);
      if (left !== undefined) await dirt?.mark(board.name, left);
      const last = compiled.at(-1)!.plan === plan;
      // A kernel of our own that broke is not needed any more.
      if (state === "sound" || (last && board.runner === "qemu")) continue;
      runner = await renewed(runner!, state, last);
    }
    if (owed) await ready();
    whole = true;
  } catch (error) {
    if (!(error instanceof Error) || error.name === "AbortError" || error.name === "SuiteError") throw error;
    if (!INFRA.has(error.name)) throw error;
    const dirty = await dirt?.of(board.name);
    if (dirty && !error.message.includes(dirty.reason)) {
      error.message += `; until it is booted anew it is dirty: ${dirty.reason}`;
    }
    done.infra = error;
    onEvent({ type: "infra", ...of, error });
  } finally {
    await runner?.close();
    await journal?.close(whole);
    onEvent({ type: "board-end", ...of, ms: Date.now() - started });
  }
  return done;
}

/**
 * How a board is behind a sequence: `broken` where its kernel is, `doubtful` where the kernel reported what it reports once,
 * `lost` where the line is gone, or the board.
 */
type BoardState = "sound" | "doubtful" | "broken" | "lost";

/** Losses behind which the line is opened again. One that has booted by itself is as new. */
const LOST: ReadonlySet<LossReason> = new Set(["transport", "timeout", "power", "reboot"]);

function stateBehind(plan: Plan, { observed, verdict }: SequenceResult): BoardState {
  if (observed.steps.length === 0) return "sound";
  const reasons = observed.steps.map((step) => step.lost?.reason);
  // A plan that breaks the kernel has no tear-down: what it set up is still there, whatever came of it.
  const broken = plan.breaks !== undefined ||
    observed.steps.some(({ observation }) => observation && breaksKernel(observation));
  if (broken || reasons.includes("crash")) return "broken";
  if (reasons.some((reason) => reason !== undefined && LOST.has(reason))) return "lost";
  const reported = observed.steps.some(({ observation }) => {
    return observation?.kmsg.some((line) => line.class !== "info" && line.class !== "stale");
  });
  return verdict.verdict === "crash" || reported ? "doubtful" : "sound";
}

/** What a sequence could not undo on its board, in words; undefined where it did. */
function leftBehind({ observed, expected, verdict }: SequenceResult, state: BoardState): string | undefined {
  const name = `${verdict.suite} > ${verdict.sequence}`;
  if (state === "broken") return `${name} broke its kernel`;
  if (state === "lost") return `it was lost in ${name}`;
  const failed = observed.steps.find(({ phase, lost, observation }, i) =>
    phase === "teardown" &&
    (lost?.reason === "not-run" || observation && observation.result !== expected.steps[i]?.observation?.result)
  );
  return failed && `step ${failed.id} of ${name}, a tear-down, was not done`;
}

/** Errors that tell of the board, not of the model or of twinlink: verdict `infra`. */
const INFRA: ReadonlySet<string> = new Set([
  "TransportError",
  "UnfitBoardError",
  "FixtureUnavailable",
  "BoardInUseError",
]);

/** The exit status of a run: that of its verdicts, and 3 where a board could not be used. */
export function exitStatus(results: readonly BoardResult[]): 0 | 1 | 3 {
  const judged = statusOf(summarise(results.flatMap((board) => board.results.map((result) => result.verdict))));
  return judged === 0 && results.some((board) => board.infra) ? 3 : judged;
}
