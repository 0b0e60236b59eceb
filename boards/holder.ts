/**
 * Who has a board: the words of a lease on this machine, and of the lock on the board itself.
 *
 * @module
 */

import { visible } from "./visible.ts";

/** The process that has a board. */
export interface Holder {
  /** The user's name */
  owner: string;
  /** `uname -n` of the machine that the run is on */
  host: string;
  /** Its process there */
  pid: number;
  /** Since when, as `2026-11-21T20:14:03Z` */
  since: string;
  /** What it is, for example `twinlink run` */
  doing: string;
}

/** A board that somebody else has: exit status 3. */
export class BoardInUseError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "BoardInUseError";
}

/** Describes the process that has a board. */
export function describeHolder({ owner, host, pid, since, doing }: Holder): string {
  return visible(
    `${owner} on ${host} (${doing}, process ${pid}) since ${since.replace("T", " ").replace("Z", " UTC")}`,
  );
}

let host: Promise<string> | undefined;

/** Returns the name of this machine, `uname -n`. */
export function hostName(): Promise<string> {
  // Asking Deno would take a permission of its own.
  return host ??= new Deno.Command("uname", { args: ["-n"], stdin: "null", stderr: "null" }).output()
    .then(({ stdout }) => new TextDecoder().decode(stdout).trim());
}

/**
 * Returns this process as the holder of a board, from now on.
 *
 * @param doing For example `twinlink run`
 */
export async function thisHolder(doing: string): Promise<Holder> {
  return {
    owner: Deno.env.get("USER") || Deno.env.get("LOGNAME") || `user ${Deno.uid()}`,
    host: await hostName(),
    pid: Deno.pid,
    since: new Date().toISOString().replace(/\.\d+/, ""),
    doing,
  };
}
