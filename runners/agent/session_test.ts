import { assertEquals } from "@std/assert";
import { FaultBoard, whyNoBoards } from "../../bench/fault_board.ts";
import { judge } from "../../diff/judge.ts";
import type { Plan } from "../../diff/trace.ts";
import { emptyObservation } from "../../model/observation.ts";
import { openSerial } from "../lines/serial.ts";
import { AgentSession } from "./session.ts";

const why = await whyNoBoards();

const PLAN: Plan = {
  suite: "session",
  sequence: "two waits",
  source: "",
  steps: [{ id: 1, phase: "body", op: { kind: "wait", ms: 1 } }, { id: 2, phase: "body", op: { kind: "wait", ms: 2 } }],
};
const LOST = "Lost the connection to the board: serial", STATUS = "with status 137, as if by signal 9";
const EXPECTED = { ...PLAN, steps: PLAN.steps.map((step) => ({ ...step, observation: emptyObservation() })) };

Deno.test({
  name: `a kernel that breaks, or complains, after the last step is no sequence that agrees${
    why ? ` [ignored: ${why}]` : ""
  }`,
  ignore: why !== undefined,
  fn: async () => {
    for (
      const [text, verdict] of [
        ["eth0: link is up", "agree"],
        ["WARNING: CPU: 0 PID: 1 at net/devlink/core.c:1 devlink_free+0x1/0x2", "crash"],
        ["Oops: 0000 [#1] SMP NOPTI", "crash"],
      ] as const
    ) {
      await using board = await FaultBoard.open();
      const { session } = await AgentSession.open(await openSerial({ path: board.path, baudRate: 3_000_000 }));
      let done = false;
      board.onLog = (line) => {
        // The mark after the last step
        if (done || !/^twinlink \w+ 2$/.test(line)) return;
        done = true;
        void board.printk(text, "log");
      };
      const observed = await session.run(PLAN);
      await session.close();
      assertEquals([done, judge(EXPECTED, observed).verdict], [true, verdict], text);
    }
  },
});

Deno.test({
  name: "a board whose shell was killed is lost, with the status of its shell",
  ignore: why !== undefined,
  fn: async () => {
    await using board = await FaultBoard.open();
    const { session } = await AgentSession.open(await openSerial({ path: board.path, baudRate: 3_000_000 }));
    try {
      board.onLog = (line) => /^twinlink \w+ 0$/.test(line) && board.killAgent();
      const { steps } = await session.run(PLAN);
      const loss = { reason: "transport" as const, detail: `${LOST} ${board.path} at 3000000 ended ${STATUS}` };
      assertEquals(steps.map(({ lost }) => lost), [loss, loss]);
    } finally {
      await session.close();
    }
  },
});
