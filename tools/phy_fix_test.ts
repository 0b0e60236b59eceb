/** The fix of phylib, and when the crash that was predicted did not come. */

import { assertEquals, assertThrows } from "@std/assert";
import { judge } from "../diff/mod.ts";
import { sequence, step } from "../diff/testing.ts";
import { crashDidNotCome, fixed } from "./phy_fix.ts";

const FIX = { file: "x.c", within: "void goes(", below: /^\tstop\(\);$/m, add: ["tell();", "free();"] };
const other = "void comes(void)\n{\n\tstop();\n}\n";

Deno.test("phy-fix: the lines are added to the one function; where it is not as expected, that is reported", () => {
  const source = `${other}\nvoid goes(void)\n{\n\tstop();\n}\n${other}`;
  assertEquals(fixed(source, FIX), `${other}\nvoid goes(void)\n{\n\tstop();\n\ttell();\n\tfree();\n}\n${other}`);
  for (const text of [other, source.replaceAll("stop", "halt")]) {
    assertThrows(() => fixed(text, FIX), Error, 'Cannot fix x.c: "void goes(" is not as expected');
  }
});

Deno.test("phy-fix: passed only if the kernel was to break, did not, and all of it was seen", () => {
  const op = { kind: "netdev.set" as const, dev: "eth1", up: false };
  const oops = { kmsg: [{ class: "oops" as const, text: "Oops" }] };
  const { observation: _, ...unseen } = step(1, op);
  const lost = { ...unseen, lost: { reason: "timeout" as const, detail: "" } };
  const of = (expected: ReturnType<typeof step>, observed: Parameters<typeof sequence>[0]) =>
    crashDidNotCome(judge(sequence(expected), sequence(observed)));
  assertEquals(of(step(1, op, oops), step(1, op)), true);
  assertEquals(of(step(1, op, oops), step(1, op, oops)), false);
  assertEquals(of(step(1, op), step(1, op, { result: "EIO" })), false);
  assertEquals(of(step(1, op, oops), lost), false);
});
