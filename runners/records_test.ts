import { assertEquals } from "@std/assert";
import { type PlanRecord, readRecord, readStep, type StepPart } from "./records.ts";

/** A record as the agent writes it: its head, the parts in front, what the streams said, its end. */
function record(front: string[], streams: string[], end: string[] = []): string {
  const sections = [...front, ...streams, ...end, "end\n"];
  return `7 steps a1 6\n${sections.map((section) => `\n--n ${section}`).join("")}`;
}

const step = (id: number, rest: string, err = "") => `step ${id}\n${rest}\n\n--n err\n${err}`;

const text = (part: StepPart | undefined, name: string) => part?.sections.find((each) => each.name === name)?.text;

/** Three steps, of a server and of processes of their own, and something behind the last mark. */
const THREE = record(
  [
    step(4, "0 5.10 5.11 j_init.0"),
    step(5, "1 5.11 5.25 p.0", "Error: netdevsim: no\n"),
    step(6, "0 5.30 5.31 j_init.0"),
  ],
  [
    'notify init\n{"command":"new"}\n@4\n\n@5\n{"command":"old"}\n@6\n{"command":"late"}',
    "kmsg\n6,1,5100000,-;four\n@4\n6,2,5200000,-;five\n6,3,5200001,-;five again\n@5\n@6\n",
    'o j_init.0\n{"dev":4}\n\n--n @4\n,{"dev":6}\n\n--n @6\n\n',
    "o p.0\nplain\n--n poll 5.12\n[]\n--n @5\n\n",
  ],
);

Deno.test("readRecord(): of several steps each has what was said up to its mark", () => {
  const found = readRecord(THREE, "n");
  assertEquals(found?.parts.map(({ id, rc, start, end }) => [id, rc, start, end]), [
    [4, "0", 5.1, 5.11],
    [5, "1", 5.11, 5.25],
    [6, "0", 5.3, 5.31],
  ]);
  const [four, five, six] = found!.parts;
  assertEquals([four, five, six].map((part) => text(part, "notify init")?.trim()), [
    '{"command":"new"}',
    "",
    '{"command":"old"}',
  ]);
  assertEquals(text(five, "kmsg"), "6,2,5200000,-;five\n6,3,5200001,-;five again\n");
  assertEquals(text(five, "err"), "Error: netdevsim: no\n");
  // What a server printed is of the step that it did; the comma of a batch is none of it.
  assertEquals([four, five, six].map((part) => text(part, "out")?.trim()), ['{"dev":4}', "plain", '{"dev":6}']);
  assertEquals(text(five, "poll 5.12"), "[]");
  assertEquals(text(six, "poll 5.12"), undefined);
});

Deno.test("readRecord(): what stands behind the last mark is left for the next step", () => {
  const found = readRecord(THREE, "n");
  assertEquals(found?.rest, [{ name: "notify init", text: '{"command":"late"}' }]);
  assertEquals(found?.done, undefined);
});

Deno.test("readRecord(): a record that is not whole is none, wherever it ends", () => {
  for (let length = 0; length < THREE.length - "\n".length; length++) {
    assertEquals(readRecord(THREE.slice(0, length), "n"), undefined, THREE.slice(0, length));
  }
});

Deno.test("readRecord(): damage is never taken for evidence of another step", () => {
  const parts = (body: string) => readRecord(body, "n")?.parts;
  // A result that is no number, a bound of another session, a mark in front of all servers, a section of nobody.
  assertEquals(parts(THREE.replace("0 5.30", "O 5.30")), undefined);
  assertEquals(parts(THREE.replaceAll("--n ", "--m ")), undefined);
  assertEquals(parts(record([step(1, "0 1 2")], ["@1\n"])), undefined);
  assertEquals(parts("7 steps a1 6\n\n--n err\n\n--n end\n"), undefined);
  assertEquals(parts(THREE.replace("7 steps", "7 answer")), undefined);
  // A server's output behind a mark of a step that another one did is of neither.
  const other = readRecord(THREE.replace("--n @6", "--n @5"), "n")!;
  assertEquals(other.parts.map((part) => text(part, "out")?.trim()), ['{"dev":4}', "plain", undefined]);
});

Deno.test("readRecord(): nothing of a record in which a monitor lost something is evidence", () => {
  const found = readRecord(
    record(
      [
        step(1, "0 1 2"),
        "lost ip monitor in netns init lost messages: 3 drops, 0 bytes waiting\n",
        step(2, "0 2 3"),
        "lost ip monitor in netns init lost messages: 3 drops, 0 bytes waiting\n",
      ],
      [],
      ["done \n"],
    ),
    "n",
  ) as PlanRecord;
  assertEquals([found.parts.length, found.done], [2, "done"]);
  for (const part of found.parts) {
    const traced = readStep({ id: part.id, phase: "body", op: { kind: "wait", ms: 1 } }, part, new Map());
    assertEquals(traced.lost, {
      reason: "overrun",
      detail: "ip monitor in netns init lost messages: 3 drops, 0 bytes waiting",
    });
  }
});

Deno.test("readRecord(): the last record of a plan says whether the kernel broke", () => {
  assertEquals(readRecord(record([], [], ["done broken\n"]), "n")?.done, "broken");
  assertEquals(readRecord(record([], [], ["done \n"]), "n")?.done, "done");
});

Deno.test("readStep(): a tool that is missing, a reply that cannot be read, a hang", () => {
  const show = { id: 1, phase: "body" as const, op: { kind: "dev.show" as const } };
  const part = (rc: string, ...sections: [string, string][]): StepPart => ({
    id: 1,
    rc,
    start: 1,
    end: 2,
    sections: sections.map(([name, text]) => ({ name, text })),
  });
  assertEquals(readStep(show, part("127", ["err", "sh: devlink: not found\n"]), new Map()).lost, {
    reason: "tool",
    detail: "sh: devlink: not found",
  });
  assertEquals(readStep(show, part("0", ["out", '{"dev":{']), new Map()).lost?.reason, "damaged");
  assertEquals(readStep(show, part("0", ["notify init", '{"command":}']), new Map()).lost?.reason, "damaged");
  const hung = readStep(show, part("hang"), new Map());
  assertEquals([hung.observation?.result, hung.observation?.time], ["hang", "hang"]);
  assertEquals(hung.board, { start: 1000, end: 2000 });
});
