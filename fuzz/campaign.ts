/**
 * Runs generated sequences on boards. Each is compiled, run and judged as any other sequence; one that diverges is shrunk,
 * confirmed on a fresh board, and kept.
 *
 * @module
 */

import { changedFacts } from "../boards/changed_facts.ts";
import { type Board, visible } from "../boards/mod.ts";
import { breaksKernel } from "../diff/crash.ts";
import { whyUnsupported } from "../diff/capability.ts";
import {
  emptySummary,
  judge,
  type SequenceTrace,
  type SequenceVerdict,
  type Summary,
  type TraceHeader,
} from "../diff/mod.ts";
import { addToSummary } from "../diff/verdict.ts";
import type { EraId } from "../model/mod.ts";
import { type Runner, UnfitBoardError } from "../runners/runner.ts";
import { compileAll } from "../sdk/compile.ts";
import type { Suite } from "../sdk/suite.ts";
import { type Generated, objectionToSequence, SequenceArbitrary, sequenceOf, suiteOf } from "./sequence.ts";
import { firstDifferent, signatureOf } from "./signature.ts";
import { type Subject, subjectOf } from "./subject.ts";

/** A divergence and the result of shrinking it. */
export interface Found {
  /** The text that identifies the divergence */
  signature: string;
  /** The number of the sequence that showed it first; undefined if that sequence is from the corpus */
  index: number | undefined;
  /** The smallest sequence that shows it */
  generated: Generated | undefined;
  /** How the smallest sequence was judged */
  verdict: SequenceVerdict;
  /** On how many of the tries on a fresh board the divergence appeared */
  confirmed: { times: number; of: number };
  /** How many sequences of the run showed it */
  count: number;
  /** The trace header, which describes the board */
  header: TraceHeader;
}

/** The events that {@linkcode runCampaign} reports. */
export type CampaignEvent =
  /** A board answers */
  | { type: "board"; header: TraceHeader }
  /** A sequence was judged */
  | { type: "sequence"; index: number | undefined; name: string; verdict: SequenceVerdict; ms: number }
  /** Shrinking of a new divergence begins */
  | { type: "shrink"; signature: string; operations: number }
  /** Shrinking of a divergence has ended */
  | { type: "found"; found: Found };

/** Options of {@linkcode runCampaign}. */
export interface CampaignOptions {
  /** The seed of all random choices */
  seed: number;
  /** The numbers of the sequences to run */
  indices: Iterable<number>;
  /** How many operations a sequence has. @default {20} */
  steps?: number;
  /** The suites that run before the generated sequences */
  corpus?: readonly Suite[];
  /** How many boards of the kind run at the same time. @default {1} */
  parallel?: number;
  /** The time for shrinking one divergence, in ms; with 0 it is neither shrunk nor tried again. @default {60000} */
  shrinkMs?: number;
  /** How often the smallest sequence is tried again. @default {3} */
  confirmations?: number;
  /** Opens a board that is compared instead of the model, which then only determines what can be generated */
  against?: () => Promise<Runner>;
  /** Ends the run; the boards are torn down */
  signal?: AbortSignal;
  /** Called for everything that happens */
  onEvent?: (event: CampaignEvent) => void;
}

/** The result of a campaign. */
export interface CampaignResult {
  /** Sequences, steps and channels by verdict */
  summary: Summary;
  /** The divergences */
  found: Found[];
  /** Time on all boards together, in ms */
  boardMs: number;
}

/** One board of a campaign, or two that are compared with each other. */
class Station {
  readonly #board: Board;
  readonly #runner: Runner;
  readonly #other: Runner | undefined;
  /** The devices that the sequences use on the board */
  readonly subject: Subject;

  /** @throws {UnfitBoardError} If the board has no device for sequences */
  constructor(board: Board, runner: Runner, other: Runner | undefined) {
    this.#board = board;
    this.#runner = runner;
    this.#other = other;
    const { facts } = runner.header;
    const subject = subjectOf({ ...board, has: runner.has, ...(facts ? { facts } : {}) });
    if (!subject) {
      const why = board.handle === undefined ? "its file names no handle" : `it has no device ${board.handle}`;
      throw new UnfitBoardError(`Cannot fuzz board "${board.name}": ${visible(why)}`);
    }
    this.subject = subject;
  }

