/** Text of a board that would act on a terminal: in every output it is an escape, and traces read back as it was. */

import { assertEquals, assertNotEquals } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { jsonLine, visible } from "../boards/mod.ts";
import { emptyObservation } from "../model/observation.ts";
import { LineRecord } from "../runners/lines/line_record.ts";
import { sshReason } from "../runners/lines/ssh_reason.ts";
import { lastLine } from "../runners/lines/plain_text.ts";
import { DeviceRecorder, eventsByStep } from "./device_record.ts";
import { judge } from "./judge.ts";
import { jsonlReporter } from "./report/report_jsonl.ts";
import { junitReporter } from "./report/report_junit.ts";
import { ktapReporter } from "./report/report_ktap.ts";
import { terminalReporter } from "./report/report_terminal.ts";
import type { Reporter, Write } from "./report/reporter.ts";
import { readTrace, writeTrace } from "./trace_file.ts";
import { recoverTrace, TraceJournal } from "./trace_journal.ts";
import type { SequenceTrace, StepTrace, Trace, TraceHeader } from "./trace.ts";
import { summarise } from "./verdict.ts";

/** C0, DEL, C1, directions, what takes no space, line ends of Unicode, halves of a character, tags, what is no character. */
const POINTS = [
  ...Array.from({ length: 0x20 }, (_, i) => i),
  ...Array.from({ length: 0x21 }, (_, i) => 0x7f + i),
  ...[0xad, 0x34f, 0x61c, 0x115f, 0x17b4, 0x180e, 0x3164, 0xfe0f, 0xfeff, 0xfff9, 0xfffe, 0xffff, 0xd800, 0xdc00],
  ...Array.from({ length: 5 }, (_, i) => 0x200b + i),
  ...Array.from({ length: 7 }, (_, i) => 0x2028 + i),
  ...Array.from({ length: 0x10 }, (_, i) => 0x2060 + i),
  ...[0x1d173, 0xe0001, 0xe0041, 0x1fffe],
];
// Each between letters: halves side by side would be one character.
const HOSTILE = POINTS.map((point) => `<${String.fromCodePoint(point)}>`).join("");
const RAW = new Set(POINTS.map((point) => String.fromCodePoint(point)));

/** Returns the characters of a text that are not to be there; line feeds end lines. */
function raw(text: string): string[] {
  const found = [...text].filter((character) => character !== "\n" && RAW.has(character));
  return [...new Set(found)].map((character) => character.codePointAt(0)!.toString(16));
}

const HEADER: TraceHeader = {
  board: `b${HOSTILE}`,
  transport: "serial",
  era: "6.12",
  kernel: `6.12${HOSTILE}`,
  iproute2: `iproute2${HOSTILE}`,
  has: [HOSTILE],
};

/** Returns a sequence in which the board reports it on every channel, and is lost with it. */
function observed(text: string): SequenceTrace {
  const steps: StepTrace[] = [
    {
      id: 1,
      phase: "body",
      op: { kind: "file.write", path: `/sys/${text}`, value: text },
      observation: {
        ...emptyObservation(),
        result: text,
        extack: { level: "error", text, prefix: text },
        reply: { [text]: [text] },
        notify: { [text]: [{ command: text, object: text, handle: text, attributes: { [text]: text } }] },
        link: { [text]: [{ event: "new", ifname: text, flags: [text], operstate: text }] },
        sysfs: text,
        kmsg: [{ class: "oops", text }, { class: "info", text }],
      },
    },
    { id: 2, phase: "body", op: { kind: "wait", ms: 1 }, lost: { reason: "transport", detail: text } },
  ];
  const recorder = new DeviceRecorder();
  recorder.add({ event: "wrong", written: text, [text]: [text] });
  recorder.add({ event: "step", step: 1 });
  recorder.add({ event: text, command: text, status: text });
  return { suite: text, sequence: text, source: text, steps, boot: text, device: recorder.take()! };
}

/** Returns the model's side of the same sequence: nothing was printed. */
function expected(text: string): SequenceTrace {
  const steps = observed(text).steps.map(({ lost: _, ...step }) => ({ ...step, observation: emptyObservation() }));
  return { ...observed(text), steps };
}

