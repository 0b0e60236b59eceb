/**
 * twinlink tests Linux devlink on real boards: suites are written against a reference model of the subsystem, run on a
 * board over ssh or serial, and what the board shows is compared with what the model says.
 *
 * A suite of your own needs {@linkcode suite} and a fixture; a tool of your own, {@linkcode orchestrate} or its parts.
 *
 * @example A suite
 * ```ts ignore
 * import { netdevsim, suite } from "@twinlink/twinlink";
 *
 * export default suite("mine", { fixture: netdevsim({ ports: 1 }) }, ({ sequence }) => {
 *   sequence("a reload keeps the port", { source: "devlink-reload.rst" }, async (dut) => {
 *     await dut.reload();
 *     await dut.port.list();
 *   });
 * });
 * ```
 *
 * @module
 */

export * from "./boards/mod.ts";
export type { Dirty } from "./boards/state.ts";
export type { BoardRunOptions } from "./cli/board_run.ts";
export type { Dirt } from "./cli/board_state.ts";
export type { BoardJournal, Earlier, Journal } from "./cli/journal.ts";
export { orchestrate, type OrchestrateOptions } from "./cli/orchestrate.ts";
export type { AboutSequence, BoardResult, RunEvent, SequenceResult } from "./cli/run_events.ts";
export * from "./diff/mod.ts";
export type { Fixture } from "./fixtures/fixture.ts";
export { boardMac } from "./fixtures/board_mac.ts";
export { hardware } from "./fixtures/hardware.ts";
export { MAC_WITH_PCS, macWithPcs, type MacWithPcsOptions } from "./fixtures/mac_with_pcs.ts";
export { netdevsim, type NetdevsimOptions } from "./fixtures/netdevsim.ts";
export * from "./model/mod.ts";
export * from "./runners/mod.ts";
export { compile, type CompileEvents } from "./suites/compile.ts";
export * from "./suites/dut.ts";
export * from "./suites/dut_flash.ts";
export * from "./suites/dut_health.ts";
export * from "./suites/dut_port.ts";
export type { RaceOptions, RaceResult, Racing } from "./suites/dut_race.ts";
export * from "./suites/dut_region.ts";
export type { Subject } from "./suites/dut_subject.ts";
export type { Calls, Place } from "./suites/place.ts";
export * from "./suites/step.ts";
export * from "./suites/suite.ts";
