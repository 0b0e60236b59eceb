/**
 * Does a run on one board over one line: compiles sequences on the model, runs them or takes them from the journal of an earlier
 * process of the run, and judges them.
 *
 * @module
 */

import { type Board, type TransportName } from "../boards/mod.ts";
import { visible } from "../boards/visible.ts";
import { transportOf as tableOf } from "../boards/transports/mod.ts";
import { type EarlierTrace, holdsEarlier, inPlaceOfModel, notIn } from "../diff/against.ts";
import { type Unsupported, whyUnsupported } from "../diff/capability.ts";
import { judge } from "../diff/judge.ts";
import type { LearnedEntry } from "../diff/learned.ts";
import type { Plan, SequenceTrace, TraceHeader } from "../diff/trace.ts";
import { type LeftOut, OUTCOMES } from "../diff/verdict.ts";
import { type EraId, hardwareIn } from "../model/mod.ts";
import { lastWords } from "../runners/agent/agent.ts";
import { openRunner } from "../runners/mod.ts";
import { type Runner, type RunnerOptions, UnfitBoardError } from "../runners/runner.ts";
import { compileAll } from "../sdk/compile.ts";
import { type Chosen, type Compiled, holdsIn, type Sequence, type Suite } from "../sdk/suite.ts";
import { type BoardState, type Dirt, leftBehind, stateBehind } from "./board_state.ts";
import { isInfra } from "./error_status.ts";
import type { BoardJournal, Earlier, Journal } from "./journal.ts";
import { changedFacts } from "../boards/changed_facts.ts";
import { learnedFor } from "./learned.ts";
import { needsLease } from "./lease.ts";
import { checkSameBoard, fateOf, keptOf, keyOf } from "./recovery.ts";
import type { AboutSequence, BoardResult, RunEvent, SequenceResult } from "./run_events.ts";
import { UsedBoard } from "./used_board.ts";

/** Options of {@linkcode runBoard}. */
export interface BoardRunOptions {
  /** Runs only the sequences for which it returns true */
  filter?: (suite: Suite, sequence: Sequence) => boolean;
  /** Leaves out sequences that a board cannot judge; they are no failure. @default {false} */
  skipUnsupported?: boolean;
  /** Devices that sequences may take away even if a board needs them. @default {[]} */
  iKnow?: readonly string[];
  /** The name of the run, shown to other users of a board in use. @default {"twinlink run"} */
  doing?: string;
  /** Waits for boards that another run has. @default {false} */
  wait?: boolean;
  /** An earlier recording to compare with instead of the model. @default {the model} */
  against?: EarlierTrace | undefined;
  /** Learned expectations by the names of boards, also those for other boards. @default {none} */
  learned?: ReadonlyMap<string, readonly LearnedEntry[]>;
  /** Ends the run; the boards are torn down */
  signal?: AbortSignal;
  /** Called for everything that happens, one board after the other */
  onEvent?: (event: RunEvent) => void;
  /** Saves each result before it counts; the journal of an interrupted run is resumed */
  journal?: Journal;
  /** Saves the changes that could not be undone on a board. @default {they are not saved} */
  dirt?: Dirt;
  /** Stops after the first failed sequence, on any board that shares this object. @default {all are run} */
  failFast?: FailFast;
  /** Opens a board; for tests */
  open?: (board: Board, options: RunnerOptions) => Promise<Runner>;
}

/** Stops a run after the first failure. */
export interface FailFast {
  /** The sequence that failed, once one has: `qemu-6.12: reload > a plain reload` */
  failed?: string;
}

/** The name of a line of a board with several lines; undefined if the board has one line. */
export type LineName = TransportName | undefined;

/** Returns the transport of a run on a board, from the board's file. */
export function transportOf(board: Board, line: LineName): string {
  return line ?? board.transport ?? board.qemu?.transport ?? tableOf(board) ?? board.runner;
}

