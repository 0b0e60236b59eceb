/** When the crash that was predicted did not come. */

import { assertEquals } from "@std/assert";
import { judge } from "../diff/mod.ts";
import { sequence, step } from "../diff/testing.ts";
import { crashDidNotCome } from "./phy_fix.ts";

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
