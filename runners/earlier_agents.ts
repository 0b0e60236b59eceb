/**
 * Agents of earlier runs on a board: where twinlink or its host died, the agent still brings its plan to its end, tear-down
 * included. Nothing is pushed to the board meanwhile.
 *
 * @module
 */

/** Prints which other agents lived when this one started, which live now, and which of them is in a plan. */
const LOOK = `echo "then $TL_OTHERS"
tl_others
echo "now $TL_OTHERS"
echo "busy $TL_BUSY"
`;

/** What is to be done about agents of earlier runs: nothing, or to start this one anew in a while. */
export type EarlierAgents = "gone" | { wait: string };

/** Looks for agents of earlier runs; `ask` runs a script in the shell of this one. */
export async function earlierAgents(ask: (script: string) => Promise<string | undefined>): Promise<EarlierAgents> {
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
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