/** Runs suites on a board; if the board cannot be used, or fails during the run, the result has the reason. */
export async function runBoard(
  board: Board,
  line: LineName,
  suites: readonly Suite[],
  options: BoardRunOptions & { refused?: Error | undefined },
): Promise<BoardResult> {
  const { onEvent = () => {}, refused } = options;
  const started = Date.now();
  const done: BoardResult = {
    board: board.name,
    transport: transportOf(board, line),
    header: undefined,
    results: [],
    leftOut: [],
    infra: undefined,
  };
  const of = () => ({ board: done.board, transport: done.transport });
  let run: BoardRun | undefined;
  let journal: BoardJournal | undefined;
  let whole = false;
  /** Returns the reason if the rest is not run */
  const stopped = () => options.failFast?.failed && `--fail-fast: ${options.failFast.failed} has failed`;
  try {
    if (refused) throw refused;
    if (stopped()) return done;
    journal = await options.journal?.part(done.board, done.transport);
    run = new BoardRun(board, line, done, journal, options);
    whole = await run.run(suites);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!isInfra(error)) {
      onEvent({ type: "infra", ...of(), error });
      throw error;
    }
    const dirty = await run?.used.dirty();
    if (dirty !== undefined && !error.message.includes(dirty)) {
      error.message += `; until it is rebooted it is dirty: ${dirty}`;
    }
    done.infra = error;
    onEvent({ type: "infra", ...of(), error });
  } finally {
    await run?.used.close();
    await journal?.close(whole);
    const why = whole ? undefined : stopped();
    onEvent({ type: "board-end", ...of(), ms: Date.now() - started, ...(why ? { stopped: why } : {}) });
  }
  return done;
}

/** A sequence that the board can run. */
interface Item extends Compiled {
  /** What the board lacks for the sequence; such a sequence is not pushed */
  unsupported: Unsupported | undefined;
  /** The trace that an earlier process of the run saved */
  kept: SequenceTrace | undefined;
}

/** A sequence of a named suite that the board cannot run: it is not compiled. */
type Unable = LeftOut & { source: string; verdict: "unsupported" | "diverge" };

/** The trace of a sequence; `settled` if this process did not run it, so that it left nothing on the board. */
interface Observed {
  observed: SequenceTrace;
  settled: boolean;
}

class BoardRun {
  readonly used: UsedBoard;
  readonly #board: Board;
  readonly #done: BoardResult;
  readonly #journal: BoardJournal | undefined;
  readonly #options: BoardRunOptions;
  readonly #earlier: Earlier | undefined;
  /** True for a guest of our own, which ends with the run. */
  readonly #fresh: boolean;
  /** The learned expectations for boards like this one */
  #learned: LearnedEntry[] = [];
  #items: Item[] = [];
  /** All reported sequences, in order: compiled ones, and those that the board cannot run whatever their steps are */
  #planned: (Item | Unable)[] = [];
  #current: { suite: string; sequence: string } = { suite: "", sequence: "" };
  /** True if the last sequence broke a guest; the guest ends with the run and is not renewed */
  #discarded = false;
  /** The board's state after the last sequence, and the id of that boot, if the run broke off before the board was renewed. */
  #owed: { state: Exclude<BoardState, "sound">; boot: string | undefined } | undefined;

  constructor(
    board: Board,
    line: LineName,
    done: BoardResult,
    journal: BoardJournal | undefined,
    options: BoardRunOptions,
  ) {
    this.#board = board;
    this.#done = done;
    this.#journal = journal;
    this.#options = options;
    this.#earlier = journal?.earlier;
    this.#fresh = !needsLease(board);
    const onProgress: RunnerOptions["onProgress"] = (progress) =>
      this.#tell({ type: "prepare", ...this.#of, progress });
    const runnerOptions = (): RunnerOptions => ({
      ...(line ? { transport: line } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.iKnow ? { iKnow: options.iKnow } : {}),
      doing: options.doing ?? "twinlink run",
      wait: options.wait ?? false,
      ...(options.journal ? { consoleLog: options.journal.consoleLog(done.board, done.transport) } : {}),
      onProgress,
      onStep: (step) => {
        journal?.step(step);
        this.#tell({ type: "step", ...this.#of, ...this.#current, step });
      },
    });
    this.used = new UsedBoard(board, {
      open: () => (options.open ?? openRunner)(board, runnerOptions()),
      dirt: this.#fresh ? undefined : options.dirt,
      onProgress,
    });
  }

