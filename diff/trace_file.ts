/**
 * Traces as files: JSON Lines, one line a step, gzip where the name ends in `.gz`.
 *
 * | line | holds |
 * | --- | --- |
 * | first | `{"twinlink":"trace","version":1,"board":...,"transport":...,"era":...,"kernel":...,"iproute2":...}`, and what the board had as `"facts"` |
 * | start of a sequence | `{"type":"sequence","suite":...,"sequence":...,"source":...}`, in a journal with `"boot"`, and `"hardware"` if the plan required some |
 * | step | `{"type":"step","id":...,"phase":...,"op":...,"observation":...}` or `"lost"` instead of `"observation"` |
 * | after the steps | `{"type":"device","version":1,"events":N,"log":...}`, of a board with an emulated device; see {@linkcode DeviceRecord} |
 * | end of a sequence | `{"type":"sequence-end","steps":N}` |
 * | last | `{"type":"end","sequences":N}` |
 *
 * The counts and the last line are how a file that was cut short is distinguished from a whole one. The journal of a run is such a file;
 * see {@linkcode recoverTrace}.
 *
 * @module
 */

import { beginLine, endLine, headerLine, lastLine, stepLine, TRACE_VERSION } from "./_trace_lines.ts";
import { headerLineSchema, lineSchema, type TraceLine } from "./_trace_schema.ts";
import { visible } from "../boards/visible.ts";
import type { DeviceRecord, SequenceTrace, StepTrace, Trace, TraceHeader } from "./trace.ts";

export { TRACE_VERSION } from "./_trace_lines.ts";

// No step of a real run comes near; a line without end must not fill the memory.
const LONGEST_LINE = 64 * 1024 * 1024;

/** `Deno.FsFile.writable` holds small writes back and loses their error at its close (Deno 2.9.6, a full disk); this does not. */
function sinkOf(file: Deno.FsFile): WritableStream<Uint8Array> {
  return new WritableStream({
    async write(chunk) {
      try {
        for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
      } catch (error) {
        file.close();
        throw error;
      }
    },
    close: () => file.close(),
    abort: () => file.close(),
  });
}

/** Writes a trace while it is taken: what was written stays readable up to its last whole sequence, whatever comes. */
export class TraceWriter implements AsyncDisposable {
  #sink: WritableStreamDefaultWriter<Uint8Array>;
  #done: Promise<void>;
  #encoder = new TextEncoder();
  #sequences = 0;
  #steps: number | undefined;

  private constructor(sink: WritableStream<Uint8Array>, done: Promise<void>) {
    this.#sink = sink.getWriter();
    this.#done = done;
    // Both fail together with the next write, which is where the caller learns of it.
    this.#done.catch(() => {});
    this.#sink.closed.catch(() => {});
  }

  /**
   * Begins the file `path`, and replaces one that is there.
   *
   * @throws {Deno.errors.NotFound} and others of {@linkcode Deno.open}
   */
  static async create(path: string, header: TraceHeader): Promise<TraceWriter> {
    const sink = sinkOf(await Deno.open(path, { write: true, create: true, truncate: true }));
    let writer: TraceWriter;
    if (path.endsWith(".gz")) {
      const gzip = new CompressionStream("gzip");
      const done = (gzip.readable as ReadableStream<Uint8Array>).pipeTo(sink);
      writer = new TraceWriter(gzip.writable as WritableStream<Uint8Array>, done);
    } else {
      writer = new TraceWriter(sink, Promise.resolve());
    }
    await writer.#line(headerLine(header));
    return writer;
  }

