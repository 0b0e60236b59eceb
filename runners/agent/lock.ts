/**
 * The lock of a device, which is on the board itself. So a second run is refused from any machine, by any user, and with any
 * name of its board file. `agent_lock.sh` takes the lock.
 *
 * @module
 */

import type { Board } from "../../boards/mod.ts";
import { describeHolder, thisHolder } from "../../boards/holder.ts";
import { quote } from "./commands.ts";

/** The device that the agent locks, and what it reports of this run to others. */
export interface DeviceLock {
  /** The name of the lock's file */
  device: string;
  /**
   * This run, without blanks: the machine, the process and the board. Another run on the same machine can tell if it has ended
   */
  run: string;
  /** The owner, in words */
  who: string;
  /** A run that has ended, even if its agent still runs. @default {none} */
  gone?: string;
}

/** The most characters of `who`. */
const WHO = 200;

/** Returns the output of a shell on this machine; undefined if it fails. Deno itself may not look into /proc. */
async function ask(script: string): Promise<string | undefined> {
  const { success, stdout } = await new Deno.Command("sh", { args: ["-c", script], stdin: "null", stderr: "null" })
    .output();
  return success ? new TextDecoder().decode(stdout) : undefined;
}

/** Returns a name for this boot and this PID namespace of the machine. */
async function machine(): Promise<string> {
  const said = await ask("cat /proc/sys/kernel/random/boot_id && readlink /proc/self/ns/pid") ?? crypto.randomUUID();
  return said.trim().replaceAll(/[^\w-]+/g, ".");
}

/** Returns the start time of a process, in ticks since the boot; undefined if the process does not exist. */
async function bornAt(pid: number): Promise<string | undefined> {
  const stat = await ask(`cat /proc/${pid}/stat`) ?? "";
  // The name in brackets before it may hold anything
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** True if a run was on this machine and has ended. For a run on another machine this is not known: false. */
export async function isGone(run: string): Promise<boolean> {
  const [place, pid, born] = run.split(":");
  if (place !== await machine() || !/^\d+$/.test(pid ?? "")) return false;
  return await bornAt(Number(pid)) !== born;
}

/**
 * Returns what a run locks: the device of the board's handle; without a handle, all devices of its driver, which sequences
 * create.
 */
export const lockedDevice = ({ handle, driver }: Pick<Board, "handle" | "driver">): string => handle ?? driver;

/**
 * Returns the lock that a run takes on its board.
 *
 * @param doing The command that runs, for example `twinlink run`
 */
export async function lockFor(board: Board, doing: string): Promise<DeviceLock> {
  return {
    device: encodeURIComponent(lockedDevice(board)),
    run: `${await machine()}:${Deno.pid}:${await bornAt(Deno.pid)}:${encodeURIComponent(board.name)}`,
    who: describeHolder(await thisHolder(doing)).slice(0, WHO),
  };
}

/**
 * Returns the words that make the agent take a lock when it is started; a blank before each.
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
