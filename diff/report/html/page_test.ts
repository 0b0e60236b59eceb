import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { cut, markup, raw } from "./markup.ts";
import { pathWords } from "./channel.ts";
import { EVIL, judged, page } from "./testing.ts";

Deno.test("markup: what is put into a template is escaped, lists are joined, missing values become nothing", () => {
  assertEquals(
    markup`<p title="${`"<'&\u202e`}">${["a", markup`<br>`, 1]}${null}${undefined}${false}</p>`.text,
    '<p title="&quot;&lt;&#39;&amp;\\u202e">a<br>1</p>',
  );
  assertStringIncludes(markup`${"x".repeat(1 << 20)}`.text, "(1,046,576 more characters)");
  assertEquals(cut("abc", 2), "ab... (1 more characters)");
  assertThrows(() => raw("</script>"), TypeError);
});

Deno.test("a path of a reply as words: a handle is one, whatever dots it has", () => {
  assertEquals(pathWords("trap.pci/0000:03:00.0[3].stats.rx"), ["trap", "pci/0000:03:00.0", "[3]", "stats", "rx"]);
});

Deno.test("page: nothing in it is loaded, and only its own script and style may run", () => {
  const text = page({ a: [judged("x", "order"), judged("evil", "hostile")] });
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text)![1]!;
  for (const element of ["script", "style"]) {
    const all = [...text.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, "gs"))];
    assertEquals(all.length, 1);
    const hash = createHash("sha256").update(all[0]![1]!).digest("base64");
    assertStringIncludes(policy, `${element}-src 'sha256-${hash}'`);
  }
  assertMatch(policy, /^default-src 'none';/);
  const tags = [...text.replace(/<(script|style)>.*?<\/\1>/gs, "").matchAll(/<[a-z][^>]*>/g)].map(([tag]) => tag);
  assertEquals(tags.filter((tag) => /\s(style|on\w+|src)=|^<(img|link|iframe|object)/.test(tag)), []);
});

Deno.test("page: text of a board is text, without characters that act; a long line does not make it large", () => {
  const text = page({ [EVIL]: [judged(EVIL, "hostile")] }, { command: EVIL, version: EVIL });
  assert(!text.includes("<img") && !text.includes("<script>pwned"));
  // deno-lint-ignore no-control-regex
  assertEquals(text.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]/), null);
  assert(text.length < 100_000, `${text.length}`);
});

Deno.test("page: the first cause stands before all else, each cause once, every sequence in the list", () => {
  const verdicts = [
    judged("fine", "none"),
    judged("order 1", "order"),
    judged("order 2", "order"),
    judged("errno", "errno"),
    judged("action", "reply"),
    judged("crash", "crash"),
  ];
  const text = page({ a: verdicts, b: structuredClone(verdicts) }, {
    why: (number) => number === "T12" ? "traps start anew" : undefined,
  });
  assertStringIncludes(text, "<h1>The board does something else than the model</h1>");
  assertStringIncludes(text, "4 causes, 5 sequences on 2 boards");
  assertEquals(text.split("del region dummy in another order").length - 1, 1);
  assert(text.indexOf('id="cause1"') < text.indexOf('id="list"'));
  for (const { sequence } of verdicts) assertStringIncludes(text, `<td>trap &gt; ${sequence}<td`);
  assertEquals(text.match(/<article /g)?.length, 10);
  // In full are the smallest case of each cause: lanes, and what to type.
  assertEquals(text.match(/class="lanes"/g)?.length, 4);
  assertStringIncludes(text, "twinlink run trap --board a --filter &quot;trap &gt; order 1&quot;");
  assertStringIncludes(text, '<dt id="why-T12">T12<dd>traps start anew');
  assertStringIncludes(text, "EINVAL</mark>");
  assertStringIncludes(text, "EIO</mark>");
  assertStringIncludes(text, 'href="#c2-s10"');
});

Deno.test("page: a run that is no pass is marked, with the reason, and what was left out", () => {
  assertStringIncludes(page({ a: [] }), "<h1>No pass: nothing was run</h1>");
  const unsupported = judged("x", "none", { capabilities: ["netns"] });
  assertEquals(unsupported.verdict, "unsupported");
  const text = page({ a: [unsupported] });
  assertStringIncludes(text, "nothing was judged of trap");
  assertMatch(text, /<span class="b error">unsupported<\/span>/);
  assertStringIncludes(page({ a: [judged("x", "none")] }), "<h1>Everything that was judged agrees</h1>");
});

Deno.test("page: 5 boards with 300 sequences each, a third of which differ, stay under 2 MB", () => {
  const verdicts = ["order", "none", "none"].map((fault) => judged("x", fault as "order"));
  const many = Array.from({ length: 300 }, (_, i) => ({ ...verdicts[i % 3]!, sequence: `sequence ${i}` }));
  const boards = Object.fromEntries(
    Array.from({ length: 5 }, (_, i) => [`board-${i}`, many.map((one) => ({ ...one }))]),
  );
  const text = page(boards);
  assert(text.length < 2_000_000, `${text.length}`);
  assertStringIncludes(text, "1 cause, 100 sequences on 5 boards");
});
