/**
 * twinlink tests Linux devlink on real boards: suites are written against a reference model of the subsystem and run on
 * a board over ssh or serial. The board's behaviour is compared with what the model predicts.
 *
 * A suite of your own needs {@linkcode suite} and a fixture. A tool of your own finds the parts in the other entries: `./run`,
 * `./boards`, `./diff`, `./model`, `./devices`.
 *
 * @example A suite
 * ```ts
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

export { suite } from "./sdk/suite.ts";
export { DevlinkError } from "./sdk/step.ts";
export { testSuite } from "./run/deno_tests.ts";

// Fixtures
export { theBoard } from "./sdk/the_board.ts";
export { hardware } from "./fixtures/hardware.ts";
export { netdevsim, netdevsimOf } from "./fixtures/netdevsim.ts";
export { macWithPcs } from "./fixtures/mac_with_pcs.ts";
export { boardMac } from "./fixtures/board_mac.ts";

// Types of all of these
export type { Sequence, SequenceBody, SequenceOptions, Suite, SuiteOptions } from "./sdk/suite.ts";
export type { BoardContext, BoardState, Fixture } from "./sdk/fixture.ts";
export type { GroupRole, Needs, ParamRole, ReporterRole, ResourceTree, TrapRole } from "./sdk/roles.ts";
export type { Step } from "./sdk/step.ts";
export type { Place } from "./sdk/place.ts";
export type { Dut, PortRole, Trap, TrapGroup, TrapPolicer } from "./sdk/dut.ts";
export type { DeviceDut, DeviceFault, DevicePackets, DeviceRequest } from "./sdk/dut_device.ts";
export type { EthtoolDut, FlashOptions } from "./sdk/dut_flash.ts";
export type { HealthDut, HealthReporter } from "./sdk/dut_health.ts";
export type { Eswitch, Links, Parameters, Ports, RateName, RateOptions, Rates } from "./sdk/dut_port.ts";
export type { RaceOptions, RaceResult, Racing } from "./sdk/dut_race.ts";
export type { RegionDut, RegionPiece } from "./sdk/dut_region.ts";
export type { Settling, Subject } from "./sdk/dut_subject.ts";
export type { MacWithPcsOptions } from "./fixtures/mac_with_pcs.ts";
export type { NetdevsimFiles, NetdevsimOptions } from "./fixtures/netdevsim.ts";
