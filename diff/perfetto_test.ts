import { assertEquals, assertMatch } from "@std/assert";
import { PbfReader } from "pbf";
import { PerfettoWriter } from "./perfetto.ts";
import { EVIL } from "./report/html/testing.ts";
import { sample } from "./testing.ts";
import type { SequenceTrace } from "./trace.ts";

type Message = Record<number, (string | number | Message)[]>;

/** The messages of Perfetto that are read here: the type of each field, or the fields of the message in it. */
interface Schema {
  [field: number]: "text" | "number" | Schema;
}
const DETAIL: Schema = { 6: "text", 10: "text" };
const PACKET: Schema = {
  8: "number",
  10: "number",
  11: { 4: DETAIL, 9: "number", 11: "number", 23: "text" },
  13: "number",
  60: { 1: "number", 2: "text", 3: { 1: "number", 6: "text" }, 5: "number" },
};

function read(reader: PbfReader, schema: Schema): Message {
  const fields = (tag: number, into: Message, from: PbfReader) => {
    const type = schema[tag];
    if (type === undefined) throw new Error(`field ${tag} is not one of ${Object.keys(schema)}`);
    const value = type === "text" ? from.readString() : type === "number" ? from.readVarint() : read(from, type);
    (into[tag] ??= []).push(value);
  };
  return reader.readMessage(fields, {});
}

/** Returns the packets of a file. */
function packets(bytes: Uint8Array): Message[] {
  const found: Message[] = [];
  new PbfReader(bytes).readFields((tag, into, reader) => {
    assertEquals(tag, 1);
    into.push(read(reader, PACKET));
  }, found);
  return found;
}

const HEADER = { board: "b", transport: "ssh", era: "6.12", kernel: "6.12.1", iproute2: "" };

function timed(start: number): SequenceTrace {
  const trace = sample();
  for (const step of trace.steps) step.board = { start: start + 100 * step.id, end: start + 100 * step.id + 50 };
  return trace;
}

/** Returns the events of each track, by the name of the track: `begin 0.1 NAME`. */
function tracks(bytes: Uint8Array): Map<string, { type: number; ns: number; name: string }[]> {
  const all = packets(bytes);
  const names = new Map<number, string>();
  const found = new Map<string, { type: number; ns: number; name: string }[]>();
  for (const packet of all) {
    assertEquals(packet[10], [1]);
    const track = packet[60]?.[0] as Message | undefined;
    if (track) {
      const process = track[3]?.[0] as Message | undefined;
      names.set(track[1]![0] as number, (process ? process[6]![0] : track[2]![0]) as string);
      if (!process) assertEquals(names.has(track[5]![0] as number), true);
      continue;
    }
    const event = packet[11]![0] as Message;
    const name = names.get(event[11]![0] as number)!;
    const one = { type: event[9]![0] as number, ns: packet[8]![0] as number, name: (event[23]?.[0] ?? "") as string };
    found.set(name, [...found.get(name) ?? [], one]);
  }
  assertEquals(all.filter((packet) => packet[13]).length, 1);
  return found;
}

Deno.test("perfetto: sequences, steps, messages and the kernel log are tracks on the board's clock", () => {
  const writer = new PerfettoWriter();
  writer.board(HEADER);
  writer.sequence(timed(0));
  const found = tracks(writer.finish());
  const trace = sample();
  const steps = found.get("steps")!;
  assertEquals(steps.map(({ type }) => type), trace.steps.flatMap(() => [1, 2]));
  assertEquals(steps.slice(0, 2).map(({ ns }) => ns), [100e6, 150e6]);
  assertMatch(steps[4]!.name, /^3\. ip link set dev /);
  assertEquals(found.get("sequences")!.map(({ type, ns }) => [type, ns]), [[1, 100e6], [2, 1250e6]]);
  const messages = found.get("devlink messages")!;
  const expected = trace.steps.flatMap(({ observation }) => Object.values(observation!.notify).flat());
  assertEquals(
    messages.map(({ name }) => name.split(" ").slice(0, 2).join(" ")),
    expected.map(({ command, object }) => `${command} ${object}`),
  );
  // Each within its step.
  const within = ({ ns }: { ns: number }) =>
    steps.some((step, i) => step.type === 1 && step.ns < ns && ns < steps[i + 1]!.ns);
  assertEquals(messages.every(within), true);
  assertEquals(found.get("kernel log")!.map(({ name }) => name), ["Failed to register fib notifier"]);
});

Deno.test("perfetto: no track goes back in time, also where a board rebooted or has no clock; boards have tracks of their own", () => {
  const writer = new PerfettoWriter();
  for (const board of ["a", "b"]) {
    writer.board({ ...HEADER, board });
    for (const trace of [timed(60_000), timed(0), sample(), timed(500)]) writer.sequence(trace);
  }
  const bytes = writer.finish();
  const uuids = packets(bytes).flatMap((packet) => (packet[60]?.[0] as Message | undefined)?.[1] ?? []);
  assertEquals(uuids, Array.from({ length: 14 }, (_, i) => i + 1));
  const last = new Map<number, number>();
  for (const packet of packets(bytes)) {
    const event = packet[11]?.[0] as Message | undefined;
    if (!event) continue;
    const track = event[11]![0] as number;
    const ns = packet[8]![0] as number;
    assertEquals(ns >= (last.get(track) ?? 0), true);
    last.set(track, ns);
  }
  assertEquals(last.get(3)! > 62e9, true);
});

Deno.test("perfetto: text of a board is safe, and short", () => {
  const writer = new PerfettoWriter();
  writer.board({ ...HEADER, board: EVIL });
  const trace = timed(0);
  trace.steps[9]!.observation!.kmsg = [{ class: "info", text: EVIL + "x".repeat(1 << 20) }];
  writer.sequence(trace);
  const bytes = writer.finish();
  assertEquals(bytes.length < 100_000, true);
  assertEquals(new TextDecoder().decode(bytes).includes("\u001b[2J"), false);
});
