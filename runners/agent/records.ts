/**
 * The records of a plan; each reports one or several steps. First comes the part of each step's command. Then comes the output
 * of the monitors, the servers and the kernel log, each with a mark after each step.
 *
 * @module
 */

import type { LossReason, PlannedStep, StepTrace } from "../../diff/trace.ts";
import { SHARED } from "../wire/constants.ts";
import { BrokenProgramError } from "./broken_program.ts";
import { type MonitorMemories, observe, type Section, sectionsOf } from "./observe.ts";
import { readStacks } from "./stacks.ts";

/** A record's part about one step. */
export interface StepPart {
  id: number;
  /** Exit status, or `hang`, as the agent wrote it */
  rc: string;
  /** Seconds since the board's boot */
  start: number;
  end: number;
  /** How late the agent's ticks came during the step, in seconds */
  late?: number;
  sections: Section[];
  /** The reason why nothing in it is evidence */
  lost?: string;
}

/** A record, split into its parts. */
export interface PlanRecord {
  parts: StepPart[];
  /** The output after the last mark: it belongs to the next step */
  rest: Section[];
  /** Only in the last record of a plan: `broken` if the kernel broke */
  done: "done" | "broken" | undefined;
}

const STEP = /^(\d+|hang) (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)(?: (\S+)(?: (\d+))?)?$/;

/**
 * Splits a record into its parts; undefined if it is not a whole record of this plan.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readRecord } from "./records.ts";
 *
 * const record = readRecord(
 *   "7 steps a1 6\n\n--n step 1\n0 5.10 5.11 j.0\n--n err\n\n--n kmsg\n@1\n\n--n o j.0\n{}\n--n @1\n\n--n end\n",
 *   "n",
 *   "a1",
 * );
 * assertEquals(record?.parts[0]?.sections, [
 *   { name: "err", text: "" },
 *   { name: "kmsg", text: "" },
 *   { name: "out", text: "{}" },
 * ]);
 * ```
 */
export function readRecord(body: string, nonce: string, plan: string): PlanRecord | undefined {
  const [head, ...sections] = sectionsOf(body, nonce) as [Section, ...Section[]];
  const [, word, of] = head.text.split(" ");
  if (word !== "steps" || of !== plan || sections.at(-1)?.name !== "end") return undefined;
  const parts = new Map<number, StepPart>();
  let step: StepPart | undefined;
  // The server whose output is being read, and its output since the last mark.
  let server: { key: string; pending: Section[] } | undefined;
  /** The server that ran a step, by the step's number */
  const servers = new Map<number, string>();
  let done: PlanRecord["done"];
  const lost = new Set<string>();
  const rest: Section[] = [];
  for (const section of sections.slice(0, -1)) {
    const [kind = "", name = ""] = section.name.split(" ");
    if (kind === "step") {
      server = undefined;
      const [first = "", ...other] = section.text.split("\n");
      const match = STEP.exec(first);
      if (!match) return undefined;
      const [, rc, start, end, key, late] = match;
      const times = { start: Number(start), end: Number(end), ...(late ? { late: Number(late) / 100 } : {}) };
      step = { id: Number(name), rc: rc!, ...times, sections: [] };
      parts.set(step.id, step);
      if (other.some((line) => line !== "")) return undefined;
      if (key !== undefined) servers.set(step.id, key);
    } else if (kind === "notify" || kind === "link" || kind === "kmsg") {
      step = server = undefined;
      const { found, rest: more } = marked(section.text);
      for (const [id, text] of found) {
        // Mark 0 is after the last step.
        if (id === 0) rest.push({ name: section.name, text });
        else parts.get(id)?.sections.push({ name: section.name, text });
      }
      if (more.trim() !== "") rest.push({ name: section.name, text: more });
    } else if (kind === "o") {
      step = undefined;
      server = { key: name, pending: [{ name: "out", text: section.text }] };
    } else if (kind.startsWith("@")) {
      const part = parts.get(Number(kind.slice(1)));
      if (!server) return undefined;
      if (part && servers.get(part.id) === server.key) {
        const [out, ...more] = server.pending as [Section, ...Section[]];
        // devlink(8) prints a comma between the documents of a batch.
        const text = server.key.startsWith("j") ? out.text.replace(/^,/, "") : out.text;
        part.sections.push({ name: "out", text }, ...more);
      }
      server.pending = [{ name: "out", text: section.text }];
    } else if (kind === "lost") {
      lost.add(section.name.slice("lost ".length));
    } else if (kind === "done") {
      done = name === "broken" ? "broken" : "done";
    } else if (server) {
      server.pending.push(section);
    } else if (step) {
      step.sections.push(section);
    } else {
      return undefined;
    }
  }
  for (const part of parts.values()) {
    if (lost.size > 0) part.lost = [...lost].join("; ");
  }
  return { parts: [...parts.values()], rest, done };
}

/** Returns the texts before the marks, with the number of the step, and the text after the last mark. */
function marked(text: string): { found: [number, string][]; rest: string } {
  const found: [number, string][] = [];
  let from = 0;
  for (const mark of text.matchAll(/^@(\d+)\n/gm)) {
    found.push([Number(mark[1]), text.slice(from, mark.index)]);
    from = mark.index + mark[0].length;
  }
  return { found, rest: text.slice(from) };
}

/** The agent's reasons for a record without evidence, except lost messages. */
const LOST: readonly [words: string, LossReason][] = [
  [SHARED.TOO_LONG, "too-long"],
  [SHARED.FULL, "full"],
];

/**
 * Returns a step from its part of a record; `memories` are passed from step to step. If a channel is missing in the record, the
 * step is lost: a channel that was not watched must not count as silent.
 *
 * @param watched The netns that had to have monitors
 */
export function readStep(
  step: PlannedStep,
  part: StepPart,
  memories: MonitorMemories,
  watched: Iterable<string> = [],
): StepTrace {
  const { start, end, late } = part;
  const board = { start: start * 1000, end: end * 1000, ...(late ? { late: late * 1000 } : {}) };
  if (part.lost !== undefined) {
    const [, reason] = LOST.find(([words]) => part.lost!.includes(words)) ?? [];
    return { ...step, board, lost: { reason: reason ?? "overrun", detail: part.lost } };
  }
  const rc = part.rc === "hang" ? part.rc : Number(part.rc);
  // No monitors run during a race.
  const streams = step.op.kind === "race" ? [] : [...watched].flatMap((netns) => [`notify ${netns}`, `link ${netns}`]);
  const there = new Set(part.sections.map(({ name }) => name));
  const missing = ["out", "err", "kmsg", ...streams].filter((name) => !there.has(name));
  if (missing.length > 0) {
    return { ...step, board, lost: { reason: "damaged", detail: `the record lacks ${missing.join(", ")}` } };
  }
  try {
    const stacks = readStacks(part.sections.find(({ name }) => name === "stacks")?.text ?? "");
    const observation = observe(step.op, { ...part, rc }, memories);
    return { ...step, board, observation, ...(stacks.length > 0 ? { stacks } : {}) };
  } catch (error) {
    const reason = error instanceof BrokenProgramError ? "tool" : "damaged";
    return { ...step, board, lost: { reason, detail: (error as Error).message } };
  }
}
