/** The data of a page: the boards of a run, the results of each sequence, and the causes. No markup. */

import { compareRace, ownOf, type RaceComparison, raceReply } from "../../race.ts";
import { type Case, type Cause, causesOf } from "../../causes.ts";
import { describeCrash } from "../../crash.ts";
import { describeOperation } from "../../describe.ts";
import type { DeviceRecord, TraceHeader } from "../../trace.ts";
import {
  type LeftOut,
  OUTCOMES,
  type RunEnd,
  type SequenceVerdict,
  type Summary,
  type Verdict,
} from "../../verdict.ts";

/** The facts about a run in a report, beside the verdicts. */
export interface AboutRun {
  /** The command that runs it again, for a shell */
  command?: string;
  /** twinlink's version */
  version?: string;
  /** The files beside the report: traces, consoles; asked for when the run is over */
  files?: () => readonly { name: string; size: number }[];
  /** What docs/semantics.md has about a number, for example of `4.3`; undefined where it has none */
  why?: (number: string) => string | undefined;
}

/** A sequence on a board. */
export interface Result {
  /** 1 for the first of the page; its anchor is `c1` */
  id: number;
  verdict: SequenceVerdict;
  /** The events of the board's emulated device */
  device?: DeviceRecord;
}

/** A board over a line. */
export interface Board {
  header: TraceHeader;
  /** `qemu-6.12 over ssh` */
  name: string;
  results: Result[];
  leftOut: LeftOut[];
  end?: RunEnd;
}

/** A sequence, with its result on each board; undefined where it was not part of the run. */
export interface Row {
  suite: string;
  sequence: string;
  on: (Result | LeftOut | undefined)[];
}

/** A race that a board ran. */
export interface Race extends RaceComparison {
  board: Board;
  result: Result;
  step: number;
  what: string;
  /** False if the model did not try all schedules */
  exhausted: boolean;
}

/** A whole run. */
export interface Run {
  about: AboutRun;
  boards: Board[];
  rows: Row[];
  /** Each with the results instead of the cases */
  causes: Cause[];
  summary: Summary;
  end: RunEnd;
}

/** What a filter calls a verdict. */
export const GROUP: Readonly<Record<Verdict, "d" | "c" | "j" | "u" | "a">> = {
  "crash": "c",
  "diverge": "d",
  "infra": "j",
  "indeterminate": "j",
  "model-gap": "j",
  "unsupported": "u",
  "waived": "a",
  "agree": "a",
};

/** True for a result; a left-out sequence has no verdict. */
export const isResult = (one: Result | LeftOut | undefined): one is Result => one !== undefined && "verdict" in one;

/** Returns the sequences of all boards, in the order of the run, the sequences of a suite together. */
function rowsOf(boards: readonly Board[]): Row[] {
  const rows = new Map<string, Row>();
  for (const [column, { results, leftOut }] of boards.entries()) {
    const put = (one: Result | LeftOut, { suite, sequence }: { suite: string; sequence: string }) => {
      const key = JSON.stringify([suite, sequence]);
      if (!rows.has(key)) rows.set(key, { suite, sequence, on: boards.map(() => undefined) });
      rows.get(key)!.on[column] = one;
    };
    for (const one of results) put(one, one.verdict);
    for (const one of leftOut) put(one, one);
  }
  return [...Map.groupBy(rows.values(), ({ suite }) => suite).values()].flat();
}

/** Returns the whole of a run. */
export function runOf(about: AboutRun, boards: Board[], summary: Summary, end: RunEnd): Run {
  const several = boards.length > 1;
  const cases = boards.flatMap(({ name, results }) =>
    results.map(({ verdict }): Case => several ? { verdict, on: name } : { verdict })
  );
  return { about, boards, rows: rowsOf(boards), causes: causesOf(cases), summary, end };
}

/** Returns the results of a run by their verdicts. */
export function resultsByVerdict({ boards }: Run): Map<SequenceVerdict, { board: Board; result: Result }> {
  return new Map(
    boards.flatMap((board) => board.results.map((result) => [result.verdict, { board, result }] as const)),
  );
}

/** Returns the races that boards ran, in the order of the run. */
export function racesOf({ boards }: Run): Race[] {
  return boards.flatMap((board) =>
    board.results.flatMap((result) =>
      result.verdict.steps.flatMap(({ id, op, expected, observed }) => {
        if (op.kind !== "race") return [];
        const [model, seen] = [expected, observed].map((step) => raceReply(step?.observation?.reply ?? null));
        if (!model || seen?.runs === undefined) return [];
        const exhausted = model.exhausted !== false;
        const what = describeOperation(op);
        return [{ ...compareRace(model, seen, ownOf(op)), board, result, step: id, what, exhausted }];
      })
    )
  );
}

/** What a kernel reported in a sequence, or that a step hung in it. */
export interface Outcome {
  text: string;
  /** False if the model did not predict it */
  predicted: boolean;
}

/** Returns what the kernels reported, or undefined for a sequence in which they reported nothing. */
export function outcomeOf({ verdict }: Result): Outcome | undefined {
  const told = verdict.steps.flatMap((step) => {
    const hangs = step.observed?.observation?.result === "hang" || step.observed?.observation?.time === "hang";
    const text = step.crash ? describeCrash(step.crash) : hangs ? "a step does not end" : undefined;
    return text === undefined
      ? []
      : [{ text: `step ${step.id}: ${text}`, predicted: OUTCOMES[step.verdict] !== "fail" }];
  });
  if (told.length === 0) return;
  const texts = [...new Set(told.map(({ text }) => text))];
  return { text: texts.join("; "), predicted: told.every(({ predicted }) => predicted) };
}
