import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { align, type Edit } from "./align.ts";

const options = { key: (s: string) => s, identity: (s: string) => s[0] ?? "" };
const shown = (edits: Edit<string>[]) =>
  edits.map((edit) => {
    switch (edit.kind) {
      case "same":
        return ` ${edit.expected}`;
      case "changed":
        return `~${edit.expected}>${edit.observed}`;
      case "missing":
        return `-${edit.expected}`;
      case "extra":
        return `+${edit.observed}`;
      case "moved":
        return `m${edit.expected}`;
      case "arrived":
        return `a${edit.observed}`;
    }
  }).join(" ");
const edits = (expected: string, observed: string) =>
  shown(align(expected ? expected.split(" ") : [], observed ? observed.split(" ") : [], options));

Deno.test("align: one missing, one extra, one changed, two swapped show as exactly that", () => {
  assertEquals(edits("a b c", "a b c"), " a  b  c");
  assertEquals(edits("a b c d", "a c d"), " a -b  c  d");
  assertEquals(edits("a b c", "a b b c"), " a  b +b  c");
  assertEquals(edits("a b1 c", "a b2 c"), " a ~b1>b2  c");
  assertEquals(edits("a b1 c", "a x c"), " a -b1 +x  c");
  assertEquals(edits("a b c d", "a c b d"), " a mb  c ab  d");
  assertEquals(edits("a b1 b2 d", "a b2 b1 d"), " a mb1  b2 ab1  d");
  assertEquals(edits("", "a"), "+a");
  assertEquals(edits("a", ""), "-a");
  assertEquals(edits("", ""), "");
});

Deno.test("align: a reload's first message lost does not shift the other hundred", () => {
  const long = Array.from({ length: 120 }, (_, i) => `${String.fromCharCode(97 + i % 7)}${i}`);
  const kinds = align(long, long.slice(1), options).filter((edit) => edit.kind !== "same");
  assertEquals(kinds, [{ kind: "missing", expected: "a0" }]);
});

Deno.test("align: the script leads from one stream to the other, and is empty only for equal ones", () => {
  const stream = fc.array(fc.constantFrom("a1", "a2", "b1", "b2", "c"), { maxLength: 12 });
  fc.assert(fc.property(stream, stream, (expected, observed) => {
    const script = align(expected, observed, options);
    assertEquals(script.flatMap((edit) => "expected" in edit ? [edit.expected] : []), expected);
    assertEquals(script.flatMap((edit) => "observed" in edit ? [edit.observed] : []), observed);
    assertEquals(script.every((edit) => edit.kind === "same"), expected.join() === observed.join());
    const moved = script.flatMap((edit) => edit.kind === "moved" ? [[edit.expected, observed[edit.to]]] : []);
    for (const [from, to] of moved) assertEquals(from, to);
  }));
});

Deno.test("align: streams too long for the table are still distinguished", () => {
  const long = (word: string) => Array.from({ length: 5100 }, (_, i) => `${word}${i}`);
  const script = align(["head", ...long("a")], ["head", ...long("b")], options);
  assertEquals(script.length, 1 + 2 * 5100);
  assertEquals(script.filter((edit) => edit.kind === "missing").length, 5100);
});
