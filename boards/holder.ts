/**
 * The process that uses a board, in words: for the lease on this machine, and for the lock on the board itself.
 *
 * @module
 */

import { visible } from "./visible.ts";

/** The process that uses a board. */
export interface Holder {
  /** The user's name */
  owner: string;
  /** `uname -n` of the machine of the run */
  host: string;
  /** The process on that machine */
  pid: number;
  /** The time since when, as `2026-11-21T20:14:03Z` */
  since: string;
  /** Its command, for example `twinlink run` */
  doing: string;
}

/** Another process uses the board: exit status 3. */
export class BoardInUseError extends Error {
  /** The class by its name, for callers that do not import it */
  override name = "BoardInUseError";
}

/** Describes the process that uses a board. */
export function describeHolder({ owner, host, pid, since, doing }: Holder): string {
  return visible(
    `${owner} on ${host} (${doing}, process ${pid}) since ${since.replace("T", " ").replace("Z", " UTC")}`,
  );
}

let host: Promise<string> | undefined;

/** Returns the name of this machine, `uname -n`. */
export function hostName(): Promise<string> {
  // Deno's own function would need one more permission.
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
