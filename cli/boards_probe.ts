/** `twinlink boards probe`: describes a board, and predicts the results of a run there. */

import { type Board, jsonLine, visible } from "../boards/mod.ts";
import { allowedDisruption, notFound } from "../diff/capability.ts";
import { driverModelOf } from "../model/drivers/mod.ts";
import { SHIPPED_SUITES } from "../run/load_suites.ts";
import { print } from "../run/output.ts";
import { byDisruption, bySuite, prospectsOf, reasonsOf } from "../run/prospects.ts";
import { openSuites } from "../run/suite_process.ts";
import type { Runner } from "../runners/runner.ts";
import type { Suite } from "../sdk/suite.ts";
import { lookAt, type LookOptions } from "./_open_board.ts";
import { type Probe, probeText } from "./probe_text.ts";

/** Describes an open board, and predicts the results of suites there. Nothing on the board is changed. */
export async function probeOf(
  board: Board,
  runner: Runner,
  suites: readonly Suite[],
  signal: AbortSignal,
): Promise<Probe> {
  const { header, has, facts } = runner;
  // Read before any suite is compiled: the board may be lost during the compilation.
  const instances = await runner.instances?.() ?? [];
  const known = {
    header: facts ? { ...header, facts } : header,
    has,
    ...(runner.holds ? { holds: (about: Parameters<NonNullable<Runner["holds"]>>[0]) => runner.holds!(about) } : {}),
    ...(runner.guard ? { guard: (plans: Parameters<NonNullable<Runner["guard"]>>[0]) => runner.guard!(plans) } : {}),
  };
  const prospects = await prospectsOf(suites, board, known, { signal });
  const lifelines = await runner.lifelines?.();
  const { transport, kernel, iproute2, era, eraNote, contradictions = [] } = header;
  const { handle, driver } = board;
  const declined = prospects.filter(({ fate, lacks }) => fate === "unsupported" && lacks.includes("fw_activate"));
  return {
    board: board.name,
    transport,
    kernel,
    iproute2,
    era,
    eraNote: eraNote ?? null,
    handle: handle ?? null,
    found: facts !== undefined,
    driver,
    model: driverModelOf(driver).name,
    makes: driverModelOf(driver).start !== undefined,
    driverThere: facts?.driver ?? null,
    versions: facts?.versions ?? {},
    contradictions: [...contradictions],
    instances,
    suites: bySuite(prospects),
    unsupported: reasonsOf(prospects, "unsupported"),
    maybe: reasonsOf(prospects, "maybe"),
    gaps: reasonsOf(prospects, "gap"),
    refused: reasonsOf(prospects, "refused"),
    disrupts: byDisruption(prospects),
    allowed: allowedDisruption(board),
    missing: notFound(board, has),
    carried: lifelines?.carried ?? [],
    unknown: lifelines?.unknown ?? [],
    firmware: declined.length,
    breaks: prospects.filter(({ breaks }) => breaks).length,
  };
}

/**
 * Connects to a board and probes it.
 *
 * @throws {BoardInUseError} If another process has the board and `wait` is not set
 * @throws {TransportError} If the board cannot be reached
 * @throws {UnfitBoardError} If the board cannot run plans
 */
export async function probeBoard(board: Board, options: LookOptions): Promise<Probe> {
  const suites = await openSuites(SHIPPED_SUITES, { signal: options.signal });
  return await lookAt(board, options, (runner) => probeOf(board, runner, suites, options.signal));
}

/** Returns the exit status of a probe: 0 if something can be judged there, 3 if nothing can. */
export const probeStatus = ({ suites }: Probe): 0 | 3 =>
  suites.some(({ judged, maybe, gap }) => judged + maybe + gap > 0) ? 0 : 3;

/** Prints a probe. */
export function printProbe(found: Probe, json: boolean): void {
  print(json ? jsonLine(found) : probeText(found).map((line) => `${visible(line)}\n`).join(""));
}

/** Probes a board, and returns the exit status. */
export async function probe(board: Board, json: boolean, options: Omit<LookOptions, "doing">): Promise<number> {
  const found = await probeBoard(board, { ...options, doing: "twinlink boards probe" });
  printProbe(found, json);
  return probeStatus(found);
}
