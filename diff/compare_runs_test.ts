import { assertEquals, assertStringIncludes } from "@std/assert";
import { compareRuns, comparisonStatus, gapsOf, pairBoards, type RunPart } from "./compare_runs.ts";
import { comparisonPage, freshCauses } from "./report/html/comparison.ts";
import { EVIL, judged } from "./report/html/testing.ts";
import type { LeftOut, SequenceVerdict, Verdict } from "./verdict.ts";

const HEADER = { board: "board", transport: "ssh", era: "6.12", kernel: "6.12.118", iproute2: "iproute2-7.3.0" };

type More = Omit<Partial<RunPart>, "header"> & { header?: Partial<RunPart["header"]> };
const part = (verdicts: SequenceVerdict[], more: More = {}): RunPart => (
  { run: "run", leftOut: [], ...more, verdicts, header: { ...HEADER, ...more.header } }
);
const gone = (sequence: string, verdict: Verdict): SequenceVerdict => (
  { suite: "trap", sequence, source: "", verdict, reason: "x", steps: [], notes: [] }
);
const fine = () => judged("x", "none");
const changes = (before: SequenceVerdict[][], after: SequenceVerdict[][]) => {
  const compared = compareRuns(before.map((verdicts) => part(verdicts)), after.map((verdicts) => part(verdicts)));
  const [one] = compared.boards[0]!.sequences;
  return [one!.change, one!.before, one!.after, comparisonStatus(compared, true)];
};

Deno.test("how a sequence changed from A to B, and the exit status of that alone", () => {
  const [order, errno, lost, gap] = [
    judged("x", "order"),
    judged("x", "errno"),
    gone("x", "infra"),
    gone("x", "model-gap"),
  ];
  const cases: [SequenceVerdict[][], SequenceVerdict[][], ...ReturnType<typeof changes>][] = [
    [[[fine()]], [[fine()]], "agree", "agree", "agree", 0],
    [[[fine()]], [[order]], "new", "agree", "diverge", 1],
    [[[lost]], [[order]], "new", "infra", "diverge", 1],
    [[[]], [[order]], "new", "not in the run", "diverge", 1],
    [[[order]], [[fine()]], "gone", "diverge", "agree", 0],
    [[[order]], [[judged("x", "order")]], "still", "diverge", "diverge", 0],
    [[[order]], [[errno]], "changed", "diverge", "diverge", 1],
    [[[order]], [[judged("x", "crash")]], "changed", "diverge", "crash", 1],
    // A lost board, or a gap, never counts as a difference that is gone.
    [[[order]], [[lost]], "lost", "diverge", "infra", 3],
    [[[fine()]], [[lost]], "lost", "agree", "infra", 3],
    [[[fine()]], [[gap]], "lost", "agree", "model-gap", 3],
    [[[fine()]], [[gone("x", "unsupported")]], "lost", "agree", "unsupported", 3],
    [[[fine()]], [[]], "absent", "agree", "not in the run", 3],
    [[[lost]], [[fine()]], "judged", "infra", "agree", 3],
    [[[lost]], [[gap]], "unjudged", "infra", "model-gap", 3],
    // The runs of one side vary: a difference in no run of A is still new.
    [[[order], [fine()]], [[fine()]], "flaky", "agree 1, diverge 1", "agree", 0],
    [[[order], [fine()]], [[order]], "flaky", "agree 1, diverge 1", "diverge", 0],
    [[[order], [fine()]], [[errno]], "changed", "agree 1, diverge 1", "diverge", 1],
    [[[fine()], [fine()]], [[fine()], [order]], "new", "agree", "agree 1, diverge 1", 1],
  ];
  for (const [before, after, ...expected] of cases) assertEquals(changes(before, after), expected);
});

Deno.test("new kinds of difference are named, and so are kinds that are gone", () => {
  const [one] = compareRuns([part([judged("x", "order")])], [part([judged("x", "errno")])]).boards[0]!.sequences;
  assertEquals(one!.past, ["devlink dev reload: notify: del region dummy in another order"]);
  assertEquals(one!.fresh.length, 1);
  assertStringIncludes(one!.fresh[0]!, "result is EIO, expected EINVAL");
  assertEquals(one!.shown?.sequence, "x");
});

Deno.test("boards are paired by name and line, then by name, then if there is one of each", () => {
  const of = (board: string, transport = "ssh") => part([fine()], { header: { board, transport } });
  const names = (before: RunPart[], after: RunPart[]) => {
    const { pairs, alone } = pairBoards(before, after);
    const name = (parts: readonly RunPart[]) => parts.map(({ header }) => `${header.board} ${header.transport}`).join();
    return [...pairs.map(({ before, after }) => `${name(before)} = ${name(after)}`), alone];
  };
  const none = { before: [], after: [] };
  assertEquals(names([of("a"), of("a", "serial")], [of("a", "serial"), of("a")]), [
    "a serial = a serial",
    "a ssh = a ssh",
    none,
  ]);
  assertEquals(names([of("a")], [of("a", "serial")]), ["a ssh = a serial", none]);
  assertEquals(names([of("a")], [of("b")]), ["a ssh = b ssh", none]);
  assertEquals(names([of("a"), of("b")], [of("a"), of("c")]), ["a ssh = a ssh", " = c ssh", {
    before: ["b over ssh"],
    after: ["c over ssh"],
  }]);
  assertEquals(names([of("a"), of("a")], [of("a")]), ["a ssh,a ssh = a ssh", none]);
});

