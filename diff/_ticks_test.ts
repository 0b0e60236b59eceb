import { assertEquals } from "@std/assert";
import type { Operation } from "../model/operation.ts";
import { counterBounds, Ticks } from "./_ticks.ts";
import type { StepTrace } from "./trace.ts";

const handle = "netdevsim/netdevsim10";

/** Returns the most packets that a trap may have counted after ten seconds on the board in which these steps were run. */
function most(...ops: Operation[]): number {
  const ticks = new Ticks();
  ops.forEach((op, i) => {
    const one: StepTrace = { id: i + 1, phase: "body", op };
    ticks.pass(one, { ...one, board: { start: i * 10_000, end: (i + 1) * 10_000 } });
  });
  return counterBounds(4, ticks.of(handle)!, false)[1];
}

Deno.test("a port that goes up and down in rounds has also counted", () => {
  const up: Operation = { kind: "link.set", handle, port: 0, up: true };
  const rounds = (port: number): Operation => ({ kind: "rounds", times: 20, operations: [{ ...up, port }] });
  // 200 ticks and some; twice as many where there are two ports
  assertEquals([most(up, rounds(0)), most(up, rounds(7))], [212, 412]);
});
