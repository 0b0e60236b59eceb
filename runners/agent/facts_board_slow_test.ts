/** A board that is a real sh on a real line: its facts, and the device that plans may name. */

import { assertEquals, assertRejects } from "@std/assert";
import { FaultBoard, whyNoBoards } from "../../bench/fault_board.ts";
import { loadBoard } from "../../boards/mod.ts";
import { openRunner, RefusedError } from "../mod.ts";
import type { Plan } from "../../diff/trace.ts";
import type { Operation } from "../../model/operation.ts";
import { NIC, nicFile, withNic } from "../../bench/fake_nic.ts";

const ignore = await whyNoBoards() !== undefined;
const PCI = NIC;

const planOf = (...ops: Operation[]): Plan => ({
  suite: "s",
  sequence: "q",
  source: "",
  requires: ["mlx5"],
  steps: ops.map((op, i) => ({ id: i + 1, phase: "body", op })),
});

Deno.test(
  "an opened board has facts if its file has a handle; the header of its traces has them too",
  { ignore },
  async () => {
    await using board = await FaultBoard.open();
    await withNic(board);
    const open = async (handle: string) => await openRunner(await loadBoard(await nicFile(board, handle)));
    const runner = await open(PCI);
    assertEquals([runner.facts?.handle, runner.header.facts], [PCI, runner.facts!]);
    await runner.close();
    const other = await open("pci/0000:0a:00.0");
    assertEquals([other.facts, "facts" in other.header], [undefined, false]);
    await other.close();
  },
);

Deno.test("an opened board runs plans with its own handle; traces have the plan's", { ignore }, async () => {
  await using board = await FaultBoard.open();
  await withNic(board);
  const runner = await openRunner(await loadBoard(await nicFile(board)));
  const plan = planOf({ kind: "dev.reload", handle: "pci/0000:08:00.0" });
  try {
    const trace = await runner.run(plan);
    assertEquals(trace.steps.map(({ op }) => op), plan.steps.map(({ op }) => op));
    const asked = await Deno.readTextFile(`${board.dir}/asked`);
    assertEquals(asked.split("\n").filter((line) => line.includes("dev reload")), [`-j dev reload ${PCI}`]);
    assertEquals(asked.includes("0000:08:00.0"), false, asked);
  } finally {
    await runner.close();
  }
});

Deno.test(
  "an opened board refuses a plan that names another device, before anything is pushed",
  { ignore },
  async () => {
    await using board = await FaultBoard.open();
    await withNic(board);
    const runner = await openRunner(await loadBoard(await nicFile(board)));
    const { requires: _, ...plan } = planOf({ kind: "dev.reload", handle: PCI }, { kind: "netdev.show", dev: "lo" });
    try {
      const why = `Cannot run "s > q" on board "nic": step 2 names netdev lo, and the board's handle is ${PCI}`;
      await assertRejects(() => runner.guard!([plan]), RefusedError, why);
      await assertRejects(() => runner.run(plan), RefusedError, why);
      assertEquals((await Deno.readTextFile(`${board.dir}/asked`)).includes("reload"), false);
    } finally {
      await runner.close();
    }
  },
);
