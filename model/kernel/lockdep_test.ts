import { assertEquals } from "@std/assert";
import { Lockdep } from "./lockdep.ts";

function locks(lockdep: Lockdep, names: readonly string[], options: { key?: string; nests?: boolean } = {}) {
  return names.map((name) => ({ name, key: lockdep.key(options.key ?? name), nests: options.nests ?? false }));
}

Deno.test("locks that are always taken in the same order are not reported", () => {
  const lockdep = new Lockdep();
  const [a, b, c] = locks(lockdep, ["a", "b", "c"]);
  for (let i = 0; i < 2; i++) {
    assertEquals(lockdep.take(b!, [a!]), undefined);
    assertEquals(lockdep.take(c!, [a!, b!]), undefined);
  }
});

Deno.test("a cycle over three classes is reported once, with its path", () => {
  const lockdep = new Lockdep();
  const [a, b, c] = locks(lockdep, ["a", "b", "c"]);
  lockdep.take(b!, [a!]);
  lockdep.take(c!, [b!]);
  assertEquals(lockdep.take(a!, [c!]), ["a", "b", "c", "a"]);
  assertEquals(lockdep.take(a!, [c!]), undefined);
});

Deno.test("two locks of one class are recursion, unless they nest", () => {
  const lockdep = new Lockdep();
  const [a, b] = locks(lockdep, ["pci/1", "pci/2"], { key: "instance" });
  assertEquals(lockdep.take(b!, [a!]), ["instance", "instance"]);
  const [c, d] = locks(lockdep, ["dev 1", "dev 2"], { key: "device", nests: true });
  assertEquals(lockdep.take(d!, [c!]), undefined);
});
