import { assertEquals } from "@std/assert";
import { Liveness } from "./liveness.ts";

/** Simulates a wait of so many seconds without a sign. */
function wait(liveness: Liveness, seconds: number): void {
  for (let left = seconds * 1000; left > 0;) {
    const slice = liveness.slice(left);
    liveness.waited(slice);
    left -= slice;
  }
}

Deno.test("silence does not lose a board that never reported that it is alive, nor does silence in the plan before", () => {
  const liveness = new Liveness();
  wait(liveness, 100);
  assertEquals(liveness.dead, undefined);
  liveness.sign(true, 0);
  wait(liveness, 9);
  liveness.begin(9000);
  wait(liveness, 100);
  assertEquals([liveness.left, liveness.dead], [Infinity, undefined]);
});

Deno.test("a board is lost after 8 s of silence; any sign of life counts", () => {
  const liveness = new Liveness();
  liveness.begin(0);
  liveness.sign(true, 0);
  wait(liveness, 7);
  assertEquals([liveness.left, liveness.dead], [1000, undefined]);
  liveness.sign(false, 1000);
  wait(liveness, 8);
  assertEquals([liveness.left, liveness.dead], [0, "no sign of life for 8 s"]);
});

Deno.test("a board that was silent before may be silent four times as long", () => {
  const liveness = new Liveness();
  liveness.begin(0);
  liveness.sign(true, 0);
  liveness.sign(true, 5000);
  wait(liveness, 19);
  assertEquals(liveness.dead, undefined);
  wait(liveness, 1);
  assertEquals(liveness.dead, "no sign of life for 20 s");
});
