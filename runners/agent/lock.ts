/**
 * The lock of a device, which is on the board itself: a second run is kept out whatever name its board file has, and whoever and
 * wherever it is. `agent_lock.sh` takes it.
 *
 * @module
 */

import type { Board } from "../../boards/mod.ts";
import { describeHolder, thisHolder } from "../../boards/holder.ts";
import { quote } from "./commands.ts";

/** What the agent locks, and what it says of this run to others. */
export interface DeviceLock {
  /** The file that the lock is */
  device: string;
  /** This run, so that it knows an agent of its own again; without blanks */
  run: string;
  /** Who it is, in words */
  who: string;
}

/** How many characters the words for who it is may have. */
const WHO = 200;

/** This process. */
const PROCESS = crypto.randomUUID();

/** What a run has of a board: the device of its handle, else the devices of its driver, which sequences make. */
export const lockedDevice = ({ handle, driver }: Pick<Board, "handle" | "driver">): string => handle ?? driver;

/**
 * Returns the lock that a run takes on its board.
 *
 * @param doing What it is, for example `twinlink run`
 */
export async function lockFor(board: Board, doing: string): Promise<DeviceLock> {
  return {
    device: encodeURIComponent(lockedDevice(board)),
    run: `${PROCESS}:${encodeURIComponent(board.name)}`,
    who: describeHolder(await thisHolder(doing)).slice(0, WHO),
  };
}

/**
 * Returns the words with which the agent is started, so that it takes a lock; a blank in front of each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lockWords } from "./lock.ts";
 *
 * assertEquals(lockWords({ device: "pci%2F0", run: "r", who: "ann's" }), ` pci%2F0 r 'ann'\\''s'`);
 * ```
 */
export function lockWords({ device, run, who }: DeviceLock): string {
  return [device, run, who].map((word) => ` ${quote(word)}`).join("");
}
