import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  DEVICE_RECORD_VERSION,
  type DeviceEvent,
  DeviceRecorder,
  eventLines,
  eventsByStep,
  LONGEST_EVENT,
  LONGEST_LOG,
  MOST_WRONG,
} from "./device_record.ts";
import { judge } from "./judge.ts";
import { detailLines } from "./lines.ts";
import { sample } from "./testing.ts";
import type { DeviceRecord } from "./trace.ts";

const command = (name: string, status = "OK", more: Record<string, unknown> = {}): DeviceEvent => ({
  event: "command",
  command: name,
  ...more,
  status,
});
const begins = (step: number): DeviceEvent => ({ event: "step", step });

/** Returns the record of these events, in this order. */
function recordOf(...events: DeviceEvent[]): DeviceRecord {
  const recorder = new DeviceRecorder();
  for (const event of events) recorder.add(event);
  return recorder.take()!;
}

const logOf = (text: string | Uint8Array): DeviceRecord => ({
  version: DEVICE_RECORD_VERSION,
  events: 1,
  log: gzipSync(text).toString("base64"),
});

Deno.test("device record: events come back in their order, each in its step, equal ones counted", () => {
  const recorder = new DeviceRecorder();
  const create = command("CREATE_MKEY", "OK", { count: 100 });
  const events = [
    command("QUERY_ISSI"),
    begins(1),
    begins(2),
    command("NOP"),
    command("NOP"),
    command("NOP", "BAD_OP_ERR"),
    create,
    create,
    begins(3),
    { event: "reset", kind: "flr" },
  ];
  for (const event of events) recorder.add(event);
  const record = recorder.take()!;
  assertEquals([record.events, record.left, record.wrong], [7, undefined, undefined]);
  assertEquals([...eventsByStep(record)], [
    [0, [command("QUERY_ISSI")]],
    [2, [command("NOP", "OK", { count: 2 }), command("NOP", "BAD_OP_ERR"), { ...create, count: 200 }]],
    [3, [{ event: "reset", kind: "flr" }]],
  ]);
  // The next sequence begins with nothing, before its first step.
  assertEquals(recorder.take(), undefined);
  recorder.add(begins(1));
  assertEquals(recorder.take(), undefined);
  recorder.add(command("NOP"));
  assertEquals([...eventsByStep(recorder.take()!).keys()], [0]);
});

Deno.test("device record: events of a test's fault and its command are one line", () => {
  const fault = { event: "fault", command: "INIT_HCA", nth: 1, status: "LIM_ERR" };
  assertEquals(
    eventLines([
      command("QUERY_HCA_CAP", "OK", { op_mod: 9, in: "00ff" }),
      fault,
      command("INIT_HCA", "LIM_ERR"),
      command("INIT_HCA", "LIM_ERR"),
      fault,
      command("NOP", "OK", { count: 3 }),
      { event: "fault", access: "HPKT write", nth: 2, status: "BUSY" },
      { event: "access", access: "HPKT write", in: "00", status: "BUSY" },
      { event: "access", access: "HPKT write", in: "00", status: "SUCCESS" },
    ]),
    [
      "QUERY_HCA_CAP op_mod=9 OK",
      "INIT_HCA LIM_ERR, as the test asked",
      "INIT_HCA LIM_ERR",
      "fault: command=INIT_HCA nth=1 status=LIM_ERR",
      "NOP OK, 3 times",
      "HPKT write BUSY, as the test asked",
      "HPKT write SUCCESS",
    ],
  );
});

