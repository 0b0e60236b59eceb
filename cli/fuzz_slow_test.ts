/** `twinlink fuzz`: its output and its exit status. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { emptySummary, type SequenceVerdict, type Verdict } from "../diff/mod.ts";
import { addToSummary } from "../diff/verdict.ts";
import { run, start } from "./child.ts";
import { fuzzStatus } from "./fuzz.ts";
import { call } from "./in_process.ts";

const folder = await Deno.makeTempDir({ prefix: "twinlink-fuzz-" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

Deno.test("the model alone: the same seed gives the same numbers, and every check passes", async () => {
  const args = ["fuzz", "--board", "model", "--era", "6.1", "--seed", "7", "-n", "40", "--json"];
  const first = await run(args);
  assertEquals(first.code, 0, first.stderr);
  const { sequences, operations, violations, perSecond } = JSON.parse(first.stdout);
  assertEquals([sequences, violations], [40, 0]);
  assert(operations > 800 && perSecond > 0);
  assertEquals(JSON.parse((await call(args)).stdout).operations, operations);
});

Deno.test("wrong usage is one line with what is wrong", async () => {
  const cases: [string[], RegExp][] = [
    [["fuzz"], /One board is to be named/],
    [["fuzz", "--board", "model", "--board", "qemu-6.1"], /One board is to be named/],
    [["fuzz", "--board", "model", "--sequences", "0"], /Option --sequences is "0", but must be a number from 1 to/],
    [["fuzz", "--board", "model", "--seed", "x"], /Option --seed is "x"/],
    [["fuzz", "--board", "model", "--between", "model"], /cannot be compared with itself/],
    [["fuzz", "--board", "model", "x"], /Unexpected argument "x" of fuzz/],
  ];
  for (const [args, pattern] of cases) {
    const { code, stdout, stderr } = await call(args);
    assertMatch(stderr, pattern);
    assertEquals([code, stdout, stderr.trim().split("\n").length], [2, "", 1], stderr);
  }
});

Deno.test("a campaign that judged fewer sequences than planned is not a pass", () => {
  const verdict = (verdict: Verdict, channel?: "agree"): SequenceVerdict => ({
    suite: "fuzz",
    sequence: verdict,
    source: "",
    verdict,
    steps: channel
      ? [{
        id: 1,
        phase: "body",
        op: { kind: "wait", ms: 1 },
        verdict: channel,
        channels: [{ channel: "result", verdict: channel, values: [], streams: [] }],
        findings: [],
      }]
      : [],
    notes: [],
  });
  const status = (verdicts: SequenceVerdict[], planned: number) => {
    const summary = emptySummary();
    for (const one of verdicts) addToSummary(summary, one);
    return fuzzStatus(summary, planned);
  };
  const agree = verdict("agree", "agree");
  assertEquals(status([agree, agree], 2), 0);
  assertEquals(status([agree], 2), 3, "one was not run");
  assertEquals(status([agree, verdict("unsupported")], 2), 3, "one was not judged");
  assertEquals(status([], 0), 3, "nothing at all");
  assertEquals(status([agree, verdict("diverge")], 9), 1);
});

for (const line of ["twinlink", "sequence"]) {
  Deno.test(`a campaign that is stopped after line "${line}" ends with its numbers, and no exit status 0`, async () => {
    const child = start(["fuzz", "--board", "recording-6.12", "-n", "100000", "--seed", "1", "--json"]);
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    let stopped = false;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += part.value;
      if (stopped || !text.includes(`"${line}"`)) continue;
      stopped = true;
      child.kill("SIGINT");
    }
    const [{ code }] = await Promise.all([child.status, child.stderr.cancel()]);
    assertEquals(code, 130);
    const last = JSON.parse(text.trim().split("\n").at(-1)!);
    assertEquals([last.type, last.exit], ["summary", 130]);
    // A few more may end until the signal is heard
    assert(text.split('"type":"sequence"').length < 1000, "the campaign goes on after the signal");
  });
}
