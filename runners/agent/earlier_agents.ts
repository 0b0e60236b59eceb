/**
 * Agents of earlier runs on a board: where twinlink or its host died, the agent still brings its plan to its end, tear-down
 * included. Nothing is pushed to the board meanwhile.
 *
 * @module
 */

import { pause } from "../../fixtures/qemu/cache.ts";

/** Prints which other agents lived when this one started, which live now, and which of them is in a plan. */
const LOOK = `echo "then $TL_OTHERS"
tl_others
echo "now $TL_OTHERS"
echo "busy $TL_BUSY"
`;

/** What is to be done about agents of earlier runs: nothing, or to start this one anew in a while. */
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

/** How an agent waits for those of earlier runs. */
export interface AloneOptions {
  /** The longest that they may take to the end of their plans, in ms. @default {180000} */
  ms?: number;
  /** Told before each wait */
  onWait?: () => void;
  /** What is thrown where they take longer; `who` says who is at work */
  refuse: (who: string) => Error;
  signal?: AbortSignal | undefined;
}

/**
 * Gives an agent that is alone on its board: while one of an earlier run is at work there, it is ended and started anew.
 *
 * @param opened The agent that was started
 * @param anew Starts it anew; undefined where its line cannot be opened again
 */
export async function alone<T extends { session: { ask: Ask; close(): Promise<void> } }>(
  opened: T,
  anew: (() => Promise<T>) | undefined,
  { ms = 180_000, onWait, refuse, signal }: AloneOptions,
): Promise<T> {
  for (const deadline = Date.now() + ms;;) {
    const { session } = opened;
    const earlier = await earlierAgents((script) => session.ask(script));
    if (earlier === "gone") return opened;
    await session.close();
    if (!anew || Date.now() > deadline) throw refuse(earlier.wait);
    onWait?.();
    await pause(1000, signal);
    opened = await anew();
  }
}
