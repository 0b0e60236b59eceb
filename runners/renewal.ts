/**
 * Making a board as new after its kernel broke: it is booted anew, and answers again.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { lastLine } from "./_plain_text.ts";
import type { AgentSession } from "./session.ts";
import { type Shell, TransportError } from "./shell.ts";

/** How a board is booted anew, and reached again. */
export interface Renewal {
  /** Boots the board anew; `session` is the one with the kernel that broke, and may be lost */
  reboot(session: AgentSession): Promise<void>;
  /** Opens a shell on the board; rejected with {@linkcode TransportError} as long as it is not up */
  connect(): Promise<Shell>;
  /** How long the board may take until it is up again, in ms. @default {300000} */
  bound?: number;
}

/** What is still written to disk is, as far as it can; then the kernel starts over, whoever holds which lock. */
const SYSRQ = "echo 1 > /proc/sys/kernel/sysrq; " +
  ["s", "u", "b"].map((key) => `echo ${key} > /proc/sysrq-trigger`).join("; sleep 1; ") + "\n";

async function runPower(board: Board, action: string, [program, ...args]: readonly string[]): Promise<void> {
  const fail = (why: string) => new TransportError(`Cannot renew board "${board.name}": its power ${action} ${why}`);
  const { code, stderr } = await new Deno.Command(program!, { args, stdin: "null", stdout: "null", stderr: "piped" })
    .output().catch((error) => {
      throw fail(`cannot be run: ${(error as Error).message}`);
    });
  if (code !== 0) throw fail(`ended with status ${code}: ${lastLine(new TextDecoder().decode(stderr))}`);
}

/** Boots a real board anew: by its power control, or by the shell that still answers. */
export async function rebootRemote(board: Board, session: AgentSession, connect: () => Promise<Shell>): Promise<void> {
  const { cycle, off, on } = board.power ?? {};
  if (cycle) return await runPower(board, "cycle", cycle);
  if (off && on) {
    await runPower(board, "off", off);
    await pause(OFF_MS);
    return await runPower(board, "on", on);
  }
  if (await session.tell(SYSRQ)) return await pause(SYSRQ_MS);
  // The line was lost with the kernel. One that boots by itself is waited for.
  const shell = await connect().catch(() => undefined);
  if (!shell) return;
  const writer = shell.writable.getWriter();
  await writer.write(new TextEncoder().encode(SYSRQ)).catch(() => {});
  await pause(SYSRQ_MS);
  await shell.close();
}

/** How long a board is left without power, and how long the shell takes for its line. */
const [OFF_MS, SYSRQ_MS] = [3000, 2500];

/** Between two tries to reach a board that boots. */
const AGAIN_MS = 2000;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Waits until a board that is being booted anew answers, with `open`, which gives undefined for one that has not booted yet.
 *
 * @throws {TransportError} If it does not come back in time; the message holds what was tried last
 */
export async function comeBack<T>(
  board: Board,
  open: () => Promise<T | undefined>,
  options: { bound?: number; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const { bound = 300_000, signal } = options;
  const deadline = Date.now() + bound;
  let why = "it has not booted anew";
  for (;;) {
    signal?.throwIfAborted();
    try {
      const opened = await open();
      if (opened !== undefined) return opened;
      why = "it has not booted anew";
    } catch (error) {
      const { name, message } = error as Error;
      if (name !== "TransportError" && name !== "UnfitBoardError") throw error;
      why = message;
    }
    if (Date.now() + AGAIN_MS > deadline) {
      throw new TransportError(`Cannot renew board "${board.name}": not up within ${bound / 1000} s: ${why}`);
    }
    await pause(AGAIN_MS);
  }
}
