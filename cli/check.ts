/** `twinlink check`. */

import { type Board, loadBoard, visible } from "../boards/mod.ts";
import {
  type EarlierTrace,
  headerNotes,
  inPlaceOfModel,
  judge,
  type LearnedEntry,
  type SequenceVerdict,
  whyUnsupported,
  withEra,
} from "../diff/mod.ts";
import { ERA_IDS, type EraId, ERAS } from "../model/mod.ts";
import { openModel } from "../runners/model.ts";
import { AGAINST, earlierTrace, ERAS_BY_NAME, LEARNED, openTraceFile } from "./_shared.ts";
import { command, UsageError } from "./command.ts";
import { wantsColor } from "./display.ts";
import { learnedFor, learnedOf, otherNotes } from "../run/learned.ts";
import { print, say } from "../run/output.ts";
import { Report, type ReportName, REPORTS } from "../run/reports.ts";
import { againstWords, type Line, statusOf, summaryText } from "./summary.ts";

/** Judges one file by what the model does with the operations that are in it. */
async function checkTrace(
  path: string,
  report: Report,
  model: Board,
  options: {
    era: string | undefined;
    board: Board | undefined;
    against: EarlierTrace | undefined;
    learned: readonly LearnedEntry[];
    signal: AbortSignal;
  },
): Promise<Line> {
  const started = Date.now();
  await using trace = await openTraceFile(path);
  const era = options.era ?? trace.header.era;
  if (!Object.hasOwn(ERAS, era)) {
    const eras = ERA_IDS.join(", ");
    throw new UsageError(
      `Cannot judge trace "${visible(path)}": there is no model of "${visible(era)}", but of ${eras}`,
    );
  }
  const header = withEra(trace.header, era as EraId, options.board?.driver);
  const { against, board: filed } = options;
  const learned = learnedFor(options.learned, header, filed?.driver);
  const words = against ? { against: againstWords(against) } : {};
  report.begin({ ...header, ...words });
  const verdicts: SequenceVerdict[] = [];
  const add = (verdict: SequenceVerdict) => {
    verdicts.push(verdict);
    report.sequence(verdict);
  };
  try {
    for await (const observed of trace.sequences) {
      options.signal.throwIfAborted();
      const steps = observed.steps.map(({ id, phase, op }) => ({ id, phase, op }));
      const expected = await openModel(model, era as EraId, {}, { ...header, driver: filed?.driver }).run({
        ...observed,
        steps,
        requires: observed.hardware ?? [],
      });
      const unsupported = whyUnsupported(observed, filed ?? { unfiled: true }, header.has);
      const about = { waivers: filed?.waivers ?? [], unsupported, has: header.has, learned };
      add(
        against
          ? judge(inPlaceOfModel(expected, against, header.facts), observed, { ...about, model: expected })
          : judge(expected, observed, about),
      );
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    say(`twinlink: ${error.message}`);
    const about = { suite: "trace", sequence: path, source: "" };
    add({ ...about, verdict: "infra", reason: error.message, steps: [], notes: [] });
  }
  report.endPart();
  const { board, transport, kernel } = header;
  return {
    ...words,
    board,
    transport,
    kernel,
    verdicts,
    notes: [...headerNotes(header), ...otherNotes(options.learned, learned)],
    ms: Date.now() - started,
  };
}

export default command({
  name: "check",
  usage: ["TRACE.. [OPTION..]"],
  details:
    `TRACE is a file of "twinlink record" or of "twinlink run --out". A file that was cut short is judged up to where it
goes, and never passes: exit status 3. --against compares it with an earlier trace; see "twinlink help run".`,
  options: {
    board: {
      type: "text",
      short: "b",
      value: "BOARD",
      help: "Take driver, waivers and capabilities from this board's file",
    },
    against: AGAINST,
    learned: LEARNED,
    era: { type: "text", value: "ERA", help: "Compare with the model of this era", choices: ERAS_BY_NAME },
    reporter: { type: "text", short: "r", help: "The report on standard output", choices: Object.keys(REPORTS) },
    json: { type: "flag", help: "The same as --reporter jsonl" },
  },
  run: async (values, operands, { signal, interrupts }) => {
    interrupts.harmless();
    if (operands.length === 0) throw new UsageError("No trace is named: give the path of one");
    const board = values.board === undefined ? undefined : await loadBoard(values.board);
    const model = await loadBoard("model");
    const against = values.against === undefined ? undefined : await earlierTrace(values.against);
    const learned = await learnedOf(board ?? {}, values.learned);
    const kind = REPORTS[values.json ? "jsonl" : (values.reporter ?? "terminal") as ReportName];
    const report = new Report(kind, print, { color: wantsColor(), several: operands.length > 1 });
    const lines: Line[] = [];
    for (const path of operands) {
      lines.push(await checkTrace(path, report, model, { era: values.era, board, against, learned, signal }));
    }
    const exit = statusOf(lines, operands.length);
    report.end({ exit });
    if (kind.human) print(summaryText(lines));
    else say(summaryText(lines).trimEnd());
    return exit;
  },
});
