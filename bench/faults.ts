/**
 * A campaign of faults: `deno task bench:faults [--faults 1000] [--seed 1] [--jobs 16] [--only NAME]`. Each fault strikes a real
 * sh on a real pty line in the middle of a plan whose true answers are known. Prints the verdicts of each fault, and
 * ends with status 1 if a verdict was wrong. With `--guests` each fault strikes its own kernel in QEMU, over its serial line
 * or over ssh.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { whyNoBoards } from "./fault_board.ts";
import { GUEST_FAULTS, strikeGuest } from "./_fault_guest.ts";
import { FAULTS } from "./_fault_kinds.ts";
import { findSer2net } from "../runners/lines/ser2net.ts";
import { type Outcome, strikeOnce } from "./_fault_run.ts";

/** Returns a table: how often each fault had each verdict. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const verdicts = [...new Set(outcomes.map(({ verdict }) => verdict))].sort();
  const head = ["fault", "runs", ...verdicts, "wrong", "median s"];
  const rows = Object.entries(Object.groupBy(outcomes, ({ fault }) => fault)).map(([fault, of]) => {
    const times = of!.map(({ ms }) => ms).sort((a, b) => a - b);
    return [
      fault,
      `${of!.length}`,
      ...verdicts.map((one) => `${of!.filter(({ verdict }) => verdict === one).length || "-"}`),
      `${of!.filter(({ wrong }) => wrong.length > 0).length}`,
      (times[times.length >> 1]! / 1000).toFixed(1),
    ];
  });
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows].map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
  ).join("\n");
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, { string: ["faults", "seed", "jobs", "only"], boolean: ["verbose", "guests"] });
  const count = Number(args.faults ?? 1000);
  const seed = Number(args.seed ?? 1);
  const why = await whyNoBoards();
  if (why !== undefined) {
    console.error(`Cannot make boards here: ${why}`);
    Deno.exit(2);
  }
  const only = args.only as string | undefined;
  const guests = args.guests === true;
  const served = await findSer2net() !== undefined;
  if (!served && !guests) console.error("Left out is what strikes a console server: ser2net is not on this machine");
  const names = Object.keys(guests ? GUEST_FAULTS : FAULTS).filter((name) =>
    (only === undefined || name.includes(only)) && (served || !FAULTS[name]?.board?.served)
  );
  const outcomes: Outcome[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const n = next++;
      const strike = guests ? strikeGuest : strikeOnce;
      const outcome = await strike(names[n % names.length]!, seed * 1_000_003 + n);
      outcomes.push(outcome);
      if (outcome.wrong.length > 0 || args.verbose) {
        const { fault, verdict, reason, wrong, differs } = outcome;
        console.log(
          `${wrong.length > 0 ? "WRONG" : "right"} ${fault} (seed ${outcome.seed}${
            differs ? ", differs" : ""
          }): ${verdict}: ${reason}`,
        );
        for (const one of wrong) console.log(`  ${one}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Number(args.jobs ?? (guests ? 1 : 16)) }, worker));
  console.log(tableOf(outcomes));
  const wrong = outcomes.filter((outcome) => outcome.wrong.length > 0).length;
  console.log(`${outcomes.length} faults, ${wrong} wrong`);
  Deno.exit(wrong > 0 ? 1 : 0);
}
