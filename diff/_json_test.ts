import { assert, assertEquals } from "@std/assert";
import { canonical, copyOf, differences, same } from "./_json.ts";

const VALUES = [
  "null",
  "0",
  '"0"',
  "[]",
  "{}",
  "[0]",
  "[[0]]",
  '{"0":0}',
  '{"a":null}',
  '{"b":null}',
  '{"a":null,"b":null}',
  '{"__proto__":{"a":null}}',
  '{"__proto__":{"a":1},"a":null}',
  '{"hasOwnProperty":1}',
].map((text) => JSON.parse(text));

Deno.test("same() agrees with canonical(), for any keys of a board", () => {
  for (const a of VALUES) {
    for (const b of VALUES) {
      assertEquals(same(a, structuredClone(b)), canonical(a) === canonical(b), `${canonical(a)} ${canonical(b)}`);
    }
  }
  assert(same({ a: 1, b: [2, { c: 3 }] }, { b: [2, { c: 3 }], a: 1 }));
  // same() is false here, so the canonical text decides
  assert(!same({ a: undefined }, {}));
  assertEquals(differences({ a: undefined } as never, {}), []);
});

Deno.test("copyOf() copies every key, and shares nothing with the value", () => {
  for (const value of VALUES) assertEquals(canonical(copyOf(value)), canonical(value));
  const value = JSON.parse('{"__proto__":{"a":[1]},"b":[{"c":2}]}');
  const copy = copyOf(value);
  delete copy["__proto__"];
  copy.b[0].c = 3;
  assertEquals(canonical(copy), '{"b":[{"c":3}]}');
  assertEquals(JSON.stringify(value), '{"__proto__":{"a":[1]},"b":[{"c":2}]}');
});
