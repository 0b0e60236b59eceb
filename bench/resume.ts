/**
 * `deno task bench:resume [--kills 50] [--seed 1] [--sequences 24] [--kernel 6.12] [--line ssh|serial]`: twinlink is killed by
 * SIGKILL at random moments of runs on a kernel in QEMU, over ssh or a serial line of 115200 baud. It is resumed each time until the run is over. Ends with 1 if anything is not as in
 * a run that nobody disturbs: a verdict, a sequence that was run again though it was finished, or something that is left behind.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { bootQemu, buildImage, type KernelId } from "../fixtures/mod.ts";
import { openGuestLine } from "./guest_line.ts";
import { type Moment, openBench } from "./killed_runs.ts";
import { Random } from "./random.ts";

const { kills, seed, sequences, kernel, line: way } = parseArgs(Deno.args, {
  string: ["kills", "seed", "sequences", "kernel", "line"],
  default: { kills: "50", seed: "1", sequences: "24", kernel: "6.12", line: "ssh" },
});
if (way !== "ssh" && way !== "serial") throw new Error(`Option --line is "${way}", but must be ssh or serial`);

const folder = await Deno.makeTempDir({ prefix: "twinlink-bench-resume-" });
let wrong = 0;
try {
  await using guest = await bootQemu(await buildImage(kernel as KernelId));
  await using line = way === "serial" ? await openGuestLine(guest, { baudRate: 115_200 }) : undefined;
  const bench = await openBench(folder, guest, Number(sequences), line?.path);
  const { verdicts, ms } = await bench.undisturbed();
  console.log(
    `kernel ${guest.release} over ${way}, ${sequences} sequences, undisturbed in ${
      (ms / 1000).toFixed(1)
    } s, seed ${seed}`,
  );
  const random = new Random(Number(seed));
  let left = Number(kills);
  const moments = function* (): Generator<Moment> {
    for (; left > 0; left--) {
      // A sequence has 12 lines in the journal; the time before its first line is the start of the run.
      const more = random.whole(0, 14);
      yield { more, ms: Math.round((more === 0 ? ms / 4 : 100) * random.next()) };
    }
  };
  const hits: string[] = [];
  let again = 0;
  for (let run = 1; left > 0; run++) {
    const began = Date.now();
    const told = await bench.disturbed(moments(), verdicts);
    const rest = await bench.leftovers();
    hits.push(...told.hit);
    again += told.again;
    wrong += told.wrong.length + rest.length;
    console.log(
      `run ${run}: ${told.hit.length} kills (${told.hit.join(", ")}), ${Math.round((Date.now() - began) / 1000)} s`,
    );
    for (const what of [...told.wrong, ...rest]) console.log(`  WRONG: ${what}`);
  }
  const inside = hits.filter((hit) => hit.startsWith("in ")).length;
  console.log(
    `${hits.length} kills, ${inside} of them inside a sequence; ${again} times one was begun again; ${wrong} wrong`,
  );
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(wrong > 0 ? 1 : 0);
