/**
 * A runner made of a shell on a board: what ssh, serial, local and a kernel in QEMU have in common.
 *
 * @module
 */

import type { Board } from "../boards/mod.ts";
import type { Plan, SequenceTrace } from "../diff/trace.ts";
import { type EraId, eraOf } from "../model/mod.ts";
import { checkFit, type Runner, type RunnerOptions } from "./runner.ts";
import { AgentSession } from "./session.ts";
import type { Shell } from "./shell.ts";

/**
 * Starts the agent on the board behind `shell` and makes a runner of it.
 *
 * @param release Ends the board itself, a guest that is ours alone: what is left on it then does not matter
 * @throws {TransportError} If the agent does not answer
 * @throws {UnfitBoardError} If the board cannot run plans
 */
export async function openAgent(
  board: Board,
  transport: string,
  shell: Shell,
  options: RunnerOptions = {},
  release?: () => Promise<void>,
): Promise<Runner> {
  const { signal, onStep } = options;
  const { session, hello } = await AgentSession.open(shell, {
    ...(signal ? { signal } : {}),
    ...(onStep ? { onStep } : {}),
  });
  let closing: Promise<void> | undefined;
  const close = () => closing ??= session.close(release ? { graceMs: 0 } : {}).finally(release);
  try {
    checkFit(board, hello);
    const era: EraId = board.era === "auto" ? eraOf(hello.kernel).id : board.era;
    return {
      header: { board: board.name, transport, era, kernel: hello.kernel, iproute2: hello.iproute2 },
      has: hello.has,
      run: (plan: Plan): Promise<SequenceTrace> => session.run(plan),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
