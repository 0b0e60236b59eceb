/** `twinlink fuzz`. */

import process from "node:process";
import { type Board, type TransportName, visible } from "../boards/mod.ts";
import {
  addToSummary,
  emptySummary,
  exitStatus,
  type SequenceVerdict,
  type Summary,
  terminalReporter,
  VERDICTS,
} from "../diff/mod.ts";
import type { CampaignEvent, CampaignResult, Found } from "../fuzz/campaign.ts";
import type { EraId } from "../model/mod.ts";
import { BOARD_OPTIONS, chosenBoards } from "./_shared.ts";
import { command, UsageError } from "./command.ts";
import { type Display, openDisplay, wantsColor } from "./display.ts";
import { statusOfError } from "./entry.ts";
import { openSuites } from "../run/suite_process.ts";
import { allowedDisruption } from "../diff/capability.ts";
import { lesser } from "../model/disruption.ts";
import type { Interrupts } from "../run/interrupt.ts";
import { count, duration, print, say } from "../run/output.ts";

/** Returns a whole number of an option, within bounds. */
function numberOf(option: string, text: string | undefined, preset: number, least: number, most: number): number {
  if (text === undefined) return preset;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`Option --${option} is "${visible(text)}", but must be a number from ${least} to ${most}`);
}

const { filter: _filter, module: _module, ...boardOptions } = BOARD_OPTIONS;

export default command({
  name: "fuzz",
  usage: ["--board BOARD [OPTION..]"],
  details:
    `Sequences are generated on the model of the board's era: each operation is drawn by what there is then, most of
them right, some wrong on purpose. The same seed gives the same sequences. What diverges is made as small as it
gets, tried again on a board that was rebooted, and kept in the corpus as a file that "twinlink run" takes;
the corpus is run first the next time.

On a board with a device of its own, sequences are about that device, by its facts. What they change is put back;
what cannot be put back is not generated. What only its driver knows is model-gap, and the exit status is 3 then.

--between A --board B runs the same on two boards and compares B with A, without the model.

--board model checks the model by itself: what it announces against what it shows, and each run against another.`,
  options: {
    ...boardOptions,
    "sequences": { type: "text", short: "n", value: "N", help: "How many sequences (100)" },
    "seed": { type: "text", short: "s", value: "SEED", help: "What is drawn; one of the time of day if left out" },
    "sequence": { type: "text", value: "I", help: "Only sequence I of the seed" },
    "steps": { type: "text", value: "N", help: "How many operations a sequence has (20)" },
    "boards-in-parallel": { type: "text", short: "j", value: "J", help: "Run J kernels in QEMU side by side (1)" },
    "corpus": { type: "text", value: "DIR", help: "Where found sequences are saved (out/fuzz)" },
    "shrink": { type: "text", value: "SECONDS", help: "How long one divergence is made smaller (60); 0 is not at all" },
    "between": { type: "text", value: "A", help: "Compare the board with board A instead of the model" },
    "json": { type: "flag", help: "For a machine to read: one JSON object a line" },
  },
  run: async (values, operands, { signal, interrupts }) => {
    if (operands.length > 0) throw new UsageError(`Unexpected argument "${visible(operands[0]!)}" of fuzz`);
    const between = values.between;
    if (between) {
      if (values.board.length !== 1) {
        throw new UsageError("--between A is compared with --board B: name one board each");
      }
      values.board.unshift(between);
    } else if (values.board.length !== 1) {
      throw new UsageError(`One board is to be named: --board BOARD (see "twinlink boards")`);
    }
    const seed = numberOf("seed", values.seed, Date.now() % 1_000_000, 0, 4294967295);
    const only = values.sequence === undefined ? undefined : numberOf("sequence", values.sequence, 0, 0, 1e9);
    const sequences = only === undefined ? numberOf("sequences", values.sequences, 100, 1, 1e9) : 1;
    const steps = numberOf("steps", values.steps, 20, 1, 10_000);
    const parallel = numberOf("boards-in-parallel", values["boards-in-parallel"], 1, 1, 64);
    const [board, other] = await chosenBoards({ ...values, filter: [], module: undefined });
    const first = only ?? 0;
    if (between && !other) throw new UsageError(`A board cannot be compared with itself: "${visible(between)}"`);
    if (board!.runner === "model" && !other) {
      interrupts.harmless();
      const { checkAndTell } = await import("./_fuzz_model.ts");
      const { subjectOf } = await import("../fuzz/subject.ts");
      const subject = subjectOf({ driver: board!.driver });
      if (!subject) {
        throw new UsageError(
          `Cannot fuzz the model of ${visible(board!.driver)} by itself: a board's own device is fuzzed on its board`,
        );
      }
      const era = board!.era as EraId;
      return await checkAndTell({
        board: board!.name,
        era,
        subject,
        seed,
        first,
        sequences,
        steps,
        json: values.json,
      }, signal);
    }
    return await onBoard(board!, {
      seed,
      first,
      sequences,
      steps,
      parallel,
      shrinkMs: numberOf("shrink", values.shrink, 60, 0, 86_400) * 1000,
      folder: values.corpus ?? "out/fuzz",
      withCorpus: only === undefined,
      transport: values.transport.at(-1) as TransportName | undefined,
      iKnow: values["i-know"],
      json: values.json,
      other,
      wait: values.wait,
    }, interrupts);
  },
});

