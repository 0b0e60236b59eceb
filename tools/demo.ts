/**
 * `deno task demo`: sets up a real kernel and compares it with the model, with netdevsim and with the stock mlx5_core on an
 * emulated ConnectX. Where that cannot be, does the same on recordings and reports that.
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

/** What follows `qemu-` in the name of a board, and `recording-` in the name of its recording. */
const BOARDS = ["6.12", "connectx-6.12"] as const;
const SUITES = ["reload", "netdevsim_reload", "trap", "netdevsim_trap", "netns", "mlx5_failures"];

/** Makes the images of boards; returns the error if this machine cannot make them. */
async function setUp(boards: readonly Board[], signal: AbortSignal): Promise<Error | undefined> {
  const { boardImage } = await import("../runners/boot_board.ts");
  using display = openDisplay();
  for (const board of boards) {
    try {
      await boardImage(board, { signal, onProgress: (progress) => display.prepare(board.name, progress) });
    } catch (error) {
      if (error instanceof Error && error.name === "FixtureUnavailable") return error;
      throw error;
    } finally {
      display.end();
    }
  }
}

const boardsOf = (kind: "qemu" | "recording"): Promise<Board[]> =>
  Promise.all(BOARDS.map((name) => loadBoard(`${kind}-${name}`)));

function sayLoudly(lines: readonly string[]): void {
  const width = Math.max(...lines.map((line) => line.length));
  const rule = "!".repeat(width + 6);
  print(["", rule, ...lines.map((line) => `!! ${line.padEnd(width)} !!`), rule, ""].join("\n") + "\n");
}

async function demo(signal: AbortSignal): Promise<number> {
  const suites = await loadSuites(SUITES);
  const guests = await boardsOf("qemu");
  const missing = await setUp(guests, signal);
  const boards = [await loadBoard("model"), ...missing ? await boardsOf("recording") : guests];
  const warning = missing && [
    "NO KERNEL WAS BOOTED. What follows is judged on recordings of real kernels, taken earlier.",
    `Why: ${visible(missing.message)}`,
    `"deno task twinlink doctor" lists what is missing here.`,
  ];
  if (warning) sayLoudly(warning);
  const { files } = namedSuites(SUITES);
  const options = [
    ...TRANSPORTS.map((name) => `--transport=${name}`),
    "--jobs=2",
    "--reporter=dots",
    "--skip-unsupported",
  ];
  const args = [...SUITES, ...boards.map(({ name }) => `--board=${name}`), ...options];
  await using journal = await RunJournal.create("out/demo", {
    args,
    files: [...files, ...boards.map(({ file }) => file)],
  });
  const { status } = await runJob(
    { boards, suites, transports: TRANSPORTS, reporter: "dots", jobs: 2, journal, skipUnsupported: true },
    { signal },
  );
  // Once more at the end: the beginning has scrolled away.
  if (warning) sayLoudly(warning);
  else if (status === 0) say("Try next: deno task twinlink run trap --board qemu-6.12, or read README.md");
  return status;
}

if (import.meta.main) await runAsMain(demo);