  get #of(): { board: string; transport: string } {
    return { board: this.#done.board, transport: this.#done.transport };
  }

  #tell(event: RunEvent): void {
    this.#options.onEvent?.(event);
  }

  /** Runs the suites; returns false if a failure ended the run early. */
  async run(suites: readonly Suite[]): Promise<boolean> {
    const { failFast } = this.#options;
    await this.#compile(suites, await this.#begin());
    if (!this.#earlier) await this.used.admit(this.#left());
    let left = this.#planned.length;
    for (const one of this.#planned) {
      this.#options.signal?.throwIfAborted();
      if (failFast?.failed !== undefined) break;
      left--;
      if ("plan" in one) await this.#judged(one);
      else this.#tellUnable(one);
    }
    if (this.#owed) await this.#ready();
    await this.#compareFacts();
    return left === 0;
  }

  /**
   * Reads the facts of the board's own device again.
   *
   * @throws {UnfitBoardError} If the device is not as it was before the run
   */
  async #compareFacts(): Promise<void> {
    const before = this.#done.header?.facts;
    const { runner } = this.used;
    if (!before || !runner?.readFacts || this.#discarded) return;
    const changed = changedFacts(before, await runner.readFacts());
    if (changed === undefined) return;
    await this.used.mark(`the run left ${before.handle} changed`);
    throw new UnfitBoardError(`Board "${this.#board.name}" is not as it was before the run: ${visible(changed)}`);
  }

  /** Returns the board's header; for a resumed run, the header from when the run began. */
  async #begin(): Promise<TraceHeader> {
    const runner = this.#earlier ? undefined : await this.used.open();
    const said = this.#earlier?.header ?? { ...runner!.header, ...(runner!.has ? { has: runner!.has } : {}) };
    this.#done.transport = said.transport;
    this.#done.header = said;
    this.#learned = learnedFor(this.#options.learned?.get(this.#board.name) ?? [], said, this.#board.driver);
    await this.#journal?.open(said);
    this.#tell({ type: "board", ...this.#of, header: said });
    return said;
  }

  /** Compiles all sequences before any is pushed: a wrong suite costs no board time. */
  async #compile(suites: readonly Suite[], { has, facts, ...header }: TraceHeader): Promise<void> {
    const { filter = () => true, skipUnsupported = false } = this.#options;
    const { freedMemory } = header;
    const board = this.#board;
    const era = header.era as EraId;
    const { leftOut } = this.#done;
    const kept = new Map(this.#earlier?.sequences.map((trace) => [keyOf(trace), trace]));
    /** The wanted sequences in order; a sequence for which the board lacks something is not compiled. */
    const wanted: (Unable | Chosen)[] = [];
    for (const suite of suites) {
      const chosen = suite.sequences.filter((sequence) => filter(suite, sequence));
      const held = chosen.filter((sequence) => holdsIn(sequence, era));
      for (const sequence of chosen) {
        const about = { suite: suite.name, sequence: sequence.name };
        const unable = (reason: string) =>
          void wanted.push(this.#unable({ ...about, source: sequence.source }, reason));
        if (!holdsIn(sequence, era)) {
          const reason = `it has no meaning on kernels of ${era}: ${sequence.holds?.because}`;
          // A named suite without a sequence for this kernel is not a pass.
          if (!skipUnsupported && held.length === 0) unable(reason);
          else leftOut.push({ ...about, reason });
          continue;
        }
        const requires = [...sequence.fixture.requires, ...sequence.requires ?? []];
        const lacks = whyUnsupported({ requires, steps: [] }, board, has);
        const missing = skipUnsupported && !lacks ? await this.#isMissing(about) : undefined;
        if (missing !== undefined) leftOut.push({ ...about, reason: missing });
        else if (!lacks) wanted.push({ suite, sequence });
        else if (skipUnsupported && !this.#didBefore(about)) leftOut.push({ ...about, reason: `needs ${lacks.needs}` });
        else unable(`${lacks.needer} needs ${lacks.needs}`);
      }
    }
    if (skipUnsupported) leftOut.push(...this.#gone(suites));
    const { signal } = this.#options;
    const compiled = await compileAll(wanted.filter((one): one is Chosen => !("reason" in one)), era, {
      board: { ...board, ...(facts ? { facts } : {}) },
      ...(freedMemory ? { freedMemory } : {}),
      ...(signal ? { signal } : {}),
    });
    for (const one of wanted) {
      if ("reason" in one) {
        this.#planned.push(one);
        continue;
      }
      const item = compiled.shift()!;
      const { plan } = item;
      const unsupported = whyUnsupported(plan, board, has);
      if (unsupported && this.#didBefore(plan)) {
        this.#planned.push(this.#unable(plan, `${unsupported.needer} needs ${unsupported.needs}`));
      } else if (skipUnsupported && unsupported) {
        leftOut.push({ suite: plan.suite, sequence: plan.sequence, reason: `needs ${unsupported.needs}` });
      } else this.#planned.push({ ...item, unsupported, kept: keptOf(plan, kept.get(keyOf(plan))) });
    }
    this.#items = this.#planned.filter((one) => "plan" in one);
    const sequences = this.#planned.map((one) => "plan" in one ? one.plan : one)
      .map(({ suite, sequence, source }) => ({ suite, sequence, source }));
    this.#tell({ type: "plan", ...this.#of, sequences, leftOut });
  }

  /** Returns why a sequence cannot be compared: a recording lacks it. Undefined if every recording has it. */
  async #isMissing(about: { suite: string; sequence: string }): Promise<string | undefined> {
    const { against } = this.#options;
    if (against && !holdsEarlier(against, about)) return notIn(against, "the sequence");
    if (this.#board.runner !== "recording") return undefined;
    const runner = this.used.runner ?? await this.used.open();
    return runner.holds?.(about) === false ? "the recording does not hold it" : undefined;
  }

  /** Returns the sequences of the earlier recording that no suite of the run has. */
  #gone(suites: readonly Suite[]): LeftOut[] {
    const { against, filter = () => true } = this.#options;
    const known = new Map(suites.map(({ name, sequences }) => [name, new Set(sequences.map(({ name }) => name))]));
    return [...against?.sequences.values() ?? []]
      .filter(({ suite, sequence }) => !known.get(suite)?.has(sequence))
      .filter(({ suite, sequence }) => filter({ name: suite } as Suite, { name: sequence } as Sequence))
      .map(({ suite, sequence }) => ({
        suite,
        sequence,
        reason: `${against!.name} holds it, and no suite of this run`,
      }));
  }

  /** True if the earlier recording holds a sequence: that the board cannot run it now is a difference. */
  #didBefore(about: { suite: string; sequence: string }): boolean {
    const { against } = this.#options;
    return against !== undefined && holdsEarlier(against, about);
  }

  /** Returns a sequence that the board cannot run. */
  #unable({ suite, sequence, source }: AboutSequence, reason: string): Unable {
    const before = this.#didBefore({ suite, sequence });
    const why = before ? `${this.#options.against!.name} holds it, and now ${reason}` : reason;
    return { suite, sequence, source, reason: why, verdict: before ? "diverge" : "unsupported" };
  }

  /** Reports a sequence that the board cannot run, whatever its steps are. */
  #tellUnable({ suite, sequence, source, reason, verdict }: Unable): void {
    const trace = { suite, sequence, source, steps: [] };
    const result = {
      expected: trace,
      observed: trace,
      verdict: { ...trace, verdict, reason, notes: [] },
    };
    this.#ended(result);
  }

  #ended(result: SequenceResult): void {
    const { failFast } = this.#options;
    const { verdict, suite, sequence } = result.verdict;
    this.#done.results.push(result);
    if (failFast && OUTCOMES[verdict] === "fail") failFast.failed ??= `${this.#board.name}: ${suite} > ${sequence}`;
    this.#tell({ type: "sequence", ...this.#of, result });
  }

  /** Returns the plans that are to be pushed. */
  #left(): Plan[] {
    return this.#items.filter(({ unsupported, kept }) => unsupported === undefined && !kept).map(({ plan }) => plan);
  }

  /** Returns the board, ready for a plan; a resumed run opens the board with its first plan. */
  async #ready(): Promise<Runner> {
    const { used } = this;
    if (used.runner) return used.runner;
    const { header } = this.#done;
    checkSameBoard(header!, (await used.open()).header);
    const left = this.#left();
    await used.admit(left);
    const owed = this.#owed;
    // A lost line needs no renewal: it has just been opened again.
    if (owed && owed.state !== "lost" && owed.boot === used.runner!.boot) {
      await used.renew(owed.state, left.length === 0);
    }
    return used.runner!;
  }

  /** Runs one sequence, or takes its saved trace, and judges it. */
  async #judged(item: Item): Promise<void> {
    const { plan, expected, unsupported, kept } = item;
    const { suite, sequence, source } = plan;
    this.#current = { suite, sequence };
    this.#tell({ type: "sequence-start", ...this.#of, suite, sequence, steps: plan.steps.length });
    const { observed, settled } = kept
      ? { observed: kept, settled: true }
      : unsupported === undefined
      ? await this.#observe(plan)
      : { observed: { suite, sequence, source, steps: [] }, settled: true };
    if (!kept && observed.steps.length > 0) await this.#journal?.end(observed);
    const { waivers } = this.#board;
    const { has, facts } = this.#done.header ?? {};
    const { against } = this.#options;
    const wanted = against ? inPlaceOfModel(expected, against, facts) : expected;
    const model = against ? { model: expected } : { learned: this.#learned };
    const verdict = judge(wanted, observed, { waivers, unsupported, has, ...model });
    const result = { expected, observed, verdict };
    this.#ended(result);
    if (kept) this.#owe(kept, stateBehind(plan, result));
    if (!settled) await this.#renew(item, result);
  }

  /** Runs a plan, or returns its result from before the run broke off. */
  async #observe(plan: Plan): Promise<Observed> {
    const { suite, sequence, source, requires = [] } = plan;
    const { cut, console } = this.#earlier ?? {};
    const begun = cut && keyOf(cut) === keyOf(plan) ? keptOf(plan, cut) : undefined;
    const runner = await this.#ready();
    if (begun) {
      const fate = fateOf(plan, begun, {
        fresh: this.#fresh,
        rebooted: !this.#fresh && begun.boot !== undefined && runner.boot !== undefined && begun.boot !== runner.boot,
        renewable: runner.renew !== undefined,
        lastWords: console ? await lastWords(console) : undefined,
      });
      this.#tell({ type: "cut", ...this.#of, suite, sequence, again: fate.again });
      if (fate.renew) await this.used.renew("broken", this.#left().at(-1) === plan && !fate.again);
      if (!fate.again) return { observed: fate.trace, settled: true };
    }
    const used = this.used.runner!;
    const hardware = hardwareIn(requires);
    const kept = hardware.length > 0 ? { hardware } : {};
    await this.#journal?.begin({ suite, sequence, source, ...(used.boot ? { boot: used.boot } : {}), ...kept });
    return { observed: { ...await used.run(plan), ...kept }, settled: false };
  }

  /** Notes that the last sequence of an earlier process broke the board, and that no process has renewed the board since. */
  #owe(kept: SequenceTrace, state: BoardState): void {
    const { sequences, cut } = this.#earlier!;
    if (this.#fresh || cut || kept !== sequences.at(-1) || state === "sound") return;
    this.#owed = { state, boot: kept.boot };
  }

  /** Renews the board for the next sequence. */
  async #renew({ plan }: Item, result: SequenceResult): Promise<void> {
    const state = stateBehind(plan, result);
    const left = leftBehind(result, state);
    if (left !== undefined) await this.used.mark(left);
    const last = this.#options.failFast?.failed !== undefined || this.#items.at(-1)!.plan === plan;
    if (state === "sound") return;
    // After the last sequence, a broken guest is not needed any more.
    if (last && this.#board.runner === "qemu") this.#discarded = true;
    else await this.used.renew(state, last);
  }
}
