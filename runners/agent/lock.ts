/**
 * The lock of a device, which is on the board itself: a second run is refused whatever name its board file has, and whichever user and
 * wherever it is. `agent_lock.sh` takes it.
 *
 * @module
 */

import type { Board } from "../../boards/mod.ts";
import { describeHolder, thisHolder } from "../../boards/holder.ts";
import { quote } from "./commands.ts";

/** What the agent locks, and what it reports of this run to others. */
export interface DeviceLock {
  /** The file that the lock is */
  device: string;
  /** This run, without blanks: the machine, its process, and the board. Another run on that machine can tell if it has ended */
  run: string;
  /** The owner, in words */
  who: string;
  /** A run that has ended, whatever its agent does. @default {none} */
  gone?: string;
}

/** How many characters the words for who it is may have. */
const WHO = 200;

/** Returns what a shell on this machine prints; undefined where it fails. Deno itself may not look into /proc. */
async function ask(script: string): Promise<string | undefined> {
  const { success, stdout } = await new Deno.Command("sh", { args: ["-c", script], stdin: "null", stderr: "null" })
    .output();
  return success ? new TextDecoder().decode(stdout) : undefined;
}

/** This boot of this machine, as its processes are numbered here. */
async function machine(): Promise<string> {
  const said = await ask("cat /proc/sys/kernel/random/boot_id && readlink /proc/self/ns/pid") ?? crypto.randomUUID();
  return said.trim().replaceAll(/[^\w-]+/g, ".");
}

/** When a process started, in ticks since the boot; undefined if there is none. */
async function bornAt(pid: number): Promise<string | undefined> {
  const stat = await ask(`cat /proc/${pid}/stat`) ?? "";
  // After the name in brackets, which may hold anything
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** True if a run was on this machine and has ended. Of another machine it is not known. */
export async function isGone(run: string): Promise<boolean> {
  const [place, pid, born] = run.split(":");
  if (place !== await machine() || !/^\d+$/.test(pid ?? "")) return false;
  return await bornAt(Number(pid)) !== born;
}

/** Returns what a run has of a board: the device of its handle, else the devices of its driver, which sequences make. */
export const lockedDevice = ({ handle, driver }: Pick<Board, "handle" | "driver">): string => handle ?? driver;

/**
 * Returns the lock that a run takes on its board.
 *
 * @param doing What it is, for example `twinlink run`
 */
export async function lockFor(board: Board, doing: string): Promise<DeviceLock> {
  return {
    device: encodeURIComponent(lockedDevice(board)),
    run: `${await machine()}:${Deno.pid}:${await bornAt(Deno.pid)}:${encodeURIComponent(board.name)}`,
    who: describeHolder(await thisHolder(doing)).slice(0, WHO),
  };
}

/**
 * Returns the words with which the agent is started, so that it takes a lock; a blank before each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lockWords } from "./lock.ts";
 *
 * assertEquals(lockWords({ device: "pci%2F0", run: "r", who: "ann's" }), ` pci%2F0 r 'ann'\\''s'`);
 * ```
 */
export function lockWords({ device, run, who, gone }: DeviceLock): string {
  return [device, run, who, ...gone === undefined ? [] : [gone]].map((word) => ` ${quote(word)}`).join("");
}
