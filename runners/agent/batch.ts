/**
 * Finds the commands of devlink(8) for which batch mode (`devlink -b`) behaves like a single command. One process then runs the
 * commands of many steps; every other command gets a process of its own.
 *
 * @module
 */

/** Words that a line of a batch takes literally: no quotes, no comments, no blanks. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * A number that may be the largest of its type. In batch mode devlink(8) rejects it as too large if an earlier command, or an
 * answer of the kernel, left ERANGE in errno.
 */
const PERHAPS_LARGEST = /^\+?(0x[\da-f]{8,}|\d{10,})$/i;

/**
 * Commands for batch mode, by their first words. Left out are commands that print an array in JSON (the second array of a
 * process lacks its beginning); commands that name a netns (the process would keep it open, and so alive); flashing (it forks,
 * and reports its progress); and commands that ask for all objects (the process sends along the handle of its last command).
 * Setting a port function is left out, too: the process repeats the settings of earlier commands.
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

/** Commands that ask for all objects if they have no further words. */
const ALL: readonly string[] = ["dev show", "dev info", "port show"];

/** Flags for which a server prints the same as a single command. */
const FLAGS: readonly string[] = ["", "-j", "-js"];

/** A command of devlink(8) for a server. */
export interface BatchCommand {
  netns: string;
  flags: string;
  words: string[];
}

/**
 * Returns `tl_devlink NETNS [FLAGS] WORD...` as a command for a server; undefined if it needs a process of its own.
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
  // On a line of a batch, devlink itself takes no options
  const plain = words.every((word) => PLAIN.test(word) && !word.startsWith("-") && !PERHAPS_LARGEST.test(word));
  const line = words.join(" ");
  if (!FLAGS.includes(flags) || !plain || words.includes("netns") || ALL.includes(line)) return undefined;
  if (line.length > 3000 || !FAITHFUL.some((begin) => line === begin || line.startsWith(`${begin} `))) return undefined;
  return { netns, flags, words };
}
