/**
 * Reads the agent's counts of a race as the reply of the step.
 *
 * @module
 */

import { SHARED } from "../wire/constants.ts";
import { BrokenProgramError } from "./broken_program.ts";
import type { Json } from "../../model/observation.ts";
import type { Operation } from "../../model/operation.ts";
import { askedBy, type RaceReply, resultWithSize, type ShownOutcome } from "../../model/race/outcome.ts";
import { stackOf } from "./stacks.ts";

/** Reads a result and a reply in the same way as for a single step. */
export interface StepReader {
  /** Throws if a program with this status and this error did no work */
  worked: (rc: number, stderr: string) => void;
  result: (rc: number, stderr: string) => string;
  reply: (op: Operation, stdout: string) => Json;
}

/** The status that `tl_race` reports for a racer that any signal ended: it does not report which signal. */
const KILLED = 128 + 9;

/** The line that `tl_race` writes instead of an answer, if the program did no work; its exit status follows. */
const BROKEN = new RegExp(`^${SHARED.BROKEN} (\\d+)$`, "m");

/**
 * Reads the output of `tl_race`.
 *
 * @throws {SyntaxError} If it cannot be read
 * @throws {BrokenProgramError} If a program of the board did no work
 */
export function readRace(op: Operation<"race">, stdout: string, reader: StepReader): RaceReply {
  const texts = new Map<string, string>();
  const runs: { count: number; columns: string[] }[] = [];
  const stacks: NonNullable<RaceReply["stacks"]> = [];
  let times: number | undefined;
  const slow: Pick<RaceReply, "late" | "unasked"> = {};
  const lines = stdout.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const [word, first = "", second = ""] = lines[i]!.split(" ");
    const block = () => {
      const from = ++i;
      while (i < lines.length && lines[i] !== "@") i++;
      if (i === lines.length) throw new SyntaxError("Cannot read the outcome of a race: it ends too early");
      return lines.slice(from, i);
    };
    if (word === "runs") times = Number(first);
    else if (word === "late" || word === "unasked") slow[word] = Number(first);
    else if (word === "text") texts.set(`${first} ${second}`, block().join("\n"));
    else if (word === "stack") stacks.push(stackOf(lines[i]!.slice("stack ".length), block()));
    else if (word === "run") {
      const [count, ...columns] = lines[i]!.slice("run ".length).split("\t");
      runs.push({ count: Number(count), columns });
    }
  }
  if (times === undefined) {
    throw new SyntaxError("Cannot read the outcome of a race: it does not say how often it was run");
  }
  const counted = runs.reduce((sum, { count }) => sum + count, 0);
  if (counted !== times || times < 1) {
    throw new SyntaxError(`Cannot read the outcome of a race: it was run ${times} times, and ${counted} are counted`);
  }
  const textOf = (what: string, number: string | undefined) => {
    const text = texts.get(`${what} ${number}`);
    if (text === undefined) throw new SyntaxError(`Cannot read the outcome of a race: it has no ${what} ${number}`);
    const broken = BROKEN.exec(text);
    if (broken) throw new BrokenProgramError(`what was asked after a run ended with status ${broken[1]}`);
    return text;
  };
  const outcomes = runs.map(({ count, columns }): ShownOutcome => {
    const said = columns.slice(0, op.racers.length);
    if (said.includes("killed")) reader.worked(KILLED, "");
    const broken = said.includes("hang") || said.includes("killed");
    const [dump, state, ...replies] = columns.slice(op.racers.length);
    const results = op.racers.map(({ operations, loops }, racer) => {
      if (loops) return [];
      if (said[racer] === "hang" || said[racer] === "killed") return [said[racer]];
      const fields = (said[racer] ?? "").split("|");
      const documents = broken ? [] : documentsOf(textOf(`reply.${racer + 1}`, replies[racer]));
      return operations.map((one, j) => {
        const [rc = "", stderr = ""] = fields.slice(2 * j, 2 * j + 2);
        if (!/^\d+$/.test(rc)) throw new SyntaxError(`Cannot read the outcome of a race: ${JSON.stringify(columns)}`);
        reader.worked(Number(rc), readable(stderr));
        const result = reader.result(Number(rc), readable(stderr));
        if (result !== "ok") return result;
        const printed = documents.length === operations.length ? documents[j]! : documents[0] ?? "";
        return resultWithSize(result, reader.reply(one, printed));
      });
    });
    return {
      results,
      state: broken ? null : stateOf(op, textOf("dump", dump), textOf("state", state)),
      count,
    };
  });
  outcomes.sort((a, b) => b.count! - a.count!);
  return { outcomes, runs: times, ...slow, ...(stacks.length > 0 ? { stacks } : {}) };
}

/** Unifies the shells' own texts for a file that cannot be opened. */
function readable(text: string): string {
  return text.replaceAll("~", "\n")
    .replace(/^.*: (?:can't|cannot) (?:create|open) .*: ([^:\n]+)$/m, "sh: write error: $1")
    .replace(/nonexistent directory|Directory nonexistent|no such file$|No such file$/m, "No such file or directory");
}

function stateOf(op: Operation<"race">, dump: string, state: string): { [asked: string]: Json } {
  const answers: { [asked: string]: Json } = {};
  const dumps = documentsOf(dump).map((text) => JSON.parse(text) as { [key: string]: Json });
  const found = Object.fromEntries(
    state.split(/^=/m).slice(1).map((part) => {
      // For a racer that no longer exists, nothing is printed after its name.
      const [name = "", ...said] = part.split("\n");
      return [name, said.join("\n").trim()];
    }),
  );
  for (const one of op.shown) {
    const key = askedBy(one);
    const text = found[key];
    if (text !== undefined) answers[key] = text === "" ? null : JSON.parse(text);
    // The server of dumps is in the board's own netns: its dumps do not answer for another netns.
    else if (key !== one.kind) answers[key] = null;
    else answers[key] = dumps.find((document) => Object.hasOwn(document, one.kind.split(".")[0]!)) ?? null;
  }
  return answers;
}

/** Returns the JSON documents of a text, one after the other, with or without commas between them. */
function documentsOf(text: string): string[] {
  const documents: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') { for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++; }
    if (char === "{" && depth++ === 0) from = i;
    if (char === "}" && --depth === 0) documents.push(text.slice(from, i + 1));
  }
  return documents;
}