  get header(): TraceHeader {
    return this.#runner.header;
  }

  /** Compiles, runs and judges the only sequence of a suite. `spoilt` is true if the board's state is unknown after it. */
  async run(suite: Suite): Promise<{ verdict: SequenceVerdict; spoilt: boolean }> {
    const { era, freedMemory, facts } = this.header;
    const board = { ...this.#board, ...(facts ? { facts } : {}) };
    const [sequence] = suite.sequences;
    const [compiled] = await compileAll([{ suite, sequence: sequence! }], era as EraId, {
      board,
      ...(freedMemory ? { freedMemory } : {}),
    });
    const { plan, expected } = compiled!;
    const { waivers } = board;
    const unsupported = whyUnsupported(plan, board, this.#runner.has) ??
      (this.#other && whyUnsupported(plan, {}, this.#other.has));
    const options = { waivers, unsupported, has: this.#runner.has };
    if (unsupported !== undefined) {
      return { verdict: judge(expected, { ...expected, steps: [] }, options), spoilt: false };
    }
    const [observed, others] = await Promise.all([this.#runner.run(plan), this.#other?.run(plan)]);
    if (!isSpoilt(observed)) await this.#compareFacts(sequence!.name);
    if (!others) return { verdict: judge(expected, observed, options), spoilt: isSpoilt(observed) };
    return { verdict: judge(observed, others, options), spoilt: isSpoilt(observed) || isSpoilt(others) };
  }

  /**
   * Reads the facts of the board's own device again: later sequences would be compiled for outdated facts.
   *
   * @throws {UnfitBoardError} If a sequence left the device changed
   */
  async #compareFacts(sequence: string): Promise<void> {
    const { facts } = this.header;
    if (this.subject.own === undefined || !facts || !this.#runner.readFacts) return;
    const changed = changedFacts(facts, await this.#runner.readFacts());
    if (changed === undefined) return;
    throw new UnfitBoardError(`Sequence ${sequence} left board "${this.#board.name}" changed: ${visible(changed)}`);
  }

  /** Reboots the boards of the station, if they can be rebooted. */
  async renew(): Promise<void> {
    await Promise.all([this.#runner.renew?.(), this.#other?.renew?.()]);
  }
}

/** True if the state of a board is unknown after this sequence. */
function isSpoilt({ steps }: SequenceTrace): boolean {
  return steps.some(({ lost, observation }) =>
    (lost !== undefined && lost.reason !== "overrun") || (observation !== undefined && breaksKernel(observation))
  );
}

/**
 * Runs generated sequences on a board, or on several of its kind.
 *
 * @param open Opens one more board of the kind
 * @throws {TransportError} If a board cannot be reached, or not any more
 * @throws {DOMException} `AbortError` if the signal was aborted; the boards are torn down then
 */
export async function runCampaign(
  board: Board,
  open: () => Promise<Runner>,
  options: CampaignOptions,
): Promise<CampaignResult> {
  const { seed, steps, corpus = [], parallel = 1, signal, onEvent = () => {} } = options;
  const result: CampaignResult = { summary: emptySummary(), found: [], boardMs: 0 };
  const bySignature = new Map<string, Found>();
  const indices = options.indices[Symbol.iterator]();
  const suites = corpus.flatMap((suite) => suite.sequences.map((sequence) => ({ ...suite, sequences: [sequence] })));

  /** Returns the next sequence to run. */
  const next = (
    { header, subject }: Station,
  ): { index: number | undefined; suite: Suite; generated: Generated | undefined } | undefined => {
    const kept = suites.shift();
    if (kept) return { index: undefined, suite: kept, generated: undefined };
    const { done, value: index } = indices.next();
    if (done) return undefined;
    const era = header.era as EraId;
    const generated = sequenceOf(seed, index, { era, subject, ...(steps === undefined ? {} : { steps }) });
    return { index, suite: suiteOf(`${seed}/${index}`, generated, subject), generated };
  };

  /** A board that does not open takes the one beside it along. */
  const openOther = async (runner: Runner) => {
    try {
      return await options.against?.();
    } catch (error) {
      await runner.close();
      throw error;
    }
  };

  const work = async () => {
    const runner = await open();
    const other = await openOther(runner);
    const started = Date.now();
    try {
      const station = new Station(board, runner, other);
      onEvent({ type: "board", header: station.header });
      for (let job = next(station); job; job = next(station)) {
        signal?.throwIfAborted();
        const begin = Date.now();
        const { verdict, spoilt } = await station.run(job.suite);
        addToSummary(result.summary, verdict);
        const { name } = job.suite.sequences[0]!;
        onEvent({ type: "sequence", index: job.index, name, verdict, ms: Date.now() - begin });
        const signature = signatureOf(verdict);
        const known = signature === undefined ? undefined : bySignature.get(signature);
        if (known) known.count++;
        else if (signature !== undefined) {
          const { header } = station;
          const found: Found = {
            signature,
            index: job.index,
            generated: job.generated,
            verdict,
            confirmed: { times: 0, of: 0 },
            count: 1,
            header,
          };
          bySignature.set(signature, found);
          result.found.push(found);
          if (spoilt) await station.renew();
          await investigate(station, found, options);
          onEvent({ type: "found", found });
        }
        if (known && spoilt) await station.renew();
      }
    } finally {
      result.boardMs += Date.now() - started;
      await Promise.all([runner.close(), other?.close()]);
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: parallel }, work));
  for (const one of settled) if (one.status === "rejected") throw one.reason;
  return result;
}

/** Shrinks a divergence on a fresh board and tries it again, within the time limit. */
async function investigate(station: Station, found: Found, options: CampaignOptions): Promise<void> {
  const { shrinkMs = 60_000, confirmations = 3, signal, onEvent = () => {} } = options;
  const { generated, signature } = found;
  if (!generated || shrinkMs === 0) return;
  const era = station.header.era as EraId;
  const { subject } = station;
  const deadline = Date.now() + shrinkMs;
  let last: SequenceVerdict | undefined;
  /** True if a smaller sequence still shows the divergence. */
  const shows = async (candidate: Generated): Promise<boolean> => {
    signal?.throwIfAborted();
    const { verdict, spoilt } = await station.run(suiteOf(found.verdict.sequence, candidate, subject));
    const same = signatureOf(verdict) === signature;
    if (same) last = verdict;
    if (spoilt) await station.renew();
    return same;
  };
  onEvent({ type: "shrink", signature, operations: generated.operations.length });
  let smallest = generated;
  // Steps after the step that differs cannot have caused the difference.
  const step = firstDifferent(found.verdict);
  const body = found.verdict.steps.filter(({ phase }) => phase === "body");
  const at = body.findIndex(({ id }) => id === step?.id);
  if (at >= 0) {
    const cut = { ...generated, operations: generated.operations.slice(0, at + 1) };
    if (objectionToSequence(cut, era, { subject }) === undefined && await shows(cut)) smallest = cut;
  }
  const arbitrary = new SequenceArbitrary({ era, subject });
  for (let smaller: Generated | undefined = smallest; smaller && Date.now() < deadline;) {
    smaller = undefined;
    for (const { value } of arbitrary.shrink(smallest)) {
      if (Date.now() >= deadline) break;
      if (objectionToSequence(value, era, { subject }) !== undefined || !await shows(value)) continue;
      smallest = smaller = value;
      break;
    }
  }
  found.generated = smallest;
  await station.renew();
  for (let i = 0; i < confirmations; i++) {
    found.confirmed.of++;
    if (await shows(smallest)) found.confirmed.times++;
  }
  if (last) found.verdict = last;
}
