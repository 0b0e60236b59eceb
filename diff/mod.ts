/**
 * Traces, how they are compared, and the reports made of it.
 *
 * @module
 */
export { earlierOf, type EarlierTrace, holdsEarlier, inPlaceOfModel, notIn } from "./against.ts";
export { align, type AlignOptions, type Edit } from "./align.ts";
export { type Abilities, neededCapabilities, type Unsupported, whyUnsupported } from "./capability.ts";
export { type Case, type Cause, causesOf, extentOf, Reported, type Seen } from "./causes.ts";
export {
  type BoardPair,
  type Change,
  CHANGES,
  type ComparedBoard,
  type ComparedSequence,
  compareRuns,
  type Comparison,
  comparisonStatus,
  gapsOf,
  pairBoards,
  type RunPart,
} from "./compare_runs.ts";
export { type Crash, crashOf, describeCrash } from "./crash.ts";
export { describeEvent, type DeviceEvent, DeviceRecorder, eventLines, eventsByStep } from "./device_record.ts";
export { describeOperation, quote } from "./describe.ts";
export { headerNotes, withEra } from "./header.ts";
export { judge, type JudgeOptions } from "./judge.ts";
export { type LearnedChannel, type LearnedEntry } from "./learned.ts";
export type { Contents, Piece } from "./_contents.ts";
export type { LateAnnouncements } from "./_nested_late.ts";
export type { NetdevNames } from "./_netdev_names.ts";
export type { Ticks } from "./_ticks.ts";
export { Normaliser } from "./normalise.ts";
export { PerfettoWriter } from "./perfetto.ts";
export type { Pair, Rule, RuleContext } from "./rule.ts";
export { RULES } from "./rules.ts";
export { comparisonPage, type ComparisonPageOptions, freshCauses } from "./report/html/comparison.ts";
export { type AboutRun, htmlReporter } from "./report/report_html.ts";
export { jsonlReporter, REPORT_VERSION } from "./report/report_jsonl.ts";
export { junitReporter } from "./report/report_junit.ts";
export { ktapReporter } from "./report/report_ktap.ts";
export { nipaReporter, type NipaTarget } from "./report/report_nipa.ts";
export { terminalReporter, type TerminalReporterOptions } from "./report/report_terminal.ts";
export { type Reporter, whyNoPass, type Write } from "./report/reporter.ts";
export type {
  DeviceRecord,
  Loss,
  LossReason,
  Phase,
  Plan,
  PlannedStep,
  SequenceTrace,
  StepTrace,
  Trace,
  TraceHeader,
} from "./trace.ts";
export { openTrace, readTrace, TRACE_VERSION, type TraceReader, TraceWriter, writeTrace } from "./trace_file.ts";
export * from "./verdict.ts";
