/**
 * Which commands of devlink(8) its batch mode (`devlink -b`) does as devlink itself would. One process then does the requests of
 * many steps; for every other command there is a process of its own.
 *
 * @module
 */

/** Words that a line of a batch takes as they are: no quotes, no comments, nothing to split. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * A number that may be the largest of its type. The process takes it for one too large where anything before it has left ERANGE
 * in its errno, as an answer of the kernel does.
 */
const PERHAPS_LARGEST = /^\+?(0x[\da-f]{8,}|\d{10,})$/i;

/**
 * By the words that a command begins with. Left out: what prints an array in JSON (the second one of a process lacks its
 * beginning); what names a netns (the process would keep it open, and so alive); flashing (forks, and reports its progress),
 * and what asks for all there are: the process still has the handle of its last command, and sends it along. Of setting what a
 * port's function can do it keeps what the commands before have set.
 */
const FAITHFUL: readonly string[] = [
  "dev show",
  "dev info",
  "dev reload",
  "dev eswitch set",
  "dev param set",
  "port show",
  "port set",
  "port del",
  "resource set",
  "region del",
  "health set",
  "health recover",
  "trap set",
  "trap group set",
  "trap policer set",
];

/** What asks for all there are. */
const ALL: readonly string[] = ["dev show", "dev info", "port show"];

/** Flags that print nothing but what a server with these flags prints. */
const FLAGS: readonly string[] = ["", "-j", "-js"];

/** A command of devlink(8) as a server does it. */
export interface BatchCommand {
  netns: string;
  flags: string;
  words: string[];
}

/**
 * Returns what a server of devlink(8) makes of `tl_devlink NETNS [FLAGS] WORD...`; undefined where a process of its own is to do it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { batchCommand } from "./batch.ts";
 *
 * assertEquals(batchCommand(["tl_devlink", "init", "-js", "dev", "show", "pci/0000:01:00.0"]), {
 *   netns: "init",
 *   flags: "-js",
 *   words: ["dev", "show", "pci/0000:01:00.0"],
 * });
 * assertEquals(batchCommand(["tl_devlink", "init", "-js", "dev", "show"]), undefined);
 * assertEquals(batchCommand(["tl_devlink", "init", "health", "set", "pci/0", "reporter", "fw", "grace_period", "-5"]), undefined);
 * assertEquals(batchCommand(["tl_devlink", "init", "resource", "set", "pci/0", "path", "kvd", "size", `${2n ** 64n - 1n}`]), undefined);
 * assertEquals(batchCommand(["tl_devlink", "init", "-jsv", "trap", "show"]), undefined);
 * ```
 */
export function batchCommand(command: readonly string[]): BatchCommand | undefined {
  const [name, netns = "", ...rest] = command;
  if (name !== "tl_devlink" || !/^\w+$/.test(netns)) return undefined;
  const flags = rest[0]?.startsWith("-") ? rest[0] : "";
  const words = flags === "" ? rest : rest.slice(1);
  // On a line of a batch nothing is an option of devlink itself
  const plain = words.every((word) => PLAIN.test(word) && !word.startsWith("-") && !PERHAPS_LARGEST.test(word));
  const line = words.join(" ");
  if (!FLAGS.includes(flags) || !plain || words.includes("netns") || ALL.includes(line)) return undefined;
  if (line.length > 3000 || !FAITHFUL.some((begin) => line === begin || line.startsWith(`${begin} `))) return undefined;
  return { netns, flags, words };
}
