/**
 * `deno task demo`: sets real kernels up and holds them against the model; where that cannot be, does the same on the
 * recordings of them and says so.
 *
 * @module
 */

import { type Board, loadBoard, visible } from "../boards/mod.ts";
import { TRANSPORTS } from "../boards/transports/mod.ts";
import { runAsMain } from "../cli/entry.ts";
import { openDisplay } from "../cli/display.ts";
import { runJob } from "../cli/job.ts";
import { RunJournal } from "../run/journal.ts";
import { loadSuites, namedSuites } from "../run/load_suites.ts";
import { print, say } from "../run/output.ts";

const KERNELS = ["6.1", "6.12"] as const;
const SUITES = ["reload", "netdevsim_reload", "trap", "netdevsim_trap"];

/** Makes the images of the kernels; gives the error where this machine cannot have them. */
async function setUp(signal: AbortSignal): Promise<Error | undefined> {
  const { buildImage } = await import("../fixtures/mod.ts");
  using display = openDisplay();
  for (const kernel of KERNELS) {
    try {
      await buildImage(kernel, {
        signal,
        onProgress: (progress) => display.prepare(`kernel ${kernel}`, progress),
      });
    } catch (error) {
      if (error instanceof Error && error.name === "FixtureUnavailable") return error;
      throw error;
    } finally {
      display.end();
    }
  }
}

function sayLoudly(lines: readonly string[]): void {
  const width = Math.max(...lines.map((line) => line.length));
  const rule = "!".repeat(width + 6);
  print(["", rule, ...lines.map((line) => `!! ${line.padEnd(width)} !!`), rule, ""].join("\n") + "\n");
}

async function demo(signal: AbortSignal): Promise<number> {
  const suites = await loadSuites(SUITES);
  const missing = await setUp(signal);
  const names = missing ? KERNELS.map((kernel) => `recording-${kernel}`) : KERNELS.map((kernel) => `qemu-${kernel}`);
  const boards: Board[] = [await loadBoard("model")];
  for (const name of names) boards.push(await loadBoard(name));
  const warning = missing && [
    "NO KERNEL WAS BOOTED. What follows is judged on recordings of real kernels, taken earlier.",
    `Why: ${visible(missing.message)}`,
    `"deno task twinlink doctor" says what is missing here.`,
  ];
  if (warning) sayLoudly(warning);
  const { files } = namedSuites(SUITES);
  const options = [...TRANSPORTS.map((name) => `--transport=${name}`), "--jobs=2", "--reporter=dots"];
  const args = [...SUITES, ...boards.map(({ name }) => `--board=${name}`), ...options];
  await using journal = await RunJournal.create("out/demo", {
    args,
    files: [...files, ...boards.map(({ file }) => file)],
  });
  const { status } = await runJob(
    { boards, suites, transports: TRANSPORTS, reporter: "dots", jobs: 2, journal },
    { signal },
  );
  // Once more at the end: the beginning has scrolled away.
  if (warning) sayLoudly(warning);
  else if (status === 0) say("Try next: deno task twinlink run trap --board qemu-6.12, or read README.md");
  return status;
}

if (import.meta.main) await runAsMain(demo);
