/**
 * `deno task record`: takes the recordings that ship anew. The whole of the suites on the kernels that the model knows whole, the
 * suite `pcs` on all kernels that the MAC and the PCS of the fixtures can be built for, stock and with poisoned memory.
 *
 * @module
 */

import { loadBoard } from "../boards/mod.ts";
import { ERAS } from "../model/mod.ts";
import { runAsMain } from "./_entry.ts";
import { runJob } from "./job.ts";
import { loadSuites, SHIPPED_SUITES } from "./load_suites.ts";

const KERNELS = ["6.1", "6.12", "7.2", "7.3"] as const;

const BOARDS = KERNELS.flatMap((kernel) => [kernel, `${kernel}-slub`] as const);

async function recordAll(signal: AbortSignal): Promise<number> {
  let worst = 0;
  for (const name of Deno.args.length > 0 ? Deno.args : BOARDS) {
    const whole = KERNELS.some((kernel) => kernel === name && ERAS[kernel].booted);
    const suites = await loadSuites(whole ? SHIPPED_SUITES : ["pcs"], { signal });
    const trace = decodeURIComponent(new URL(`../boards/recordings/${name}.jsonl.gz`, import.meta.url).pathname);
    const { status } = await runJob(
      { boards: [await loadBoard(`qemu-${name}`)], suites, reporter: "dots", trace },
      { signal },
    );
    worst = Math.max(worst, status);
  }
  return worst;
}

if (import.meta.main) await runAsMain(recordAll);