Deno.test("device record: its size has a bound; steps and wrong accesses beyond it are still stored", () => {
  const recorder = new DeviceRecorder();
  const long = "x".repeat(LONGEST_EVENT - 100);
  const many = Math.ceil(LONGEST_LOG / long.length) + 50;
  for (let i = 0; i < many; i++) recorder.add(command(`C${i}`, "OK", { long }));
  recorder.add(begins(2));
  for (let i = 0; i < 2 * MOST_WRONG; i++) recorder.add({ event: "wrong", reason: `r${i}` + "y".repeat(5000) });
  recorder.add({ event: "huge", text: "z".repeat(1_000_000) });
  recorder.add(begins(3));
  recorder.add(command("NOP"));
  const record = recorder.take()!;
  assertEquals(record.events, many + 2 * MOST_WRONG + 2);
  assert(gunzipSync(Uint8Array.fromBase64(record.log)).length < LONGEST_LOG + 1000);
  const steps = eventsByStep(record);
  const kept = [...steps.values()].reduce((sum, events) => sum + events.length, 0);
  assertEquals(kept + record.left!, record.events);
  assert(record.left! >= 50);
  assertEquals([record.wrong!.count, record.wrong!.first.length], [2 * MOST_WRONG, MOST_WRONG]);
  assert(record.wrong!.first.every(({ step, text }) => step === 2 && text.length <= LONGEST_EVENT));
  // A long event is cut, and the record has space for the next one.
  const [cut, next] = eventsByStep(recordOf({ event: "huge", text: "z".repeat(1_000_000) }, command("NOP"))).get(0)!;
  assertEquals([cut!.event, next], ["huge", command("NOP")]);
  assert(String(cut!["text"]).length < LONGEST_EVENT);
});

Deno.test("device record: a log that is damaged, or grows without end, is refused", () => {
  const whole = recordOf(command("NOP"));
  const cases: [DeviceRecord, string][] = [
    [{ ...whole, log: whole.log.slice(0, 12) }, ""],
    [{ ...whole, log: "%" }, ""],
    [{ ...whole, log: btoa("no gzip") }, ""],
    [logOf(new Uint8Array(64 * 1024 * 1024)), ""],
    [logOf("null\n"), "a line is no event"],
    [logOf('{"event":7}\n'), "a line is no event"],
    [logOf("{\n"), ""],
    [logOf(Uint8Array.of(0xff, 0x0a)), ""],
  ];
  for (const [record, why] of cases) {
    const { message } = assertThrows(() => eventsByStep(record), SyntaxError);
    assertStringIncludes(message, `Cannot read the log of the emulated device: ${why}`);
  }
});

Deno.test("judge: the device's events change no verdict; a failed step shows the last events", () => {
  const commands = Array.from({ length: 30 }, (_, i) => command(`C${i}`));
  const device = recordOf(begins(9), ...commands, begins(10), command("NOP"));
  const differs = sample("ens1", "ens2");
  differs.steps[8]!.observation!.result = "EIO";
  for (const observed of [sample("ens1", "ens2"), differs]) {
    const [without, verdict] = [judge(sample(), observed), judge(sample(), { ...observed, device })];
    assertEquals({ ...verdict, steps: verdict.steps.map(({ device: _, ...step }) => step) }, without as typeof verdict);
    // The model predicts no device events, and they are not compared.
    assertEquals(judge({ ...sample(), device: recordOf(command("NOP")) }, observed), without);
  }
  const { steps } = judge(sample(), { ...differs, device });
  const last = Array.from({ length: 8 }, (_, i) => `C${i + 22} OK`);
  assertEquals(steps.flatMap(({ id, device }) => device ? [[id, device]] : []), [[9, ["... 22 before", ...last]]]);
  const lines = detailLines(judge(sample(), { ...differs, device })).map((line) => line.trim());
  assertEquals(lines.slice(lines.indexOf("emulated device")).slice(1, 10), ["... 22 before", ...last]);
});

Deno.test("judge: a wrong access is a note, whatever the verdict; so is a log that is damaged", () => {
  const wrong = (reason: string): DeviceEvent => ({ event: "wrong", reason });
  const device = recordOf(
    wrong("at boot"),
    begins(2),
    { event: "defect", reason: "TypeError" },
    ...Array.from({ length: 9 }, (_, i) => wrong(`r${i}`)),
  );
  const { verdict, notes } = judge(sample(), { ...sample("ens1", "ens2"), device });
  const what = "wrong access to the emulated device, or a defect of it,";
  assertEquals([verdict, notes], ["agree", [
    `${what} before step 1: wrong: reason=at boot`,
    `${what} in step 2: defect: reason=TypeError`,
    `${what} in step 2: wrong: reason=r0`,
    "8 more wrong accesses to the emulated device",
  ]]);
  const differs = sample("ens1", "ens2");
  differs.steps[8]!.observation!.result = "EIO";
  const damaged = judge(sample(), { ...differs, device: { ...device, log: "AAAA" } });
  assertEquals([damaged.verdict, damaged.notes.length], ["diverge", 5]);
  assertStringIncludes(damaged.notes.at(-1)!, "Cannot read the log of the emulated device: ");
});
