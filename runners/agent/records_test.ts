import { assertEquals } from "@std/assert";
import { type PlanRecord, readRecord, readStep, type StepPart } from "./records.ts";

/** Returns a record as the agent writes it: its head, the parts of the steps, the streams, its end. */
function record(front: string[], streams: string[], end: string[] = []): string {
  const sections = [...front, ...streams, ...end, "end\n"];
  return `7 steps a1 6\n${sections.map((section) => `\n--n ${section}`).join("")}`;
}

const step = (id: number, rest: string, err = "") => `step ${id}\n${rest}\n\n--n err\n${err}`;

const text = (part: StepPart | undefined, name: string) => part?.sections.find((each) => each.name === name)?.text;

/** Three steps, run by a server and by processes of their own, and output after the last mark. */
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

Deno.test("readRecord(): each of several steps has the output up to its mark", () => {
  const found = readRecord(THREE, "n", "a1");
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
  // A server's output belongs to the step that the server ran; the comma of a batch is not part of it.
  assertEquals([four, five, six].map((part) => text(part, "out")?.trim()), ['{"dev":4}', "plain", '{"dev":6}']);
  assertEquals(text(five, "poll 5.12"), "[]");
  assertEquals(text(six, "poll 5.12"), undefined);
});

Deno.test("readStep(): a step that hangs has the stacks of the blocked tasks", () => {
  const hangs = step(4, "hang 5.10 15.10 p.0") +
    "\n--n stacks\nstack kworker/u2:0+netns\n[<0>] cleanup_net+0x1f/0x2\n@\n";
  const found = readRecord(record([hangs], ["kmsg\n@4\n", "o p.0\n\n--n @4\n\n"]), "n", "a1");
  const { stacks } = readStep(
    { id: 4, phase: "body", op: { kind: "netns.add", name: "n2" } },
    found!.parts[0]!,
    new Map(),
  );
  assertEquals(stacks, [{ task: "kworker/u2:0+netns", stack: ["cleanup_net"] }]);
});

Deno.test("readRecord(): output after the last mark is left for the next step", () => {
  const found = readRecord(THREE, "n", "a1");
  assertEquals(found?.rest, [{ name: "notify init", text: '{"command":"late"}' }]);
  assertEquals(found?.done, undefined);
});

Deno.test("readRecord(): a record that is cut anywhere is rejected", () => {
  for (let length = 0; length < THREE.length - "\n".length; length++) {
    assertEquals(readRecord(THREE.slice(0, length), "n", "a1"), undefined, THREE.slice(0, length));
  }
});

Deno.test("readRecord(): damaged text is never evidence of another step", () => {
  const parts = (body: string) => readRecord(body, "n", "a1")?.parts;
  // A result that is no number, and a bound of another session.
  assertEquals(parts(THREE.replace("0 5.30", "O 5.30")), undefined);
  assertEquals(parts(THREE.replaceAll("--n ", "--m ")), undefined);
  assertEquals(parts(record([step(1, "0 1 2")], ["@1\n"])), undefined);
  assertEquals(parts("7 steps a1 6\n\n--n err\n\n--n end\n"), undefined);
  assertEquals(parts(THREE.replace("7 steps", "7 answer")), undefined);
  // A server's output before the mark of another server's step belongs to neither.
  const other = readRecord(THREE.replace("--n @6", "--n @5"), "n", "a1")!;
  assertEquals(other.parts.map((part) => text(part, "out")?.trim()), ['{"dev":4}', "plain", undefined]);
});

