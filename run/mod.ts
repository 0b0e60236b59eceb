/**
 * Runs of suites on boards, for a tool of your own: {@linkcode orchestrate} does what `twinlink run` does, and reports each event.
 * {@linkcode compile} and {@linkcode openRunner} are its parts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadBoard } from "@twinlink/twinlink/boards";
 * import { orchestrate } from "@twinlink/twinlink/run";
 * import { macWithPcs, suite } from "@twinlink/twinlink";
 *
 * const mine = suite("mine", { fixture: macWithPcs() }, ({ sequence }) => {
 *   sequence("a MAC has no devlink instance", { source: "devlink-dev(8)" }, async (dut) => {
 *     await dut.dev.show().fails();
 *   });
 * });
 * const [result] = await orchestrate([await loadBoard("model")], [mine]);
 * assertEquals(result?.results[0]?.verdict.verdict, "agree");
 * ```
 *
 * @module
 */

export type { Calls } from "../sdk/place.ts";
export type { Dirty } from "../boards/state.ts";
export { compile, type CompileEvents } from "../sdk/compile.ts";
export { type Chosen, type Compiled, type CompileOptions, type Compiler, SuiteError } from "../sdk/suite.ts";
export type { DutOptions, RaceFrom } from "../sdk/dut.ts";
export * from "../runners/mod.ts";
export type { BoardRunOptions, FailFast } from "./board_run.ts";
export type { Dirt } from "./board_state.ts";
export type { BoardJournal, Earlier, Journal } from "./journal.ts";
export { orchestrate, type OrchestrateOptions } from "./orchestrate.ts";
export type { AboutSequence, BoardResult, RunEvent, SequenceResult } from "./run_events.ts";
