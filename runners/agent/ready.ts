/**
 * The commands that make a board ready for its plans after each boot: the table `[ready]` of its file.
 *
 * @module
 */

import type { Board } from "../../boards/mod.ts";
import { quote } from "./commands.ts";

/** A command that makes a board ready, and the key of the board's file that asks for it. */
export interface ReadyCommand {
  /** For example `ready.modules[0]` */
  readonly key: string;
  /** The command as one text, for people */
  readonly text: string;
  /** Its words; no shell sees them */
  readonly words: readonly string[];
}

/** How long a command may take, in seconds: the driver of a MAC takes a few. */
export const READY_SECONDS = 30;

/**
 * Returns the commands that make a board ready, in their order: first the modules, then the commands of its file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readyCommands } from "./ready.ts";
 *
 * assertEquals(readyCommands({ ready: { modules: ["dwmac-intel"], commands: ["ethtool -s eth1 wol d"] } }), [
 *   { key: "ready.modules[0]", text: "modprobe dwmac-intel", words: ["modprobe", "dwmac-intel"] },
 *   { key: "ready.commands[0]", text: "ethtool -s eth1 wol d", words: ["sh", "-c", "ethtool -s eth1 wol d"] },
 * ]);
 * ```
 */
export function readyCommands({ ready = {} }: Pick<Board, "ready">): ReadyCommand[] {
  const { modules = [], commands = [] } = ready;
  return [
    ...modules.map((name, n) => ({ key: `ready.modules[${n}]`, text: `modprobe ${name}`, words: ["modprobe", name] })),
    ...commands.map((line, n) => ({ key: `ready.commands[${n}]`, text: line, words: ["sh", "-c", line] })),
  ];
}

/** Returns the lines with which the agent runs the commands; each command is named by its number. */
export function readyScript(commands: readonly ReadyCommand[]): string {
  return commands.map(({ words }, n) => `tl_ready ${n} ${READY_SECONDS} ${words.map(quote).join(" ")}\n`).join("");
}
