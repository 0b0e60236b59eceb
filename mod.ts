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
export type { BoardRunOptions } from "./run/board_run.ts";
export type { Dirt } from "./run/board_state.ts";
export type { BoardJournal, Earlier, Journal } from "./run/journal.ts";
export { testSuite } from "./run/deno_tests.ts";
export { orchestrate, type OrchestrateOptions } from "./run/orchestrate.ts";
export type { AboutSequence, BoardResult, RunEvent, SequenceResult } from "./run/run_events.ts";
export * from "./diff/mod.ts";
export type { BoardContext, BoardState, Fixture } from "./sdk/fixture.ts";
export type { GroupRole, Needs, ParamRole, ReporterRole, ResourceTree, TrapRole } from "./sdk/roles.ts";
export { theBoard } from "./sdk/the_board.ts";
export { boardMac } from "./fixtures/board_mac.ts";
export { hardware } from "./fixtures/hardware.ts";
export { MAC_WITH_PCS, macWithPcs, type MacWithPcsOptions } from "./fixtures/mac_with_pcs.ts";
export { netdevsim, type NetdevsimFiles, netdevsimOf, type NetdevsimOptions } from "./fixtures/netdevsim.ts";
export * from "./model/mod.ts";
export * from "./runners/mod.ts";
export { compile, type CompileEvents } from "./sdk/compile.ts";
export * from "./sdk/dut.ts";
export * from "./sdk/dut_device.ts";
export * from "./sdk/dut_flash.ts";
export * from "./sdk/dut_health.ts";
export * from "./sdk/dut_port.ts";
export type { RaceOptions, RaceResult, Racing } from "./sdk/dut_race.ts";
export * from "./sdk/dut_region.ts";
export type { Settling, Subject } from "./sdk/dut_subject.ts";
export type { Calls, Place } from "./sdk/place.ts";
export * from "./sdk/step.ts";
export * from "./sdk/suite.ts";