interface FuzzJob {
  seed: number;
  first: number;
  sequences: number;
  steps: number;
  parallel: number;
  shrinkMs: number;
  folder: string;
  withCorpus: boolean;
  transport: TransportName | undefined;
  iKnow: readonly string[];
  json: boolean;
  /** The board that is compared with the first, instead of the model */
  other: Board | undefined;
  wait: boolean;
}

/** Yields `howMany` numbers from `first` on. */
function* upFrom(first: number, howMany: number): Generator<number> {
  for (let i = 0; i < howMany; i++) yield first + i;
}

async function onBoard(board: Board, job: FuzzJob, interrupts: Interrupts): Promise<number> {
  const { signal } = interrupts;
  const { seed, first, sequences, steps, parallel, shrinkMs, folder, json } = job;
  if (parallel > 1 && board.runner !== "qemu") {
    throw new UsageError(`Cannot run several of board "${visible(board.name)}" side by side: it is no QEMU board`);
  }
  const { corpusFiles, saveFound } = await import("../fuzz/corpus.ts");
  const { runCampaign } = await import("../fuzz/campaign.ts");
  const { openRunner } = await import("../runners/mod.ts");
  const files = job.withCorpus ? corpusFiles(folder) : [];
  const corpus = files.length > 0 ? await openSuites(files, { signal }) : [];
  const inCorpus = corpus.reduce((sum, suite) => sum + suite.sequences.length, 0);
  const { leaseBoard } = await import("../run/lease.ts");
  const claim = { doing: "twinlink fuzz", wait: job.wait };
  const leased = (which: Board) =>
    leaseBoard(which, {
      ...claim,
      signal,
      onWait: (holder) => say(`${visible(which.name)}: wait: ${holder} has it`),
    });
  await using _lease = await leased(board);
  await using _otherLease = job.other && await leased(job.other);
  using display = openDisplay();
  const line = (value: object) => display.write(visible(JSON.stringify(value)) + "\n");
  const { other } = job;
  const pair = other
    ? `--between ${visible(board.name)} --board ${visible(other.name)}`
    : `--board ${visible(board.name)}`;
  const again = `twinlink fuzz ${pair} --seed ${seed}`;
  const opened = (which: Board) => () =>
    openRunner(which, {
      ...(job.transport ? { transport: job.transport } : {}),
      iKnow: job.iKnow,
      ...claim,
      signal,
      onProgress: (progress) => begun ? undefined : display.prepare(which.name, progress),
    });
  if (json) line({ twinlink: "fuzz", board: board.name, seed, first, sequences, steps, corpus: corpus.length });
  else say(`${again}: ${count(sequences, "sequence")} of ${count(steps, "operation")}`);
  const written: string[] = [];
  /** Files are written after the events. */
  let writing: Promise<void> = Promise.resolve();
  let begun = false;
  let ran = 0;
  const onEvent = (event: CampaignEvent) => {
    if (event.type === "board" && !begun) {
      begun = true;
      const { facts: _, ...header } = event.header;
      const { eraNote } = header;
      if (eraNote !== undefined) say(visible(eraNote));
      if (json) line({ type: "board", ...header });
      display.begin(board.name, sequences + corpus.length);
    }
    if (event.type === "sequence") {
      // A campaign on a recording never waits, so so a signal can be noticed only here
      interrupts.stopped();
      addToSummary(sofar.summary, event.verdict);
      if (++ran % 25 === 0 && !json && !Deno.stderr.isTerminal()) say(`${ran} of ${sequences + corpus.length} run`);
      display.running(event.name);
      if (json) line({ type: "sequence", index: event.index, verdict: event.verdict.verdict, ms: event.ms });
      display.done();
    }
    if (event.type === "shrink" && !json) display.write(`shrinking ${visible(event.signature)}\n`);
    if (event.type !== "found") return;
    const { found } = event;
    sofar.found.push(found);
    if (!json) tellFound(found, display);
    writing = writing.then(async () => {
      const path = await saveFound(folder, found, seed);
      if (path !== undefined) written.push(path);
    });
    if (json) line(foundLine(found, seed));
  };
  const before = process.cpuUsage();
  const started = Date.now();
  const tell = (result: Pick<CampaignResult, "summary" | "found">, error?: unknown) => {
    const ms = Date.now() - started;
    const { user, system } = process.cpuUsage(before);
    // One thread does all work except the board's
    const waiting = Math.max(0, 1 - (user + system) / 1000 / ms);
    const status = error === undefined ? fuzzStatus(result.summary, sequences + inCorpus) : statusOfError(error);
    if (json) {
      line({ type: "summary", ...result.summary, ms, waiting: Number(waiting.toFixed(3)), written, exit: status });
    } else print(summaryText(result, { ms, waiting, written, again }));
    return status;
  };
  /** The result so far, for a caller that stops the campaign */
  const sofar: Pick<CampaignResult, "summary" | "found"> = { summary: emptySummary(), found: [] };
  let result: CampaignResult;
  try {
    result = await runCampaign(
      // Sequences for both boards are limited to the disruption that both allow.
      other ? { ...board, disruption: lesser(allowedDisruption(board), allowedDisruption(other)) } : board,
      opened(board),
      {
        seed,
        indices: upFrom(first, sequences),
        steps,
        corpus,
        parallel,
        shrinkMs,
        signal,
        onEvent,
        ...(other ? { against: opened(other) } : {}),
      },
    );
  } catch (error) {
    display.end();
    await writing;
    tell(sofar, error);
    throw error;
  }
  display.end();
  await writing;
  return tell(result);
}

