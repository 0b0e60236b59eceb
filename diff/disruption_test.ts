/** The disruption that a board allows. */

import { assertEquals } from "@std/assert";
import type { Operation } from "../model/operation.ts";
import { type Abilities, whyUnsupported } from "./capability.ts";

const handle = "pci/0000:03:00.0";
const steps = (ops: Operation[]) => ops.map((op, i) => ({ id: i + 1, op }));
const flash: Operation = { kind: "dev.flash", handle, file: "x.mfa2" };
const down: Operation = { kind: "link.set", handle, port: 0, up: false };
const why = (ops: Operation[], board: Abilities, more: { breaks?: number } = {}) =>
  whyUnsupported({ steps: steps(ops), ...more }, board, undefined);

Deno.test("a remote or local board allows only what a tear-down can undo; others allow all", () => {
  for (const runner of ["remote", "local"]) {
    assertEquals(why([down, { kind: "dev.reload", handle }], { runner }), undefined);
    assertEquals(why([down, flash], { runner }), {
      needer: "step 2 (devlink dev flash pci/0000:03:00.0 file x.mfa2)",
      needs: `disruption = "power" in the board's file (it may need a power cycle), where "resets" is allowed`,
    });
    assertEquals(why([down], { runner }, { breaks: 1 })?.needer, "the sequence");
    assertEquals(why([flash], { runner, disruption: "power" }), undefined);
  }
  for (const runner of ["qemu", "model", "recording"]) assertEquals(why([flash], { runner }, { breaks: 1 }), undefined);
  assertEquals(why([flash], { unfiled: true }), undefined);
});

Deno.test("a board's file may allow less", () => {
  for (const runner of ["remote", "qemu"]) {
    assertEquals(why([down], { runner, disruption: "link" }), undefined);
    assertEquals(
      why([down], { runner, disruption: "changes" })?.needs,
      `disruption = "link" in the board's file (it takes the link down), where "changes" is allowed`,
    );
    assertEquals(why([{ kind: "dev.show", handle }], { runner, disruption: "reads" }), undefined);
  }
});

Deno.test("a missing capability is named first", () => {
  const lacking = why([flash], { runner: "remote", capabilities: ["reload"] });
  assertEquals(lacking?.needs, "flash, which the board lacks");
});
