import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { sample, sequence, step } from "./testing.ts";
import { readTrace, writeTrace } from "./trace_file.ts";
import { recoverTrace, TraceJournal } from "./trace_journal.ts";
import type { SequenceTrace, StepTrace, Trace } from "./trace.ts";

const lost = (id: number, reason: "timeout" | "crash"): StepTrace => ({
  id,
  phase: "body",
  op: { kind: "dev.show" },
  lost: { reason, detail: "ü" },
});

const trace: Trace = {
  header: { board: "b", transport: "ssh", era: "6.12", kernel: "6.12.1", iproute2: "7.3", has: ["devlink", "pcs"] },
  sequences: [
    { ...sample(), boot: "first", hardware: ["stmmac_sgmii"], device: { version: 1, events: 2, log: "AAAA" } },
    { ...sequence(step(1, { kind: "dev.show" }), lost(2, "crash")), sequence: "second" },
  ],
};

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(`${folder}/t.jsonl`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function journal(path: string, sequences: readonly SequenceTrace[], whole = true): Promise<void> {
  const journal = await TraceJournal.create(path, trace.header);
  for (const one of sequences) {
    await journal.begin(one);
    for (const step of one.steps) journal.step(step);
    await journal.end(one);
  }
  await journal.close(whole);
}

Deno.test("a journal is a trace like any other", () =>
  inFolder(async (path) => {
    await journal(path, trace.sequences);
    assertEquals(await readTrace(path), trace);
    const written = await Deno.readTextFile(path);
    await writeTrace(path, trace);
    assertEquals(await Deno.readTextFile(path), written);
  }));

Deno.test("what is reported of steps is on the disk before their sequence ends", () =>
  inFolder(async (path) => {
    const journal = await TraceJournal.create(path, trace.header);
    const [first] = trace.sequences as [SequenceTrace];
    await journal.begin(first);
    const { device: _, ...told } = first;
    assertEquals((await recoverTrace(path))?.cut, { ...told, steps: [] });
    for (const step of first.steps) journal.step(step);
    await journal.close(false);
    assertEquals((await recoverTrace(path))?.cut, told);
  }));

Deno.test("steps are saved as what they turn out to be in the end", () =>
  inFolder(async (path) => {
    const [first, second] = trace.sequences as [SequenceTrace, SequenceTrace];
    const journal = await TraceJournal.create(path, trace.header);
    await journal.begin(first);
    await journal.end(first);
    await journal.begin(second);
    journal.step(second.steps[0]!);
    journal.step(lost(2, "timeout"));
    await journal.end(second);
    await journal.close(true);
    assertEquals(await readTrace(path), trace);
  }));

Deno.test("wherever it is cut, all whole sequences are there, and the journal goes on to the same file", () =>
  inFolder(async (path) => {
    await journal(path, trace.sequences);
    const bytes = await Deno.readFile(path);
    const ends = trace.sequences.map((_, i) => {
      const text = new TextDecoder().decode(bytes);
      let at = -1;
      for (let n = 0; n <= i; n++) at = text.indexOf('{"type":"sequence-end"', at + 1);
      return new TextEncoder().encode(text.slice(0, text.indexOf("\n", at) + 1)).length;
    });
    // Not each byte: it is synced many times for one.
    const lengths = Array.from({ length: 40 }, (_, i) => Math.floor(i * bytes.length / 40));
    for (const length of [...lengths, ...ends.flatMap((end) => [end - 1, end, end + 1]), bytes.length - 1]) {
      await Deno.writeFile(path, bytes.subarray(0, length));
      const found = await recoverTrace(path);
      const whole = ends.filter((end) => end <= length).length;
      assertEquals(found?.sequences ?? [], trace.sequences.slice(0, whole), `cut at ${length}`);
      if (!found) continue;
      const going = await TraceJournal.goOn(path, found);
      for (const one of trace.sequences.slice(whole)) {
        await going.begin(one);
        await going.end(one);
      }
      await going.close(true);
      assertEquals(await Deno.readFile(path), bytes, `cut at ${length}`);
    }
  }));

Deno.test("a line that a dying machine left unwritten is dropped; damage before that is an error", () =>
  inFolder(async (path) => {
    await journal(path, trace.sequences, false);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text + "\0".repeat(40) + "\n\0\0");
    assertEquals((await recoverTrace(path))?.sequences, trace.sequences);
    const damaged = text.split("\n").map((line, i) => i === 2 ? line.slice(0, 10) : line).join("\n");
    await Deno.writeTextFile(path, damaged);
    const error = await assertRejects(() => recoverTrace(path), SyntaxError);
    assertStringIncludes(error.message, `Cannot read trace "${path}": line 3: the file is damaged`);
    assertEquals(await recoverTrace(`${path}.nowhere`), undefined);
  }));