/** Returns the exit status of a campaign: not a pass if it judged fewer sequences than planned. */
export function fuzzStatus(summary: Summary, planned: number): 0 | 1 | 3 {
  const status = exitStatus(summary);
  const judged = summary.sequences.agree + summary.sequences.waived;
  return status === 0 && judged < planned ? 3 : status;
}

const foundLine = ({ signature, index, generated, confirmed, count, verdict }: Found, seed: number) => ({
  type: "found",
  signature,
  seed,
  index,
  count,
  confirmed,
  verdict: verdict.verdict,
  generated,
});

function tellFound(found: Found, display: Display): void {
  const { signature, confirmed, index, generated } = found;
  const size = generated ? `, ${count(generated.operations.length, "operation")}` : "";
  const from = index === undefined ? "corpus" : `sequence ${index}`;
  display.write(
    `\n${visible(signature)}\n  ${from}${size}, ${confirmed.times} of ${confirmed.of} times on a fresh board\n`,
  );
  const verdict: SequenceVerdict = found.verdict;
  terminalReporter((text) => display.write(text), { color: wantsColor() }).sequence(verdict);
}

function counted(counts: Summary["steps"], noun: string): string {
  const parts = VERDICTS.toReversed().filter((one) => counts[one] > 0).map((one) => `${counts[one]} ${one}`);
  return `${count(VERDICTS.reduce((sum, one) => sum + counts[one], 0), noun)}: ${parts.join(", ") || "none"}`;
}

function summaryText(
  { summary, found }: Pick<CampaignResult, "summary" | "found">,
  { ms, waiting, written, again }: { ms: number; waiting: number; written: readonly string[]; again: string },
): string {
  const lines = [
    "",
    counted(summary.sequences, "sequence"),
    counted(summary.steps, "step"),
    counted(summary.channels, "channel"),
    `${duration(ms)}, ${Math.round(waiting * 100)} % of it waiting for the board`,
    ...(found.length > 0 ? [`Found ${count(found.length, "divergence")}:`] : []),
    ...found.map(({ signature, index, count: n, confirmed }) =>
      `  ${visible(signature)} (${n} times; ${confirmed.times} of ${confirmed.of} confirmed; ${
        index === undefined ? "corpus" : `${again} --sequence ${index}`
      })`
    ),
    ...(written.length > 0 ? [`Written: ${written.map(visible).join(", ")}`] : []),
  ];
  return lines.join("\n") + "\n";
}
