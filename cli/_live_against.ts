/** `run --against BOARD`: another board, recorded first, instead of the model. */

import { join } from "node:path";
import { loadBoard, visible } from "../boards/mod.ts";
import { boardStateFolder, dirtyOf, markClean, markDirty } from "../boards/state.ts";
import { writeTrace } from "../diff/trace_file.ts";
import { count, say } from "../run/output.ts";
import type { Suite } from "../sdk/suite.ts";
import { isTraceFile, makeFolder } from "./_shared.ts";
import { chosenBy } from "./job.ts";

/** The options of a run that apply to the recorded board. */
export interface LiveOptions {
  /** The folder of the run, if the user named one */
  out: string | undefined;
  /** Which sequences, see `filterOf` in cli/filter.ts */
  filter: readonly string[];
  iKnow: readonly string[];
  wait: boolean;
  signal: AbortSignal;
}

/**
 * Returns what `--against` names as a trace or a recording board: any other board runs the suites first; its trace is
 * saved in the folder of the run, or with the state of that board.
 *
 * @throws {BoardInUseError} If another process has the board and `wait` is not set
 * @throws {TransportError} If the board cannot be reached
 */
export async function recordedAgainst(given: string, suites: readonly Suite[], options: LiveOptions): Promise<string> {
  if (isTraceFile(given)) return given;
  const board = await loadBoard(given);
  if (board.recording) return given;
  const { out, filter, iKnow, wait, signal } = options;
  // Imported only if needed: the module imports every transport.
  const { orchestrate } = await import("../run/orchestrate.ts");
  const { leaseBoard } = await import("../run/lease.ts");
  const name = visible(board.name);
  const claim = { doing: "twinlink run --against", wait };
  say(`${name}: is recorded first, to compare with`);
  const [result] = await orchestrate([board], suites, {
    ...claim,
    filter: chosenBy(filter, suites),
    skipUnsupported: true,
    iKnow,
    signal,
    dirt: { of: dirtyOf, mark: markDirty, clear: markClean },
    lease: (board, onWait) => leaseBoard(board, { ...claim, onWait, signal }),
    onEvent: (event) => {
      if (event.type === "prepare") {
        say(`${name}: ${visible(`${event.progress.phase} ${event.progress.detail ?? ""}`)}`);
      }
    },
  });
  const { header, results, infra } = result!;
  if (infra) throw infra;
  const folder = out ?? boardStateFolder(board.name);
  await makeFolder(folder);
  const path = join(folder, `against-${board.name}.jsonl.gz`);
  const sequences = results.map(({ observed }) => observed).filter(({ steps }) => steps.length > 0);
  await writeTrace(path, { header: header!, sequences });
  say(`${name}: ${count(sequences.length, "sequence")} recorded in ${visible(path)}`);
  return path;
}
