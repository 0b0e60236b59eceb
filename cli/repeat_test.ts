import { assertEquals } from "@std/assert";
import type { Verdict } from "../diff/mod.ts";
import { outcomesOf, outcomesText, worst } from "./repeat.ts";
import type { Line } from "./summary.ts";

const line = (verdicts: Record<string, Verdict>, board = "b"): Line => ({
  board,
  transport: "ssh",
  kernel: "6.12",
  verdicts: Object.entries(verdicts).map(([sequence, verdict]) => (
    { suite: "s", sequence, source: "", verdict, steps: [], notes: [] }
  )),
  ms: 1,
});

Deno.test("repeat: each sequence's verdicts are counted, and those that vary are named", () => {
  const runs = [
    [line({ a: "agree", b: "agree", c: "diverge" })],
    [line({ a: "agree", b: "diverge", c: "diverge" })],
    [line({ a: "agree", b: "agree", c: "diverge" })],
  ];
  const all = outcomesOf(runs);
  assertEquals(all.map(({ outcomes }) => outcomes), [{ agree: 3 }, { agree: 2, diverge: 1 }, { diverge: 3 }]);
  assertEquals(outcomesText(all, 3).split("\n"), [
    "3 runs: 2 sequences came to the same verdict each time, 1 varies",
    "  varies    s > b: agree 2, diverge 1",
    "  the same  s > c: diverge 3",
    "",
  ]);
});

Deno.test("repeat: a sequence that one of the runs lacks varies, and two boards stay separate", () => {
  const lost = outcomesOf([[line({ a: "agree", b: "agree" })], [line({ a: "agree" })]]);
  assertEquals(outcomesText(lost, 2).includes("varies    s > b: agree 1"), true);
  const two = outcomesOf([[line({ a: "diverge" }), line({ a: "agree" }, "c")]]);
  assertEquals(outcomesText(two, 1).split("\n")[1], "  the same  b over ssh: s > a: diverge 1");
});

Deno.test("repeat: the exit status is the gravest", () => {
  assertEquals([worst([0, 3, 1]), worst([0, 3, 0]), worst([0, 0]), worst([])], [1, 3, 0, 3]);
});
