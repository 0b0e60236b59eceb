/**
 * Leases: two runs never use one board at the same time. The run that has a board locks the board's `lease.json`, which names the
 * run. The kernel releases the lock when the process ends, however it ends, so a lease cannot outlive its run.
 *
 * @module
 */

import { type Board, visible } from "../boards/mod.ts";
import { BoardInUseError, describeHolder, type Holder, hostName, thisHolder } from "../boards/holder.ts";
import { boardStateFolder, releaseLock, stateFolder } from "../boards/state.ts";
import { pause } from "../fixtures/qemu/cache.ts";

/** Options of {@linkcode leaseBoard}. */
export interface LeaseOptions {
  /** The command that needs the board, for example `twinlink run` */
  doing: string;
  /** Waits until the board is free. @default {false} */
  wait?: boolean;
  /** Ends the waiting */
  signal?: AbortSignal | undefined;
  /** Called once for each holder of the board, while the run waits */
  onWait?: (holder: string) => void;
  /** The interval between two attempts while the run waits, in ms. @default {1000} */
  everyMs?: number;
}

/** True if two runs could use the board at once: a guest in QEMU belongs to one run, the model and recordings are no boards. */
export const needsLease = ({ runner }: Board): boolean => runner === "remote" || runner === "local";

const leaseFile = (board: string) => `${boardStateFolder(board)}/lease.json`;

function parseHolder(text: string): Holder | undefined {
  try {
    const { owner, host, pid, since, doing } = JSON.parse(text) as Record<string, unknown>;
    const words = [owner, host, since, doing];
    if (words.every((word) => typeof word === "string") && typeof pid === "number") {
      return { owner, host, pid, since, doing } as Holder;
    }
  } catch { /* it is being written, or is no lease */ }
}

const SOMEBODY = "somebody";

/** Describes the holder of a board; undefined if the board is free. */
export async function holderOf(board: string): Promise<string | undefined> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(leaseFile(board), { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  using _ = file;
  const held = parseHolder(await Deno.readTextFile(leaseFile(board)));
  const free = await file.tryLock(true);
  if (free) file.unlockSync();
  if (free && (held === undefined || held.host === await hostName())) return undefined;
  return held ? describeHolder(held) : SOMEBODY;
}

/** Returns the names of the boards with saved state on this machine. */
export async function boardsWithState(): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(`${stateFolder()}/boards`));
    return entries.filter((entry) => entry.isDirectory).map(({ name }) => name).sort();
  } catch (error) {
    // Without a home there is no state.
    if (error instanceof Deno.errors.NotFound || error instanceof TypeError) return [];
    throw error;
  }
}

/**
 * Takes a board, until it is disposed of or this process ends. A board that needs no lease is given at once.
 *
 * @throws {BoardInUseError} If another process has the board and `wait` is not set
 * @throws {DOMException} `AbortError` if the signal was aborted
 */
export async function leaseBoard(board: Board, options: LeaseOptions): Promise<AsyncDisposable> {
  if (!needsLease(board)) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const path = leaseFile(board.name);
  await Deno.mkdir(boardStateFolder(board.name), { recursive: true, mode: 0o700 });
  let told: string | undefined;
  for (let tries = 1;; tries++) {
    options.signal?.throwIfAborted();
    const taken = await take(path, options.doing);
    if (typeof taken !== "string") return taken;
    if (!options.wait) {
      // A process that only looks also holds the lock for a moment.
      if (tries < 3) {
        await pause(100, options.signal);
        continue;
      }
      throw new BoardInUseError(
        `Cannot use board "${visible(board.name)}": ${taken} has it; --wait waits until it is free`,
      );
    }
    // A holder that takes or returns the board at this moment is not yet described: its name comes in the next attempt.
    if (taken !== told && taken !== SOMEBODY && tries > 1) options.onWait?.(told = taken);
    await pause(tries === 1 ? 100 : options.everyMs ?? 1000, options.signal);
  }
}

/** Returns the lease, or a description of its holder. */
async function take(path: string, doing: string): Promise<AsyncDisposable | string> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  let mine = false;
  try {
    const here = await hostName();
    const free = await file.tryLock(true);
    const held = parseHolder(await Deno.readTextFile(path));
    if (!free) return held ? describeHolder(held) : SOMEBODY;
    if (held && held.host !== here) {
      // A network filesystem may not support locks across machines: twinlink cannot know if that run is still alive.
      return `${describeHolder(held)}, by ${visible(path)} (remove that file if the run is gone)`;
    }
    await file.truncate();
    await file.write(new TextEncoder().encode(JSON.stringify(await thisHolder(doing)) + "\n"));
    mine = true;
    return {
      [Symbol.asyncDispose]: async () => {
        if (!mine) return;
        mine = false;
        await file.truncate();
        releaseLock(file);
      },
    };
  } finally {
    if (!mine) file.close();
  }
}
