/**
 * Renews a board after its kernel broke: reboots it, and waits until it answers again.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import { cyclePower } from "./power.ts";
import type { AgentSession } from "./agent/session.ts";
import { type Shell, TransportError } from "./lines/shell.ts";

/** How to reboot a board, and how to reach it again. */
export interface Renewal {
  /** Reboots the board; `session` is the session with the broken kernel, and may be lost */
  reboot(session: AgentSession): Promise<void>;
  /** Opens a shell on the board; rejects with {@linkcode TransportError} while the board is not up */
  connect(): Promise<Shell>;
  /** The longest time until the board is up again, in ms. @default {300000} */
  bound?: number;
}

/** Syncs the disks, if that works, and remounts them read-only; then the kernel reboots at once, even if locks are held. */
const SYSRQ = "echo 1 > /proc/sys/kernel/sysrq; " +
  ["s", "u", "b"].map((key) => `echo ${key} > /proc/sysrq-trigger`).join("; sleep 1; ") + "\n";

/** Reboots a real board by its power control, or else by a shell that still answers. */
export async function rebootRemote(board: Board, session: AgentSession, connect: () => Promise<Shell>): Promise<void> {
  if (await cyclePower(board)) return;
  if (await session.tell(SYSRQ)) return await pause(SYSRQ_MS);
  // The line was lost with the kernel. If no shell answers, only wait: the board may reboot by itself.
  const shell = await connect().catch(() => undefined);
  if (!shell) return;
  const writer = shell.writable.getWriter();
  await writer.write(new TextEncoder().encode(SYSRQ)).catch(() => {});
  await pause(SYSRQ_MS);
  await shell.close();
}

/** How long the shell needs for its line, in ms. */
const SYSRQ_MS = 2500;

/**
 * Returns the boot id of a board, read by a new shell; undefined if no shell answers within `ms`. It tries again while the
 * board boots.
 */
export async function bootOf(
  connect: () => Promise<Shell>,
  options: { ms: number; signal?: AbortSignal | undefined },
): Promise<string | undefined> {
  const deadline = Date.now() + options.ms;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const shell = await connect();
      try {
        const found = await askBoot(shell);
        if (found !== undefined) return found;
      } finally {
        await shell.close();
      }
    } catch (error) {
      if ((error as Error).name !== "TransportError") throw error;
    }
    if (Date.now() + AGAIN_MS > deadline) return undefined;
    await pause(AGAIN_MS);
  }
}

/** The longest time until a shell answers, in ms. */
const ANSWER_MS = 5000;

async function askBoot(shell: Shell): Promise<string | undefined> {
  const word = crypto.randomUUID().slice(0, 8);
  const reader = shell.readable.getReader();
  const writer = shell.writable.getWriter();
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), ANSWER_MS);
  try {
    const ask = `read -r tl_boot < /proc/sys/kernel/random/boot_id; printf '\\n%s-boot %s\\n' ${word} "$tl_boot"\n`;
    await writer.write(new TextEncoder().encode(ask));
    let said = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      said += new TextDecoder().decode(value);
      const found = new RegExp(`${word}-boot ([0-9a-f-]{36})\\b`).exec(said)?.[1];
      if (found !== undefined) return found;
    }
  } finally {
    clearTimeout(timer);
    reader.releaseLock();
    writer.releaseLock();
  }
}

/** The time between two attempts to reach a board that boots, in ms. */
const AGAIN_MS = 2000;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Waits until a rebooting board answers. It calls `open` repeatedly, which returns undefined while the board has not rebooted
 * yet.
 *
 * @throws {TransportError} If the board does not come back in time; the message has the last failure
 */
export async function comeBack<T>(
  board: Board,
  open: () => Promise<T | undefined>,
  options: { bound?: number; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const { bound = 300_000, signal } = options;
  const deadline = Date.now() + bound;
  let why = "it has not rebooted";
  for (;;) {
    signal?.throwIfAborted();
    try {
      const opened = await open();
      if (opened !== undefined) return opened;
      why = "it has not rebooted";
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
