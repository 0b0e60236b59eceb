/**
 * A trace that is written ahead: its content is on the disk before it counts, and what a process that died has left of it is
 * found again and resumed.
 *
 * @module
 */

import { dirname } from "node:path";
import { beginLine, endLine, headerLine, lastLine, stepLine } from "./_trace_lines.ts";
import { headerLineSchema, lineSchema, type TraceLine } from "./_trace_schema.ts";
import { visible } from "../boards/visible.ts";
import type { SequenceTrace, StepTrace, TraceHeader } from "./trace.ts";

/** What a trace file holds that is not finished. */
export interface RecoveredTrace {
  /** What the trace was taken from */
  header: TraceHeader;
  /** The sequences that are whole, in their order */
  sequences: SequenceTrace[];
  /** The sequence that was under way, with the steps that were reported */
  cut?: SequenceTrace;
  /** How many bytes the header and the whole sequences take */
  length: number;
}

const encoder = new TextEncoder();

/** Returns the value of a line of JSON that holds; undefined of anything else. */
function parse<T>(text: string, schema: { safeParse(value: unknown): { success: boolean } }): T | undefined {
  try {
    const value = JSON.parse(text);
    // The value as it was written: zod would put the keys in another order.
    return schema.safeParse(value).success ? value as T : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads what there is of a trace. A line that was torn at the end, by a process or a machine that died, is dropped. Undefined
 * where the file is not there, or not even its first line is whole.
 *
 * @throws {SyntaxError} naming file and line, if it is damaged before its end
 */
export async function recoverTrace(path: string): Promise<RecoveredTrace | undefined> {
  let text: string;
  try {
    // A character that was torn becomes one that no line of ours has; it stands in the line that is dropped.
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const lines = text.split("\n").slice(0, -1);
  const first = lines[0] === undefined
    ? undefined
    : parse<TraceHeader & { twinlink: string; version: number }>(lines[0], headerLineSchema);
  if (!first) return undefined;
  const { twinlink: _, version: __, ...header } = first;
  const found: RecoveredTrace = { header, sequences: [], length: encoder.encode(lines[0] + "\n").length };
  let open: SequenceTrace | undefined;
  let bytes = found.length;
  let bad: number | undefined;
  for (const [i, line] of lines.entries()) {
    if (i === 0) continue;
    const data = parse<TraceLine>(line, lineSchema);
    if (data === undefined) {
      bad ??= i;
      continue;
    }
    const fits = data.type === "sequence"
      ? open === undefined
      : data.type === "step"
      ? open !== undefined && !open.device && data.id > (open.steps.at(-1)?.id ?? 0)
      : data.type === "device"
      ? open !== undefined && !open.device
      : data.type === "sequence-end"
      ? open?.steps.length === data.steps
      : open === undefined && data.sequences === found.sequences.length;
    if (bad !== undefined || !fits) {
      // The end of a sequence is on the disk before anything comes after it: this is no end that was torn.
      throw new SyntaxError(`Cannot read trace "${visible(path)}": line ${(bad ?? i) + 1}: the file is damaged`);
    }
    bytes += encoder.encode(line + "\n").length;
    if (data.type === "sequence") {
      const { type: _, ...about } = data;
      open = { ...about, steps: [] };
    } else if (data.type === "step") {
      const { type: _, ...step } = data;
      open!.steps.push(step);
    } else if (data.type === "device") {
      const { type: _, ...device } = data;
      open!.device = device;
    } else if (data.type === "sequence-end") {
      found.sequences.push(open!);
      found.length = bytes;
      open = undefined;
    }
  }
  if (open) found.cut = open;
  return found;
}

/** Makes the names in a folder as durable as what the files hold. */
export async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path);
  await folder.sync();
}

/** Writes a trace ahead; it has the lines of {@linkcode TraceWriter}. */
export class TraceJournal {
  readonly #file: Deno.FsFile;
  /** What is not yet written */
  #text = "";
  /** How long the file is, with what is not yet written */
  #length: number;
  #sequences: number;
  /** The sequence that is under way: where it begins, and the lines of its steps */
  #open: { from: number; about: string; steps: string[] } | undefined;
  /** The writing that is under way, and the one that comes after it */
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  private constructor(file: Deno.FsFile, length: number, sequences: number) {
    this.#file = file;
    this.#length = length;
    this.#sequences = sequences;
  }

  /** Begins the file `path`, and replaces one that is there. */
  static async create(path: string, header: TraceHeader): Promise<TraceJournal> {
    const file = await Deno.open(path, { write: true, create: true, truncate: true });
    const journal = new TraceJournal(file, 0, 0);
    await journal.#append(headerLine(header));
    await syncFolder(dirname(path));
    return journal;
  }

  /** Continues the file `path` after its last whole sequence. */
  static async goOn(path: string, { length, sequences }: RecoveredTrace): Promise<TraceJournal> {
    const file = await Deno.open(path, { write: true });
    await file.truncate(length);
    await file.seek(0, Deno.SeekMode.End);
    return new TraceJournal(file, length, sequences.length);
  }

  /** Resolves when the text, and all before it, is on the disk. Those who come while that is under way share the next one. */
  #append(text: string): Promise<void> {
    this.#text += text;
    this.#length += encoder.encode(text).length;
    if (this.#next) return this.#next;
    const write = this.#current.then(async () => {
      this.#next = undefined;
      const bytes = encoder.encode(this.#text);
      this.#text = "";
      for (let at = 0; at < bytes.length;) at += await this.#file.write(bytes.subarray(at));
      await this.#file.syncData();
    });
    // It is thrown where it is awaited.
    write.catch(() => {});
    return this.#next = this.#current = write;
  }

  /** Records that a sequence is going to be pushed. */
  async begin(about: Omit<SequenceTrace, "steps">): Promise<void> {
    const line = beginLine(about);
    this.#open = { from: this.#length, about: line, steps: [] };
    await this.#append(line);
  }

  /** A step came back; it is on the disk some time later. */
  step(step: StepTrace): void {
    const line = stepLine(step);
    this.#open?.steps.push(line);
    void this.#append(line);
  }

  /** A sequence was run. What was reported of its steps meanwhile becomes what it has turned out to be. */
  async end({ steps, device, ...about }: SequenceTrace): Promise<void> {
    const lines = steps.map(stepLine);
    const open = this.#open ?? { from: this.#length, about: beginLine(about), steps: [] };
    const stands = this.#open !== undefined && open.steps.every((line, i) => line === lines[i]);
    this.#open = undefined;
    if (!stands) {
      await this.#append("");
      await this.#file.truncate(open.from);
      await this.#file.seek(0, Deno.SeekMode.End);
      this.#length = open.from;
    }
    this.#sequences++;
    const rest = stands ? lines.slice(open.steps.length) : [open.about, ...lines];
    await this.#append(rest.join("") + endLine(steps.length, device));
  }

  /** Closes the file; `whole` writes the line before that makes it a whole one. */
  async close(whole: boolean): Promise<void> {
    try {
      await this.#append(whole ? lastLine(this.#sequences) : "");
    } finally {
      this.#file.close();
    }
  }
}
