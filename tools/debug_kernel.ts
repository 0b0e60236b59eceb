/**
 * `deno task debug-kernel`: builds the kernel of the board `qemu-6.12-debug`.
 *
 * @module
 */

import { runAsMain } from "../cli/entry.ts";
import { openDisplay } from "../cli/display.ts";
import { print, say } from "../run/output.ts";

const KERNEL = "6.12-debug";

async function debugKernel(signal: AbortSignal): Promise<number> {
  const { buildDebugKernel } = await import("../fixtures/qemu/debug_kernel.ts");
  const { CommandError } = await import("../fixtures/qemu/process.ts");
  using display = openDisplay();
  try {
    const { release, version } = await buildDebugKernel(KERNEL, {
      signal,
      onProgress: (progress) => display.prepare(`kernel ${KERNEL}`, progress),
    });
    display.end();
    print(`Linux ${release} is built (${version})\n`);
    say(`Try next: deno task twinlink run --board qemu-${KERNEL}`);
    return 0;
  } catch (error) {
    display.end();
    if (!(error instanceof CommandError)) throw error;
    for (const line of error.message.split("\n")) say(`twinlink: ${line}`);
    return 3;
  }
}

if (import.meta.main) await runAsMain(debugKernel);
