/** Judging a trace off line, as `check` and `report` do. */

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

/** What a trace does not hold. */
export interface Beside {
  /** Sequences that were not part of the run */
  leftOut: readonly LeftOut[];
  /** Sequences without a step: unsupported, or not run */
  verdicts: readonly SequenceVerdict[];
}

const keyOf = ({ suite, sequence }: LeftOut | SequenceVerdict) => JSON.stringify([suite, sequence]);

/** How a trace is judged. */
export interface JudgeTraceOptions {
  /** The era to compare with. @default {the era of the trace} */
  era?: string | undefined;
  /** Returns the board whose waivers and capabilities hold. @default none */
  board?: (header: TraceHeader) => Board | undefined;
  /** Returns what the trace does not hold. @default nothing */
  beside?: (header: TraceHeader) => Beside | undefined;
  /** What takes the place of the model. @default none */
  against?: EarlierTrace | undefined;
  /** Returns the learned expectations. @default none */
  learned?: (header: TraceHeader) => readonly LearnedEntry[];
  signal: AbortSignal;
}

/**
 * Judges one file by what the model does with the operations that are in it.
 *
 * @throws {UsageError} If it cannot be read, or there is no model of its era
 */
export async function judgeTrace(
  path: string,
  reports: readonly Report[],
  options: JudgeTraceOptions,
): Promise<Line> {
  const started = Date.now();
  const model = await loadBoard("model");
  await using trace = await openTraceFile(path);
  const era = options.era ?? trace.header.era;
  if (!Object.hasOwn(ERAS, era)) {
    const eras = ERA_IDS.join(", ");
    throw new UsageError(
      `Cannot judge trace "${visible(path)}": there is no model of "${visible(era)}", but of ${eras}`,
    );
  }
  const known = options.board?.(trace.header);
  const header = withEra(trace.header, era as EraId, known?.driver);
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
    for await (const observed of trace.sequences) {
      options.signal.throwIfAborted();
      const steps = observed.steps.map(({ id, phase, op }) => ({ id, phase, op }));
      const expected = await openModel(model, era as EraId, {}, { ...header, driver: known?.driver }).run({
        ...observed,
        steps,
        requires: observed.hardware ?? [],
      });
      const unsupported = whyUnsupported(observed, known ?? { unfiled: true }, header.has);
      const about = { waivers: known?.waivers ?? [], unsupported, has: header.has, learned };
      const verdict = against
        ? judge(inPlaceOfModel(expected, against, header.facts), observed, { ...about, model: expected })
        : judge(expected, observed, about);
      add(verdict, observed.device);
    }
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
