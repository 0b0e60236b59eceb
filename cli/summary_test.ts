import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { SequenceVerdict, StepVerdict, Verdict } from "../diff/mod.ts";
import { duration } from "../run/output.ts";
import { suggestion } from "../boards/suggestion.ts";
import { parseCommand } from "./command.ts";
import { type Line, statusOf, summaryText, tally, totalOf } from "./summary.ts";
import { mends } from "./doctor.ts";
import { withTable } from "../tools/agreement.ts";
import { progressText } from "./display.ts";

const step = (verdict: Verdict, channels: StepVerdict["channels"] = []): StepVerdict => ({
  id: 1,
  phase: "body",
  op: { kind: "wait", ms: 1 },
  verdict,
  channels,
  findings: [],
});

const sequence = (verdict: Verdict, steps: StepVerdict[]): SequenceVerdict => ({
  suite: "s",
  sequence: verdict,
  source: "x",
  verdict,
  steps,
  notes: [],
});

const channel = (verdict: "agree" | "diverge" | "waived") =>
  ({ channel: "result", verdict, values: [], streams: [] }) as StepVerdict["channels"][number];

const agree = sequence("agree", [step("agree", [channel("agree"), channel("agree")]), step("agree")]);
const diverge = sequence("diverge", [step("agree", [channel("agree")]), step("diverge", [channel("diverge")])]);
const infra = sequence("infra", []);
const gap = sequence("model-gap", [step("model-gap"), step("indeterminate")]);
const unsupported = sequence("unsupported", []);
const waived = sequence("waived", [step("waived", [channel("waived")])]);

const line = (verdicts: SequenceVerdict[], board = "b"): Line => ({
  board,
  transport: "ssh",
  kernel: "6.12",
  verdicts,
  ms: 1000,
});

Deno.test("summary: every sequence, step and channel is counted once", () => {
  const total = totalOf([line([agree, diverge, infra]), line([gap, unsupported, waived])]);
  assertEquals(tally(total.sequences), "1 agree, 1 diverge, 1 waived, 1 unsupported, 2 not judged");
  assertEquals(tally(total.steps), "3 agree, 1 diverge, 1 waived, 2 not judged");
  assertEquals(tally(total.channels), "3 agree, 1 diverge, 1 waived");
  assertEquals(tally(totalOf([]).sequences), "none");
});

Deno.test("summary: a cause once, with how many sequences it has and on which boards", () => {
  const text = summaryText([line([agree, diverge]), line([diverge], "a\u001b[2J")]);
  assertStringIncludes(text, "\n1 cause, 1 sequence on 2 boards\n  1. wait: ");
  assertStringIncludes(
    text,
    "     1 sequence on 2 boards, the smallest: s > diverge on b over ssh\n       s > diverge on a\\e[2J over ssh\n",
  );
  assertEquals(summaryText([line([agree])]).includes("cause"), false);
  const many = line(Array.from({ length: 13 }, (_, i) => ({ ...diverge, sequence: `${i}` })));
  assertStringIncludes(summaryText([many]), "       ... 3 more\n");
});

Deno.test("summary: what was left out of several lines of a board is printed once", () => {
  const leftOut = (
    reason: string,
  ) => [{ suite: "s", sequence: "one", reason }, { suite: "s", sequence: "two", reason }];
  const lines = [
    { ...line([agree]), leftOut: leftOut("needs x") },
    { ...line([agree]), transport: "serial", leftOut: leftOut("needs x") },
    { ...line([agree], "c"), leftOut: leftOut("needs x") },
    { ...line([agree], "d"), leftOut: leftOut("needs x") },
    { ...line([agree], "d"), transport: "serial", leftOut: leftOut("needs y") },
  ];
  assertEquals(summaryText(lines).split("\n").filter((text) => text.includes("left out")), [
    "b over ssh and serial: left out 2 of s: needs x",
    "c over ssh: left out 2 of s: needs x",
    "d over ssh: left out 2 of s: needs x",
    "d over serial: left out 2 of s: needs y",
  ]);
});

Deno.test("summary: the exit status, the gravest board's", () => {
  const cases: [SequenceVerdict[][], 0 | 1 | 3][] = [
    [[[agree]], 0],
    [[[agree, waived, unsupported]], 0],
    [[[waived]], 0],
    [[[diverge]], 1],
    [[[agree], [agree, infra]], 3],
    [[[agree, gap]], 3],
    [[[infra], [agree, diverge]], 1],
    // Nothing was judged: never a pass.
    [[], 3],
    [[[]], 3],
    [[[unsupported]], 3],
    [[[agree], [unsupported]], 3],
  ];
  for (const [boards, status] of cases) assertEquals(statusOf(boards.map((verdicts) => line(verdicts))), status);
});

Deno.test("summary: a table that no board's name can break out of", () => {
  const text = summaryText([line([agree], "a\x1b[2J"), line([agree, infra], "c")]);
  assertStringIncludes(text, "a\\e[2J");
  assertMatch(text, /^c {7}ssh {3}6\.12 {4}1 agree, 1 not judged {2}2 agree {2}2 agree {3}1\.0 s$/m);
  assertMatch(text, /3 sequences: 2 agree, 1 not judged: not all of it could be judged, so this is no pass\n$/);
});

Deno.test("durations and downloads in a user's units", () => {
  assertEquals([840, 9_949, 9_951, 61_000, 200_400].map(duration), [
    "0.8 s",
    "9.9 s",
    "10 s",
    "1 min 1 s",
    "3 min 20 s",
  ]);
  assertEquals(progressText({ phase: "download", detail: "x", done: 1.5e6, total: 3e6 }), "download x 1.5 of 3.0 MB");
  assertEquals(progressText({ phase: "boot", detail: "kernel\x07" }), "boot kernel\\u0007");
});

Deno.test("options: as they were given, whatever their form", () => {
  const table = {
    name: "x",
    options: {
      board: { type: "list", short: "b", help: "" },
      out: { type: "text", help: "" },
      json: { type: "flag", help: "" },
    },
  } as const;
  assertEquals(parseCommand(table, ["1", "-b", "a", "--board=b", "--json", "--", "--out"]), {
    values: { board: ["a", "b"], out: undefined, json: true, help: false },
    operands: ["1", "--out"],
  });
  assertEquals(suggestion("zzzzzz", ["run"]), "");
});

Deno.test("doctor: one command for all packages", () => {
  const missing = (mend: string) => ({ what: "x", found: false, detail: "", mend });
  assertEquals(
    mends([
      missing("sudo apt-get install gcc"),
      missing("free 2 GB"),
      missing("sudo apt-get install make"),
      missing("sudo apt-get install gcc"),
      { what: "y", found: true, detail: "", mend: "sudo apt-get install y" },
    ]),
    ["sudo apt-get install gcc make", "free 2 GB"],
  );
});

Deno.test("agreement: the table goes between its markers, and only there", () => {
  const begin = "<!-- agreement:begin (written by: deno task agreement) -->";
  const text = `a\n${begin}\nold\n<!-- agreement:end -->\nb\n`;
  assertEquals(withTable(text, "| new |"), `a\n${begin}\n\n| new |\n\n<!-- agreement:end -->\nb\n`);
});