  async #line(line: string): Promise<void> {
    await this.#sink.write(this.#encoder.encode(line));
  }

  /** Begins a sequence. */
  async begin(about: Omit<SequenceTrace, "steps">): Promise<void> {
    if (this.#steps !== undefined) throw new TypeError("Cannot begin a sequence: the one before has not ended");
    this.#steps = 0;
    this.#sequences++;
    await this.#line(beginLine(about));
  }

  /** Writes a step of the sequence that was begun. */
  async step(step: StepTrace): Promise<void> {
    if (this.#steps === undefined) throw new TypeError("Cannot write a step: no sequence was begun");
    this.#steps++;
    await this.#line(stepLine(step));
  }

  /** Ends the sequence that was begun; `device` is what the emulated device saw in it. */
  async end(device?: DeviceRecord): Promise<void> {
    if (this.#steps === undefined) throw new TypeError("Cannot end a sequence: none was begun");
    const steps = this.#steps;
    this.#steps = undefined;
    await this.#line(endLine(steps, device));
  }

  /** Writes a whole sequence. */
  async sequence(trace: SequenceTrace): Promise<void> {
    await this.begin(trace);
    for (const step of trace.steps) await this.step(step);
    await this.end(trace.device);
  }

  /** Writes the last line, which makes the file a whole one, and closes it. */
  async close(): Promise<void> {
    if (this.#steps !== undefined) throw new TypeError("Cannot end the trace: a sequence has not ended");
    await this.#line(lastLine(this.#sequences));
    await this.#finish();
  }

  #finished = false;
  async #finish(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    try {
      await this.#sink.close();
    } finally {
      await this.#done;
    }
  }

  /** Closes the file as it is: without {@linkcode TraceWriter.close} before, it reads as cut short. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Without close() before, the file is short anyway, and an error has been thrown by what came before.
    await this.#finish().catch(() => {});
  }
}

/** A trace file that is being read. */
export interface TraceReader extends AsyncDisposable {
  /** What the trace was taken from */
  header: TraceHeader;
  /**
   * The sequences in their order, each once it is whole. Throws `SyntaxError` where the file is damaged or cut short, after
   * the sequences before that place. Iterating closes the file; so does disposing of the reader.
   */
  sequences: AsyncIterableIterator<SequenceTrace>;
}

/** Returns the lines of a file with their numbers; what stands after the last newline is a line only if it is not empty. */
async function* numberedLines(path: string): AsyncGenerator<{ number: number; text: string; whole: boolean }> {
  const file = await Deno.open(path);
  let stream: ReadableStream<Uint8Array> = file.readable;
  if (path.endsWith(".gz")) stream = stream.pipeThrough(new DecompressionStream("gzip") as never);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let number = 0;
  try {
    for await (const chunk of stream) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop()!;
      if (rest.length > LONGEST_LINE) throw new TypeError("a line is longer than 64 MiB");
      for (const text of parts) yield { number: ++number, text, whole: true };
    }
    rest += decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Gzip and UTF-8 both report damage, an early end too, as TypeError.
    throw new SyntaxError(
      `Cannot read trace "${visible(path)}": line ${number + 1}: the file is damaged or cut short: ${
        visible(error.message)
      }`,
    );
  }
  if (rest !== "") yield { number: number + 1, text: rest, whole: false };
}

/** Returns the first thing that is wrong, as `op.handle: ...`. */
function firstIssue(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  const issue = error.issues[0]!;
  const at = issue.path.map(String).join(".");
  return visible(at === "" ? issue.message : `${at}: ${issue.message}`);
}

/**
 * Opens a trace file: reads its header, and its sequences as they are asked for.
 *
 * @throws {SyntaxError} naming file and line, if this is no trace of version 1
 */
export async function openTrace(path: string): Promise<TraceReader> {
  const lines = numberedLines(path);
  const fail = (line: number, what: string) =>
    new SyntaxError(`Cannot read trace "${visible(path)}": line ${line}: ${what}`);
  const parse = (line: { number: number; text: string; whole: boolean }): unknown => {
    if (!line.whole) throw fail(line.number, "the file is cut short: this line has no end");
    try {
      return JSON.parse(line.text);
    } catch {
      throw fail(line.number, "is not JSON");
    }
  };

  let header: TraceHeader;
  try {
    const first = await lines.next();
    if (first.done) throw fail(1, "the file is empty");
    const value = parse(first.value) as { twinlink?: unknown; version?: unknown } | null;
    if (value?.twinlink !== "trace") throw fail(1, "is not the header of a trace");
    if (value.version !== TRACE_VERSION) {
      throw fail(
        1,
        `the version is ${visible(JSON.stringify(value.version) ?? "missing")}, this reads ${TRACE_VERSION}`,
      );
    }
    const parsed = headerLineSchema.safeParse(value);
    if (!parsed.success) throw fail(1, firstIssue(parsed.error));
    const { twinlink: _, version: __, ...rest } = parsed.data;
    header = rest;
  } catch (error) {
    await lines.return(undefined);
    throw error;
  }

  async function* sequences(): AsyncGenerator<SequenceTrace> {
    let open: SequenceTrace | undefined;
    let count = 0;
    let ended = false;
    let last = 1;
    for await (const line of lines) {
      last = line.number;
      const value = parse(line);
      if (ended) throw fail(line.number, "stands after the end of the trace");
      const parsed = lineSchema.safeParse(value);
      if (!parsed.success) throw fail(line.number, firstIssue(parsed.error));
      // The value as it was written: zod would put the keys in another order.
      const data = value as TraceLine;
      if (data.type === "sequence") {
        if (open) throw fail(line.number, "a sequence begins, but the one before has not ended");
        const { type: _, ...about } = data;
        open = { ...about, steps: [] };
      } else if (data.type === "step") {
        if (!open || open.device) throw fail(line.number, "a step stands outside of a sequence");
        const { type: _, ...step } = data;
        open.steps.push(step);
      } else if (data.type === "device") {
        if (!open || open.device) throw fail(line.number, "what the device saw stands outside of a sequence");
        const { type: _, ...device } = data;
        open.device = device;
      } else if (data.type === "sequence-end") {
        if (!open) throw fail(line.number, "a sequence ends, but none has begun");
        if (open.steps.length !== data.steps) {
          throw fail(line.number, `the sequence should have ${data.steps} steps, but ${open.steps.length} are here`);
        }
        const whole = open;
        open = undefined;
        count++;
        yield whole;
      } else {
        if (open) throw fail(line.number, "the trace ends inside a sequence");
        if (data.sequences !== count) {
          throw fail(line.number, `the trace should have ${data.sequences} sequences, but ${count} are here`);
        }
        ended = true;
      }
    }
    if (!ended) throw fail(last, "the file is cut short: its end line is missing");
  }
  return {
    header,
    sequences: sequences(),
    async [Symbol.asyncDispose]() {
      await lines.return(undefined);
    },
  };
}

/**
 * Reads a whole trace.
 *
 * @throws {SyntaxError} naming file and line, if anything about it is wrong, also if it was cut short
 */
export async function readTrace(path: string): Promise<Trace> {
  const { header, sequences } = await openTrace(path);
  return { header, sequences: await Array.fromAsync(sequences) };
}

/** Writes a whole trace. */
export async function writeTrace(path: string, trace: Trace): Promise<void> {
  await using writer = await TraceWriter.create(path, trace.header);
  for (const sequence of trace.sequences) await writer.sequence(sequence);
  await writer.close();
}
