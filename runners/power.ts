/**
 * Power control of a board, by the commands in its file: each is a list of arguments that no shell sees.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { lastLine } from "./lines/plain_text.ts";
import { TransportError } from "./lines/shell.ts";

/** The actions for which a board's file may have a command. */
export type PowerAction = "on" | "off" | "cycle" | "query";

/** The longest time of a command; a PDU on the network answers within seconds. */
const BOUND_MS = 60_000;

/** The time without power, so that the board's capacitors are empty. */
const OFF_MS = 3000;

/**
 * Runs one of the board's commands and returns its output.
 *
 * @throws {TransportError} If the file has no such command, or the command cannot be run, fails, or does not end
 */
export async function runPower(board: Board, action: PowerAction): Promise<string> {
  const fail = (why: string) => new TransportError(`Cannot control board "${board.name}": its power ${action} ${why}`);
  const command = board.power?.[action];
  if (!command) throw fail("is not in its file");
  const [program, ...args] = command;
  let child;
  try {
    child = new Deno.Command(program!, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  } catch (error) {
    throw fail(`cannot be run: ${(error as Error).message}`);
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, BOUND_MS);
  const { code, stdout, stderr } = await child.output().finally(() => clearTimeout(timer));
  if (late) throw fail(`did not end within ${BOUND_MS / 1000} s`);
  if (code !== 0) throw fail(`ended with status ${code}: ${lastLine(new TextDecoder().decode(stderr))}`);
  return new TextDecoder().decode(stdout);
}

/**
 * Reads the answer of a power query: its last word that is `on` or `off`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readPower } from "./power.ts";
 *
 * assertEquals(readPower("Chassis Power is on\n"), "on");
 * assertEquals(readPower("OFF"), "off");
 * assertEquals(readPower("unknown state"), undefined);
 * ```
 */
export function readPower(answer: string): "on" | "off" | undefined {
  return [...answer.toLowerCase().matchAll(/\b(on|off)\b/g)].at(-1)?.[1] as "on" | "off" | undefined;
}

/** Returns whether the board has power, `on` or `off`; undefined if no query can tell. */
export async function hasPower(board: Board): Promise<"on" | "off" | undefined> {
  if (!board.power?.query) return undefined;
  try {
    return readPower(await runPower(board, "query"));
  } catch (error) {
    // A power control that does not answer shows nothing about the board.
    if (!(error instanceof TransportError)) throw error;
    return undefined;
  }
}

/**
 * Turns a board's power off and on; returns false if its file has no commands for that.
 *
 * @throws {TransportError} If a command fails, or the query reports that a command had no effect
 */
export async function cyclePower(board: Board): Promise<boolean> {
  const { cycle, off, on, query } = board.power ?? {};
  if (!cycle && !(off && on)) return false;
  const check = async (wanted: "on" | "off") => {
    const found = await hasPower(board);
    if (query && found !== undefined && found !== wanted) {
      throw new TransportError(
        `Cannot control board "${board.name}": after its power ${wanted}, query reports ${found}`,
      );
    }
  };
  // Many power controls refuse to cycle a board that is off.
  if (on && await hasPower(board) === "off") {
    await runPower(board, "on");
  } else if (cycle) {
    await runPower(board, "cycle");
  } else {
    await runPower(board, "off");
    await check("off");
    await new Promise((resolve) => setTimeout(resolve, OFF_MS));
    await runPower(board, "on");
  }
  await check("on");
  return true;
}