const TRACE: Trace = { header: HEADER, sequences: [observed(HOSTILE)] };
const verdict = () => judge(expected(HOSTILE), observed(HOSTILE));

const REPORTERS: Record<string, (write: Write) => Reporter> = {
  jsonl: jsonlReporter,
  junit: junitReporter,
  ktap: ktapReporter,
  terminal: (write) => terminalReporter(write, { color: false }),
};

for (const [name, make] of Object.entries(REPORTERS)) {
  Deno.test(`hostile text: nothing of it is raw in the report ${name}`, () => {
    let text = "";
    const reporter = make((piece) => text += piece);
    reporter.begin(HEADER);
    reporter.sequence(verdict());
    // What is skipped, and why, is reported elsewhere.
    reporter.sequence(
      judge(expected(HOSTILE), observed(HOSTILE), { unsupported: { needer: HOSTILE, needs: HOSTILE } }),
    );
    reporter.sequence(judge(expected(HOSTILE), { ...observed(HOSTILE), sequence: `${HOSTILE}!` }));
    reporter.end(summarise([verdict()]));
    assertEquals(raw(text), []);
    assertNotEquals(text, "");
  });
}

Deno.test("hostile text: a trace has none of it raw, reads back as it was, and is judged alike", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const name of ["t.jsonl", "t.jsonl.gz"]) {
      await writeTrace(`${dir}/${name}`, TRACE);
      const again = await readTrace(`${dir}/${name}`);
      assertEquals(again, TRACE);
      assertEquals(judge(expected(HOSTILE), again.sequences[0]!), verdict());
    }
    const text = await Deno.readTextFile(`${dir}/t.jsonl`);
    assertEquals(raw(text), []);
    assertEquals(text.split("\n").length, 8);
    const [line] = eventsByStep(TRACE.sequences[0]!.device!).get(1)!;
    assertEquals(line, { event: HOSTILE, command: HOSTILE, status: HOSTILE });
    assertEquals(raw(new TextDecoder().decode(gunzipSync(Uint8Array.fromBase64(TRACE.sequences[0]!.device!.log)))), []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("hostile text: a journal holds no raw character of it, and resumes as it was", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/journal.jsonl`;
    const journal = await TraceJournal.create(path, HEADER);
    await journal.begin(TRACE.sequences[0]!);
    for (const step of TRACE.sequences[0]!.steps) journal.step(step);
    await journal.end(TRACE.sequences[0]!);
    await journal.close(false);
    assertEquals(raw(await Deno.readTextFile(path)), []);
    const recovered = await recoverTrace(path);
    assertEquals({ header: recovered?.header, sequences: recovered?.sequences } as unknown, TRACE);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("hostile text: the times of a console's record have none of it raw", async () => {
  const dir = await Deno.makeTempDir();
  try {
    // As it comes over a line: what is no UTF-8 is replaced there.
    const said = HOSTILE.toWellFormed();
    {
      using record = new LineRecord(`${dir}/r`, { title: HOSTILE });
      record.received(new TextEncoder().encode(said));
      record.received(Uint8Array.of(0xff, 0x9b, 0xc2, 0x9b));
    }
    const cast = await Deno.readTextFile(`${dir}/r.cast`);
    assertEquals(raw(cast), []);
    const events = cast.trim().split("\n").slice(1).map((line) => JSON.parse(line)[2]);
    assertEquals(events.join(""), `${said}\ufffd\ufffd\u009b`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("hostile text: messages, and what ssh and a line said last", () => {
  assertEquals(raw(visible(HOSTILE)), []);
  assertEquals(raw(jsonLine({ [HOSTILE]: HOSTILE })), []);
  assertEquals(JSON.parse(jsonLine(HOSTILE)), HOSTILE);
  assertEquals(raw(lastLine(HOSTILE)), []);
  for (
    const said of [HOSTILE, `x\nUnable to negotiate with h: ${HOSTILE}.`, `Could not resolve hostname h: ${HOSTILE}`]
  ) {
    assertEquals(raw(visible(sshReason(said).text)), []);
  }
});
