/**
 * Other runs on a board. A live run has the lock of its device. If twinlink or its host died, the agent still finishes its
 * plan, tear-down included. Nothing is pushed to the board meanwhile.
 *
 * @module
 */

import { pause } from "../../fixtures/qemu/cache.ts";
import type { HeldLock, Hello } from "./hello.ts";

/** Prints which other agents were alive when this one started, which are alive now, and which one is in a plan. */
const LOOK = `echo "then $TL_OTHERS"
tl_others
echo "now $TL_OTHERS"
echo "busy $TL_BUSY"
`;

/** The result of a look for earlier agents: all are gone, or the reason to start this agent again later. */
type EarlierAgents = "gone" | { wait: string };

/** Looks for agents of earlier runs; `ask` runs a script in the shell of this agent. */
async function earlierAgents(ask: Ask): Promise<EarlierAgents> {
  for (let look = 1;; look++) {
    const answer = await ask(LOOK) ?? "";
    const [then, now, busy] = ["then", "now", "busy"].map((word) =>
      new RegExp(`^${word} +([0-9 ]+)$`, "m").exec(answer)?.[1]
    );
    if (busy !== undefined) return { wait: `process ${busy} there` };
    // This agent left some settings for the earlier agent to restore; now that it has, this agent is started again.
    if (now === undefined) return then === undefined ? "gone" : { wait: "it has just ended" };
    // An earlier agent that is still there a second later waits for a host that is gone: it changes nothing.
    if (look > 1) return "gone";
    await pause(1000);
  }
}

type Ask = (script: string) => Promise<string | undefined>;

/** How an agent waits for agents of earlier runs. */
export interface AloneOptions {
  /** The longest wait for earlier agents to finish their plans, in ms. @default {180000} */
  ms?: number;
  /** True to wait, without a bound, for a run that has the device. @default {false} */
  wait?: boolean;
  /** Called before each wait; `held` names the holder of the device, if a run has it */
  onWait?: (held: HeldLock | undefined) => void;
  /** Returns the error for earlier agents that take longer; `who` names the agent */
  refuse: (who: string) => Error;
  /** True if a run has ended: then this run waits for its agent and takes its device. @default {never} */
  isGone?: (run: string) => Promise<boolean>;
  /** Returns the error for a device that another run has, or that cannot be locked */
  inUse: (held: HeldLock) => Error;
  signal?: AbortSignal | undefined;
}

/**
 * Returns an agent that is alone on its board. While an agent of an earlier run works there, the new one is ended and restarted.
 *
 * @param opened The agent that was started
 * @param anew Starts the agent again; its argument names a run that has ended. Undefined if the line cannot be opened again
 */
export async function alone<T extends { session: { ask: Ask; close(): Promise<void> }; hello: Pick<Hello, "held"> }>(
  opened: T,
  anew: ((gone?: string) => Promise<T>) | undefined,
  { ms = 180_000, wait = false, onWait, refuse, inUse, isGone, signal }: AloneOptions,
): Promise<T> {
  for (let deadline = Date.now() + ms;;) {
    const { session, hello: { held } } = opened;
    const gone = held && await isGone?.(held.run) ? held.run : undefined;
    const earlier = held && (held.how === "wait" || gone !== undefined)
      ? { wait: `process ${held.pid} there` }
      : held ?? await earlierAgents((script) => session.ask(script));
    if (earlier === "gone") return opened;
    await session.close();
    if ("how" in earlier) {
      if (earlier.how === "never" || !wait || !anew) throw inUse(earlier);
      deadline = Date.now() + ms;
    } else if (!anew || Date.now() > deadline) throw refuse(earlier.wait);
    onWait?.("how" in earlier ? earlier : undefined);
    await pause(1000, signal);
    opened = await anew(gone);
  }
}