Deno.test("readRecord(): a record in which a monitor lost messages has no evidence", () => {
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
    "a1",
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

Deno.test("readRecord(): the last record of a plan shows whether the kernel broke", () => {
  assertEquals(readRecord(record([], [], ["done broken\n"]), "n", "a1")?.done, "broken");
  assertEquals(readRecord(record([], [], ["done \n"]), "n", "a1")?.done, "done");
});

const SHOW = { id: 1, phase: "body" as const, op: { kind: "dev.show" as const } };

/** Returns the part of step 1; `out`, `err` and `kmsg` are empty unless given. */
function part(rc: string, given: Record<string, string> = {}): StepPart {
  const sections = Object.entries({ out: "", err: "", kmsg: "", ...given }).map(([name, text]) => ({ name, text }));
  return { id: 1, rc, start: 1, end: 2, sections };
}

Deno.test("readStep(): a program that did no work, a reply that cannot be read, a hang", () => {
  const lost = (...given: Parameters<typeof part>) => readStep(SHOW, part(...given), new Map()).lost;
  assertEquals(lost("127", { err: "sh: devlink: not found\n" }), {
    reason: "tool",
    detail: "it is not found or cannot be loaded (status 127); sh: devlink: not found",
  });
  assertEquals(lost("126", { err: "sh: devlink: Permission denied\n" })?.reason, "tool");
  assertEquals(lost("1", { err: 'exec of "devlink" failed: No such file or directory\n' })?.reason, "tool");
  assertEquals(lost("1", { err: "Failed to connect to devlink Netlink\n" })?.reason, "tool");
  assertEquals(lost("0", { out: '{"dev":{' })?.reason, "damaged");
  assertEquals(lost("0", { "notify init": '{"command":}' })?.reason, "damaged");
  const hung = readStep(SHOW, part("hang"), new Map());
  assertEquals([hung.observation?.result, hung.observation?.time], ["hang", "hang"]);
  assertEquals(hung.board, { start: 1000, end: 2000 });
});

Deno.test("readStep(): a program that a signal ended is an answer of the kernel only if the kernel broke", () => {
  const read = (rc: string, kmsg: string, err = "") => readStep(SHOW, part(rc, { kmsg, err }), new Map());
  assertEquals(read("139", "6,1,1,-;devlink[7]: segfault at 0 ip 0000 sp 0000 error 4\n").lost, {
    reason: "tool",
    detail: "it was ended by SIGSEGV (status 139); devlink[7]: segfault at 0 ip 0000 sp 0000 error 4",
  });
  assertEquals(read("137", "6,1,1,-;Out of memory: Killed process 7 (devlink)\n").lost, {
    reason: "tool",
    detail: "it was ended by SIGKILL (status 137), as when memory is short; Out of memory: Killed process 7 (devlink)",
  });
  assertEquals(read("134", "").lost?.reason, "tool");
  // devlink's own assertion on JSON that an answer of the kernel left unfinished
  const err = "kernel answers: Invalid argument\ndevlink: x.c:1: f: Assertion `self->depth == 0' failed.\n";
  assertEquals(read("134", "", err).observation?.result, "EINVAL");
  const oops = read("137", "1,1,1,-;BUG: kernel NULL pointer dereference, address: 0000000000000008\n");
  assertEquals([oops.observation?.result, oops.observation?.kmsg[0]?.class], ["killed", "oops"]);
});

Deno.test("readStep(): a channel that is missing in the record does not count as silent", () => {
  const whole = { "notify init": "", "link init": "", "notify t1": "", "link t1": "" };
  const of = (given: StepPart, kind?: "race") => {
    const op = kind ? { kind, racers: [], runs: 1, seed: 1, before: [], after: [], shown: [] } : SHOW.op;
    return readStep({ ...SHOW, op }, given, new Map(), ["init", "t1"]).lost?.detail;
  };
  assertEquals(of(part("0", whole)), undefined);
  for (const name of ["out", "err", "kmsg", ...Object.keys(whole)]) {
    const given = part("0", whole);
    assertEquals(
      of({ ...given, sections: given.sections.filter((each) => each.name !== name) }),
      `the record lacks ${name}`,
    );
  }
  // No monitors run during a race.
  assertEquals(of(part("hang"), "race"), undefined);
});

Deno.test("readRecord(): a record of another plan is rejected", () => {
  assertEquals(readRecord(THREE, "n", "a2"), undefined);
});
