/**
 * Boards: their type, their files, and the boards that ship.
 *
 * ```ts
 * import { loadBoard } from "./mod.ts";
 *
 * const board = await loadBoard("qemu-6.12");
 * console.log(board.description);
 * ```
 *
 * @module
 */
export {
  type Board,
  BoardError,
  boardErrorAt,
  type Camel,
  type CamelKeys,
  listBoards,
  loadBoard,
  parseBoard,
  SHIPPED_BOARDS,
} from "./board.ts";
export {
  BOARD_ERAS,
  type BoardFile,
  CAPABILITIES,
  type Capability,
  PCS_DESIGNS,
  type PcsDesign,
  type QemuTable,
  RUNNER_KINDS,
  type RunnerKind,
  type Waiver,
  wholeLine,
} from "./schema.ts";
export type { Facts, ParamFact, PortFact, ReporterFact, ResourceFact, TrapFact } from "../model/facts.ts";
export { loadFacts, parseFacts } from "./facts.ts";
export { factsText } from "./facts_text.ts";
export type { ConnectxTable, DeviceName, DeviceTables, MgbeTable, SpectrumTable } from "./devices/mod.ts";
export type { SerialTable, SshTable, TransportName, TransportTables } from "./transports/mod.ts";
export { jsonLine, visible } from "./visible.ts";
