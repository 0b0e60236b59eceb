/**
 * `deno task record [RECORDING..]`: takes the recordings that ship anew: the suites of netdevsim on each kernel, and the suite
 * `pcs` on all kernels that the MAC and the PCS of the fixtures can be built for, stock and with poisoned memory.
 *
 * @module
 */

import { loadBoard } from "../boards/mod.ts";
import { runAsMain } from "./_entry.ts";
import { shippedTrace } from "./agreement.ts";
import { UsageError } from "./command.ts";
import { runJob } from "./job.ts";
import { loadSuites, NETDEVSIM_SUITES } from "./load_suites.ts";

/** What is recorded of a board, by the name of the recording. */
const RECORDINGS: Readonly<Record<string, { board: string; suites: readonly string[] }>> = Object.fromEntries([
  ...["5.10", "6.1", "6.12", "7.2", "7.3"].map((kernel) =>
    [kernel, { board: `qemu-${kernel}`, suites: NETDEVSIM_SUITES }] as const
  ),
  ...["6.1", "6.12", "7.2", "7.3"].flatMap((kernel) => [
    [`${kernel}-pcs`, { board: `qemu-${kernel}`, suites: ["pcs"] }] as const,
    [`${kernel}-pcs-slub`, { board: `qemu-${kernel}-slub`, suites: ["pcs"] }] as const,
  ]),
]);

async function recordAll(signal: AbortSignal): Promise<number> {
  let worst = 0;
  for (const name of Deno.args.length > 0 ? Deno.args : Object.keys(RECORDINGS)) {
    const recording = RECORDINGS[name];
    if (!recording) {
      throw new UsageError(`There is no recording "${name}", but ${Object.keys(RECORDINGS).join(", ")}`);
    }
    const suites = await loadSuites(recording.suites, { signal });
    const { status } = await runJob(
      { boards: [await loadBoard(recording.board)], suites, reporter: "dots", trace: shippedTrace(name) },
      { signal },
    );
    worst = Math.max(worst, status);
  }
  return worst;
}

if (import.meta.main) await runAsMain(recordAll);
