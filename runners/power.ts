/**
 * Power control of a board, by the commands of its file: each an argument list that no shell sees.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { lastLine } from "./lines/plain_text.ts";
import { TransportError } from "./lines/shell.ts";

/** What a board's file may have a command for. */
export type PowerAction = "on" | "off" | "cycle" | "query";

/** How long a command may take; a PDU over the network answers within seconds. */
const BOUND_MS = 60_000;

/** How long a board is left without power, so that its capacitors are empty. */
const OFF_MS = 3000;

/**
 * Runs one of the board's commands and gives what it printed.
 *
 * @throws {TransportError} If there is none, it cannot be run, fails, or does not end
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
 * Reads the answer of a power query: the last of its words that is `on` or `off`.
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

/** True if the board has power; undefined where nothing can tell. */
export async function hasPower(board: Board): Promise<"on" | "off" | undefined> {
  if (!board.power?.query) return undefined;
  try {
    return readPower(await runPower(board, "query"));
  } catch (error) {
    // A control that does not answer tells nothing of the board.
    if (!(error instanceof TransportError)) throw error;
    return undefined;
  }
}

/**
 * Takes a board's power and gives it back; false where its file has no commands for that.
 *
 * @throws {TransportError} If a command fails, or its query reports that a command did nothing
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
  // Many a control refuses to cycle what is off.
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
