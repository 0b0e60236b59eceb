/**
 * `deno task record [RECORDING[:SUITE,..]..]`: takes the recordings that ship again: the suites of netdevsim on each kernel, the suites
 * of any driver on the emulated ConnectX and the emulated Spectrum of each; the suites of the device's own driver; the suite `phy` on
 * the emulated mGBE of each; and the suite `pcs` on all kernels that the fixtures' MAC and PCS can be built for, both stock and
 * with poisoned memory. With suites, those alone.
 *
 * @module
 */

import { loadBoard, SHIPPED_BOARDS } from "../boards/mod.ts";
import { readTrace, type Trace, writeTrace } from "../diff/mod.ts";
import { BOOTED_ERAS, ERAS } from "../model/mod.ts";
import { runAsMain } from "../cli/entry.ts";
import { shippedTrace } from "./agreement.ts";
import { UsageError } from "../cli/command.ts";
import { runJob } from "../cli/job.ts";
import { NAMED } from "../suites/list.ts";
import { DEVLINK_SUITES, loadSuites, suitesOf } from "../run/load_suites.ts";

/** A suite of an emulated card that takes 12 minutes, since the driver waits a minute for each answer: it is recorded on two kernels. */
const WITHHELD = "mlx5_withheld";
/** Suites of an emulated card. */
const CARD_SUITES = ["mlx5_failures", "mlx5_commands", WITHHELD, "mlx5_card", "mlx5_health"] as const;

/** Returns the suites that are recorded on the emulated ConnectX of a kernel. */
const ofCard = (kernel: string) => [
  ...DEVLINK_SUITES,
  ...CARD_SUITES.filter((suite) => suite !== WITHHELD || kernel === "5.10" || kernel === "6.12"),
];

/** The boards of the emulated mGBE that are recorded, by what follows `qemu-mgbe-`: each kernel, and some with RGMII. */
const MACS = [...BOOTED_ERAS, "5.10-rgmii", "7.3-rgmii"] as const;

/** The suites that are recorded on a board, by the name of the recording. */
export const RECORDINGS: Readonly<Record<string, { board: string; suites: readonly string[] }>> = Object.fromEntries([
  ...BOOTED_ERAS.map((kernel) => [kernel, { board: `qemu-${kernel}`, suites: suitesOf("netdevsim") }] as const),
  ...BOOTED_ERAS.map((kernel) =>
    [`${kernel}-connectx`, { board: `qemu-connectx-${kernel}`, suites: ofCard(kernel) }] as const
  ),
  ...BOOTED_ERAS.filter((id) => SHIPPED_BOARDS.includes(`qemu-spectrum-${id}`)).map((kernel) =>
    [
      `${kernel}-spectrum`,
      {
        board: `qemu-spectrum-${kernel}`,
        suites: [...DEVLINK_SUITES, ...NAMED.mlxsw],
      },
    ] as const
  ),
  ...BOOTED_ERAS.filter((id) => ERAS[id].phylink.selects).flatMap((kernel) => [
    [`${kernel}-pcs`, { board: `qemu-${kernel}`, suites: ["pcs"] }] as const,
    [`${kernel}-pcs-slub`, { board: `qemu-${kernel}-slub`, suites: ["pcs"] }] as const,
  ]),
  ...MACS.map((board) =>
    [board.replace(/^[\d.]+/, "$&-mgbe"), { board: `qemu-mgbe-${board}`, suites: ["phy"] }] as const
  ),
]);

async function recordAll(signal: AbortSignal): Promise<number> {
  let worst = 0;
  for (const word of Deno.args.length > 0 ? Deno.args : Object.keys(RECORDINGS)) {
    const [name, only] = word.split(":") as [string, string | undefined];
    const recording = RECORDINGS[name];
    if (!recording) {
      throw new UsageError(`There is no recording "${name}", but ${Object.keys(RECORDINGS).join(", ")}`);
    }
    const suites = await loadSuites(only?.split(",") ?? recording.suites);
    const trace = shippedTrace(name);
    // A part that is not recorded to its end leaves the recording as it is.
    const taken = only === undefined ? trace : trace.replace(/\.jsonl\.gz$/, "-part.jsonl.gz");
    const boards = [await loadBoard(recording.board)];
    // A recording holds only the sequences that the device supports
    const { status } = await runJob({ boards, suites, reporter: "dots", trace: taken, skipUnsupported: true }, {
      signal,
    });
    if (only !== undefined) {
      await writeTrace(trace, merged(await readTrace(trace), await readTrace(taken), recording.suites));
      await Deno.remove(taken);
    }
    worst = Math.max(worst, status);
  }
  return worst;
}

/** Returns a recording with the suites of another one in the place of its own. */
function merged(whole: Trace, part: Trace, suites: readonly string[]): Trace {
  // What was found on the board is only in newer recordings.
  const taken = ({ has: _, ...header }: Trace["header"]) => JSON.stringify(header);
  if (taken(whole.header) !== taken(part.header)) {
    throw new UsageError(
      `The recording is of ${whole.header.kernel}, and the kernel is now ${part.header.kernel}: record it whole`,
    );
  }
  const recorded = new Set(part.sequences.map(({ suite }) => suite));
  const sequences = [...whole.sequences.filter(({ suite }) => !recorded.has(suite)), ...part.sequences];
  return { ...whole, sequences: suites.flatMap((name) => sequences.filter(({ suite }) => suite === name)) };
}

if (import.meta.main) await runAsMain(recordAll);
