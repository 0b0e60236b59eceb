/** `twinlink fuzz --board model`: fuzzes the model alone, without a board. */

import process from "node:process";
import { visible } from "../boards/visible.ts";
import { describeOperation } from "../diff/mod.ts";
import { checkModel, type Violation } from "../fuzz/model_check.ts";
import { setupOf } from "../fuzz/sequence.ts";
import type { Subject } from "../fuzz/subject.ts";
import type { EraId } from "../model/mod.ts";
import { count, duration, print, say } from "../run/output.ts";

/** The options of a check of the model. */
export interface ModelJob {
  /** The board's name */
  board: string;
  era: EraId;
  /** The subject of the sequences */
  subject: Subject;
  seed: number;
  first: number;
  sequences: number;
  steps: number;
  json: boolean;
}

/** The number of sequences between two checks of the signal. */
const BATCH = 500;

function lines({ what, index, generated, count: n }: Violation, subject: Subject, again: string): string[] {
  const start = setupOf(generated, subject);
  return [
    `${visible(what)} (${n} times; ${again} --sequence ${index})`,
    `  begins with ${start.map((op) => visible(describeOperation(op))).join(", ") || "nothing"}`,
    ...generated.operations.map((op) => `  ${visible(describeOperation(op))}`),
  ];
}

/** Checks the model of an era and gives the exit status. */
export async function checkAndTell(job: ModelJob, signal: AbortSignal): Promise<0 | 1 | 3> {
  const { board, era, subject, seed, first, sequences, steps, json } = job;
  const again = `twinlink fuzz --board ${visible(board)} --era ${era} --seed ${seed}`;
  if (!json) say(`${again}: ${count(sequences, "sequence")} of ${count(steps, "operation")}`);
  const before = process.cpuUsage();
  const found = new Map<string, Violation>();
  let [operations, ms, done, gaps] = [0, 0, 0, 0];
  while (done < sequences && !signal.aborted) {
    const size = Math.min(BATCH, sequences - done);
    const indices = Array.from({ length: size }, (_, i) => first + done + i);
    const result = checkModel({ era, subject, seed, indices, steps });
    operations += result.operations;
    ms += result.ms;
    gaps += result.gaps;
    done += size;
    for (const violation of result.violations) {
      const known = found.get(violation.what);
      if (known) known.count += violation.count;
      else found.set(violation.what, violation);
    }
    // The event loop runs here, and delivers Ctrl-C
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const { user, system } = process.cpuUsage(before);
  const speed = Math.round(operations / ms * 1000);
  const ofCore = Math.round(operations / (user + system) * 1e6);
  const violations = [...found.values()];
  if (json) {
    for (const violation of violations) print(JSON.stringify({ type: "violation", seed, ...violation }) + "\n");
    const numbers = { sequences: done, gaps, operations, ms: Math.round(ms), perSecond: speed, perCpuSecond: ofCore };
    print(JSON.stringify({ type: "summary", era, seed, ...numbers, violations: violations.length }) + "\n");
  } else {
    for (const violation of violations) print(lines(violation, subject, again).join("\n") + "\n\n");
    if (gaps > 0) print(`${count(gaps, "sequence")} not checked to the end: the model lacks what they do\n`);
    print(
      `${count(done, "sequence")}, ${count(operations, "operation")} in ${duration(ms)}: ` +
        `${speed.toLocaleString("en-US")} a second, ${ofCore.toLocaleString("en-US")} a second of one CPU\n` +
        `${
          violations.length === 0
            ? "Everything that was checked holds"
            : `${count(violations.length, "thing")} that do not hold`
        }\n`,
    );
  }
  signal.throwIfAborted();
  if (violations.length > 0) return 1;
  return done > gaps ? 0 : 3;
}