Deno.test("what differs on a board that A has not is new; on one that B has not nothing is reported", () => {
  const compared = compareRuns([part([fine()])], [
    part([fine()]),
    part([judged("x", "order")], { header: { board: "other" } }),
  ]);
  assertEquals([compared.counts.new, compared.alone.after, comparisonStatus(compared, true)], [
    1,
    ["other over ssh"],
    1,
  ]);
});

Deno.test("other kernels and left-out sequences are reported; an interrupted run B is not a pass", () => {
  const leftOut: LeftOut[] = [{ suite: "pcs", sequence: "y", reason: "needs pcs" }];
  const compared = compareRuns([part([fine()])], [part([fine()], { leftOut, header: { kernel: "6.12.119" } })]);
  assertEquals(compared.boards[0]!.differs, [{ what: "kernel", before: "6.12.118", after: "6.12.119" }]);
  assertEquals(compared.boards[0]!.sequences[1]!.after, "left out: needs pcs");
  assertEquals([comparisonStatus(compared, true), comparisonStatus(compared, false)], [0, 3]);
});

Deno.test("a sequence that B did not judge is not a pass, even if the rest agrees", () => {
  const compared = compareRuns([part([fine(), judged("y", "none")])], [part([fine(), gone("y", "infra")])]);
  assertEquals([compared.compared, comparisonStatus(compared, true)], [1, 3]);
});

Deno.test("where the model has no answer, B is compared with A itself", () => {
  const pair = { before: [part([gone("x", "model-gap")])], after: [part([gone("x", "model-gap")])] };
  assertEquals(gapsOf(pair).map(({ sequence }) => sequence), ["x"]);
  assertEquals(gapsOf({ ...pair, before: [part([fine()])] }), []);
  const by = (verdict: SequenceVerdict) => {
    const compared = compareRuns(pair.before, pair.after, () => verdict);
    return [compared.boards[0]!.sequences[0]!.change, comparisonStatus(compared, true)];
  };
  assertEquals(by(fine()), ["agree", 0]);
  assertEquals(by(judged("x", "order")), ["new", 1]);
  assertEquals(by(gone("x", "indeterminate")), ["lost", 3]);
});

Deno.test("the page of a comparison of 5 boards with 300 sequences each, a third of which are new, stays under 2 MB", () => {
  const [order, errno, none] = [judged("x", "order"), judged("x", "errno"), fine()];
  const many = (kinds: SequenceVerdict[]) =>
    Array.from({ length: 300 }, (_, i) => ({ ...kinds[i % kinds.length]!, sequence: `sequence ${i}` }));
  const on = (kinds: SequenceVerdict[]) =>
    Array.from({ length: 5 }, (_, i) => part(many(kinds), { header: { board: `board-${i}` } }));
  const compared = compareRuns(on([none]), on([order, none, none, errno, none, none]));
  const text = comparisonPage(compared, { about: {}, conclusion: "x", status: 1, notes: [] });
  assertEquals([compared.counts.new, compared.counts.agree], [500, 1000]);
  assertEquals(text.length < 2_000_000, true, `${text.length}`);
  assertStringIncludes(text, "2 causes, 100 sequences on 5 boards");
});

Deno.test("the page of a comparison: the new cause first, and text of a board is text", () => {
  const names = ["a", "b"];
  const before = part([...names.map((name) => judged(name, "none")), judged("old", "errno")]);
  const after = part([
    ...names.map((name) => judged(name, "order")),
    judged("old", "errno"),
    judged(EVIL, "hostile"),
  ], { header: { kernel: EVIL } });
  const compared = compareRuns([before], [after]);
  assertEquals(freshCauses(compared).length, 3);
  const options = { about: { command: EVIL, version: EVIL }, conclusion: EVIL, status: 1 as const, notes: [EVIL] };
  const text = comparisonPage(compared, options);
  assertStringIncludes(text, "default-src &#39;none&#39;".replaceAll("&#39;", "'"));
  assertEquals(text.includes("<img") || text.includes("<script>pwned"), false);
  // deno-lint-ignore no-control-regex
  assertEquals(text.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]/), null);
  assertEquals(text.split("del region dummy in another order").length - 1, 1);
  assertEquals(text.indexOf('id="cause1"') < text.indexOf('id="list"'), true);
  // Unchanged differences are only in the list.
  assertEquals(text.match(/<article /g)?.length, 3);
  assertStringIncludes(text, '<tr class="a"><td>trap &gt; old');
});
