/** Judges a trace offline, for `check` and `report`. */

import { type Board, loadBoard, visible } from "../boards/mod.ts";
import {
  type DeviceRecord,
  type EarlierTrace,
  headerNotes,
  inPlaceOfModel,
  judge,
  type LearnedEntry,
  type LeftOut,
  type SequenceVerdict,
  type TraceHeader,
  type TraceReader,
  whyUnsupported,
  withEra,
} from "../diff/mod.ts";
import { ERA_IDS, type EraId, ERAS } from "../model/mod.ts";
import { openModel } from "../runners/model.ts";
import { openTraceFile } from "./_shared.ts";
import { UsageError } from "./command.ts";
import { say } from "../run/output.ts";
import type { Report } from "../run/reports.ts";
import { learnedFor, otherNotes } from "../run/learned.ts";
import { againstWords, type Line } from "./summary.ts";

/** The results of a run that its trace does not contain. */
export interface Beside {
  /** Sequences that were not part of the run */
  leftOut: readonly LeftOut[];
  /** Sequences without a step: unsupported, or not run */
  verdicts: readonly SequenceVerdict[];
}

const keyOf = ({ suite, sequence }: LeftOut | SequenceVerdict) => JSON.stringify([suite, sequence]);

/** The options for judging the sequences of a trace. */
export interface JudgeSequencesOptions {
  /** The board whose driver, waivers and capabilities apply. @default none */
  board?: Board | undefined;
  /** The recording to compare with instead of the model. @default none */
  against?: EarlierTrace | undefined;
  /** The learned expectations for this board. @default none */
  learned?: readonly LearnedEntry[];
  /** Keeps the observation of each step. @default {false} */
  learning?: boolean;
  signal: AbortSignal;
}

/**
 * Returns the header of a trace with the era that it is judged by; the era must have a model.
 *
 * @param doing The verb of the error message, for example `judge`
 * @throws {UsageError} If there is no model of the era
 */
export function judgedHeader(
  { header }: TraceReader,
  path: string,
  doing: string,
  { era = header.era, board }: { era?: string | undefined; board?: Board | undefined },
): TraceHeader {
  if (Object.hasOwn(ERAS, era)) return withEra(header, era as EraId, board?.driver);
  const eras = ERA_IDS.join(", ");
  throw new UsageError(
    `Cannot ${doing} trace "${visible(path)}": there is no model of "${visible(era)}", but of ${eras}`,
  );
}

/**
 * Judges each sequence of a trace: runs its operations on the model, and compares.
 *
 * @throws {SyntaxError} If the rest of the trace cannot be read
 */
export async function* judgedSequences(
  trace: TraceReader,
  header: TraceHeader,
  { board, against, learned, learning, signal }: JudgeSequencesOptions,
): AsyncGenerator<{ verdict: SequenceVerdict; device?: DeviceRecord | undefined }> {
  const model = await loadBoard("model");
  for await (const observed of trace.sequences) {
    signal.throwIfAborted();
    const steps = observed.steps.map(({ id, phase, op }) => ({ id, phase, op }));
    const plan = { ...observed, steps, requires: observed.hardware ?? [] };
    const expected = await openModel(model, header.era as EraId, {}, { ...header, driver: board?.driver }).run(plan);
    const about = {
      waivers: board?.waivers ?? [],
      // The board's file allowed the sequence when it was run.
      unsupported: whyUnsupported(observed, { ...board ?? { unfiled: true }, disruption: "power" }, header.has),
      has: header.has,
      ...learned ? { learned } : {},
      ...learning ? { learning } : {},
    };
    const verdict = against
      ? judge(inPlaceOfModel(expected, against, header.facts), observed, { ...about, model: expected })
      : judge(expected, observed, about);
    yield { verdict, device: observed.device };
  }
}

/** The options for judging a trace. */
export interface JudgeTraceOptions {
  /** The era to compare with. @default {the era of the trace} */
  era?: string | undefined;
  /** Returns the board whose waivers and capabilities apply. @default none */
  board?: (header: TraceHeader) => Board | undefined;
  /** Returns the results that the trace does not contain. @default nothing */
  beside?: (header: TraceHeader) => Beside | undefined;
  /** The recording to compare with instead of the model. @default none */
  against?: EarlierTrace | undefined;
  /** Returns the learned expectations. @default none */
  learned?: (header: TraceHeader) => readonly LearnedEntry[];
  signal: AbortSignal;
}

/**
 * Judges one trace file: runs its operations on the model, and compares.
 *
 * @throws {UsageError} If the file cannot be read, or its era has no model
 */
export async function judgeTrace(
  path: string,
  reports: readonly Report[],
  options: JudgeTraceOptions,
): Promise<Line> {
  const started = Date.now();
  await using trace = await openTraceFile(path);
  const known = options.board?.(trace.header);
  const header = judgedHeader(trace, path, "judge", { era: options.era, board: known });
  const { against } = options;
  const words = against ? { against: againstWords(against) } : {};
  const entries = options.learned?.(trace.header) ?? [];
  const learned = learnedFor(entries, header, known?.driver);
  const { leftOut = [], verdicts: without = [] } = options.beside?.(header) ?? {};
  for (const report of reports) {
    report.begin({ ...header, ...words });
    for (const one of leftOut) report.leftOut(one);
  }
  const verdicts: SequenceVerdict[] = [];
  const add = (verdict: SequenceVerdict, device?: DeviceRecord) => {
    verdicts.push(verdict);
    for (const report of reports) report.sequence(verdict, device);
  };
  try {
    const by = { board: known, against, learned, signal: options.signal };
    for await (const { verdict, device } of judgedSequences(trace, header, by)) add(verdict, device);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    say(`twinlink: ${error.message}`);
    const about = { suite: "trace", sequence: path, source: "" };
    add({ ...about, verdict: "infra", reason: error.message, steps: [], notes: [] });
  }
  const judged = new Set(verdicts.map(keyOf));
  for (const verdict of without) if (!judged.has(keyOf(verdict))) add(verdict);
  for (const report of reports) report.endPart();
  const { board, transport, kernel } = header;
  const notes = [...headerNotes(header), ...otherNotes(entries, learned)];
  return { ...words, board, transport, kernel, verdicts, leftOut, notes, ms: Date.now() - started };
}
