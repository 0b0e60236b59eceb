/** Announcements that work of the kernel sends after the step that caused them. */

import { assertEquals } from "@std/assert";
import { emptyObservation, type Json, NOT_KNOWN, type Notification } from "../model/observation.ts";
import type { Operation } from "../model/operation.ts";
import { judge } from "./judge.ts";
import type { SequenceTrace } from "./trace.ts";

const HANDLE = "pci/0000:01:00.0";
const dev = (reloads: number, nested: Json | undefined = { "auxiliary/a.0": {} }): Notification => ({
  command: "new",
  object: "dev",
  handle: HANDLE,
  attributes: { reloads, ...(nested === undefined ? {} : { nested_devlink: nested }) },
});

const RELOAD: Operation = { kind: "dev.reload", handle: HANDLE };

const trace = (op: Operation, ...steps: Notification[][]): SequenceTrace => ({
  suite: "s",
  sequence: "q",
  source: "test",
  steps: steps.map((init, i) => ({
    id: i + 1,
    phase: "body",
    op,
    observation: { ...emptyObservation(), notify: init.length > 0 ? { init } : {} },
  })),
});

const verdictOf = (expected: Notification[][], observed: Notification[][], op: Operation = RELOAD) =>
  judge(trace(op, ...expected), trace(op, ...observed)).verdict;

Deno.test("announcements of an instance with a nested one may come with the next step, and no others may", () => {
  const [one, two] = [dev(1), dev(2)];
  const expected = [[one, one, one], [two, two, two]];
  assertEquals(verdictOf(expected, expected), "agree");
  assertEquals(verdictOf(expected, [[one, one], [one, two, two, two]]), "agree");
  assertEquals(verdictOf(expected, [[one], [one, one, two, two, two]]), "agree");
  assertEquals(verdictOf(expected, [[one, one, one], [one, two, two, two]]), "diverge", "one too many");
  assertEquals(verdictOf(expected, [[], [one, one, one, two, two, two]]), "diverge", "the reload itself sends one");
  assertEquals(verdictOf(expected, [[one, one, two], [two, two, two]]), "diverge", "of another content");
  // The partner of a message shows what of it the model does not know; a message that comes late has none
  const more = (message: Notification, remote: Json): Notification => ({
    ...message,
    attributes: { ...message.attributes, remote },
  });
  const unknown = expected.map((messages) => messages.map((message) => more(message, NOT_KNOWN)));
  const [first, second] = [more(one, 3), more(two, 3)];
  assertEquals(verdictOf(unknown, [[first, first], [first, second, second, second]]), "agree");
  assertEquals(verdictOf([unknown[0]!, []], [[first, first], [first]]), "agree");
  assertEquals(verdictOf([unknown[0]!, []], [[first, first], [second]]), "diverge");
  const plain = [dev(1, undefined), dev(2, undefined)];
  assertEquals(verdictOf([plain, []], [[plain[0]!], [plain[1]!]]), "diverge", "nothing is nested");
});

Deno.test("a recovery announces nothing by itself: all of its announcements may come with the next step", () => {
  const port: Notification = { command: "new", object: "port", handle: `${HANDLE}/1`, attributes: { type: "eth" } };
  const one = dev(1);
  const recover: Operation = { kind: "health.recover", handle: HANDLE, reporter: "fw_fatal" };
  const expected = [[port, one, one], [port]];
  for (const observed of [[[port, one, one], [port]], [[port, one], [one, port]], [[port], [one, one, port]]]) {
    assertEquals(verdictOf(expected, observed, recover), "agree");
  }
  assertEquals(verdictOf(expected, [[port], [one, one, port]]), "diverge", "a reload sends one");
  assertEquals(verdictOf(expected, [[port], [one, one, one, port]], recover), "diverge", "one too many");
  assertEquals(verdictOf(expected, [[port], [dev(2), dev(2), port]], recover), "diverge", "of another content");
  assertEquals(verdictOf(expected, [[], [port, one, one, port]], recover), "diverge", "a port does not come late");
});
