/**
 * Other runs on a board. One that is alive has the lock of its device. Where twinlink or its host died, the agent still brings its
 * plan to its end, tear-down included. Nothing is pushed to the board meanwhile.
 *
 * @module
 */

import { pause } from "../../fixtures/qemu/cache.ts";
import type { HeldLock, Hello } from "./hello.ts";

/** Prints which other agents lived when this one started, which live now, and which of them is in a plan. */
const LOOK = `echo "then $TL_OTHERS"
tl_others
echo "now $TL_OTHERS"
echo "busy $TL_BUSY"
`;

/** What is to be done about agents of earlier runs: nothing, or to start this one again in a while. */
type EarlierAgents = "gone" | { wait: string };

/** Looks for agents of earlier runs; `ask` runs a script in the shell of this one. */
async function earlierAgents(ask: Ask): Promise<EarlierAgents> {
  for (let look = 1;; look++) {
    const answer = await ask(LOOK) ?? "";
    const [then, now, busy] = ["then", "now", "busy"].map((word) =>
      new RegExp(`^${word} +([0-9 ]+)$`, "m").exec(answer)?.[1]
    );
    if (busy !== undefined) return { wait: `process ${busy} there` };
    // It has left to them what they have given back since.
    if (now === undefined) return then === undefined ? "gone" : { wait: "it has just ended" };
    // One that is still there a second later waits for a host that is gone: it does nothing.
    if (look > 1) return "gone";
    await pause(1000);
  }
}

type Ask = (script: string) => Promise<string | undefined>;

/** How an agent waits for agents of earlier runs. */
export interface AloneOptions {
  /** The longest that they may take to the end of their plans, in ms. @default {180000} */
  ms?: number;
  /** Waits for a run that has the device, however long it takes. @default {false} */
  wait?: boolean;
  /** Called before each wait; `held` names who has the device, where it is a run */
  onWait?: (held: HeldLock | undefined) => void;
  /** What is thrown where they take longer; `who` names who is at work */
  refuse: (who: string) => Error;
  /** True if a run has ended: then its agent is waited for, and its device taken. @default {never} */
  isGone?: (run: string) => Promise<boolean>;
  /** What is thrown where a run has the device, or the device cannot be locked */
  inUse: (held: HeldLock) => Error;
  signal?: AbortSignal | undefined;
}

/**
 * Returns an agent that is alone on its board. While an agent of an earlier run works there, the new one is ended and restarted.
 *
 * @param opened The agent that was started
 * @param anew Starts it again, with the run that was found to have ended; undefined where its line cannot be opened again
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
